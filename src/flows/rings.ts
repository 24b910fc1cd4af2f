/**
 * Devices and rings of a session: backend of each vhost_dev, and which ring a call is about.
 *
 * A ring is known by the index that the backend is given (`vhost_vring_addr.index`): relative to the
 * device for the kernel, absolute for user and vdpa (VhostOps.vhost_get_vq_index). Functions that take
 * the device-absolute index are mapped by their `vq` pointer, or by the difference learned from a
 * stack that prints both (vhost_virtqueue_start() above vhost_virtqueue_set_addr()).
 */
import type { Backend, FactKind } from '../model/fact.js';
import type { Activation } from './activations/activation.js';
import { OutermostCalls } from './outermost-calls.js';

/** Ops that get the index in a structure on the stack, which is not printed: their caller shows the ring. */
const RING_OPS: ReadonlySet<FactKind> = new Set([
  'op_set_vring_num',
  'op_set_vring_base',
  'op_set_vring_addr',
  'op_set_vring_kick',
  'op_get_vring_base',
]);

/** What is seen of one life of an address. */
class Seen {
  starts = 0;
  readonly outermost = new OutermostCalls();
  /** Backends below each outermost call, by its number. */
  readonly below = new Map<number, SeenBackend>();
  /** Backends after each start, by how many there were. */
  readonly afterStart = new Map<number, SeenBackend>();
  readonly indexOfVq = new Map<string, number>();
  vqIndex: number | undefined = undefined;
}

export class Rings {
  /** Sessions of which an answer would be another one if starts were seen, or were not. */
  readonly dependent = new Set<number>();
  /** By session, address and incarnation. */
  private readonly devices: Map<string, Map<number, Seen>>[] = [];
  /** For each activation with a device: how often that had been started. */
  private readonly startsOf: (number | undefined)[] = [];
  /** And the number of the outermost call around it. */
  private readonly outermostOf: number[] = [];
  /** By session: the thread of the last call, and how often another one took its turn. */
  private readonly threads: (string | undefined)[] = [];
  private readonly turns: number[] = [];
  /** What backendOf() has found: several rules ask it of every call. */
  private readonly answers: (Backend | 'unknown' | undefined)[] = [];
  private readonly firstId: number;

  constructor(
    activations: readonly Activation[],
    /** By session: a new device cannot take the place of an old one unseen: its start would be reported. */
    private readonly seesStarts: readonly boolean[],
    /** By session: backend of the devices that do not show theirs, as the user says. */
    readonly assumed: readonly (Backend | undefined)[] = [],
  ) {
    this.firstId = activations[0]?.id ?? 0;
    for (const activation of activations) this.startsOf.push(this.learn(activation));
  }

  /**
   * Backend of the device that a call is about, undefined where it is not certain. An address may be
   * used again by a device of another backend: what was seen of it counts below the same outermost
   * call, and within the same start where starts are watched.
   */
  backendOf(activation: Activation): Backend | undefined {
    const at = activation.id - this.firstId;
    const answer = (this.answers[at] ??= this.findBackend(activation) ?? 'unknown');
    return answer === 'unknown' ? undefined : answer;
  }

  private findBackend(activation: Activation): Backend | undefined {
    const { session, id } = activation;
    const seen = this.seenOf(activation);
    const below = seen?.below.get(this.outermostOf[id - this.firstId] ?? 0);
    const life = seen?.afterStart.get(this.startsOf[id - this.firstId] ?? 0);
    const [withStarts, without] = [both(below, life), below].map((of) => this.only(of, session));
    if (withStarts !== without) this.dependent.add(session);
    return this.seesStarts[session] === true ? withStarts : without;
  }

  private only(seen: SeenBackend, session: number): Backend | undefined {
    if (seen === undefined) return this.assumed[session];
    return seen === 'several' ? undefined : seen;
  }

  /** `dev->vq_index` of a kernel device, where its stacks show one. */
  vqIndexOf(activation: Activation): number | undefined {
    return certain(this.seenOf(activation)?.vqIndex);
  }

  /** Index of the ring that this call is about, as the backend counts. */
  ringOf(activation: Activation): number | undefined {
    const { call, device, kind, parent, isLinked } = activation;
    if (RING_OPS.has(kind)) {
      return isLinked || parent === undefined || parent.device !== device
        ? undefined
        : this.ringOf(parent);
    }
    if (call.row.idx === 'backend') return call.idx;
    if (call.row.idx !== 'device' || device === undefined) return undefined;
    const known =
      call.vq === undefined ? undefined : certain(this.seenOf(activation)?.indexOfVq.get(call.vq));
    if (known !== undefined || call.idx === undefined) return known;
    const backend = this.backendOf(activation);
    if (backend === 'user' || backend === 'vdpa') return call.idx;
    const offset = this.vqIndexOf(activation);
    return offset === undefined ? undefined : call.idx - offset;
  }

  private seenOf({ session, device, incarnation }: Activation): Seen | undefined {
    return device === undefined ? undefined : this.devices[session]?.get(device)?.get(incarnation);
  }

  /** Gives how often the device has been started by now. */
  private learn(activation: Activation): number | undefined {
    const { call, device, parent, kind, backend, id } = activation;
    const turn = this.turnOf(activation);
    if (device === undefined) return undefined;
    const seen = this.seenOf(activation) ?? this.meet(activation, device);
    if (kind === 'vhost_dev_start') seen.starts++;
    const around = seen.outermost.around(activation, turn);
    this.outermostOf[id - this.firstId] = around;
    if (backend !== undefined) {
      seen.below.set(around, both(seen.below.get(around), backend));
      seen.afterStart.set(seen.starts, both(seen.afterStart.get(seen.starts), backend));
    }
    if (kind === 'vhost_virtqueue_set_addr' && call.idx !== undefined) {
      if (call.vq !== undefined)
        seen.indexOfVq.set(call.vq, same(seen.indexOfVq.get(call.vq), call.idx));
      const startIdx = parent?.kind === 'vhost_virtqueue_start' ? parent.call.idx : undefined;
      if (startIdx !== undefined) seen.vqIndex = same(seen.vqIndex, startIdx - call.idx);
    }
    return seen.starts;
  }

  private turnOf({ session, thread }: Activation): number {
    const turn = (this.turns[session] ?? 0) + (this.threads[session] === thread ? 0 : 1);
    this.threads[session] = thread;
    this.turns[session] = turn;
    return turn;
  }

  private meet({ session, incarnation }: Activation, device: string): Seen {
    const ofSession = (this.devices[session] ??= new Map());
    const lives = ofSession.get(device) ?? new Map<number, Seen>();
    ofSession.set(device, lives);
    const seen = new Seen();
    lives.set(incarnation, seen);
    return seen;
  }
}

type SeenBackend = Backend | 'several' | undefined;

function both(a: SeenBackend, b: SeenBackend): SeenBackend {
  if (a === undefined || a === b) return b;
  return b === undefined ? a : 'several';
}

/** Two values contradict each other: neither is certain (NaN). */
function same(known: number | undefined, value: number): number {
  return known === undefined || known === value ? value : NaN;
}

function certain(value: number | undefined): number | undefined {
  return value === undefined || Number.isNaN(value) ? undefined : value;
}
