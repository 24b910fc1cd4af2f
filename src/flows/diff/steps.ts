/**
 * Run → what can be compared with another run: the sightings of one session, without anything that
 * differs between two good runs (pointers, sizes, threads, times, source lines).
 */
import { LOG_ALL } from '../../model/constants.js';
import { append } from '../../base/append.js';
import { functionTable } from '../../facts/functions.js';
import { meaningOf } from '../../facts/meanings.js';
import type { Backend, Fact, FactKind } from '../../model/fact.js';
import { bigintOf, featuresOf } from '../../model/values.js';
import type { Activation } from '../activations/activation.js';
import { factsBySession } from '../facts-by-session.js';
import type { ShownFact } from '../facts-by-session.js';
import type { Run } from '../run.js';

/** One watched call, event or request. */
export interface Sighting {
  readonly fact: Fact;
  /** What was watched, the same for every version and backend: `op_set_log_base`, `vhost_dev_stop`. */
  readonly probe: string;
  /** Which device, within its capture; undefined where the step does not say. */
  readonly device: string | undefined;
  /** The one argument that counts, in words. */
  readonly detail: string | undefined;
  /** Probes of the calls around it, outermost first; undefined where the stack is cut or there is none. */
  readonly path: readonly string[] | undefined;
  readonly callers: readonly string[];
  readonly result: string | undefined;
  /** Gaps of the capture up to here. */
  readonly gaps: number;
}

/** One session, as far as it can be compared. */
export interface Side {
  readonly run: Run;
  readonly session: number;
  readonly byProbe: ReadonlyMap<string, readonly Sighting[]>;
  readonly sightings: readonly Sighting[];
  /** Breakpoint number → probe. */
  readonly numbers: ReadonlyMap<number, string>;
}

/** How often these happen, and in which order, is up to the guest's work and its memory layout. */
const TRAFFIC: ReadonlySet<FactKind> = new Set([
  'vhost_iotlb_miss',
  'virtio_queue_notify',
  'vhost_log_write',
  'migrate_pending',
  'savevm_section',
  'savevm_state',
  'vhost_region',
  'vhost_section',
  'vhost_commit',
  'vhost_user_mem_table',
]);

/** The sync of the dirty bitmap, once or more a round of the migration. */
export const ROUND: ReadonlySet<FactKind> = new Set([
  'memory_global_dirty_log_sync',
  'migration_bitmap_sync',
  'vhost_log_sync',
  'vhost_log_sync_range',
  'vhost_sync_dirty_bitmap',
  'vhost_dev_should_log',
  'vhost_dev_sync_region',
]);

/** What each session shows of the protocol. With `exact` also how often data moved. */
export function sidesOf(run: Run, exact: boolean): Side[] {
  return factsBySession(run).map((facts, session) => sideOf(run, session, facts, exact));
}

function sideOf(run: Run, session: number, facts: readonly ShownFact[], exact: boolean): Side {
  const sightings: Sighting[] = [];
  const byProbe = new Map<string, Sighting[]>();
  const numbers = new Map<number, string>();
  for (const { fact, activation, step } of facts) {
    if (fact.role === 'caller' && !isUnreportedEntry(run, session, fact, activation)) continue;
    if (!exact && TRAFFIC.has(fact.kind)) continue;
    const index = activation?.first ?? step?.index ?? 0;
    const sighting = sightingOf(run, fact, activation, run.gapsUpTo[index] ?? 0, exact);
    const number = run.steps[index]?.breakpoint;
    if (number !== undefined && activation !== undefined) numbers.set(number, sighting.probe);
    // The body of a function that 10.1 split in two.
    if (sighting.callers.at(-1) === sighting.probe) continue;
    sightings.push(sighting);
    append(byProbe, sighting.probe, sighting);
  }
  return { run, session, byProbe, sightings, numbers };
}

/**
 * The entry of a watched function whose first call the compiler put at its very beginning: gdb stops there once, and tells
 * of the function that is inlined (gdb/inline-frame.c, skip_inline_frames() and stopped_by_user_bp_inline_frame()).
 */
function isUnreportedEntry(
  run: Run,
  session: number,
  { kind, backend }: Fact,
  activation: Activation | undefined,
): boolean {
  const begin = run.ofSession[session]?.[0]?.index;
  if (begin === undefined || activation === undefined || activation.first <= begin) return false;
  return run.probes.watching(kind, begin, activation.first, backend) !== undefined;
}

function sightingOf(
  run: Run,
  fact: Fact,
  activation: Activation | undefined,
  gaps: number,
  exact: boolean,
): Sighting {
  const callers: string[] = [];
  for (let a = activation?.parent; a !== undefined; a = a.parent) callers.unshift(probeOfCall(a));
  const isWhole = activation?.stackKnown === true && run.steps[activation.first]?.complete === true;
  const address = fact.device === undefined ? undefined : `${fact.device} ${fact.incarnation ?? 0}`;
  return {
    fact,
    probe: probeOf(fact),
    device: address ?? fact.endpoint,
    detail: exact ? (fact.value ?? detailOf(fact)) : detailOf(fact),
    path: isWhole ? callers : undefined,
    callers,
    result: activation?.result?.value ?? fact.result,
    gaps,
  };
}

/** Functions that were renamed or split, with one meaning: their kind stands for all of them. */
const RENAMED: ReadonlySet<FactKind> = new Set(['migration_cleanup', 'migration_cancel']);

