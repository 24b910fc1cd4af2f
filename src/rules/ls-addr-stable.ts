import { callerOf } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { bigintOf } from '../model/values.js';
import { nameOf } from './shared/wire/messages.js';
import type { Message } from './shared/wire/messages.js';
import { printedNumber } from './shared/calls/printed.js';
import { hasGap, place, unwatched } from './shared/calls/queries.js';
import { vdpaToggles } from './shared/traced/vdpa-toggles.js';
import type { VdpaToggle } from './shared/traced/vdpa-toggles.js';
import { deviceIn, missingStart, wirePasses } from './shared/wire/passes.js';
import type { WirePass } from './shared/wire/passes.js';
import { mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** Where the ring is, for the backend and in guest memory. */
const ADDRESSES = [
  'desc_user_addr',
  'used_user_addr',
  'avail_user_addr',
  'log_guest_addr',
] as const;

/** A log toggle sends each ring the addresses that it was started with. */
export const lsAddrStable: Rule = {
  info: {
    id: 'LS-ADDR-STABLE',
    title: 'a log toggle does not move a ring',
    severity: 'error',
    impact: 'crash',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'print *addr at the set_vring_addr op, at the start of the ring and at the log toggle',
      'probes on the op and on vhost_dev_start in between',
      'or the messages of a vhost-user connection since the device start: an strace -y of QEMU or of the backend',
      'or the trace events vhost_vdpa_* of a vdpa device without shadow virtqueues, since its start',
    ],
    why: 'The backend reads and writes the ring somewhere else from then on: requests are lost, or memory that is no ring is overwritten.',
    probes: ['vhost_dev_start', 'op_set_vring_addr', 'members at op_set_vring_addr'],
    messageProbes: ['wire vhost_user_message', 'wire op_set_vring_addr', 'wire op_get_vring_base'],
    remedy:
      'Compare the vq that vhost_dev_set_log() addresses, and its index, with those of vhost_dev_start().',
    exceptions: [
      'a ring that was never started has zeros',
      'a front end other than QEMU gives no log address, 0, to a ring that is not to log',
      'a ring that was stopped and started again may have moved',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_virtqueue_set_addr(), vhost_dev_set_log(), vhost_virtqueue_start()',
    ],
    bugs: [
      {
        where: 'QEMU 25a2a920dddc (2.5)',
        what: 'Log toggles of vhost-user gave the rings of every queue pair to the backend as rings 0 and 1: the ring of pair 0 was moved to another place, and the others were not logged.',
        backend: 'user',
      },
    ],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    const started = new StartedRings();
    for (const call of context.of(
      'op_set_vring_addr',
      'vhost_dev_start',
      'vhost_dev_init',
      'vhost_dev_cleanup',
    )) {
      if (call.kind !== 'op_set_vring_addr' || call.device === undefined) started.forget(call);
      else if (isToggle(call)) yield* judge(context, call, started);
      else started.add(call);
    }
    for (const pass of wirePasses(context)) yield* judgeWire(context, pass);
    for (const toggle of vdpaToggles(context)) yield judgeEvent(toggle);
  },
};

const START = 'the address that the ring was started with';

/** vhost_dev_set_log() may be inlined into its caller. */
function isToggle(op: Activation): boolean {
  const caller = callerOf(op, 'vhost_virtqueue_start', 'vhost_dev_set_log', 'vhost_migration_log');
  return caller !== undefined && caller.kind !== 'vhost_virtqueue_start';
}

/** What the op was given at the last start of each ring. */
class StartedRings {
  readonly #ops = new Map<string, Activation>();

  /** An address that is not printed says that what is known of the ring is old. */
  add(op: Activation): void {
    const index = printedNumber(op, 'index');
    if (index === undefined) this.forget(op);
    else for (const key of keysOf(op, index)) this.#ops.set(key, op);
  }

