/** Sizes of the dirty log: what a device was given, until when that holds, and what it must cover. */
import { callerOf } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { FactKind } from '../../../model/fact.js';
import { argText, bigintOf } from '../../../model/values.js';
import { CHUNK_BYTES } from '../../../model/constants.js';
import { missingLogFlag } from './device-calls.js';
import { logFlagAt } from './log-flag.js';
import { childrenOf, hasGap, hasStranger, place, unwatched } from './queries.js';
import { tableAt } from './printed-table.js';
import { hasBegun, isSeenFirst, sizeOfResize } from './first-sight.js';
import { scansBetween } from './memory-scan.js';
import type { Scan } from './memory-scan.js';
import { mark } from '../marks.js';
import type { Judgement, Mark, SessionContext } from '../../rule.js';

/** Slack of a log that grows: VHOST_LOG_BUFFER, 0x1000 / sizeof(struct vhost_log) of a 64-bit host. */
export const SLACK = 170n;

/** A log of a known size is given to a device, or kept for another memory table. */
export interface SizeEvent {
  readonly device: string;
  readonly size: bigint;
  /** What gives it the log, or the set_mem_table op. */
  readonly activation: Activation;
  readonly isKept: boolean;
  /** A topology change made it, not a log start or a device start. */
  readonly inCommit: boolean;
  /** The size before, where it is certain. */
  readonly before: bigint | undefined;
  /** First step at which the device may have another log, or none. */
  readonly until: number;
  /** The call that is seen there. */
  readonly next: Activation | undefined;
}

/** What gives a device another log, or takes it. */
const CHANGES: readonly FactKind[] = [
  'vhost_dev_log_resize',
  'vhost_log_get',
  'vhost_log_put',
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_init',
  'vhost_dev_cleanup',
];

/** All of a session, in order. */
export function sizeEvents(context: SessionContext): readonly SizeEvent[] {
  return context.once('log sizes', () => findSizeEvents(context));
}

/** What gave the device the log that an event finds. */
export function sizeMarks(
  context: SessionContext,
  { device, activation }: SizeEvent,
): readonly Mark[] {
  const before = sizeEvents(context).findLast(
    (event) => event.device === device && event.activation.first < activation.first,
  );
  return mark(before?.activation, `the log has ${before?.size ?? 0n} chunks here`);
}

/** A topology change gives the device a memory table and leaves it its log. */
function keepsLog({ kind, parent, entered }: Activation): boolean {
  return (
    kind === 'op_set_mem_table' &&
    entered &&
    parent?.kind === 'vhost_commit' &&
    childrenOf(parent, 'vhost_dev_log_resize').length === 0
  );
}

type Open = SizeEvent & { until: number; next: Activation | undefined };

function findSizeEvents(context: SessionContext): SizeEvent[] {
  const { run } = context;
  const found: Open[] = [];
  const current = new Map<string, Open>();
  const end = (context.steps.at(-1)?.index ?? 0) + 1;
  for (const activation of context.of(...CHANGES, 'op_set_mem_table')) {
    const { device, first, kind } = activation;
    if (device === undefined || isPartOfResize(activation)) continue;
    const last = current.get(device);
    const isKept = keepsLog(activation);
    if (kind === 'op_set_mem_table' && (!isKept || last === undefined)) continue;
    if (last !== undefined) {
      last.until = first;
      last.next = activation;
    }
    current.delete(device);
    const isCertain =
      last !== undefined &&
      unwatchedSizes(context, last.activation.first, first).length === 0 &&
      !hasGap(run, last.activation.first, first);
    const before = isCertain ? last.size : undefined;
    const size = isKept ? before : givenSize(activation);
    if (size === undefined) continue;
    const event = {
      device,
      size,
      activation,
      isKept,
      inCommit: callerOf(activation, 'vhost_commit') !== undefined,
      before,
      until: end,
      next: undefined,
    };
    found.push(event);
    current.set(device, event);
  }
  return found;
}

/** What happens inside a resize, or is the rest of one that was seen before; where no caller is shown it may be another one. */
function isPartOfResize(activation: Activation): boolean {
  const { kind, parent } = activation;
  if (kind === 'vhost_dev_log_resize') return parent !== undefined && !isSeenFirst(activation);
  return callerOf(activation, 'vhost_dev_log_resize') !== undefined;
}

/** The size of the log that a call gives to its device, where it gives one and shows how large. */
export function givenSize(activation: Activation): bigint | undefined {
  const { kind, value, entered } = activation;
  if (kind === 'vhost_dev_log_resize')
    return hasBegun(activation) ? sizeOfResize(activation) : undefined;
  const isOfStart =
    kind === 'vhost_log_get' && callerOf(activation, 'vhost_dev_start') !== undefined;
  return isOfStart && entered ? bigintOf(value) : undefined;
}

