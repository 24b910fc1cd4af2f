/**
 * The commands that gdb has by itself. Any other word at its prompt is one that somebody defined, or a typing error.
 *
 * Source: gdb's command tables (gdb 7 to 18), `help all`; QEMU scripts/qemu-gdb.py; rr src/GdbServer.cc.
 */

const NAMES = (
  'actions add-auto-load-safe-path add-auto-load-scripts-directory add-inferior add-symbol-file ' +
  'add-symbol-file-from-memory advance agent-printf alias append apropos attach awatch backtrace break bt call catch ' +
  'cd checkpoint clear clone-inferior collect commands compare-sections compile complete condition continue core-file ' +
  'define define-prefix delete demangle detach directory disable disassemble disconnect display document dont-repeat ' +
  'down down-silently dprintf dump echo edit else enable end eval exec-file exit explore expression faas fg file find ' +
  'finish flash-erase flushregs focus forward-search frame fs ftrace function generate-core-file gcore guile guile-repl ' +
  'handle hbreak help history if ignore inferior info init-if-undefined inspect interpreter-exec interrupt ' +
  'jit-reader-load jit-reader-unload jump kill layout list load loop_break loop_continue macro maintenance make mem ' +
  'monitor new-ui next nexti ni nosharedlibrary output overlay passcount pi pipe po print print-object printf ptype pwd ' +
  'python python-interactive queue-signal quit rbreak rc record refresh remote remove-inferiors remove-symbol-file ' +
  'restart restore return reverse-continue reverse-finish reverse-next reverse-nexti reverse-search reverse-step ' +
  'reverse-stepi rn rni rs rsi run rwatch save search section select-frame set sharedlibrary shell show si signal ' +
  'silent skip source starti start step stepi stepping stop strace symbol-file taas target task tbreak tcatch tdump ' +
  'teval tfaas tfind thbreak thread tp trace tsave tstart tstatus tstop tui tty tvariable undisplay unset until ' +
  'unwinder up up-silently update view watch whatis where while while-stepping window winheight winname winwidth with ' +
  'ws x qemu when when-ticks when-tid elapsed-time seek-ticks'
).split(' ');

/** A word with a few arguments; what a program prints behind a prompt has more. */
const COMMAND = /^([A-Za-z_][\w-]*)(?:[ \t]+[\w$*&./>-]+){0,2}$/;

/** False for a word that gdb does not know by itself, whole or shortened. */
export function isOwnCommand(text: string): boolean {
  const word = COMMAND.exec(text.trim())?.[1];
  return word === undefined || NAMES.some((name) => name.startsWith(word));
}

/** The first word is a command that gdb knows by itself, whole or shortened. */
export function isGdbCommand(text: string): boolean {
  const word = /^[a-z-]+(?=[ \t/]|$)/.exec(text)?.[0];
  return word !== undefined && NAMES.some((name) => name.startsWith(word));
}

/** Any beginning of the name, from so many characters on, as the text of a pattern: `disa` of `disable`. */
export function shortened(name: string, least: number): string {
  const ends = Array.from({ length: name.length - least }, (_, i) =>
    name.slice(0, -i || undefined),
  );
  return `(?:${[...ends, name.slice(0, least)].join('|')})`;
}

/**
 * How a command lets the program run: to the next stop, a little, in another way, backwards, from its beginning, or out of the
 * debugger's sight.
 */
type Running = 'on' | 'a little' | 'otherwise' | 'backwards' | 'anew' | 'away';

/**
 * The commands that run the program or leave it, each with the length of its shortest beginning that is no other command, and the
 * names that gdb gives it besides.
 *
 * Source: gdb/infcmd.c, gdb/infrun.c, gdb/reverse.c, gdb/tracepoint.c, gdb/cli/cli-cmds.c, their _initialize functions (gdb 7 to
 * 18); gdb/cli/cli-decode.c, lookup_cmd_1(), for beginnings.
 */
const RUNNING: readonly (readonly [Running, string, number, ...string[]])[] = [
  ['on', 'continue', 4, 'c', 'fg'],
  ['a little', 'step', 4, 's'],
  ['a little', 'stepi', 5, 'si'],
  ['a little', 'next', 4, 'n'],
  ['a little', 'nexti', 5, 'ni'],
  ['a little', 'until', 3, 'u'],
  ['a little', 'advance', 3],
  ['a little', 'finish', 3],
  ['anew', 'run', 1],
  ['anew', 'start', 5],
  ['anew', 'starti', 6],
  ['otherwise', 'jump', 2, 'j'],
  ['otherwise', 'signal', 3],
  ['backwards', 'reverse-continue', 9, 'rc'],
  ['backwards', 'reverse-finish', 9],
  ['backwards', 'reverse-next', 12, 'rn'],
  ['backwards', 'reverse-nexti', 13, 'rni'],
  ['backwards', 'reverse-step', 12, 'rs'],
  ['backwards', 'reverse-stepi', 13, 'rsi'],
  ['away', 'detach', 3],
  ['away', 'disconnect', 5],
  ['away', 'kill', 2, 'k'],
  ['away', 'quit', 3, 'q'],
  ['away', 'exit', 3],
  ['away', 'attach', 2],
  ['away', 'restart', 5],
  ['away', 'tfind', 3],
  ['away', 'seek-ticks', 10],
];

/** Their names, whole or shortened, as the text of a pattern: those of all, or of some. */
export function runningNames(...which: readonly Running[]): string {
  return RUNNING.filter(([how]) => which.length === 0 || which.includes(how))
    .flatMap(([, name, least, ...others]) => [...others, shortened(name, least)])
    .join('|');
}
