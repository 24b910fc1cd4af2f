/** Calls that a start makes before others, and leaves out. */
import { opFunction } from '../../../facts/functions.js';
import { hasSucceeded } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { FactKind } from '../../../model/fact.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { callsOf } from './device-calls.js';
import {
  below,
  callerOf,
  doubts,
  firstFrom,
  hasStranger,
  place,
  probeName,
  unwatched,
  withoutCaller,
} from './queries.js';

/** What a start has to do before something else. */
interface Duty {
  /** The functions that do it; one that may be inlined comes with the op that it calls. */
  readonly by: readonly FactKind[];
  /** What comes behind it in the same start, or in the device start around it: that is reached by way of it alone. */
  readonly before: readonly FactKind[];
  readonly isAround?: boolean;
  /** With these in the same start, the backend was not handed over by another QEMU, which leaves all of them out. */
  readonly beside: readonly FactKind[];
  readonly message: string;
}

const RING_CALLS = [
  'vhost_virtqueue_start',
  'vhost_virtqueue_set_addr',
  'op_set_vring_num',
  'op_set_vring_base',
] as const;
const FEATURES = ['vhost_dev_set_features', 'op_set_features'] as const;
const ADDRESS = ['vhost_virtqueue_set_addr', 'op_set_vring_addr'] as const;

/** QEMU hw/virtio/vhost.c vhost_dev_start(). */
const OF_DEVICE: readonly Duty[] = [
  {
    by: FEATURES,
    before: ['op_set_mem_table'],
    beside: ['op_set_mem_table'],
    message: 'sends the memory table, and never the features',
  },
  {
    by: ['op_set_mem_table'],
    before: RING_CALLS,
    beside: FEATURES,
    message: 'starts vrings, and never sends the memory table',
  },
];

/** The same file, vhost_virtqueue_start(): a vring that the guest has not set up has none of these calls. */
const OF_RING: readonly Duty[] = [
  {
    by: ['op_set_vring_num'],
    before: ADDRESS,
    beside: ['op_set_vring_base'],
    message: 'addresses the vring, and never sets its size',
  },
  {
    by: ['op_set_vring_base'],
    before: ADDRESS,
    beside: ['op_set_vring_num'],
    message: 'addresses the vring, and never sets the index that it goes on from',
  },
  {
    by: ADDRESS,
    before: ['op_set_vring_kick'],
    beside: ['op_set_vring_num', 'op_set_vring_base'],
    message: 'kicks the vring, and never addresses it',
  },
  {
    by: ['op_set_vring_kick'],
    before: ['vhost_virtqueue_start', 'vhost_log_get', 'op_set_log_base'],
    isAround: true,
    beside: ['op_set_vring_num', 'op_set_vring_base'],
    message: 'addresses the vring, and never gives it a kick: the backend does not run it',
  },
];

/** Steps that a device start leaves out; the features of one that logs are the affair of DS-FLAG. */
export function leftOutOfDevice(context: SessionContext, start: Activation): Judgement[] {
  const duties = OF_DEVICE.filter(({ by }) => by !== FEATURES || flagOf(start) !== true);
  return duties.flatMap((duty) => judge(context, start, duty, undefined));
}

/** Steps that the start of a vring leaves out. */
export function leftOutOfRing(context: SessionContext, start: Activation): Judgement[] {
  const vring = context.run.rings.ringOf(start);
  const found = OF_RING.flatMap((duty) => judge(context, start, duty, vring));
  return found.length > 0 || vring === undefined ? found : neverAddressed(context, start, vring);
}

function judge(
  context: SessionContext,
  start: Activation,
  duty: Duty,
  vring: number | undefined,
): Judgement[] {
  const { run } = context;
  const { by, beside, message } = duty;
  const proof = proofOf(start, duty);
  const [first] = by;
  if (proof === undefined || first === undefined || !start.entered) return [];
  if (below(start, ...by).length > 0) return [];
  if (unwatched(run, first, start.first, proof.step, run.rings.backendOf(start)).length > 0)
    return [];
  if (duty.isAround === true && isNotSetUp(context, start, proof.step)) return [];
  const missing = unseen(context, start, by, proof.step);
  if (below(start, ...beside).length === 0)
    missing.push(beside.map((kind) => nameOf(context, kind, start)).join(' or '));
  const at = { ...place(start), vring };
  const text = `${start.func} ${message}`;
  if (missing.length > 0)
    return [{ verdict: 'inconclusive', ...at, message: `${text}, as far as is seen`, missing }];
  return [
    {
      verdict: 'violation',
      ...at,
      message: text,
      expected: `${nameOf(context, first, start)} before ${proof.what}`,
      evidence: [{ line: proof.line, role: 'what comes behind the step that is left out' }],
    },
  ];
}

/** vhost_virtqueue_start() of a vring that the guest has not set up: it returns at once, and addresses nothing. */
function isNotSetUp({ run }: SessionContext, start: Activation, to: number): boolean {
  if (below(start, ...RING_CALLS, ...ADDRESS).length > 0) return false;
  return unwatched(run, 'vhost_virtqueue_set_addr', start.first, to).length === 0;
}

/** What shows that a start has got past a step. */
interface Proof {
  readonly step: number;
  readonly line: number;
  readonly what: string;
}