/**
 * QEMU migration/ram.c ram_save_complete() reports `done=0` where it begins, and `done=1` where it ends well: of one call both
 * are seen, and a debugger sees the first.
 */
function probeOf(fact: Fact): string {
  const { role, func, kind, value } = fact;
  if (role === 'wire') return value?.startsWith('VHOST_') === true ? value : func;
  if (isCall({ role })) return probeOfFunction(func, kind);
  if (func === 'ram_save_complete' && value === '1') return `${func} done=1`;
  // An event of the function's own name is raised at its entry; others mark a place inside.
  const row = functionTable.get(func);
  return row?.kind === kind && row.backend === undefined ? probeOfFunction(func, kind) : func;
}

function isCall({ role }: Pick<Fact, 'role'>): boolean {
  return role === 'entry' || role === 'caller';
}

function probeOfCall({ func, kind }: Activation): string {
  return probeOfFunction(func, kind);
}

function probeOfFunction(func: string, kind: FactKind): string {
  const row = functionTable.get(func);
  const isOfVhost = row?.backend !== undefined || row?.source === 'hw/virtio/vhost.c';
  return isOfVhost || RENAMED.has(kind) ? kind : func;
}

/** Calls whose boolean says whether to log. */
const LOG_FLAG: ReadonlySet<FactKind> = new Set([
  'vhost_dev_set_features',
  'vhost_dev_set_log',
  'vhost_virtqueue_set_addr',
  'vhost_migration_log',
]);

/** Values that are names or states, and no sizes or addresses. */
const NAMED: ReadonlySet<FactKind> = new Set([
  'migration_state',
  'runstate_set',
  'global_dirty_changed',
  'virtio_set_status',
  'vhost_user_write',
  'vhost_user_read',
  'vhost_user_event',
  'dirtyrate_state',
  'colo_state',
]);

function detailOf(fact: Fact): string | undefined {
  const { kind, enable, value, func } = fact;
  if (kind === 'op_set_features') {
    const word = featuresOf(value);
    const isOn = word === undefined ? enable : (word & LOG_ALL) !== 0n;
    return isOn === undefined ? undefined : isOn ? 'LOG_ALL' : 'no LOG_ALL';
  }
  if (kind === 'op_set_vring_addr') {
    const flags = bigintOf(value);
    const isOn = enable ?? (flags === undefined ? undefined : (flags & 1n) !== 0n);
    return isOn === undefined ? undefined : isOn ? 'F_LOG' : 'no F_LOG';
  }
  if (LOG_FLAG.has(kind)) return enable === undefined ? undefined : enable ? 'log on' : 'log off';
  if (NAMED.has(kind)) return meaningOf(fact) ?? /^(\d+)\b/.exec(value ?? '')?.[1] ?? value;
  const argument = functionTable.get(func)?.enable ?? 'on';
  return enable === undefined ? undefined : `${argument}=${enable}`;
}

/** Does this side prove that it watched all calls of a probe that it never shows? */
export function watchedSilently(side: Side, other: Side, probe: string): boolean {
  const own = side.run.ofSession[side.session] ?? [];
  const [first, last] = [own[0]?.index, own.at(-1)?.index];
  const seen = other.byProbe.get(probe) ?? [];
  const kind = seen[0]?.fact.kind;
  if (first === undefined || last === undefined || kind === undefined) return false;
  if (seen.some(({ fact }) => !isCall(fact))) return false;
  const { probes } = side.run;
  if (kind === 'op_set_log_base' && probes.logBaseByElimination(first) !== undefined) return true;
  const backends = new Set(seen.map(({ fact }) => fact.backend));
  if ([...backends].every((backend) => isWatched(side, kind, first, last, backend))) return true;
  return isSameScript(side, other, probe);
}

function isWatched(
  { run }: Side,
  kind: FactKind,
  first: number,
  last: number,
  backend: Backend | undefined,
): boolean {
  return run.probes.watching(kind, first, last, backend) !== undefined;
}

/** Numbers on which both must agree before a number that only one reports is taken for the same breakpoint. */
const ENOUGH = 5;

/**
 * The same script made both: breakpoints of the same numbers stand on the same functions. gdb gives no
 * number to a breakpoint that it could not set, so a number below one that agrees is taken as well.
 */
function isSameScript(side: Side, other: Side, probe: string): boolean {
  const shared = [...side.numbers].filter(([number]) => other.numbers.has(number));
  const agrees = shared.every(([number, own]) => other.numbers.get(number) === own);
  const silent = [...other.numbers].filter(([, own]) => own === probe).map(([number]) => number);
  const highest = Math.max(0, ...shared.map(([number]) => number));
  const isFree = silent.every((number) => !side.numbers.has(number) && number < highest);
  return agrees && shared.length >= ENOUGH && silent.length > 0 && isFree;
}

/** A probe that was watched for a part of the time only says nothing about the rest. */
export function watchedThroughout(side: Side, probe: string): boolean {
  const seen = side.byProbe.get(probe) ?? [];
  if (seen.some(({ fact }) => !isCall(fact))) return true;
  const own = side.run.ofSession[side.session] ?? [];
  const [first, last] = [own[0]?.index ?? 0, own.at(-1)?.index ?? 0];
  return seen.every(({ fact }) => isWatched(side, fact.kind, first, last, fact.backend));
}
