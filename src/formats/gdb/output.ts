/**
 * What gdb prints beside stops and stacks: commands that it shows again, notices, values, tables of breakpoints;
 * and what the program prints that it runs.
 */
import { isGdbCommand, runningNames } from '../../model/gdb-commands.js';
import type { GdbLine } from './lines.js';
import { isLocal, isSpacedSourceEcho, isTypedAhead, isVariable } from './chatter.js';
import { stopHead } from './lines.js';
import { isDebuggerMessage } from './messages.js';
import type { Line } from './pending.js';
import type { GdbSession } from './session.js';

// "        return 0" below a row of `info breakpoints`; what gdb says of the breakpoint itself is no command.
const LISTED =
  /^ {8,}(?!stop only|ignore next|disable after|breakpoint already|not for inferior|at )(\S.*)$/;

// "+return (int)0", one more + for each level of a script; the words of gdb, because a diff looks alike
const TRACED = new RegExp(
  `^\\+{1,9}((?:${runningNames()}|b|br|break|bt|backtrace|call|commands|cond|condition|d|delete|dis|disable|down|enable|end|f|frame|i|ignore|info|p|print|printf|return|set|silent|tbreak|thread|up|vhtrace-(?:print|return)|watch|where|x)(?:[ \\t/].*)?)$`,
);

// ">>> return": the prompt of gdb-dashboard (cyrus-and/gdb-dashboard, .gdbinit). What is quoted three times is hardly that short.
const DASHBOARD = /^>>> (\S.*)$/;

