/**
 * strace's output → one record per system call, and the vhost-user messages in the bytes that were sent.
 *
 * Producer: strace with any of -f, -o, -t, -tt, -ttt, -r, -T, -y, -yy, -Y, -x, -xx, -s (4.5 to 6.16):
 *           src/strace.c, printleader(); src/syscall.c, syscall_exiting_trace().
 * Unit:     one record per line, or for the lines over which a call was wrapped. A call whose result stands on a later line (`<unfinished ...>`) keeps
 *           the first line, the `resumed` line is chatter. A message keeps the line of its header, also
 *           where the payload was read by a second call; what is received by a resumed call keeps the
 *           `resumed` line. Such records wait for the later line (held-records.ts).
 * Not read: arguments of other calls than ioctl's request and vhost-user bytes; sendmmsg, recvmmsg and
 *           io_uring; stacks of -k and messages of QEMU in between (chatter). A file
 *           descriptor counts for the whole capture: two processes in one strace are not told apart by it.
 */
import { STANDS_TWICE } from '../../model/record.js';
import type { CaptureRecord, Problem, Span, SystemCall } from '../../model/record.js';
import { HeldRecords, Waiting } from '../held-records.js';
import type { Slot } from '../held-records.js';
import type { LineFormat } from '../line-format.js';
import { callOf, threadOf } from './strace-call.js';
import { openCalls } from './strace-open-calls.js';
import type { Torn } from './strace-open-calls.js';
import { Deaths } from './strace-deaths.js';
import { Dump, MOST_DUMP_LINES } from './strace-dump.js';
import type { Dumped } from './strace-dump.js';
import {
  FINE_STAMP,
  hasTornCall,
  isAttachment,
  isEndOfInterrupted,
  isEvidence,
  isOfProgram,
  TORN_STAMP,
} from './strace-evidence.js';
import { INJECTED, Injections } from './strace-injected.js';
import { SocketNames } from './socket-names.js';
import { ThreadFiles } from './strace-files.js';
import {
  directionOf,
  hasFailed,
  holdsTwo,
  isBrokenCall,
  isCut,
  isTornEnd,
  straceLine,
  wholeCall,
} from './strace-line.js';
import type { CallLine, MarkLine, StraceLine } from './strace-line.js';
import { StraceMessages } from './strace-messages.js';
import {
  beginsCall,
  hasTornName,
  isSurelyCall,
  mayBeProtocol,
  WrappedCall,
} from './wrapped-call.js';

export function createStrace(): LineFormat {
  return new Strace();
}

/** Threads that are remembered; a hostile file has a new one on each line. */
const MOST_THREADS = 4096;

class Strace implements LineFormat {
  readonly id = 'strace';
  readonly #held = new HeldRecords();
  /** That have begun a call. */
  readonly #threads = new Set<number>();
  /** By thread. */
  readonly #torn = new Waiting<Torn>();
  readonly #messages = new StraceMessages(this.#held);
  readonly #injections = new Injections(this.#messages);
  readonly #deaths = new Deaths();
  readonly #files = new ThreadFiles();
  readonly #names = new SocketNames();
  #dumped: Dumped | undefined;
  /** A call whose end is missing on its line. */
  #wrapped: WrappedCall | undefined;
  #missed: number[] = [];
  #lastLine = -1;
  /** The line above. */
  #text = '';
  #problem: Problem | undefined;

  get problem(): Problem | undefined {
    return this.#problem;
  }

  get isOpen(): boolean {
    return !this.#held.isEmpty || this.#dumped !== undefined || this.#wrapped !== undefined;
  }

  takeMissed(): readonly number[] {
    const missed = this.#missed;
    if (missed.length > 0) this.#missed = [];
    return missed;
  }

