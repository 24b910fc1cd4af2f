/**
 * Who reads guest memory out of the dirty log: the election of the memory logger (QEMU 9.1 and later)
 * and the scans themselves.
 *
 * vhost_log_devs[backend type] is a list; its first device scans the memory regions in every sync,
 * the others their used rings only. A device joins at the end of a log start, or of a start with
 * logging on, and leaves at a log stop and in every vhost_log_put() of a log that it holds.
 * Source: hw/virtio/vhost.c vhost_dev_elect_mem_logger(), vhost_sync_dirty_bitmap().
 */
import { append } from '../../../base/append.js';
import { firstIndex } from '../../../base/search.js';
import { callerOf } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import { argText, bigintOf } from '../../../model/values.js';
import type { SessionContext } from '../../rule.js';
import { hasGap, lastBefore } from './queries.js';

/** One call of vhost_dev_sync_region(): one range of the log is read. */
export interface Scan {
  readonly activation: Activation;
  readonly device: string;
  /** What is read for: a region of guest memory or a used ring; `either` where the capture does not tell. */
  readonly of: 'memory' | 'used ring' | 'either';
  /** A sync round asked for it, or vhost_log_put(), which empties the log that it gives back; or its callers are not shown. */
  readonly cause: 'round' | 'put' | 'unknown';
  /** First address of the section that is read for, where printed. */
  readonly section: bigint | undefined;
}

const PAGE = 4096n;
const WHOLE_LOG = 0xffff_ffff_ffff_ffffn;
/** Bytes of the largest used ring: VIRTQUEUE_MAX_SIZE elements of 8, flags, index and avail_event. */
const LARGEST_RING = 1024n * 8n + 6n;

/** All scans of a session that show their device, in order. */
export function scansOf(context: SessionContext): readonly Scan[] {
  return context.once('scans', () => {
    const scans = context.of('vhost_dev_sync_region').flatMap(scanOf);
    return resolve(context, scans);
  });
}

/** Those of them that begin behind a step and before another. */
export function scansBetween(context: SessionContext, from: number, to: number): readonly Scan[] {
  const scans = scansOf(context);
  const indexOf = (step: number): number =>
    firstIndex(scans.length, (i) => (scans[i]?.activation.first ?? step) >= step);
  return scans.slice(indexOf(from + 1), indexOf(to));
}

function scanOf(activation: Activation): Scan[] {
  const { call, device } = activation;
  if (device === undefined) return [];
  const section = bigintOf(argText(call.frame, 'mfirst'));
  return [{ activation, device, of: targetOf(activation), cause: causeOf(activation), section }];
}

/** In bytes, both ends included; undefined where one is not printed. */
function rangeOf({ call }: Activation): readonly [first: bigint, last: bigint] | undefined {
  const first = bigintOf(argText(call.frame, 'rfirst'));
  const last = bigintOf(argText(call.frame, 'rlast'));
  return first === undefined || last === undefined ? undefined : [first, last];
}

/**
 * Memory regions are whole pages; a used ring has 4 or 6 bytes besides its elements of 8. Behind a vIOMMU a used ring is
 * read in pieces, one for each page of the IOMMU, and one of 512 elements or more fills whole ones.
 */
function targetOf(scan: Activation): Scan['of'] {
  const range = rangeOf(scan);
  if (range === undefined) return 'either';
  const [first, last] = range;
  if (first % PAGE !== 0n || (last + 1n) % PAGE !== 0n) return 'used ring';
  return last + 1n - first > LARGEST_RING ? 'memory' : 'either';
}

/**
 * vhost_sync_dirty_bitmap() of a device that scans memory goes through all regions, of which the RAM of the guest is one
 * that no ring is as large as: where none such is read, what may be either is of a used ring.
 */
function resolve(context: SessionContext, scans: readonly Scan[]): readonly Scan[] {
  const readers = new Map<Activation, Set<string>>();
  for (const { activation, device, of } of scans) {
    const { parent } = activation;
    const mayBeMemory = of === 'memory' || rangeOf(activation) === undefined;
    if (parent === undefined || !mayBeMemory) continue;
    readers.set(parent, (readers.get(parent) ?? new Set()).add(device));
  }
  return scans.map((scan) => {
    const { parent } = scan.activation;
    if (scan.of !== 'either' || parent === undefined) return scan;
    const isRing = readers.get(parent)?.has(scan.device) !== true && showsAll(context, parent);
    return isRing ? { ...scan, of: 'used ring' } : scan;
  });
}

