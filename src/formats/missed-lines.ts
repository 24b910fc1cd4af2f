/** Lines that are no words and that nobody reads: records are missing there, which is told and counted. */
import type { FormatId } from '../model/record.js';
import type { Line } from './gdb/pending.js';
import type { GdbSession } from './gdb/session.js';
import { hiddenIn } from './wrappings/hidden-lines.js';
import type { KnownEvents } from './wrappings/hidden-lines.js';
import { otherTracerOf, ScriptOutput } from './other-tracers.js';
import { isCutMark, repeatedLine, toldLoss } from './told-losses.js';
import type { ToldLoss } from './told-losses.js';
import { isTraceLine } from './wire/trace-lines.js';
import { UnreadTraces, unreadTraceOf } from './wire/unread-traces.js';

export const UNREAD: ToldLoss = { why: 'a line of a trace that could not be read' };

export class MissedLines {
  readonly #session: GdbSession;
  readonly #known: KnownEvents;
  readonly #settleNotes: () => void;
  readonly #unread = new UnreadTraces();
  readonly #scripts = new ScriptOutput();

  /** `settleNotes`: ends the note that is read, which such a line is no part of. */
  constructor(session: GdbSession, known: KnownEvents, settleNotes: () => void) {
    this.#session = session;
    this.#known = known;
    this.#settleNotes = settleNotes;
  }

  /** Records are missing at the line, which is none itself, or where it says. */
  lose(lineNo: number, { why, reach }: ToldLoss): void {
    const span = { first: lineNo, last: lineNo };
    if (reach === undefined) this.#session.gap(span, why);
    else this.#session.record({ kind: 'gap', span, why, reach });
  }

  /** A line that a format took, whose records it may not know. */
  seeUsed({ text, lineNo }: Line): void {
    this.#unread.seeUnused(text, lineNo);
    this.#scripts.follow(text);
  }

  /** A line that the format `of` took, and did not read whole. */
  seeDamaged(of: FormatId, lineNo: number): void {
    this.#unread.countDamaged(of, lineNo);
  }

  /** A line of another log may have a stamp like the kernel's, and a record behind it. */
  isBehindStamp({ text, lineNo }: Line): boolean {
    return this.#unread.see(text, lineNo) || this.#countHidden(text, lineNo);
  }

  /** A line of a trace that no format took is no line of a note. */
  takeTrace({ text, lineNo }: Line): boolean {
    if (repeatedLine(text) !== undefined || !this.#unread.see(text, lineNo)) return false;
    return this.#miss(lineNo, UNREAD);
  }

  /** A line that holds a record which nobody reads is no words. */
  takeHidden({ text, lineNo }: Line): boolean {
    return this.#countHidden(text, lineNo) && this.#miss(lineNo, UNREAD);
  }

  /** The host's syslog writes a line of a trace once that came several times: what it says is known, and when it was is not. */
  takeRepeated({ text, lineNo }: Line): boolean {
    const repeated = repeatedLine(text);
    if (repeated === undefined) return false;
    const { times, text: own } = repeated;
    const isOfTrace =
      own === undefined
        ? this.#session.isBelowRecord(lineNo)
        : isTraceLine(own) || this.#known.isEvent(own);
    return isOfTrace && this.#miss(lineNo, { why: `a line came ${times} times more, says syslog` });
  }

  /** A line that tells of a loss. */
  takeTold({ text, lineNo }: Line): boolean {
    const loss = toldLoss(text, lineNo, {
      isNear: this.#session.isBelowRecord(lineNo),
      isGdb: this.#session.isGdb,
    });
    if (loss === undefined) return false;
    if (loss.isOther === true) {
      // Between stacks that stand alone it is a label.
      if (this.#session.showsStacksOnly) return false;
      this.#session.addProcess('exit', { first: lineNo, last: lineNo });
    } else if (loss.isBelow === true) this.#session.missBelow(lineNo, loss.why);
    else if (loss.isWithin === true) this.#session.cut(lineNo, loss.why);
    else this.lose(lineNo, loss);
    return true;
  }

  /** A line with which somebody says that others were cut out. */
  takeCut(line: Line): boolean {
    return isCutMark(line.text) && this.takeTold(line);
  }

  /** The line holds a record, whatever stands around that. */
  hides(text: string): boolean {
    return (unreadTraceOf(text) ?? hiddenIn(text, this.#known)) !== undefined;
  }

  /** Tells of all that was missed. */
  finish(): void {
    for (const { code, message, span } of this.#unread.problems()) {
      this.#session.problem(code, message, span);
    }
  }

  #miss(lineNo: number, loss: ToldLoss): true {
    this.#settleNotes();
    this.lose(lineNo, loss);
    return true;
  }

  #countHidden(text: string, lineNo: number): boolean {
    const of = hiddenIn(text, this.#known);
    if (of !== undefined) this.#unread.count(of, lineNo);
    const tracer = of === undefined ? this.#tracerOf(text) : undefined;
    if (tracer !== undefined) this.#unread.countForeign(tracer, lineNo);
    return of !== undefined || tracer !== undefined;
  }

  #tracerOf(text: string): string | undefined {
    this.#scripts.follow(text);
    return this.#scripts.tracerOf(text) ?? otherTracerOf(text);
  }
}
