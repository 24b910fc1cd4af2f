/**
 * What gdb commands typed at a prompt do to what is seen afterwards. Those of the machine interface are
 * judged as the commands of the command line that do the same: see {@link plainCommand}.
 *
 * Source: gdb/infcmd.c, gdb/breakpoint.c; gdb/mi/mi-cmds.c.
 */
import { breakCommand } from '../../model/break-command.js';
import { isOwnCommand, runningNames, shortened } from '../../model/gdb-commands.js';
import type { CommandList } from '../../model/record.js';
import { MOST_BREAKPOINTS } from './listed-breakpoints.js';

/** What a command of the machine interface is called on the command line. */
const PLAIN: ReadonlyMap<string, string> = new Map([
  ['break-after', 'ignore'],
  ['break-condition', 'condition'],
  ['break-delete', 'delete'],
  ['break-disable', 'disable'],
  ['break-enable', 'enable'],
  ['data-evaluate-expression', 'print'],
  ['data-write-memory', 'set var'],
  ['data-write-memory-bytes', 'set var'],
  ['data-write-register-values', 'set var'],
  ['exec-continue', 'continue'],
  ['exec-finish', 'finish'],
  ['exec-jump', 'jump'],
  ['exec-next', 'next'],
  ['exec-next-instruction', 'nexti'],
  ['exec-return', 'return'],
  ['exec-run', 'run'],
  ['exec-step', 'step'],
  ['exec-step-instruction', 'stepi'],
  ['exec-until', 'until'],
  ['gdb-exit', 'quit'],
  ['gdb-set', 'set'],
  ['stack-select-frame', 'frame'],
  ['target-attach', 'attach'],
  ['target-detach', 'detach'],
  ['target-disconnect', 'disconnect'],
  ['target-select', 'target'],
  ['thread-select', 'thread'],
  ['var-assign', 'set var'],
]);

/** `114-exec-continue --all` → `continue`; a command of the command line stays what it is. */
export function plainCommand(text: string): string {
  const command = text.trim().replace(/^\d+(?=[a-z-])/, '');
  const [, name = '', rest = ''] = /^-([a-z-]+)((?: .*)?)$/.exec(command) ?? [];
  if (name === 'interpreter-exec') return plainCommand(unquoted(rest.replace(/^ +\S+/, '')));
  const plain = PLAIN.get(name);
  if (plain !== undefined && / --reverse\b/.test(rest)) return `reverse-${plain}`;
  return plain === undefined ? command : `${plain} ${unquoted(withoutOptions(rest))}`.trim();
}

// "--thread 3 --frame 0 size", "--all"
function withoutOptions(rest: string): string {
  return rest.replace(/^(?: +--(?:thread|frame|thread-group) \S+| +--[a-z]+)*/, '');
}

// "\"size > 1\"": an argument with blanks is a string of C
function unquoted(rest: string): string {
  const text = rest.trim();
  const inner = /^"(.*)"$/.exec(text)?.[1];
  return inner === undefined ? text : inner.replace(/\\(.)/g, '$1').trim();
}

/** Commands that run another one: `with print pretty -- p *log`, `thread apply all bt`. gdb/cli/cli-cmds.c, stack.c, thread.c. */
const RUNS_ANOTHER: readonly RegExp[] = [
  /^inter[a-z-]*[ \t]+\S+[ \t]+(.+)$/,
  /^(?:with|w)[ \t].*?--[ \t]+(.+)$/,
  /^(?:pipe\b|\|)[ \t]*(?:-d[ \t]+\S+[ \t]+)?([^|]+)/,
  /^(?:frame|f)[ \t]+apply[ \t]+(?:all|(?:level|function)[ \t]+\S+|-?\d+)[ \t]+(?:-\S+[ \t]+)*(.+)$/,
  /^(?:thread|t)[ \t]+apply[ \t]+(?:all|[\d$*][\w.$*-]*(?:[ \t]+[\d$*][\w.$*-]*)*)[ \t]+(?:-\S+[ \t]+)*(.+)$/,
  /^(?:faas|tfaas|taas)[ \t]+(?:-\S+[ \t]+)*(.+)$/,
];

