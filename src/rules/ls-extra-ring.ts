import { callerOf } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { printedNumber } from './shared/calls/printed.js';
import { hasGap, place, unwatched } from './shared/calls/queries.js';
import { mark } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** A log start gives the log flag to a ring that was never started. Legal, and good to know. */
export const lsExtraRing: Rule = {
  info: {
    id: 'LS-EXTRA-RING',
    title: 'a log start addresses the rings that were started',
    severity: 'note',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'a whole vhost_dev_start before the log start, with probes vhost_dev_start and vhost_virtqueue_set_addr',
      'or print *addr at the set_vring_addr op: a ring that was never started has no descriptor address',
    ],
    why: 'The backend gets the address 0 of a ring that the guest does not use. Backends that check addresses refuse it, and the log start fails.',
    probes: ['vhost_dev_start', 'vhost_virtqueue_set_addr'],
    remedy:
      'Nothing to do where the backend takes it. Up to 5.1 every ring is addressed; since then kernel devices of a higher queue pair may still do so.',
    exceptions: ['it is legal in every version: a note, never an alarm'],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_set_log(), vhost_virtqueue_start()'],
    bugs: [
      {
        where: 'QEMU 1e5a050f5798 (5.2)',
        what: 'A log start addressed rings that the guest had never set up; vhost-user backends answered with an error, and the migration failed.',
      },
      {
        where: 'QEMU 9ce305c8beb9 (7.1)',
        what: 'The same where a failed log start was undone.',
      },
    ],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    const lives = new Map<string, Life>();
    for (const call of context.of(
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_virtqueue_set_addr',
    )) {
      if (call.device === undefined) lives.clear();
      else if (call.kind === 'vhost_dev_start')
        lives.set(keyOf(call), newLife(call, lives.get(keyOf(call))));
      else if (call.kind === 'vhost_dev_stop') lives.delete(keyOf(call));
      else if (call.enable === true && callerOf(call, 'vhost_dev_set_log') !== undefined)
        yield* judge(context, call, lives.get(keyOf(call)));
      else addRing(context, call, lives.get(keyOf(call)));
    }
  },
};

/** The device since its last start. */
interface Life {
  readonly start: Activation;
  /** By their index, with the address that started them. */
  readonly rings: Map<number, Activation>;
  /** Those of starts before it, between which and this one no stop is seen. */
  readonly before: ReadonlySet<number>;
  /** Some ring was started that does not show which. */
  unclear: boolean;
}

function newLife(start: Activation, last: Life | undefined): Life {
  const before = last === undefined ? [] : [...last.before, ...last.rings.keys()];
  return { start, rings: new Map(), before: new Set(before), unclear: false };
}

function keyOf({ device, incarnation }: Activation): string {
  return `${device ?? ''} ${incarnation}`;
}

function addRing({ run }: SessionContext, address: Activation, life: Life | undefined): void {
  const vring = run.rings.ringOf(address);
  if (life === undefined) return;
  if (vring === undefined) life.unclear = true;
  else life.rings.set(vring, address);
}

function* judge(
  { run }: SessionContext,
  address: Activation,
  life: Life | undefined,
): Generator<Judgement> {
  const vring = run.rings.ringOf(address);
  if (vring === undefined) return;
  const at = { ...place(address), vring };
  const op = address.children.find(({ kind }) => kind === 'op_set_vring_addr');
  const isUnset = op !== undefined && printedNumber(op, 'desc_user_addr') === 0n;
  if (isUnset) {
    yield { verdict: 'violation', ...at, ...extra(vring, 'its descriptors are at address 0') };
    return;
  }
  const started = life?.rings.get(vring);
  if (started !== undefined) {
    const message = `vring ${vring} was started`;
    yield { verdict: 'pass', ...at, message, seenAt: () => mark(started, 'its start') };
    return;
  }
  const missing = life === undefined ? ['the device start before it'] : unsure(life, address);
  const message = `whether vring ${vring} was started is not seen`;
  if (life === undefined || missing.length > 0) {
    yield { verdict: 'inconclusive', ...at, message, missing };
    return;
  }
  const evidence = [{ line: life.start.line, role: `this start does not address vring ${vring}` }];
  yield { verdict: 'violation', ...at, ...extra(vring, 'no start addressed it'), evidence };

  function unsure({ start, before, unclear }: Life, { first }: Activation): string[] {
    // The BQL keeps a log start out of a device start: the one before has returned.
    const found: string[] = [];
    if (!start.entered) found.push('the entry of vhost_dev_start');
    for (const kind of ['vhost_dev_start', 'vhost_virtqueue_set_addr'] as const)
      found.push(...unwatched(run, kind, start.first, first));
    if (hasGap(run, start.first, first)) found.push('an unbroken record since the device start');
    if (unclear) found.push('idx= of vhost_virtqueue_set_addr');
    if (vring !== undefined && before.has(vring))
      found.push('the device stop between its two starts');
    return [...new Set(found)];
  }
}

function extra(vring: number, why: string): Pick<Judgement, 'message' | 'expected'> {
  return {
    message: `vring ${vring} gets the log flag, but was never started: ${why}. QEMU may legally do so`,
    expected: 'addresses of started rings only',
  };
}
