/**
 * One line of gdb's machine interface → its parts.
 *
 * Producer: gdb/mi/mi-out.c, mi-interp.c, mi-console.c (gdb 7 to 18, `gdb -i=mi`).
 * Syntax:   grammars/gdb-mi.peggy; the patterns here only spare the grammar hopeless lines.
 */
import { accept } from '../../grammar/gdb-mi.js';
import { runningNames } from '../../model/gdb-commands.js';

/** `name=value`; items of a list, and of a few tuples, have no name. */
export interface MiItem {
  readonly name: string | undefined;
  readonly value: MiValue;
}

/** A string without its escapes, or the items of a tuple or a list: names may repeat. */
export type MiValue = string | readonly MiItem[];

/** What grammars/gdb-mi.peggy returns. */
export type MiLine =
  | {
      /** `^done`: the answer to a command. */
      readonly type: 'result' | 'async' | 'notice';
      readonly token?: string;
      /** `done`, `stopped`, `thread-created` */
      readonly name: string;
      readonly items: readonly MiItem[];
    }
  | { readonly type: 'stream'; readonly stream: '~' | '@' | '&'; readonly text: string }
  | { readonly type: 'prompt' }
  /** A front end's own words in its log. */
  | { readonly type: 'front-end' }
  | {
      /** Typed, and kept in the log by whoever made it: gdb echoes no command. */
      readonly type: 'command';
      readonly token?: string;
      /** `stack-list-frames` */
      readonly name: string;
      /** Options and arguments. */
      readonly rest: string;
    };

/** A record that was cut, or that the grammar refuses; `lost`: it was about a stop or a stack. */
export interface TornLine {
  readonly type: 'torn';
  readonly lost: boolean;
}

/** What stood above, because some lines are told from prose only by their neighbours. */
export interface MiContext {
  /** Records of the machine interface came before. */
  readonly inSession: boolean;
  /** Nothing but lines that no other format knows stands between. */
  readonly isNear: boolean;
  /** The line above is one of the machine interface. */
  readonly isBelow: boolean;
  /** The line above is a prompt or a command. */
  readonly belowPrompt: boolean;
  /** No line was read before: who types ahead, as a script does, is not answered yet. */
  readonly isFirst: boolean;
}

