/**
 * Stops of devices as the trace events of QEMU 11.1 tell them: what begins has `_in` behind its name, what has
 * come to its end `_out`. do_vhost_virtqueue_stop() is entered for every vring of the device and says so before
 * it looks whether the guest has set the vring up.
 */
import type { Step } from '../../../facts/step.js';
import { hasGap } from '../../../flows/run.js';
import type { FactKind } from '../../../model/fact.js';
import { pointerOf } from '../../../model/values.js';
import { frontendRequests } from '../../../model/vhost-user-requests.js';
import { mark } from '../marks.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { oneQemu } from './one-process.js';

const KINDS: readonly FactKind[] = [
  'vhost_dev_init',
  'vhost_dev_cleanup',
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_stop_out',
  'vhost_virtqueue_start_out',
  'vhost_virtqueue_stop',
  'vhost_virtqueue_stop_out',
  'vhost_user_write',
  'op_get_vring_base',
];

const GET_VRING_BASE = frontendRequests.find(({ name }) => name === 'GET_VRING_BASE')?.id;

/** What was seen of a device since it was started. */
interface Life {
  readonly device: string;
  readonly since: number;
  /** Lines that say that a vring has started, by its index. */
  readonly running: Map<number, number>;
  stop: Stop | undefined;
}

interface Stop {
  readonly step: number;
  readonly line: number;
  readonly entered: Set<number>;
  /** Lines that fetch a vring, by its index. */
  readonly fetched: Map<number, number>;
}

/** Rings that ran and that a stop passes over; nothing where the calls themselves are seen, or an older QEMU. */
export function* tracedRingStops(context: SessionContext): Generator<Judgement> {
  if (context.of('vhost_dev_stop').length > 0) return;
  const isWatched = context.events('vhost_virtqueue_stop').length > 0;
  const lives = new Map<string, Life>();
  /** The vring whose stop is going on: QEMU holds the big lock in it. */
  let open: { readonly stop: Stop; readonly ring: number } | undefined;
  for (const step of context.events(...KINDS)) {
    const { row, record } = step.event ?? {};
    if (row?.kind === 'vhost_user_write') {
      if (Number(record?.args?.req) === GET_VRING_BASE)
        open?.stop.fetched.set(open.ring, step.line);
      continue;
    }
    const device = row?.device === undefined ? undefined : pointerOf(record?.args?.[row.device]);
    const life = device === undefined ? undefined : lives.get(device);
    const ring = Number(row?.vring === undefined ? Number.NaN : record?.args?.[row.vring]);
    switch (row?.kind) {
      case 'vhost_dev_start':
        if (device !== undefined)
          lives.set(device, { device, since: step.index, running: new Map(), stop: undefined });
        break;
      case 'vhost_virtqueue_start_out':
        life?.running.set(ring, step.line);
        break;
      case 'vhost_dev_stop':
        if (life !== undefined) life.stop = stopAt(step);
        break;
      case 'vhost_virtqueue_stop':
        // A reset of the vring alone: it runs no longer.
        if (life?.stop === undefined) life?.running.delete(ring);
        else {
          life.stop.entered.add(ring);
          open = { stop: life.stop, ring };
        }
        break;
      case 'vhost_virtqueue_stop_out':
        open = undefined;
        break;
      case 'op_get_vring_base':
        life?.stop?.fetched.set(ring, step.line);
        break;
      case 'vhost_dev_stop_out':
        if (life?.stop !== undefined && isWatched) yield* judge(context, life, life.stop, step);
        if (device !== undefined) lives.delete(device);
        break;
      default:
        if (device !== undefined) lives.delete(device);
    }
  }
}

function stopAt({ index: step, line }: Step): Stop {
  return { step, line, entered: new Set(), fetched: new Map() };
}

function* judge(
  context: SessionContext,
  { device, since, running }: Life,
  { step, line, entered, fetched }: Stop,
  end: Step,
): Generator<Judgement> {
  const at = { device, step, line };
  const missing = [
    ...(hasGap(context.run, since, end.index) ? ['an unbroken record since the device start'] : []),
    ...(context.run.mixed.has(context.session) ? [oneQemu(context)] : []),
  ];
  const rings = [...running.keys()];
  const missed = rings.filter((ring) => !entered.has(ring));
  for (const vring of missed) {
    if (missing.length > 0) {
      const message = `vring ${vring} is not seen to be stopped with its device`;
      yield { verdict: 'inconclusive', ...at, vring, message, missing };
      continue;
    }
    yield {
      verdict: 'violation',
      ...at,
      vring,
      message: `the device stops without stopping vring ${vring}: vhost_virtqueue_stop is never entered for it`,
      expected: `vhost_virtqueue_stop_in for vring ${vring} before vhost_dev_stop_out`,
      evidence: [
        { line: running.get(vring) ?? line, role: `vring ${vring} is running since here` },
        { line: end.line, role: 'the stop has come to its end' },
      ],
    };
  }
  if (missed.length > 0 || rings.length === 0) return;
  const unfetched = rings.filter((ring) => !fetched.has(ring));
  yield unfetched.length === 0 && missing.length === 0
    ? {
        verdict: 'pass',
        ...at,
        message: `vrings ${rings.join(', ')} are fetched in the stop`,
        seenAt: () =>
          [...fetched].flatMap(([ring, line]) => mark({ line }, `vring ${ring} is fetched`)),
      }
    : {
        verdict: 'inconclusive',
        ...at,
        message: 'every running vring is stopped with its device; that it is fetched is not seen',
        missing: missing.length > 0 ? missing : ['a call or message that fetches the vring'],
      };
}