/** The command that a command runs in the end: mostly itself. */
export function innerCommand(command: string): string {
  for (const pattern of RUNS_ANOTHER) {
    const inner = pattern.exec(command)?.[1];
    if (inner !== undefined) return innerCommand(plainCommand(unquoted(inner)));
  }
  return command;
}

// "record goto 5": another moment; "target core x": another program
const GOES_ELSEWHERE = `${shortened('record', 3)}[ \\t]+goto|${shortened('target', 3)}[ \\t]+(?:core|exec|extended-remote|native|remote|sim)`;

/** The inferior runs, or is left: the next stop is another moment. */
export const RESUMES = new RegExp(`^(?:${runningNames()}|${GOES_ELSEWHERE})\\b`);

/** The inferior runs up to whatever stops it next. */
export const CONTINUES = new RegExp(`^(?:${runningNames('on')})\\b`);

/** The program runs backwards, where it was recorded: gdb/reverse.c; rr. */
export const GOES_BACK = new RegExp(`^(?:${runningNames('backwards')})\\b`);

/** Which way `continue` and the like go from now on: gdb/infrun.c, set_exec_direction_func(). */
export const DIRECTION = /^set[ \t]+exec-d[a-z]*[ \t]+(reverse|forward)\b/;

/**
 * The program is left to itself, or another moment of it is chosen: nothing is known of what it did up to the next
 * stop, and it may be another program. `run` of a script is not announced by `Starting program`: gdb/infcmd.c, run_command_1().
 */
export const LEAVES = new RegExp(`^(?:${runningNames('anew', 'away')}|${GOES_ELSEWHERE})\\b`);

/** The file that is written has nothing from here up to where logging is switched on again: gdb/cli/cli-logging.c. */
export const STOPS_LOGGING = /^set[ \t]+logging[ \t]+(?:enabled[ \t]+)?off\b/;

/** The inferior runs a little: where it stops, no stop line is printed unless it is at a breakpoint. */
export const STEPS = new RegExp(`^(?:${runningNames('a little')})\\b`);

/** A call is ended, or a value changed, by the debugger: evidence of the entry and not of the effect. */
export function alters(command: string): boolean {
  const text = command.replace(COUNTS, '$$n');
  return ALTERS.some((pattern) => pattern.test(text));
}

/** What `display` prints at every stop. */
export function displayed(command: string): string | undefined {
  return /^disp(?:l(?:ay?)?)?(?:\/\w+)?[ \t]+(.+)$/.exec(command)?.[1];
}

const REGISTER =
  '(?:pc|sp|fp|lr|[re]?(?:[abcd]x|[sd]i|[bs]p|ip|flags)|[abcd][lh]|[rxwvq]\\d+[dwb]?|[xyz]mm\\d+|st\\d)';

/** "p x[$i++]" counts in a variable of gdb's own (gdb/value.c, lookup_internalvar()); "p ++$dev->n" and "p $pc++" do not. */
const COUNTS = new RegExp(
  `\\$(?!${REGISTER}\\b)[A-Za-z_]\\w*(?:\\+\\+|--)|(?:\\+\\+|--)\\$(?!${REGISTER}\\b)[A-Za-z_]\\w*\\b(?!\\s*(?:->|[.[(]))`,
  'g',
);