// "> disable 10", "* delete 10", "`disable 10`": quoted without its prompt. "delete 10": typed ahead, while the program ran.
const SWITCHED_OFF =
  /^(?:[>*|$-]{1,3} ?|`)(?:(?:dis(?:able)?|del(?:ete)?|d)(?: breakpoints?)?(?: [\d.-]+)*|clear \S+|ignore \d+ \d+|cond(?:ition)? \d+ .+)`?$|^(?:delete|d)(?: \d+)*$/;

// What was asked for may not be echoed.
const NARROWED =
  /^(?:Will ignore next (?:\d+ )?crossings? of breakpoint|Deleted breakpoints?|Error in re-setting breakpoint) (\d+)( \d)?/;

// They have a number like a breakpoint, and do not stop at the entry of a function: gdb/breakpoint.c.
const NO_BREAKPOINT = /^(?:Dprintf|Catchpoint) (\d+) (?:at |\()/;

// gdb/breakpoint.c, breakpoint_1(), delete_command(); the long forms since gdb 15
const NO_BREAKPOINTS =
  /^No breakpoints(?: or watchpoints|, watchpoints, tracepoints, or catchpoints)\.[ \t]*$/;
const ALL_DELETED =
  /^Delete all breakpoints(?:, watchpoints, tracepoints, and catchpoints)?\? \(y or n\)(?![ \t]*n)/i;

// gdb/target.c, target_announce_detach(); gdb/remote.c
const LEFT = /^(?:Detaching from (?:program|pid|process|remote)\b|Ending remote debugging\.)/;

// Another debugger, or another session that script(1) appends: gdb/top.c, print_gdb_version(); util-linux term-utils/script.c
const BEGUN = /^(?:GNU gdb [\d(]|Script (?:started|done) on \d)/;

// Below a row of `info breakpoints`
const NARROWED_ROW = /^[ \t]+(?:stop only |ignore next \d+ hits|disable after next \d+ hits)/;

// No line of C, and what a script of gdb does first.
const TRACED_BREAK = /^\+{1,9}(?:b|br|break|tbreak)[ \t]+\S/;

/** Reads lines into a session. */
export class GdbOutput {
  readonly #session: GdbSession;
  /** The program runs: what is printed below this line is its own. */
  #runningLine = -1;
  /** What gdb says goes to a file alone. */
  #isRedirected = false;

  constructor(session: GdbSession) {
    this.#session = session;
  }

  /** Commands that do not stand at the prompt: of a list, or told by `set trace-commands on`. */
  readCommand({ text, lineNo }: Line): boolean {
    const session = this.#session;
    const span = { first: lineNo, last: lineNo };
    const typed = session.inCommandList ? /^[ >]*>(?!>)(.*)$/.exec(text)?.[1] : undefined;
    const shown = session.isNear(lineNo) ? LISTED.exec(text)?.[1]?.trimEnd() : undefined;
    const listed = shown === undefined ? undefined : session.breakpoints.listed(shown, span);
    const isGdb = session.isGdb || session.isNear(lineNo) || TRACED_BREAK.test(text);
    const traced = isGdb ? (TRACED.exec(text)?.[1] ?? unprompted(text)) : undefined;
    if (typed !== undefined) session.addListed(typed.trim(), span);
    else if (listed !== undefined) session.addOutput(listed);
    else if (traced !== undefined) session.addCommand(traced.trimEnd(), span);
    else return false;
    return true;
  }

  /** What gdb says of the session, but for its prompt. */
  readLine(read: Exclude<GdbLine, { type: 'prompt' }>, line: Line): void {
    const last = line.goesOn === true ? line.lineNo - 1 : line.lineNo;
    const span = { first: line.lineNo, last };
    switch (read.type) {
      case 'stop':
        this.#session.openStop(stopHead(read), line.lineNo);
        break;
      case 'thread':
        if (read.what === 'header') this.#session.addHeader(read.thread, span);
        else {
          this.#session.addThread({ kind: 'thread', span, what: read.what, thread: read.thread });
        }
        break;
      case 'process':
        this.#session.addProcess(read.what, span);
        this.#runningLine = line.lineNo;
        break;
      case 'breakpoint-set': {
        const { type, ...set } = read;
        // A row of `info breakpoints` begins with the number.
        const isNew = !/^[ \t]*\d/.test(line.text);
        const told = { kind: type, span, ...set };
        if (isNew) this.#session.addBreakpoint(told);
        else this.#session.addOutput(this.#session.breakpoints.list(told));
        break;
      }
    }
  }

  /** Takes what only gdb prints, and what only its surroundings tell from prose. */
  take({ text, lineNo }: Line): boolean {
    if (!isDebuggerMessage(text) && !this.#isSilentOutput(text, lineNo)) return false;
    this.#readOutput(text, lineNo);
    return true;
  }

  /** "hi" below "Continuing.": the program's own words, short ones at least. */
  isOfProgram({ text, lineNo }: Line): boolean {
    if (this.#runningLine !== lineNo - 1) return false;
    const isShort = /^[\x21-\x7e]+(?: [\x21-\x7e]+){0,2}$/.test(text.trim());
    if (!isShort) return false;
    this.#runningLine = lineNo;
    return true;
  }

  #readOutput(text: string, lineNo: number): void {
    // "Value returned is $2 = -22"
    const value = /^Value returned is \$\d+ = (.*)$/.exec(text)?.[1];
    if (value !== undefined) {
      this.#session.returned(value.trim(), lineNo);
      return;
    }
    const [, number, scalar = ''] = /^\$(\d+) = (.+)$/.exec(text) ?? [];
    if (number !== undefined && this.#session.printedScalar(Number(number), scalar.trim(), lineNo))
      return;
    if (/^(?:Old value|Value) = /.test(text)) this.#session.watchpointHit();
    if (/^Continuing\.|^Using host libthread_db/.test(text)) this.#runningLine = lineNo;
    // "4       breakpoint     keep y   <MULTIPLE>"
    const [, row, disposition] = /^(\d+)[ \t]+breakpoint[ \t]+([a-z]+)[ \t]/.exec(text) ?? [];
    if (row !== undefined) {
      this.#session.breakpoints.beginRow(Number(row));
      if (disposition !== 'keep' && this.#narrowRow(lineNo)) return;
    }
    if (LEFT.test(text) || (this.#session.isGdb && this.#isBegun(text))) {
      this.#session.addProcess('exit', { first: lineNo, last: lineNo });
      return;
    }
    if (text.startsWith('Undefined command: "')) this.#session.refuse();
    if (this.#readLogging(text, lineNo)) return;
    if (NO_BREAKPOINTS.test(text) || ALL_DELETED.test(text)) {
      const all = this.#session.breakpoints.narrow(0, lineNo);
      this.#session.addOutput(NO_BREAKPOINTS.test(text) ? { ...all, listed: true } : all);
      return;
    }
    const [, narrowed, another] = NARROWED.exec(text) ?? [];
    if (narrowed !== undefined) {
      const which = another === undefined ? Number(narrowed) : 0;
      this.#session.addOutput(this.#session.breakpoints.narrow(which, lineNo));
      return;
    }
    const other = NO_BREAKPOINT.exec(text)?.[1];
    if (other !== undefined) {
      const set = this.#session.breakpoints.narrow(Number(other), lineNo);
      this.#session.addOutput({ ...set, inside: true });
      return;
    }
    if (NARROWED_ROW.test(text) && this.#narrowRow(lineNo)) return;
    this.#session.output(lineNo);
  }

  /** What was said of breakpoints, threads and devices before is of another session. */
  #isBegun(text: string): boolean {
    return BEGUN.test(text) && !this.#session.asksVersion;
  }

  #narrowRow(lineNo: number): boolean {
    const set = this.#session.breakpoints.narrowRow(lineNo);
    if (set !== undefined) this.#session.addOutput(set);
    return set !== undefined;
  }

  /** While the output goes to a file alone, the terminal shows nothing: gdb/cli/cli-logging.c, handle_redirections(). */
  #readLogging(text: string, lineNo: number): boolean {
    const begins = text.startsWith('Redirecting output to ');
    const ends = this.#isRedirected && text.startsWith('Done logging to ');
    if (!begins && !ends) return false;
    this.#isRedirected = begins;
    const span = { first: lineNo, last: lineNo };
    this.#session.addOutput({ kind: 'gap', span, why: 'the output of gdb went to a file' });
    return true;
  }

  #isSilentOutput(text: string, lineNo: number): boolean {
    const session = this.#session;
    if (session.inBacktrace && isLocal(text)) return true;
    if (session.isNear(lineNo) && isSpacedSourceEcho(text, session.sourceLine)) return true;
    return session.isGdb && (isVariable(text) || isTypedAhead(text));
  }
}

/** A command without the prompt of gdb. */
function unprompted(text: string): string | undefined {
  const typed = DASHBOARD.exec(text)?.[1];
  if (typed !== undefined && isGdbCommand(typed)) return typed;
  return SWITCHED_OFF.test(text) ? text.replace(/^[^a-z]*|`$/g, '') : undefined;
}