/** Every vhost_dev_sync_region() of that call is in the capture. */
function showsAll({ run, steps }: SessionContext, { first, closed }: Activation): boolean {
  return (
    closed !== undefined &&
    first > (steps[0]?.index ?? first) &&
    !hasGap(run, first, closed) &&
    run.probes.watching('vhost_dev_sync_region', first, closed) !== undefined
  );
}

/**
 * vhost_log_sync() asks for everything, vhost_log_sync_range() for what the old log covers. Uprobes, which show no return of
 * the former, show the round around it.
 */
function causeOf(scan: Activation): Scan['cause'] {
  if (callerOf(scan, 'vhost_log_put', 'vhost_log_sync_range') !== undefined) return 'put';
  if (callerOf(scan, 'vhost_log_sync', 'memory_global_dirty_log_sync') !== undefined)
    return 'round';
  const last = bigintOf(callerOf(scan, 'vhost_sync_dirty_bitmap')?.value);
  if (last === undefined) return 'unknown';
  return last === WHOLE_LOG ? 'round' : 'put';
}

/**
 * Scans of one device by sync round. A round walks the guest's address space upwards, so that a
 * section which is not above the one before begins the next.
 */
export function roundsOf(scans: readonly Scan[]): Scan[][] {
  const rounds: Scan[][] = [];
  let last: Scan | undefined;
  for (const scan of scans) {
    const isNext = last === undefined || isLower(scan, last);
    if (isNext) rounds.push([]);
    rounds.at(-1)?.push(scan);
    last = scan;
  }
  return rounds;
}

function isLower(scan: Scan, last: Scan): boolean {
  if (scan.section === undefined || last.section === undefined) return false;
  if (scan.section < last.section) return true;
  // Several regions and rings are scanned for one section, by one call of vhost_sync_dirty_bitmap().
  return scan.section === last.section && scan.activation.parent !== last.activation.parent;
}

/** The devices that are on the list, as the elections before a step show them. */
export interface LoggerList {
  readonly members: readonly string[];
  /** No device can be on it that the capture does not show. */
  readonly complete: boolean;
}

/** The list just before a step. */
export function loggersBefore(context: SessionContext, step: number): LoggerList {
  const elections = context.of('vhost_dev_elect_mem_logger');
  const unknown = context.once('unknown election', () =>
    elections.find((a) => a.device === undefined || a.enable === undefined),
  );
  const begin = context.steps[0]?.index ?? 0;
  const isWatched =
    context.run.probes.watching('vhost_dev_elect_mem_logger', begin, step) !== undefined;
  const areShown = unknown === undefined || unknown.first >= step;
  const told = context.once('elections', () => electionsByDevice(elections));
  return {
    members: [...told.keys()].filter((d) => lastBefore(told.get(d) ?? [], step)?.enable === true),
    complete: isWatched && areShown && showsLogStart(context, step),
  };
}

/** Those that say what becomes of a device. */
function electionsByDevice(elections: readonly Activation[]): Map<string, Activation[]> {
  const told = new Map<string, Activation[]>();
  for (const election of elections)
    if (election.device !== undefined && election.enable !== undefined)
      append(told, election.device, election);
  return told;
}

/**
 * The capture shows a log start from its beginning. Since 7.0 the listeners are called only when
 * nobody tracks dirty memory yet: no device logged before, so none was on the list.
 */
function showsLogStart(context: SessionContext, before: number): boolean {
  const enabled = context.once('first log start', () =>
    context.of('vhost_dev_set_log').find((a) => a.enable === true),
  );
  if (enabled === undefined || enabled.first >= before) return false;
  let root = enabled;
  const passes = ['memory_global_dirty_log_start', 'vhost_log_global_start', 'vhost_migration_log'];
  for (let a = enabled.parent; a !== undefined; a = a.parent) if (passes.includes(a.kind)) root = a;
  return (context.steps[0]?.index ?? root.first) < root.first;
}