const ALTERS: readonly RegExp[] = [
  /^(?:return|call|jump|j|signal|kill|k|compile)\b/,
  // "set var x = 1"   "set dev->log_enabled = 0"   "set {int}0x5555 = 1", but not "set width 0"
  /^set\s+var(?:iable)?\b|^set\s+(?!\$)[^\s=]\S*\s*[-+*/|&^]?=(?!=)/,
  // A register; "set $n = $n + 1" only counts.
  new RegExp(`^(?:set(?:\\s+var(?:iable)?)?|p|print)\\s+\\$${REGISTER}\\s*[-+]?=(?!=)`),
  // "p x = 5", "p x++"; "p $n = 1" and "p a == b" change nothing
  /^(?:p|print|inspect|output)(?:\/\w+)?\s+(?!\$\w+\s*=)[^=]*[^=!<>]=(?![=])/,
  /^(?:p|print|inspect|output)(?:\/\w+)?\s.*(?:\+\+|\w--\s*$)/,
  // printf "%d\n", x = 5
  /^(?:printf|eval)\s+"(?:[^"\\]|\\.)*"\s*,(?:.*[^=!<>])?=(?!=)/,
  /^(?:printf|eval)\s+"(?:[^"\\]|\\.)*"\s*,.*(?:\+\+|\w--\s*(?:,|$))/,
  // "p vhost_dev_stop(dev)" runs the function
  /^(?:p|print|inspect|output|printf|echo|eval)(?:\/\w+)?\s(?:.*[^\w$])?(?!(?:sizeof|alignof|_Alignof|typeof|__typeof__|decltype)\b)[A-Za-z_]\w*\(/,
];

const BREAKPOINTS = `(?:\\s+${shortened('breakpoints', 1)}\\b)?`;

/** Once, for so many hits, or up to the next one. */
const FOR_A_WHILE = `(?:${shortened('once', 1)}|${shortened('count', 1)}\\s+\\d+|${shortened('delete', 2)})\\b`;

const SWITCHES_OFF = [
  'd',
  shortened('delete', 3),
  shortened('disable', 3),
  shortened('clear', 2),
  shortened('condition', 4),
  shortened('ignore', 2),
  // "en once 7", "enable breakpoints count 3 7"
  `${shortened('enable', 2)}\\s+(?:${shortened('breakpoints', 1)}\\s+)?(?:${shortened('once', 1)}|${shortened('count', 1)}|${shortened('delete', 2)})`,
].join('|');

/**
 * Breakpoints are switched off or made to skip: `continue 3` ignores the next two hits of the one it stands at.
 * gdb/breakpoint.c, _initialize_breakpoint(), has the names that are short for others.
 */
const NARROWS = new RegExp(
  `^(?:(?:${runningNames('on')})\\s+(?!-|&|1\\s*$)\\S|(?:${SWITCHES_OFF})\\b(?!\\s+display))`,
);

const NARROWS_SOME = [
  new RegExp(`^(?:d|${shortened('delete', 3)}|${shortened('disable', 3)})\\b${BREAKPOINTS}(.*)$`),
  new RegExp(`^${shortened('enable', 2)}\\b${BREAKPOINTS}\\s+${FOR_A_WHILE}(.*)$`),
  // "condition 3 size > 1"   "ignore 3 2"
  new RegExp(`^(?:${shortened('condition', 4)}|${shortened('ignore', 2)})(\\s+\\d+)\\b`),
];

/** Breakpoints that a command switches off or makes to skip: their numbers, or all that there may be. */
export function switchesOff(command: string): CommandList['breakpoints'] | 'all' | undefined {
  if (!NARROWS.test(command)) return undefined;
  const text = NARROWS_SOME.map((pattern) => pattern.exec(command)?.[1]).find(
    (found) => found !== undefined,
  );
  return (text === undefined ? undefined : namedNumbers(text)) ?? 'all';
}

const ENABLES = new RegExp(
  `^${shortened('enable', 2)}\\b${BREAKPOINTS}(?:\\s+${FOR_A_WHILE})?(.*)$`,
);

// "18", "17-19", "18.2", "$bpnum"
const NUMBERS = /^(?:\s+(?:\d+(?:\.\d+)?(?:-\d+(?:\.\d+)?)?|\$\w*))*\s*$/;

/** Breakpoints that a command switches on: their numbers, or all. gdb/breakpoint.c, enable_command(). */
export function switchesOn(command: string): CommandList['breakpoints'] | 'all' | undefined {
  const text = ENABLES.exec(command)?.[1];
  // Of displays, pretty printers and the like it is no matter here.
  return text === undefined ? undefined : namedNumbers(text);
}