const CANDIDATE = /^(?:\d{0,18}(?:[*^]|-[a-z])|[=+][a-z]|[~@&]"|\(gdb\) *$)/;

/** What the line says, or undefined when it is none of these. */
export function readMiLine(line: string, context: MiContext): MiLine | TornLine | undefined {
  const read = readWhole(line);
  if (read !== undefined && (isTold(read, context) || (context.isFirst && BEGINS.test(line))))
    return read;
  if (!context.inSession) return readTorn(line);
  return readGlued(line) ?? readTorn(line) ?? readHeadless(line);
}

function readWhole(line: string): MiLine | undefined {
  if (FRONT_END.test(line)) return { type: 'front-end' };
  return CANDIDATE.test(line) ? accept(line) : undefined;
}

// MIEngine (VS Code): "1: (679) 1010: elapsed time 1", "1: (2310) Send Event AD7EngineCreateEvent"; and, traced, each
// line once more: "--> E (output): {"type":"event",...", "<--   R (runInTerminal-26) [2064 ms]: {..."
const FRONT_END = /^(?:\d{1,4}: \(\d{1,10}\) |(?:-->|<--) +[CER] \([\w-]+\)(?: \[\d+ ms\])?: \{)/;

// Some forms are strong enough to be told anywhere, the others only where the session goes on.
function isTold(line: MiLine, context: MiContext): boolean {
  const { inSession, isNear, isBelow, belowPrompt } = context;
  switch (line.type) {
    case 'result':
      return RESULTS.has(line.name) && (inSession || line.token !== undefined || hasResults(line));
    case 'async':
      return ASYNC.has(line.name) && (inSession || hasResults(line));
    case 'notice':
      return NOTICE.test(line.name) && (inSession || hasResults(line));
    case 'front-end':
      return inSession;
    case 'stream':
      return inSession || (line.stream === '~' && CONSOLE.test(line.text));
    case 'prompt':
      return inSession && isNear;
    case 'command':
      if (inSession && belowPrompt) return true;
      return FAMILY.test(line.name) && ((inSession && isBelow) || line.token !== undefined);
  }
}

function hasResults({ items }: { readonly items: readonly MiItem[] }): boolean {
  return items[0]?.name !== undefined;
}

// A note may say ~"target: riscv"; gdb ends its lines, and begins a stack with a piece of its own.
const CONSOLE = /\n$|^#/;

const RESULTS = new Set(['done', 'running', 'connected', 'error', 'exit']);
const ASYNC = new Set(['stopped', 'running']);
const NOTICE =
  /^(?:thread(?:-group)?|library|breakpoint|traceframe|tsv|record|cmd-param|memory)-[a-z-]+$|^download$/;

// gdb/mi/mi-cmds.c, as far as a QEMU option is not called alike (-enable-kvm, -trace events=x).
const FAMILY =
  /^(?:(?:break|catch|data|exec|stack|thread|var|gdb|interpreter|file|target|symbol|environment|inferior|list|dprintf|info|complete|ada|add|remove|fix)-[a-z]|enable-(?:pretty|frame|timings)|trace-(?:start|stop|status|find|save|define|frame|list))/;

/** What a session begins with, whole: a person's text may begin like others, as "-exec-run hangs here". gdb/mi/mi-cmds.c. */
const BEGINS =
  /^-(?:exec-(?:run|continue)(?: --[a-z-]+)*|break-insert(?: -[a-z](?: (?:"[^"]*"|\d{1,9}))?)* [^\s-]\S*|gdb-set [\w-]+(?: [\w./-]+){1,3}|target-attach \d+|target-select [a-z-]+ \S+|file-(?:exec|symbol)-(?:and-symbols|file) \S+|enable-(?:pretty-printing|timings|frame-filters)|list-(?:features|thread-groups)|environment-(?:cd|directory|path) \S+|interpreter-exec (?:console|mi\d?) ".*")$/;

// The program's own text without a newline stands in front: "login: *stopped,reason=..."
const GLUED =
  /(?:\*(?:stopped|running)|=(?:breakpoint|thread|thread-group|library)-[a-z]+),[a-z-]+=["{]|~"/;

function readGlued(line: string): MiLine | undefined {
  const at = line.search(GLUED);
  return at > 0 ? accept(line.slice(at)) : undefined;
}

// "^done,stack=[frame={level="0",addr="0x0000" and nothing more
const TORN =
  /^\d{0,18}(?:\^done,(?:stack|stack-args|bkpt|threads|frame)=[[{]|\*stopped,[a-z-]+=["{]|=(?:breakpoint|thread|thread-group|library)-[a-z]+,[a-z-]+=["{])/;

function readTorn(line: string): TornLine | undefined {
  return TORN.test(line) ? { type: 'torn', lost: /^\d*[*^]/.test(line) } : undefined;
}

// The end of a stack: mig.c",line="3691",arch="i386:x86-64"},frame={level="11",...
const HEADLESS = /",[a-z-]+="[^"]*"[,}\]]|"\},\{?[a-z-]+=/;

/** What is left of a record whose beginning was cut off; which one it was is not known. */
function readHeadless(line: string): TornLine | undefined {
  return HEADLESS.test(line) ? { type: 'torn', lost: true } : undefined;
}

/**
 * Commands of the command line, typed into the machine interface: gdb echoes them as `&"bt\n"`.
 * The sentence of a person would have more words, or end like one.
 */
export function isTypedCommand(text: string): boolean {
  return CLI_COMMAND.test(text) && !/[.!?:,]$/.test(text) && text.split(' ', 9).length < 9;
}

const CLI_COMMAND = new RegExp(
  `^\\d{0,18}(?:${runningNames('on', 'a little', 'otherwise', 'anew')}|bt|backtrace|where|kill|b|br|break|tb|tbreak|hb|hbreak|watch|rwatch|awatch|catch|commands|condition|cond|ignore|delete|d|disable|enable|clear|p|print|call|x|set|show|info|i|f|frame|up|down|t|thread|taskset|return|handle|source|attach|detach|quit|q|file|display|undisplay|list|l|ptype|whatis|shell|dprintf|python|py)(?:[ /]|$)`,
);
