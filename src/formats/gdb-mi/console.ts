/**
 * The console stream of the machine interface, put together to the lines of the command line.
 *
 * Source: gdb/mi/mi-console.c, mi_console_raw_packet(): a piece is what was flushed, so that a line may
 * come in several pieces, and a piece may hold several lines. What the console says of a stop is said
 * again by the `*stopped` record below it; stacks of commands like `bt` and `thread apply all bt` come
 * here alone.
 */
import { frameHead, splitLevel } from '../gdb/frame-lines.js';
import { FrameTable, readDamagedFrame } from '../gdb/frames.js';
import { readGdbLine } from '../gdb/lines.js';
import { PrintedText } from '../gdb/printed-value.js';
import type { MiRecords } from './records.js';
import type { MiThreads } from './threads.js';

/** One line of the console, and the lines of the capture that its pieces stand on. */
interface ConsoleLine {
  readonly text: string;
  readonly first: number;
  readonly last: number;
}

/** A line that never ends is no frame. */
const LONGEST_LINE = 32_768;

class MiConsole {
  #text = '';
  #first = 0;

  /** A frame under construction. */
  get isFrame(): boolean {
    return splitLevel(this.#text) !== undefined;
  }

  /** Where the line under construction began; undefined when there is none. */
  get first(): number | undefined {
    return this.#text === '' ? undefined : this.#first;
  }

  /** Adds a piece; gives the lines that end in it. */
  push(piece: string, lineNo: number): readonly ConsoleLine[] {
    const lines: ConsoleLine[] = [];
    const [head = '', ...rest] = piece.split('\n');
    this.#append(head, lineNo);
    for (const text of rest) {
      lines.push({ text: this.#text, first: this.first ?? lineNo, last: lineNo });
      this.#text = '';
      this.#append(text, lineNo);
    }
    return lines;
  }

  /** Something else came: what is under construction stays unfinished. */
  clear(): void {
    this.#text = '';
  }

  #append(text: string, lineNo: number): void {
    if (this.#text === '') this.#first = lineNo;
    this.#text = this.#text.length + text.length > LONGEST_LINE ? '' : this.#text + text;
  }
}

/** Reads what the console printed: frames, and the names of threads. The rest carries no record. */
export class ConsoleReader {
  readonly #console = new MiConsole();
  readonly #texts = new FrameTable();
  readonly #records: MiRecords;
  readonly #threads: MiThreads;
  readonly #value = new PrintedText();
  /** Pieces from here to `#last` wait for the end of their line. */
  #from = 0;
  #last = 0;

  constructor(records: MiRecords, threads: MiThreads) {
    this.#records = records;
    this.#threads = threads;
  }

  read(piece: string, lineNo: number): void {
    if (this.#waiting === undefined) this.#from = lineNo;
    this.#last = lineNo;
    for (const line of this.#console.push(piece, lineNo)) this.#readLine(line);
    this.#pass(this.#waiting ?? lineNo + 1);
  }

  /** First line of what is under construction: a value of several lines, or the line that grows. */
  get #waiting(): number | undefined {
    return this.#value.first ?? this.#console.first;
  }

  /** Something else came: what waits is no frame. */
  end(): void {
    if (this.#waiting === undefined) return;
    this.#value.end();
    if (this.#console.isFrame) this.#records.markIncomplete();
    this.#console.clear();
    this.#pass(this.#last + 1);
  }

  /** The lines in front of `end` carry no record, unless a frame took them. */
  #pass(end: number): void {
    for (let line = this.#records.freeFrom(this.#from); line < end; line++) {
      this.#records.chatter(line);
    }
    this.#from = Math.max(this.#from, end);
  }

  #readLine({ text, first, last }: ConsoleLine): void {
    if (this.#readValue(text.trimEnd(), first, last)) return;
    const head = splitLevel(text);
    if (head !== undefined) {
      this.#readFrame(head.level, text.slice(head.start).trimEnd(), first, last);
      return;
    }
    const read = readGdbLine(text.trimEnd());
    if (read?.type === 'stop' && read.thread !== undefined) this.#threads.name(read.thread);
    if (read?.type === 'thread' && read.what === 'header') {
      this.#pass(first);
      this.#records.addHeader(read.thread, first, last);
    }
  }

  /** `$3 = {index = 0, ...}`, over several lines under `set print pretty`. */
  #readValue(text: string, first: number, last: number): boolean {
    const isTaken = first >= this.#records.freeFrom(first) && this.#value.take(text, first, last);
    if (isTaken && !this.#value.isWhole) return true;
    const record = this.#value.end();
    if (record === undefined) return isTaken;
    this.#pass(record.span.first);
    this.#records.add(record);
    return true;
  }

  #readFrame(level: number, text: string, first: number, last: number): void {
    const frame = this.#texts.read(text);
    if (frame === undefined && frameHead(text) !== 'strong') return;
    const damaged = frame ?? readDamagedFrame(text);
    // "Value = " without an end, and then frames: the piece before the first one belongs to none.
    this.#pass(first);
    this.#records.addFrame(level, damaged, first, last);
    if (frame === undefined) this.#records.markIncomplete();
  }
}