  take(text: string, lineNo: number): readonly CaptureRecord[] | undefined {
    this.#problem = undefined;
    if (this.#doubles(text, lineNo)) return this.#held.drain();
    if (!this.#goesOn(text, lineNo) && !this.#takeLine(text, lineNo)) return undefined;
    this.#lastLine = lineNo;
    return this.#held.drain();
  }

  /** A line that stands twice: no thread makes two calls in one microsecond. */
  #doubles(text: string, lineNo: number): boolean {
    const isSame = text === this.#text && this.#lastLine === lineNo - 1 && FINE_STAMP.test(text);
    this.#text = text;
    if (!isSame) return false;
    this.#endWrapped();
    const span = { first: lineNo, last: lineNo };
    this.#settle();
    this.#held.add({ kind: 'gap', span, why: STANDS_TWICE });
    this.#miss(span, text);
    this.#lastLine = lineNo;
    // A third one is not of a pair.
    this.#text = '';
    return true;
  }

  end(): readonly CaptureRecord[] {
    this.#endWrapped();
    this.#settle();
    return this.#held.flush();
  }

  finish(next: number): readonly CaptureRecord[] {
    const cut = this.#wrapped?.read === undefined ? this.#wrapped : undefined;
    if (cut === undefined) return [...this.end(), ...openCalls(this.#torn.all(), next)];
    // The end of the capture is no loss of what stands above it.
    this.#settle();
    for (const open of openCalls(this.#torn.all(), cut.span.first, cut.text)) this.#held.add(open);
    return this.end();
  }

  #goesOn(text: string, lineNo: number): boolean {
    const wrapped = this.#wrapped;
    if (wrapped === undefined) return false;
    const goesOn = !isOfProgram(text) && wrapped.goesOn(text, lineNo);
    if (!goesOn || wrapped.isWhole) this.#endWrapped();
    return goesOn;
  }

  #takeLine(text: string, lineNo: number): boolean {
    const line = straceLine(text);
    const isNear = this.#lastLine === lineNo - 1;
    if (line !== undefined && isEvidence(line, isNear)) {
      if (isTornEnd(line, text)) this.#wrapped = new WrappedCall(text, lineNo, line);
      else this.#readWhole(line, { first: lineNo, last: lineNo }, text);
    } else if (isNear && isAttachment(text)) this.#attach(text, lineNo);
    else if (isNear && (isOfProgram(text) || isEndOfInterrupted(text))) this.#chatter(lineNo);
    else if ((isNear || isSurelyCall(text)) && beginsCall(text)) {
      this.#wrapped = new WrappedCall(text, lineNo, undefined);
    } else if (isNear && TORN_STAMP.test(text)) this.#loseHead(text, lineNo);
    else if (isNear && isBrokenCall(text)) this.#loseGlued(text, lineNo);
    else if (isNear && hasTornName(text)) this.#loseHead(text, lineNo);
    else return false;
    return true;
  }

  /** Nothing goes on with the call whose end was missing, or nothing more. */
  #endWrapped(): void {
    const wrapped = this.#wrapped;
    if (wrapped === undefined) return;
    this.#wrapped = undefined;
    const { read, span, text } = wrapped;
    if (read === undefined) this.#lose(span, 'a call could not be read', text);
    else {
      // What an error is called may be all that is missing.
      if (wrapped.isTorn && 'errno' in read && read.errno === undefined) this.#miss(span, text);
      this.#readWhole(read, span, text);
    }
  }

  #readWhole(line: StraceLine, span: Span, text: string): void {
    const whole = 'args' in line ? wholeCall(line) : line;
    if (holdsTwo(text, line)) this.#loseEndOfLine(span);
    else if (whole === undefined) this.#lose(span, 'a part of a call is missing', text);
    else this.#read(whole, span, text);
  }

  #attach(text: string, lineNo: number): void {
    const dumped = this.#dumped;
    if (dumped === undefined) {
      this.#chatter(lineNo);
      return;
    }
    dumped.dump.add(text);
    dumped.below.push(lineNo);
    if (dumped.below.length >= MOST_DUMP_LINES) this.#settle();
  }

