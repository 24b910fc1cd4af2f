/**
 * The dirty-logging protocol as small typed tables: device run state, device log state, log base, ring.
 *
 * Every cell says what an observation does to a state: move to another one, leave it (`IGNORED`), or
 * prove that the device was not in it (`FORBIDDEN`). Tables are total, so that a hole is a type error.
 * A device is in a *set* of states: what the capture does not show may have happened silently
 * (`replay.ts`), so a state is known only when nothing else is left.
 */

export const FORBIDDEN = 'FORBIDDEN';
export const IGNORED = 'IGNORED';

export type Cell<S extends string> = { readonly to: S } | typeof FORBIDDEN | typeof IGNORED;
export type Table<S extends string, E extends string> = Readonly<
  Record<S, Readonly<Record<E, Cell<S>>>>
>;

const to = <S extends string>(state: S): { readonly to: S } => ({ to: state });

/** `vhost_dev.started`, with the spans of start and stop told apart. Source: vhost_dev_start(), vhost_dev_stop(). */
export type RunState = 'stopped' | 'starting' | 'started' | 'stopping';
export type RunEvent =
  /** vhost_dev_init() or vhost_dev_cleanup(): the structure is zeroed. */
  | 'zeroed'
  /** Entry of vhost_dev_start(). */
  | 'start'
  /** Entry of vhost_dev_stop(), or of what vhost_dev_start() does to undo itself. */
  | 'stop'
  | 'stop-returned'
  /** Only a started device gets here: vhost_dev_log_resize(), vhost_dev_set_log(). */
  | 'seen-started';

export const runTable: Table<RunState, RunEvent> = {
  stopped: {
    zeroed: IGNORED,
    start: to('starting'),
    // Two stops in a row are legal: ring restart failure, disconnect handlers.
    stop: to('stopping'),
    'stop-returned': IGNORED,
    'seen-started': FORBIDDEN,
  },
  starting: {
    zeroed: to('stopped'),
    // A failed start leaves no trace of its end; virtio-net retries at the next status write.
    start: to('starting'),
    stop: to('stopping'),
    'stop-returned': to('stopped'),
    'seen-started': to('started'),
  },
  started: {
    zeroed: to('stopped'),
    start: FORBIDDEN,
    stop: to('stopping'),
    'stop-returned': FORBIDDEN,
    'seen-started': IGNORED,
  },
  stopping: {
    zeroed: to('stopped'),
    start: FORBIDDEN,
    stop: IGNORED,
    'stop-returned': to('stopped'),
    // The flag is cleared last, so that the final sync of vhost_log_put() works.
    'seen-started': IGNORED,
  },
};

/** `vhost_dev.log_enabled`; orthogonal to the run state. Source: vhost_migration_log(). */
export type LogState = 'off' | 'on';
export type LogEvent = 'zeroed' | 'set-on' | 'set-off' | 'seen-on' | 'seen-off';

export const logTable: Table<LogState, LogEvent> = {
  off: {
    zeroed: IGNORED,
    'set-on': to('on'),
    'set-off': IGNORED,
    'seen-on': FORBIDDEN,
    'seen-off': IGNORED,
  },
  on: {
    zeroed: to('off'),
    'set-on': IGNORED,
    'set-off': to('off'),
    'seen-on': IGNORED,
    'seen-off': FORBIDDEN,
  },
};

/** Whether the device holds a log whose base the backend was given. Source: vhost_dev_log_resize(), vhost_log_put(). */
export type BaseState = 'none' | 'held';
export type BaseEvent = 'zeroed' | 'set' | 'put';

export const baseTable: Table<BaseState, BaseEvent> = {
  none: { zeroed: IGNORED, set: to('held'), put: IGNORED },
  held: { zeroed: to('none'), set: IGNORED, put: to('none') },
};

/** What the backend knows of a ring. Source: vhost_virtqueue_start(), vhost_virtqueue_set_addr(), vhost_virtqueue_stop(). */
export type VringState = 'idle' | 'plain' | 'logged';
export type VringEvent =
  /** A new vhost_dev_start(): rings that it does not set up stay idle. */
  | 'device-start'
  /** Addressed by vhost_virtqueue_start(). */
  | 'start-plain'
  | 'start-logged'
  /** Addressed by vhost_dev_set_log(): that may reach rings which were never started, and starts none. */
  | 'toggle-plain'
  | 'toggle-logged'
  /** vhost_virtqueue_stop() or the get_vring_base op. */
  | 'stop';

export const vringTable: Table<VringState, VringEvent> = {
  idle: {
    'device-start': IGNORED,
    'start-plain': to('plain'),
    'start-logged': to('logged'),
    'toggle-plain': IGNORED,
    'toggle-logged': IGNORED,
    stop: IGNORED,
  },
  plain: {
    'device-start': to('idle'),
    'start-plain': IGNORED,
    'start-logged': to('logged'),
    'toggle-plain': IGNORED,
    'toggle-logged': to('logged'),
    stop: to('idle'),
  },
  logged: {
    'device-start': to('idle'),
    'start-plain': to('plain'),
    'start-logged': IGNORED,
    'toggle-plain': to('plain'),
    'toggle-logged': IGNORED,
    stop: to('idle'),
  },
};

/** The states that are left when `event` is observed in one of `states`; empty when none allows it. */
export function observe<S extends string, E extends string>(
  table: Table<S, E>,
  states: readonly S[],
  event: E,
): readonly S[] {
  // Most observations change nothing.
  if (states.every((state) => table[state][event] === IGNORED)) return states;
  const left = new Set<S>();
  for (const state of states) {
    const cell: Cell<S> = table[state][event];
    if (cell === FORBIDDEN) continue;
    left.add(cell === IGNORED ? state : cell.to);
  }
  return [...left];
}

/** Where `event` leads when the states before are of no use. */
export function after<S extends string, E extends string>(
  table: Table<S, E>,
  event: E,
): readonly S[] {
  return observe(table, Object.keys(table) as S[], event);
}