  forget({ device }: Activation): void {
    for (const [key, op] of this.#ops)
      if (device === undefined || op.device === device) this.#ops.delete(key);
  }

  /** The start of the same ring: by its vhost_virtqueue where that is shown, and by its index. */
  of(op: Activation, index: bigint): readonly Activation[] {
    const found = keysOf(op, index).map((key) => this.#ops.get(key));
    return [...new Set(found.filter((start) => start !== undefined))];
  }
}

function keysOf(op: Activation, index: bigint): string[] {
  const device = `${op.device ?? ''} ${op.incarnation}`;
  const vq = op.parent?.call.vq;
  const byIndex = `${device} index ${index.toString()}`;
  return vq === undefined ? [byIndex] : [`${device} vq ${vq}`, byIndex];
}

function* judge(
  context: SessionContext,
  op: Activation,
  started: StartedRings,
): Generator<Judgement> {
  const index = printedNumber(op, 'index');
  // Never set up by the guest, and so never started.
  if (printedNumber(op, 'desc_user_addr') === 0n) return;
  const starts = index === undefined ? [] : started.of(op, index);
  if (index === undefined || starts.length === 0) {
    yield {
      verdict: 'inconclusive',
      ...place(op),
      message: 'the addresses of a ring are not seen both at its start and at the log toggle',
      missing: ['print *addr at every set_vring_addr op, from the device start on'],
    };
    return;
  }
  const vring = Number(index);
  const moved = starts.find((start) => changes(start, op).length > 0);
  if (moved === undefined) {
    const message = `vring ${vring} stays where it was started`;
    const seenAt = (): readonly Mark[] => starts.flatMap((start) => mark(start, START));
    yield { verdict: 'pass', ...place(op), vring, message, seenAt };
    return;
  }
  const { run } = context;
  const backend = op.call.row.backend;
  const missing = [
    ...unwatched(run, 'op_set_vring_addr', moved.first, op.first, backend),
    ...unwatched(run, 'vhost_dev_start', moved.first, op.first),
  ];
  if (hasGap(run, moved.first, op.first)) missing.push('an unbroken record since the device start');
  const changed = changes(moved, op);
  const what = `the log toggle gives vring ${vring} another ${changed.join(', ')} than its start`;
  if (missing.length > 0) {
    yield { verdict: 'inconclusive', ...place(op), vring, message: what, missing };
    return;
  }
  const [name = 'index'] = changed;
  yield {
    verdict: 'violation',
    ...place(op),
    vring,
    message: what,
    expected: `${name} = ${moved.printed?.get(name) ?? ''}, as at the start`,
    evidence: mark(moved, START),
  };
}

function* judgeWire(context: SessionContext, pass: WirePass): Generator<Judgement> {
  const { connection, addresses } = pass;
  const device = deviceIn(context, pass);
  for (const address of addresses) {
    const { vring, step, line } = address;
    const at = { endpoint: connection.endpoint, vring, step, line };
    const start = vring === undefined ? undefined : device?.vrings.get(vring)?.start;
    if (vring === undefined || start === undefined || !isShown(start) || !isShown(address)) {
      yield {
        verdict: 'inconclusive',
        ...at,
        message: `the addresses of a vring of ${nameOf(connection)} are not seen both at its start and at the log ${pass.kind}`,
        missing: [missingStart(pass, 'the messages since the device start')],
      };
      continue;
    }
    const changed = ADDRESSES.filter(
      (name) =>
        isAddressOf(start, name) && isAddressOf(address, name) && isMoved(start, address, name),
    );
    yield judgeMoved(at, `log ${pass.kind}`, changed, start.payload, mark(start, START));
  }
}

function judgeEvent({
  device,
  vring,
  step: { index: step, line, event },
  start,
}: VdpaToggle): Judgement {
  const at = { device, vring, step, line };
  if (start === undefined) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: 'the addresses of a vring are not seen both at its start and at the log toggle',
      missing: [
        'trace events vhost_vdpa_set_vring_num and vhost_vdpa_set_vring_addr since the device start, of one QEMU',
      ],
    };
  }
  const [before, after] = [start.event?.record.args ?? {}, event?.record.args ?? {}];
  const changed = ADDRESSES.filter((name) => isOther(before[name], after[name]));
  return judgeMoved(at, 'log toggle', changed, before, mark(start, START));
}

/** The last address ends the line of the event: a line that was cut leaves the beginning of it. */
function isOther(before = '', after = ''): boolean {
  return !before.startsWith(after) && !after.startsWith(before);
}

/** `changed`: the addresses that are not those of the start. */
function judgeMoved(
  at: Pick<Judgement, 'device' | 'endpoint' | 'vring' | 'step' | 'line'>,
  what: string,
  changed: readonly string[],
  before: Readonly<Record<string, string>>,
  evidence: readonly Mark[],
): Judgement {
  const [name] = changed;
  if (name === undefined) {
    const message = `vring ${at.vring} stays where it was started`;
    return { verdict: 'pass', ...at, message, seenAt: () => evidence };
  }
  return {
    verdict: 'violation',
    ...at,
    message: `the ${what} gives vring ${at.vring} another ${changed.join(', ')} than its start`,
    expected: `${name} = ${before[name] ?? ''}, as at the start`,
    evidence,
  };
}

/** Where a vring is not to log, a front end may leave its log address out; QEMU gives it all the same. */
function isAddressOf({ payload, enable }: Message, name: (typeof ADDRESSES)[number]): boolean {
  return name !== 'log_guest_addr' || enable === true || bigintOf(payload[name]) !== 0n;
}

function isMoved(start: Message, toggle: Message, name: (typeof ADDRESSES)[number]): boolean {
  return bigintOf(start.payload[name]) !== bigintOf(toggle.payload[name]);
}

function isShown({ payload }: Message): boolean {
  return ADDRESSES.every((name) => payload[name] !== undefined);
}

/** Names of the members that are printed at both places and differ. */
function changes(start: Activation, toggle: Activation): string[] {
  return ['index', ...ADDRESSES].filter((name) => {
    const [before, after] = [printedNumber(start, name), printedNumber(toggle, name)];
    return before !== undefined && after !== undefined && before !== after;
  });
}