  /** Nothing more is dumped below the call. */
  #settle(): void {
    const dumped = this.#dumped;
    if (dumped === undefined) return;
    this.#dumped = undefined;
    this.#onCall(dumped.line, dumped.span, dumped.dump);
    for (const lineNo of dumped.below) this.#chatter(lineNo);
  }

  #read(line: StraceLine, span: Span, text: string): void {
    this.#settle();
    if (this.#files.begins(line, text)) {
      const between = { first: span.first, last: span.first - 1 };
      this.#held.add({ kind: 'order', span: between, why: 'thread behind thread' });
    }
    switch (line.what) {
      case 'call':
        if (hasTornCall(line.name)) this.#lose(span, `a part of ${line.name}() is missing`, text);
        else if (isCut(line) && !line.injected)
          this.#dumped = { line, span, dump: new Dump(), below: [] };
        else this.#onCall(line, span);
        break;
      case 'resumed':
        this.#onResumed(line, span, text);
        break;
      case 'exit':
        // What the thread had begun never returned, as far as the text says.
        this.#threads.delete(line.pid ?? 0);
        this.#torn.take(threadOf(line));
        this.#end(line, span, text);
        break;
      case 'signal':
      case 'notice':
        this.#chatter(span.first);
        break;
    }
  }

  #end(line: MarkLine, span: Span, text: string): void {
    const death = this.#deaths.read(line, span, text);
    if (death === undefined) this.#chatter(span.first);
    else this.#held.add(death);
  }

  #chatter(lineNo: number): void {
    this.#settle();
    this.#held.add({ kind: 'chatter', span: { first: lineNo, last: lineNo } });
  }

  #skip({ first, last }: Span): void {
    for (let lineNo = first; lineNo <= last; lineNo++) this.#chatter(lineNo);
  }

  #gap(span: Span, why: string): Slot {
    this.#settle();
    return this.#held.add({ kind: 'gap', span, why });
  }

  /** Of what is lost in a long strace, most is no call of vhost. */
  #miss({ first }: Span, text: string): void {
    if (mayBeProtocol(text)) this.#missed.push(first);
  }

  /** A line that may have held any record: what was begun may have ended there. `text`: where it is not told elsewhere. */
  #lose(span: Span, why: string, text = ''): void {
    this.#miss(span, text);
    this.#gap(span, why);
    this.#torn.clear();
    this.#messages.forget();
  }

  #loseEndOfLine(span: Span): void {
    this.#lose(span, 'the end of a line is missing behind a record');
    this.#tell(span, 'two records of strace stand in one line, of which none is read');
  }

  #loseHead(text: string, lineNo: number): void {
    this.#lose({ first: lineNo, last: lineNo }, 'the head of a call is missing', text);
  }

  #loseGlued(text: string, lineNo: number): void {
    const span = { first: lineNo, last: lineNo };
    this.#lose(span, 'a call is glued to something else');
    if (mayBeProtocol(text)) {
      this.#tell(span, 'a call has something in or behind it that is not known');
    }
  }

  #tell(span: Span, message: string): void {
    this.#problem = { code: 'UNREAD_PROTOCOL', message, span };
  }

  #onCall(line: CallLine, span: Span, dump?: Dump): void {
    const call = callOf(line, span);
    if (this.#threads.size < MOST_THREADS) this.#threads.add(line.pid ?? 0);
    this.#leave(call, span.first);
    const tornName = this.#names.gapBefore(call);
    if (tornName !== undefined) this.#held.add(tornName);
    if (this.#injections.has(line, call)) {
      this.#loseInjected(span);
      return;
    }
    const slot = this.#carry(call, line.args, call, dump);
    if (line.unfinished) this.#torn.add(threadOf(call), { call, slot });
    else if (call.name === 'close') this.#messages.close(call);
  }

  #loseInjected(span: Span): void {
    this.#gap(span, INJECTED);
    this.#messages.forget();
    this.#problem = this.#injections.tell(span);
  }

  // `<... futex resumed> <unfinished ...>` is a call that will never return.
  #onResumed(line: CallLine, span: Span, text: string): void {
    const thread = threadOf(line);
    const torn = this.#torn.get(thread);
    if (torn?.call.name !== line.name) {
      // Of one that was under way when strace came there is no beginning.
      if (!this.#threads.has(line.pid ?? 0) || directionOf(line.name) === undefined)
        this.#skip(span);
      else {
        this.#miss(span, text);
        this.#gap(span, `the beginning of ${line.name}() is missing`);
      }
      return;
    }
    this.#torn.take(thread);
    const call = { ...torn.call, result: line.result, errno: line.errno };
    if (this.#injections.has(line, call, torn.slot.record)) {
      torn.slot.record = { kind: 'gap', span: torn.call.span, why: INJECTED };
      this.#loseInjected(span);
      return;
    }
    // What was sent was printed on the first line, and did not go out if the call failed.
    if (torn.slot.record.kind === 'syscall' || hasFailed(call)) torn.slot.record = call;
    if (directionOf(call.name) !== 'receive') this.#skip(span);
    else {
      const time = line.time === undefined ? {} : { time: line.time };
      this.#carry({ ...call, span, ...time }, line.args, { kind: 'chatter', span });
    }
  }

  /** The thread goes on with another call: the line that tells of the return is missing, as `grep fd` leaves it out. */
  #leave(call: SystemCall, lineNo: number): void {
    const torn = this.#torn.take(threadOf(call));
    if (torn === undefined) return;
    const why = `the end of ${torn.call.name}() is missing`;
    this.#held.add({ kind: 'gap', span: { first: lineNo, last: lineNo - 1 }, why });
  }

  /** Adds the message that the call carried, or `otherwise`. */
  #carry(call: SystemCall, args: string, otherwise: CaptureRecord, dump?: Dump): Slot {
    const slot = this.#messages.carry(call, args, otherwise, dump);
    if (slot !== undefined) {
      this.#deaths.see(slot.record);
      return slot;
    }
    this.#missed.push(call.span.first);
    return this.#gap(call.span, `a message of ${call.name}() could not be read`);
  }
}