/** Missing-list entries when a device may get another log unseen between two steps. */
export function unwatchedSizes(context: SessionContext, from: number, to: number): string[] {
  const { run } = context;
  // A vhost_log_get() whose caller is not shown may be that of any device's start.
  const seesGets =
    run.probes.watching('vhost_log_get', from, to) !== undefined &&
    !hasStranger(context, from, to, 'vhost_log_get');
  return [
    // Either makes one such call.
    ...(seesGets ? [] : unwatched(run, 'vhost_dev_log_resize', from, to)),
    ...(seesGets ? [] : unwatched(run, 'vhost_dev_start', from, to)),
    ...(hasStranger(context, from, to, 'vhost_dev_start', 'vhost_dev_log_resize')
      ? ['the device of every vhost_dev_start and vhost_dev_log_resize']
      : []),
  ];
}

interface Region {
  readonly scan: Activation;
  readonly last: bigint;
}

/** Of the memory that syncs read by some scans, as long as the device has that log. */
function highestRegion(
  context: SessionContext,
  { activation, until }: SizeEvent,
  isAsked: (scan: Scan) => boolean,
): Region | undefined {
  let highest: Region | undefined;
  for (const one of scansBetween(context, activation.first, until)) {
    const { activation: scan, cause, of } = one;
    if (cause !== 'round' || of !== 'memory' || !isAsked(one)) continue;
    const last = bigintOf(argText(scan.call.frame, 'rlast'));
    if (last !== undefined && last > (highest?.last ?? -1n)) highest = { scan, last };
  }
  return highest;
}

/**
 * One device of each backend type scans memory for all (9.1 and later). Which memory they see is for the type alone to say
 * (vhost_section()), but shows no region of the device itself: it confirms, and never accuses.
 */
function judgeByLogger(context: SessionContext, event: SizeEvent): Judgement {
  const { device, size, activation } = event;
  const { rings } = context.run;
  const at = { ...place(activation), device };
  const backend = rings.backendOf(activation);
  const highest = highestRegion(
    context,
    event,
    ({ activation: scan }) => backend !== undefined && rings.backendOf(scan) === backend,
  );
  const need = (highest?.last ?? 0n) / CHUNK_BYTES + 1n;
  if (highest !== undefined && size >= need) {
    const message = `${size} chunks cover ${need}, as much as the memory logger of its type reads`;
    const evidence = [
      { line: highest.scan.line, role: `a region up to 0x${highest.last.toString(16)}` },
    ];
    return { verdict: 'pass', ...at, message, evidence };
  }
  return {
    verdict: 'inconclusive',
    ...at,
    message: `the log has ${size} chunks, and the guest memory that it must cover is not seen`,
    missing: [
      'the memory table, printed at the set_mem_table op, or probe vhost_dev_sync_region, with a sync of this device (9.1 and later: while it is elected)',
    ],
  };
}

/**
 * A log covers all guest memory of its device. The regions of a device are seen where its memory table is printed, and
 * where a sync scans them: vhost_dev_sync_region() gets each with its device.
 */
export function judgeCoverage(context: SessionContext, event: SizeEvent): Judgement | undefined {
  const { device, size, activation, isKept } = event;
  const at = { ...place(activation), device };
  const scanned = highestRegion(context, event, (scan) => scan.device === device);
  const table = tableAt(context, activation);
  const printed = table === undefined ? undefined : { scan: table.op, last: table.last };
  const highest =
    scanned === undefined || (printed !== undefined && printed.last >= scanned.last)
      ? printed
      : scanned;
  if (highest === undefined) {
    // What the log was given for is judged where it was given.
    return isKept ? undefined : judgeByLogger(context, event);
  }
  const flag = isKept ? logFlagAt(context, device, activation.first) : 'on';
  // vhost_commit() looks at the log of a device that logs alone: one whose log start has failed keeps it as it is.
  if (flag === 'off') return undefined;
  const need = highest.last / CHUNK_BYTES + 1n;
  const evidence = [
    { line: highest.scan.line, role: `a region up to 0x${highest.last.toString(16)}` },
  ];
  if (size >= need) {
    return { verdict: 'pass', ...at, message: `${size} chunks cover ${need}`, evidence };
  }
  // A memory table may be older than the log.
  const seen = Math.max(activation.first, highest.scan.first);
  const missing = unwatchedSizes(context, activation.first, seen);
  if (isKept && event.before === undefined) missing.push('the size of the log before');
  if (flag === undefined) missing.push(...missingLogFlag(context, device, activation.first));
  if (hasGap(context.run, activation.first, seen)) missing.push('an unbroken record');
  if (activation.altered) missing.push('a run that the debugger did not alter');
  if (missing.length > 0) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: `the log has ${size} chunks and ${need} are needed, but it may have been changed in between`,
      missing,
      evidence,
    };
  }
  return {
    verdict: 'violation',
    ...at,
    message: `the log has ${size} chunks of 256 KiB, but guest memory up to 0x${highest.last.toString(16)} needs ${need}`,
    expected: `a log of at least ${need} chunks`,
    evidence,
  };
}