function proofOf(start: Activation, { before, isAround }: Duty): Proof | undefined {
  const whole = isAround === true ? callerOf(start, 'vhost_dev_start') : start;
  // Of one that is not set up by the guest nothing is called.
  const isSetUp = below(start, ...ADDRESS).length > 0;
  const next = whole?.children.find(
    (a) =>
      (before.includes(a.kind) || (isSetUp && ENDS.includes(a.kind) && a.enable === true)) &&
      a.device === start.device &&
      (isAround !== true || a.first > start.last),
  );
  // Two starts, of which the first fails, look like one where vhost_dev_start() itself is not watched.
  const again = whole?.children.find((a) => a.first > start.last && mayBeAgain(a, start));
  if (next !== undefined && again !== undefined && again.first <= next.first) return undefined;
  if (next !== undefined) return { step: next.first, line: next.line, what: next.func };
  if (isAround !== true || !isSetUp) return undefined;
  const done = [start, whole].find((a) => a !== undefined && hasSucceeded(a));
  if (done?.result === undefined) return undefined;
  return { step: done.closed ?? done.last, line: done.result.line, what: `${done.func} returns 0` };
}

/** The same vring is started once more, as far as the arguments tell. */
function mayBeAgain({ kind, call }: Activation, { kind: own, call: start }: Activation): boolean {
  if (kind !== 'vhost_virtqueue_start' || kind !== own) return false;
  const isOther = (a: unknown, b: unknown): boolean =>
    a !== undefined && b !== undefined && a !== b;
  return !isOther(call.vq, start.vq) && !isOther(call.idx, start.idx);
}

/** What a device start does behind its vrings; with the other flag it undoes that. */
const ENDS: readonly FactKind[] = ['op_set_vring_enable', 'op_dev_start'];

/** What keeps a call that is not seen in a start, up to a step, from being one that was not made. */
function unseen(
  context: SessionContext,
  start: Activation,
  by: readonly FactKind[],
  to: number,
): string[] {
  const { run } = context;
  const backend = run.rings.backendOf(start);
  const [first] = by;
  const isDeclared = by.some((kind) => isDeclaredOp(context, kind, start, to));
  const missing = [
    ...doubts(run, start, to),
    ...by.flatMap((kind) => unwatched(run, kind, start.first, to, backend)),
    ...withoutCaller(context, start, ...by),
  ];
  if (backend === undefined) missing.push('the backend of the device');
  if (backend === 'vdpa') missing.push(...by.flatMap((kind) => mayStandBehind(context, kind, to)));
  if (hasStranger(context, start.first, to, ...by)) missing.push(`dev= of every ${by.join(', ')}`);
  if (first !== undefined && !isDeclared && !isInSight(context, start, by))
    missing.push(
      `${nameOf(context, first, start)} in another ${start.func} of the device, which shows that it is watched`,
    );
  return missing;
}

/**
 * Ops of vdpa return early under shadow virtqueues (QEMU hw/virtio/vhost-vdpa.c vhost_vdpa_set_vring_base()): a breakpoint
 * that is not set on the function by its name may stand behind that.
 */
function mayStandBehind({ run }: SessionContext, kind: FactKind, step: number): string[] {
  const func = opFunction('vdpa', kind);
  if (func === undefined || run.probes.watching(kind, step, step, 'vdpa')?.line !== undefined)
    return [];
  return [`break ${func}, by its name, in the log`];
}

/** Ops are called by a pointer, and so not inlined, and what the recipe of `vhtrace probes` declares has no condition. */
function isDeclaredOp(
  { run }: SessionContext,
  kind: FactKind,
  start: Activation,
  to: number,
): boolean {
  if (!kind.startsWith('op_')) return false;
  const backend = run.rings.backendOf(start);
  return run.probes.watching(kind, start.first, to, backend)?.isDeclared === true;
}

/**
 * Another start of the same device, or vring, with the same flag shows the call: it is not inlined there, and no
 * condition of a breakpoint, which a log may not show, leaves it out.
 */
function isInSight(context: SessionContext, start: Activation, by: readonly FactKind[]): boolean {
  const { rings } = context.run;
  const flag = flagOf(start);
  return context
    .of(start.kind)
    .some(
      (other) =>
        other !== start &&
        other.func === start.func &&
        other.device === start.device &&
        rings.ringOf(other) === rings.ringOf(start) &&
        below(other, ...by).some(
          ({ entered, enable }) => entered && (enable === undefined || enable === flag),
        ),
    );
}

/** The log flag that a start uses for all that it calls, as far as one of its calls shows it. */
function flagOf(start: Activation): boolean | undefined {
  const whole = callerOf(start, 'vhost_dev_start') ?? start;
  return below(whole, 'vhost_dev_set_features', 'vhost_virtqueue_set_addr').find(
    ({ enable }) => enable !== undefined,
  )?.enable;
}

/** A vring that no start addresses and that is fetched all the same. */
function neverAddressed(context: SessionContext, start: Activation, vring: number): Judgement[] {
  const { run } = context;
  const { device, entered, first } = start;
  if (device === undefined || !entered || below(start, ...ADDRESS).length > 0) return [];
  const later = callsOf(
    context,
    device,
    'vhost_virtqueue_start',
    'op_get_vring_base',
    ...ADDRESS,
    'vhost_dev_cleanup',
  );
  const next = later
    .slice(firstFrom(later, start.last + 1))
    .find((a) => a.kind === 'vhost_dev_cleanup' || run.rings.ringOf(a) === vring);
  if (next?.kind !== 'op_get_vring_base') return [];
  if (unwatched(run, 'vhost_virtqueue_set_addr', first, next.first).length > 0) return [];
  const kick = nameOf(context, 'op_set_vring_kick', start);
  return [
    {
      verdict: 'inconclusive',
      ...place(start),
      vring,
      message: `${start.func} is not seen to address the vring, and the vring is fetched later`,
      missing: [`probe ${kick}: the guest may have set the vring up behind the start`],
      evidence: [{ line: next.line, role: 'the vring is fetched' }],
    },
  ];
}

function nameOf({ run }: SessionContext, kind: FactKind, start: Activation): string {
  return probeName(kind, run.rings.backendOf(start));
}
