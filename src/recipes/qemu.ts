/**
 * The recipe for QEMU's own tracing: a file of event names for `-trace events=FILE`.
 *
 * Source: QEMU trace/control.c, trace_init_events() and do_trace_enable_events(): one name a line, `#` begins a
 * comment, a name that this build does not have is warned about and skipped.
 */
import { eventTable } from '../facts/trace-events.js';
import type { Need } from '../model/rule-info.js';
import { isWanted } from './recipe.js';
import type { Recipe, RecipeRequest } from './recipe.js';

/** Printed for every kick of a queue; useful only to see who handles it. */
const BUSY: ReadonlySet<string> = new Set(['virtio_queue_notify']);

export function qemuRecipe(request: RecipeRequest): Recipe {
  const rows = [...eventTable].filter(([name, row]) => !BUSY.has(name) && isWanted(row, request));
  const body: string[] = [];
  let source: string | undefined;
  for (const [name, row] of rows) {
    if (row.source !== source) body.push(...(body.length > 0 ? [''] : []), `# ${row.source}`);
    source = row.source;
    body.push(name);
  }
  return {
    name: 'qemu',
    about: ABOUT,
    body,
    functions: [],
    events: rows.map(([name]) => name),
    shows: new Set(rows.map(([, { kind }]): Need => `event ${kind}`)),
  };
}

const ABOUT: readonly string[] = [
  'Trace events of QEMU that vhtrace knows.',
  '',
  'Run QEMU with (all backends of its tracing have the same events; "log" is the default):',
  '  qemu-system-x86_64 ... -trace events=FILE -msg timestamp=on -D qemu-trace.log',
  'or switch single events on in the monitor of a QEMU that runs:',
  '  trace-event vhost_* on',
  '',
  'Check the result:',
  '  vhtrace check qemu-trace.log',
  '',
  'Cost: next to none.',
  '',
  'Versions: QEMU warns of events that it does not have ("trace event ... does not exist") and goes on;',
  'the names here are those of 2.12 to 11.1. From 6.0 on, thread and time are printed only with',
  '-msg timestamp=on; since 10.2 the time is printed without the thread. vhost_dev_start and',
  'vhost_dev_stop (since 11.1 vhost_dev_start_in, vhost_dev_stop_in) are there since 7.2,',
  'vhost_user_write and vhost_user_read since 7.1, global_dirty_changed since 6.2.',
  '',
  'QEMU has no event for log start and stop, features, ring addresses and log base of kernel and',
  'vhost-user devices: this shows phases, devices and messages, and decides little without gdb.',
  'To have both in one capture, leave -D out and let QEMU write into the same file as gdb.',
];
