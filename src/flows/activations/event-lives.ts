/** Lives of addresses: the heap gives the memory of a cleaned-up vhost_dev to the next one. */
import type { Step } from '../../facts/step.js';
import type { FactKind } from '../../model/fact.js';
import { pointerOf } from '../../model/values.js';

/** The lives of addresses in the session that is followed. */
export class EventLives {
  private incarnations = new Incarnations();
  private session = 0;
  /** Of all sessions: the steps of two processes may come in turn. */
  private readonly ofSession = new Map([[0, this.incarnations]]);

  /** True where this is another session than before: addresses mean something else. */
  enter(session: number): boolean {
    if (session === this.session) return false;
    this.session = session;
    this.incarnations = this.ofSession.get(session) ?? new Incarnations();
    this.ofSession.set(session, this.incarnations);
    return true;
  }

  of(device: string, kind: FactKind): number {
    return this.incarnations.of(device, kind);
  }

  /** Incarnation of the device that an event names; undefined where the step is none, or names none. */
  follow({ event }: Pick<Step, 'event'>): number | undefined {
    if (event?.row.device === undefined) return undefined;
    const device = pointerOf(event.record.args?.[event.row.device]);
    return device === undefined ? undefined : this.of(device, event.row.kind);
  }
}

/** Counts the lives of each address: the heap gives the memory of a cleaned-up vhost_dev to the next one. */
class Incarnations {
  private readonly lives = new Map<string, { count: number; ended: boolean }>();

  /** Incarnation that a call or event of this kind belongs to. */
  of(device: string, kind: FactKind): number {
    const life = this.lives.get(device) ?? { count: -1, ended: true };
    if (life.ended || kind === 'vhost_dev_init') life.count++;
    // A failed vhost_dev_init() cleans up by itself; what comes after is the next life in any case.
    life.ended = kind === 'vhost_dev_cleanup';
    this.lives.set(device, life);
    return life.count;
  }
}
