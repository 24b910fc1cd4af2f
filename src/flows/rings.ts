/**
 * Devices and rings of a session: backend of each vhost_dev, and which ring a call is about.
 *
 * A ring is known by the index that the backend is given (`vhost_vring_addr.index`): relative to the
 * device for the kernel, absolute for user and vdpa (VhostOps.vhost_get_vq_index). Functions that take
 * the device-absolute index are mapped by their `vq` pointer, or by the difference learned from a
 * stack that prints both (vhost_virtqueue_start() above vhost_virtqueue_set_addr()).
 */
import type { Backend, FactKind } from '../model/fact.js';
import type { Activation } from './activations.js';

/** Ops that get the index in a structure on the stack, which is not printed: their caller shows the ring. */
const RING_OPS: ReadonlySet<FactKind> = new Set([
  'op_set_vring_num',
  'op_set_vring_base',
  'op_set_vring_addr',
  'op_set_vring_kick',
  'op_get_vring_base',
]);

export class Rings {
  /** Sessions of which an answer would be another one if starts were seen, or were not. */
  readonly dependent = new Set<number>();
  /** Backends seen, by outermost call and by start. */
  private readonly backends = new Map<string, Backend | 'several'>();
  /** What backendOf() has found: several rules ask it of every call. */
  private readonly answers = new Map<Activation, Backend | undefined>();
  private readonly lifeOf = new Map<Activation, number>();
  private readonly byVq = new Map<string, number>();
  private readonly offsets = new Map<string, number>();

  constructor(
    activations: readonly Activation[],
    /** By session: a new device cannot take the place of an old one unseen: its start would be reported. */
    private readonly seesStarts: readonly boolean[],
    /** Backend of the devices that do not show theirs, as the user says. */
    readonly assumed?: Backend,
  ) {
    const starts = new Map<string, number>();
    for (const activation of activations) this.learn(activation, starts);
  }

  /**
   * Backend of the device that a call is about, undefined where it is not certain. An address may be
   * used again by a device of another backend: what was seen of it counts below the same outermost
   * call, and within the same start where starts are watched.
   */
  backendOf(activation: Activation): Backend | undefined {
    if (!this.answers.has(activation)) this.answers.set(activation, this.findBackend(activation));
    return this.answers.get(activation);
  }

  private findBackend(activation: Activation): Backend | undefined {
    const below = this.backends.get(rootKey(activation));
    const life = lifeKey(activation, this.lifeOf.get(activation) ?? 0);
    const unseen = this.only(below);
    const seen = this.only(below, this.backends.get(life));
    if (seen !== unseen) this.dependent.add(activation.session);
    return this.seesStarts[activation.session] === true ? seen : unseen;
  }

  private only(...seen: readonly (Backend | 'several' | undefined)[]): Backend | undefined {
    const found = new Set(seen.filter((backend) => backend !== undefined));
    if (found.size === 0) return this.assumed;
    const [only] = found;
    return found.size === 1 && only !== 'several' ? only : undefined;
  }

  /** `dev->vq_index` of a kernel device, where its stacks show one. */
  vqIndexOf(activation: Activation): number | undefined {
    return certain(this.offsets.get(deviceKey(activation)));
  }

  /** Index of the ring that this call is about, as the backend counts. */
  ringOf(activation: Activation): number | undefined {
    const { call, device, kind, parent } = activation;
    if (RING_OPS.has(kind)) {
      return parent === undefined || parent.device !== device ? undefined : this.ringOf(parent);
    }
    if (call.row.idx === 'backend') return call.idx;
    if (call.row.idx !== 'device' || device === undefined) return undefined;
    const known =
      call.vq === undefined
        ? undefined
        : certain(this.byVq.get(`${deviceKey(activation)} ${call.vq}`));
    if (known !== undefined || call.idx === undefined) return known;
    const backend = this.backendOf(activation);
    if (backend === 'user' || backend === 'vdpa') return call.idx;
    const offset = this.vqIndexOf(activation);
    return offset === undefined ? undefined : call.idx - offset;
  }

  private learn(activation: Activation, starts: Map<string, number>): void {
    const { call, device, parent, kind, backend } = activation;
    if (device === undefined) return;
    const key = deviceKey(activation);
    const life = (starts.get(key) ?? 0) + (kind === 'vhost_dev_start' ? 1 : 0);
    starts.set(key, life);
    this.lifeOf.set(activation, life);
    if (backend !== undefined) {
      this.see(rootKey(activation), backend);
      this.see(lifeKey(activation, life), backend);
    }
    if (kind !== 'vhost_virtqueue_set_addr' || call.idx === undefined) return;
    if (call.vq !== undefined) note(this.byVq, `${key} ${call.vq}`, call.idx);
    const startIdx = parent?.kind === 'vhost_virtqueue_start' ? parent.call.idx : undefined;
    if (startIdx !== undefined) note(this.offsets, key, startIdx - call.idx);
  }

  private see(key: string, backend: Backend): void {
    const known = this.backends.get(key);
    this.backends.set(key, known === undefined || known === backend ? backend : 'several');
  }
}

/** Two values for one key contradict each other: neither is certain (NaN). */
function note(map: Map<string, number>, key: string, value: number): void {
  const known = map.get(key);
  map.set(key, known === undefined || known === value ? value : NaN);
}

function certain(value: number | undefined): number | undefined {
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

/** Key of everything below the same outermost known call. */
function rootKey(activation: Activation): string {
  let root = activation;
  while (root.parent !== undefined) root = root.parent;
  return `${deviceKey(activation)} below ${root.id}`;
}

/** Key of everything between two starts of the device. */
function lifeKey(activation: Activation, life: number): string {
  return `${deviceKey(activation)} start ${life}`;
}

function deviceKey({ session, device, incarnation }: Activation): string {
  return `${session} ${device ?? ''} ${incarnation}`;
}
