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
