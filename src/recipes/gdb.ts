/**
 * The gdb recipe: a breakpoint on every known function, with a backtrace, the structures that an argument
 * only points to, and what the call returns.
 *
 * The script is plain gdb. Python adds what gdb's own language cannot say: which breakpoints really
 * stop at every call, structures that may be unreadable, and returns. Without it those are no-ops, and
 * gdb's own lines (`+break f`, `Breakpoint 1 at ...`) tell what was set.
 */
import { functionTable } from '../facts/functions.js';
import type { FunctionRow } from '../facts/functions.js';
import type { FactKind } from '../model/fact.js';
import type { Need } from '../model/rule-info.js';
import { DECLARATION, DEFINITIONS } from './gdb-python.js';
import { isWanted, kindOf } from './recipe.js';
import type { Recipe, RecipeRequest } from './recipe.js';

/** More regions than these are not printed: a table of 509 would fill pages. */
const MOST_REGIONS = 64;

/**
 * Expressions that show what an argument hides. One that this version of QEMU does not know, or whose
 * pointer is null, prints nothing. Source: QEMU include/hw/virtio/vhost-backend.h, the VhostOps members.
 */
const HIDDEN: Partial<Record<FactKind, readonly string[]>> = {
  op_set_log_base: ['*log'],
  // Its holders, before this one lets go of it.
  vhost_log_put: ['*dev->log'],
  op_set_vring_addr: ['*addr'],
  op_set_mem_table: [
    '*mem',
    `mem->regions[0]@(mem->nregions < ${MOST_REGIONS} ? mem->nregions : ${MOST_REGIONS})`,
  ],
  op_get_vring_base: ['*ring'],
  op_net_set_backend: ['*file'],
  // Since 10.2 the argument is an array of words.
  op_set_features: ['features[0]@2'],
};

/** Called in every sync round for every range of memory: another stop each would cost too much. */
const BUSY: ReadonlySet<FactKind> = new Set([
  'vhost_log_sync',
  'vhost_log_sync_range',
  'vhost_sync_dirty_bitmap',
]);

/** Called so often that its return is not watched. */
export function isBusy({ kind }: FunctionRow): boolean {
  return BUSY.has(kind);
}

/** Functions outside of vhost that open and close a pass over all devices. */
const PASSES: ReadonlySet<FactKind> = new Set([
  'memory_global_dirty_log_start',
  'memory_global_dirty_log_stop',
  'migration_bitmap_sync',
  'ram_init_bitmaps',
]);

/** Whether the recipe watches the function return. */
function returns({ kind, source }: FunctionRow): boolean {
  const isVhost = source.startsWith('hw/virtio/vhost');
  return PASSES.has(kind) || (isVhost && !BUSY.has(kind));
}

/** An op that is missing says nothing as long as the backend of the device is not known: this op shows it. */
function withBackend(request: RecipeRequest): RecipeRequest {
  const { needs } = request;
  if (needs?.some((need) => kindOf(need).startsWith('op_')) !== true) return request;
  return { ...request, needs: [...needs, 'op_set_features'] };
}

export function gdbRecipe(request: RecipeRequest): Recipe {
  const wanted = withBackend(request);
  const rows = [...functionTable].filter(([, row]) => isWanted(row, wanted));
  const shows = new Set<Need>();
  for (const [, row] of rows) {
    shows.add(row.kind).add(`stack of ${row.kind}`).add(`event ${row.kind}`);
    if (returns(row)) shows.add(`return of ${row.kind}`);
    if (HIDDEN[row.kind] !== undefined) shows.add(`members at ${row.kind}`);
  }
  return {
    name: 'gdb',
    about: ABOUT,
    body: [
      ...SETTINGS,
      ...DEFINITIONS,
      ...rows.flatMap(([func, row]) => breakpoint(func, row)),
      ...DECLARATION,
    ],
    functions: rows.map(([func]) => func),
    events: [],
    shows,
  };
}

function breakpoint(func: string, row: FunctionRow): string[] {
  const hidden = HIDDEN[row.kind] ?? [];
  return [
    `break ${func}`,
    'commands',
    '  bt',
    ...hidden.map((expression) => `  vhtrace-print ${expression}`),
    ...(returns(row) ? ['  vhtrace-return'] : []),
    '  continue',
    'end',
  ];
}

const ABOUT: readonly string[] = [
  'Breakpoints on the functions of the vhost dirty-logging protocol in QEMU, for vhtrace.',
  '',
  'Run it on a QEMU that runs, as root or as the user of QEMU, from before the migration until after it;',
  'Ctrl-C ends it, and QEMU goes on without it:',
  '  gdb -batch -p PID -x FILE -ex continue > gdb.txt 2>&1',
  'or from the start, which shows the whole life of each device and decides most:',
  '  gdb -batch -x FILE -ex run --args qemu-system-x86_64 ... > gdb.txt 2>&1',
  'In a session of your own, before "source FILE": "set logging file gdb.txt", then "set logging',
  'enabled on" ("set logging on" before gdb 12).',
  '',
  'Check the result:',
  '  vhtrace check gdb.txt',
  '',
  'Cost: all threads of QEMU stop at each call, some milliseconds each time and once more where a',
  'return is watched. Sync rounds call several of these functions for each range of memory: expect',
  'a migration that takes several times as long. The guest keeps its state; its clock may jump.',
  '',
  'Needs the debug information of that QEMU. In an optimised build the compiler may have put small',
  'functions into their callers: such a breakpoint is told as "partly" and proves nothing by its',
  'silence. A build with --enable-debug, or at least -O0 for hw/virtio, has none of them.',
  'gdb 8 or newer with Python tells more; without it structures and returns are not printed.',
  '"Function ... not defined" is no trouble: no QEMU has the functions of all versions and backends.',
];

const SETTINGS: readonly string[] = [
  'set pagination off',
  'set height 0',
  'set width 0',
  'set confirm off',
  'set print frame-arguments scalars',
  // By them devices are told apart, and calls from inlined ones.
  'set print address on',
  'set print pretty off',
  'set breakpoint pending on',
  'handle SIGUSR1 SIGUSR2 SIGPIPE nostop noprint pass',
  '',
];
