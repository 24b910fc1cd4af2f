/**
 * Who holds which dirty log, as vhost_log_get(), vhost_log_put() and vhost_dev_log_resize() of
 * hw/virtio/vhost.c count it.
 *
 * Devices of one kind share a log of equal size: `vhost_log_get()` makes one with `refcnt` 1 or adds 1
 * to the global one, `vhost_log_put()` takes 1 off. Kinds are `share` up to 9.0, and the backend type
 * and `share` since 9.1. Only a log whose vhost_log_alloc() is seen is counted: whoever takes it later
 * does so with a vhost_log_get() of its own. What cannot be told apart makes every log uncertain.
 */
import { versionsIn } from '../../../flows/run.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { SessionContext } from '../../rule.js';
import { childrenOf } from './queries.js';
import { unseenBetween } from './device-calls.js';

/** A log at one moment. */
export interface LogCount {
  /** Where it was made. */
  readonly allocated: Activation;
  /** `log->refcnt`. */
  readonly references: number;
  /** In chunks; undefined where it was not printed. */
  readonly size: string | undefined;
}

/** A log that vhost_log_get() gives though nobody holds it any more. */
export interface FreedLog extends LogCount {
  /** The vhost_log_put() that has freed it. */
  readonly freed: Activation;
}

interface Log {
  readonly allocated: Activation;
  readonly size: string | undefined;
  references: number;
  isCertain: boolean;
}

/** From this version on each backend type has a log of its own. */
const TYPED = 901;

/**
 * For each vhost_log_put() the log that it gives back, before it does, and for each set_log_base op
 * the log that it tells of; absent where the count is not known.
 */
export function logCounts(context: SessionContext): ReadonlyMap<Activation, LogCount> {
  return accountOf(context).counts;
}

/** vhost_log_get() calls that make no log where the global one was freed, and the freed one. */
export function freedLogs(context: SessionContext): ReadonlyMap<Activation, FreedLog> {
  return accountOf(context).reused;
}

function accountOf(context: SessionContext): Account {
  return context.once('log account', () => new Account(context));
}

/** What keeps the count of a log from being complete at a step. */
export function doubtsOfCount(
  context: SessionContext,
  { allocated }: LogCount,
  to: number,
): string[] {
  return unseenBetween(
    context,
    allocated.first,
    to,
    'vhost_log_get',
    'vhost_log_alloc',
    'vhost_log_put',
  );
}

class Account {
  readonly counts = new Map<Activation, LogCount>();
  readonly reused = new Map<Activation, FreedLog>();
  private readonly all: Log[] = [];
  /** The global log of each kind. */
  private readonly current = new Map<string, Log>();
  /** Kinds whose global log was freed last: there is none. */
  private readonly gone = new Map<string, FreedLog>();
  /** `dev->log`. */
  private readonly held = new Map<string, Log>();
  /** The log that a resize has got and not adopted yet. */
  private readonly pending = new Map<string, Log | undefined>();

  constructor(private readonly context: SessionContext) {
    for (const activation of context.of(
      'vhost_log_get',
      'vhost_log_put',
      'op_set_log_base',
      'vhost_dev_init',
      'vhost_dev_cleanup',
    )) {
      this.follow(activation);
    }
  }

  private follow(activation: Activation): void {
    const { kind, device, entered, parent } = activation;
    // Seen again as a caller, from a stack that is cut short, or in its second part (`.part.0`), is no second call.
    if (!entered || parent?.kind === kind) return;
    if (device === undefined) {
      if (kind !== 'op_set_log_base') this.loseCount();
      return;
    }
    if (kind === 'vhost_log_get') this.get(activation, device);
    else if (kind === 'vhost_log_put') this.put(activation, device);
    else if (kind === 'op_set_log_base')
      this.note(activation, this.pending.get(device) ?? this.held.get(device));
    else this.forget(device);
  }

  private get(get: Activation, device: string): void {
    const key = this.keyOf(get);
    const allocated = childrenOf(get, 'vhost_log_alloc')[0];
    let log: Log | undefined;
    if (allocated !== undefined) {
      const size = get.value ?? allocated.value;
      log = { allocated, size, references: 1, isCertain: true };
      this.all.push(log);
      if (key !== undefined) {
        this.current.set(key, log);
        this.gone.delete(key);
      }
    } else if (key !== undefined) {
      log = this.current.get(key);
      // A log of another size is made anew, whether that is seen or not.
      if (log !== undefined && (log.size === undefined || log.size !== get.value)) {
        this.loseCount();
        log = undefined;
      }
      if (log !== undefined) log.references++;
      const gone = this.gone.get(key);
      if (gone !== undefined) {
        this.reused.set(get, gone);
        this.gone.delete(key);
      }
    }
    if (key === undefined) this.loseCount();
    // vhost_dev_start() takes the log at once, a resize puts the old one first.
    if (get.parent?.kind !== 'vhost_dev_start') this.pending.set(device, log);
    else if (log === undefined) this.held.delete(device);
    else this.held.set(device, log);
  }

  private put(put: Activation, device: string): void {
    const log = this.held.get(device);
    this.note(put, log);
    if (log !== undefined) log.references--;
    const isLast = log?.references === 0;
    for (const [key, current] of this.current) {
      if (!isLast || current !== log) continue;
      this.current.delete(key);
      if (log.isCertain) this.gone.set(key, { ...log, freed: put });
    }
    const next = this.pending.get(device);
    this.pending.delete(device);
    if (next === undefined) this.held.delete(device);
    else this.held.set(device, next);
  }

  private note(activation: Activation, log: Log | undefined): void {
    if (log?.isCertain !== true) return;
    const { allocated, references, size } = log;
    this.counts.set(activation, { allocated, references, size });
  }

  /** Its memory is zeroed; a log that it still held keeps its reference for good. */
  private forget(device: string): void {
    this.held.delete(device);
    this.pending.delete(device);
  }

  private loseCount(): void {
    for (const log of this.all) log.isCertain = false;
    this.current.clear();
    this.gone.clear();
  }

  private keyOf({ enable, backend }: Activation): string | undefined {
    const { atLeast, atMost } = versionsIn(this.context.run, this.context.session);
    if (enable === undefined) return undefined;
    if (atMost < TYPED) return String(enable);
    return atLeast >= TYPED && backend !== undefined ? `${backend} ${String(enable)}` : undefined;
  }
}