/** Undefined where something else is named. */
function namedNumbers(text: string): CommandList['breakpoints'] | 'all' | undefined {
  if (!NUMBERS.test(text)) return undefined;
  const named = text.split(/\s+/).filter(Boolean);
  if (named.length === 0 || text.includes('$')) return 'all';
  const items = named.map((item): CommandList['breakpoints'][number] => {
    const [from = 0, to] = item.split('-').map((number) => Number.parseInt(number, 10));
    // "5.1-3": locations of one breakpoint
    return to === undefined || item.includes('.') ? from : [from, to];
  });
  const count = items.reduce<number>((sum, item) => sum + spanOf(item), 0);
  return count > MOST_BREAKPOINTS ? 'all' : items;
}

function spanOf(item: CommandList['breakpoints'][number]): number {
  return typeof item === 'number' ? 1 : item[1] - item[0] + 1;
}

/**
 * Whether nobody can see what the command does to breakpoints: a script, a file of commands, a text that is put
 * together, a command that somebody defined elsewhere. What gdb refuses is no command.
 */
export function isOpaque(command: string): boolean {
  return (OPAQUE.test(command) && !isPrint(command)) || !isOwnCommand(command);
}

const OPAQUE =
  /^(?:py(?:t(?:h(?:on?)?)?)?|python-interactive|pi|gu(?:i(?:le?)?)?|guile-repl|gr|so(?:u(?:r(?:ce?)?)?)?|eval)\b/;

/** `python print(gdb.parse_and_eval("dev->log_size"))` */
function isPrint(command: string): boolean {
  const text = /^py[a-z-]*[ \t]+print[ \t]*\((.*)\)$/.exec(command)?.[1];
  if (text === undefined || /[=;]/.test(text)) return false;
  const called = [...text.matchAll(/([\w.]+)[ \t]*\(/g)].map(([, name = '']) => name);
  return called.every((name) => READS.test(name));
}

const READS =
  /^(?:str|int|hex|len|repr|gdb\.(?:parse_and_eval|selected_(?:frame|thread|inferior)|lookup_\w+)|\.(?:name|read_var|pc|older|string|format_string|dereference))$/;

/** What an `alias` command makes: its name and what it stands for. gdb/cli/cli-cmds.c, alias_command(). */
export function aliased(
  command: string,
): { readonly name: string; readonly to: string } | undefined {
  const [, name, to] = /^alias[ \t]+(?:-\S+[ \t]+)*([\w-]+)[ \t]*=[ \t]*(.+)$/.exec(command) ?? [];
  return name === undefined || to === undefined ? undefined : { name, to };
}

/** The function of `break F if X`: only some calls of F are reported. */
export function conditionalFunction(command: string): string | undefined {
  if (!command.startsWith('-break-insert ')) {
    const asked = breakCommand(command);
    return asked?.narrowed === true ? asked.func : undefined;
  }
  // "-break-insert -c "size > 1" vhost_dev_log_resize": a condition, an ignore count, one thread, switched off
  const words = command.split(' ').filter((word) => word !== '');
  return words.some((word) => /^-[cipd]$/.test(word)) ? unquoted(words.at(-1) ?? '') : undefined;
}

/** Another thread is looked at: what is shown is not what stopped. */
export const SELECTS = /^(?:t|thread)\s+[\d.]+\s*$/;

/** Another frame of the stack is looked at: its variables are printed, not those of the call that stopped. */
export const SELECTS_FRAME = /^(?:f|frame|up|down|up-silently|down-silently)\b/;

/** A backtrace is asked for. */
export const SHOWS_STACK = new RegExp(
  `^(?:bt|${shortened('backtrace', 2)}|${shortened('where', 4)}|${shortened('info', 1)}\\s+${shortened('stack', 1)})\\b`,
);
