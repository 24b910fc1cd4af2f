/**
 * gdb's machine interface → the records that the command line gives.
 *
 * Producer: gdb/mi/ (gdb 7 to 18, `gdb -i=mi`), as front ends log it, with or without the commands.
 * Syntax:   grammars/gdb-mi.peggy.
 * Unit:     a stop is one `*stopped` line, a backtrace one `^done,stack=[...]` line, up to the line of
 *           its arguments where that follows.
 * Not read: variables, registers, the table of -break-list.
 */
import type { CaptureRecord, Problem, ProcessMark, Span, ThreadRef } from '../../model/record.js';
import { readMembers } from '../gdb/printed-value.js';
import { MiBreakpoints } from './breakpoints.js';
import type { MiBreakpoint, MiCommandList } from './breakpoints.js';
import { MiCommands, threadOption } from './commands.js';
import type { TypedCommand } from './commands.js';
import { ConsoleReader } from './console.js';
import { isTypedCommand, readMiLine } from './lines.js';
import type { MiItem, MiLine, TornLine } from './lines.js';
import { MiRecords } from './records.js';
import { mayBelong, readStack, readStackArgs } from './stack.js';
import { readStop } from './stops.js';
import { MiThreads } from './threads.js';
import { itemsOf, MiFrames, textOf } from './values.js';
import type { LineFormat } from '../line-format.js';

export function createGdbMi(): LineFormat {
  return new GdbMi();
}

/** Memory that is written in hexadecimal has no end; what a command does is known long before. */
const LONGEST_COMMAND = 4096;

/** Evaluates in the frame that stopped. */
const EVALUATES_HERE = /^\d*-data-evaluate-expression +(?!.*--(?:thread|frame) )"?(.*?)"?$/;

/** In `args=[{name="return_v alue",value="1"}]`: mail that was wrapped in mid-word and joined again. No name has a blank. */
const TORN_NAME = /\{name="[\w@]{1,64}(?: [\w@]{1,64})+",(?:arg|type|value)="/;

type Told = Extract<MiLine, { items: unknown }>;

class GdbMi implements LineFormat {
  readonly id = 'gdb-mi';
  readonly #frames = new MiFrames();
  readonly #records = new MiRecords(this.#frames);
  readonly #threads = new MiThreads();
  readonly #console = new ConsoleReader(this.#records, this.#threads);
  readonly #breakpoints = new MiBreakpoints();
  readonly #commands = new MiCommands();
  #inSession = false;
  #isNear = false;
  #isOpen = false;
  /** The last line that was offered, and the last that was taken. */
  #offered = 0;
  #last = -1;
  /** The last prompt or command. */
  #promptLine = -1;
  /** The last `~">"`, which asks for a line of a command list. */
  #listLine = -1;
  #hasExited = false;
  #problem: Problem | undefined;

  get problem(): Problem | undefined {
    return this.#problem;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  take(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    this.#problem = undefined;
    if (lineNo > this.#offered + 1) this.#isNear = false;
    const isFirst = this.#offered === 0;
    this.#offered = lineNo;
    const belowPrompt = this.#promptLine === lineNo - 1;
    const read = readMiLine(line, {
      inSession: this.#inSession,
      isNear: this.#isNear,
      isBelow: this.#last === lineNo - 1,
      belowPrompt,
      isFirst,
    });
    if (read === undefined && !this.#isTyped(line, lineNo, belowPrompt)) {
      this.#pass(line, lineNo);
      return undefined;
    }
    this.#inSession = true;
    this.#isNear = true;
    this.#isOpen = true;
    if (lineNo > this.#last + 1) this.#commands.interrupt();
    this.#last = lineNo;
    if (read?.type === 'stream' && read.stream === '~') {
      if (read.text === '>') this.#listLine = lineNo;
      this.#console.read(read.text, lineNo);
    } else {
      this.#console.end();
      if (read === undefined) this.#onTyped(line, lineNo);
      else this.#read(read, line, lineNo, belowPrompt);
      if (line.includes('args=[') && TORN_NAME.test(line)) {
        const message = 'the name of an argument is torn: the arguments of its frame are not read';
        this.#problem = { code: 'FRAME_UNREAD', message, span: at(lineNo) };
      }
    }
    return this.#records.take();
  }

  /** Not a line of this format: a prompt of the command line, perhaps. */
  #pass(line: string, lineNo: number): void {
    if (!line.startsWith('(gdb)')) return;
    // "(gdb) bt": a command line follows in the same file
    if (/^\(gdb\) *[^ ]/.test(line)) this.#inSession = false;
    else if (/^\(gdb\) *$/.test(line)) this.#promptLine = lineNo;
  }

  end(): readonly CaptureRecord[] {
    this.#isOpen = false;
    this.#console.end();
    return this.#records.end();
  }

  #isTyped(line: string, lineNo: number, belowPrompt: boolean): boolean {
    if (!this.#inSession) return false;
    const isBelow = this.#last === lineNo - 1;
    return isBelow && (this.#listLine === this.#last || (belowPrompt && isTypedCommand(line)));
  }

  #read(read: MiLine | TornLine, line: string, lineNo: number, belowPrompt: boolean): void {
    switch (read.type) {
      case 'prompt':
        this.#promptLine = lineNo;
        this.#records.close();
        this.#records.chatter(lineNo);
        break;
      case 'front-end':
        this.#records.chatter(lineNo);
        break;
      case 'command':
        this.#onCommand(read.token, read.name, line.trim(), lineNo);
        break;
      case 'stream':
        this.#onLog(read.text, lineNo, belowPrompt && read.stream === '&');
        break;
      case 'result':
        this.#onResult(read, lineNo);
        break;
      case 'async':
        this.#onAsync(read, lineNo);
        break;
      case 'notice':
        this.#onNotice(read, lineNo);
        break;
      case 'torn':
        if (read.lost)
          this.#records.add({ kind: 'gap', span: at(lineNo), why: 'a record was cut' });
        else this.#records.chatter(lineNo);
        break;
    }
  }

  // --- commands

  /** A command of the command line; gdb's echo of it says when it is carried out. */
  #onTyped(line: string, lineNo: number): void {
    // A line of a command list is not answered; what the list does is told of its breakpoint.
    if (this.#listLine !== lineNo - 1) {
      this.#promptLine = lineNo;
      this.#commands.typed(/^\d+/.exec(line)?.[0], '', '');
    }
    this.#records.chatter(lineNo);
  }

  #onCommand(token: string | undefined, name: string, text: string, lineNo: number): void {
    this.#promptLine = lineNo;
    if (name === 'stack-select-frame') this.#threads.selectFrame();
    const command = this.#commands.typed(token, name, text.slice(0, LONGEST_COMMAND));
    if (command.isAhead) this.#records.chatter(lineNo);
    else this.#addCommand(command.text, lineNo);
  }

  /** `&"bt\n"` below a prompt is the echo of a command, anything else a message. */
  #onLog(text: string, lineNo: number, belowPrompt: boolean): void {
    const command = text.trim();
    if (belowPrompt && text.endsWith('\n') && isTypedCommand(command)) {
      this.#addCommand(command, lineNo);
    } else this.#records.chatter(lineNo);
  }

  #addCommand(text: string, lineNo: number): void {
    this.#records.add({ kind: 'command', span: at(lineNo), text });
  }

  // --- answers

  #onResult({ token, name, items }: Told, lineNo: number): void {
    const command = this.#commands.answered(token, items[0]?.name);
    this.#records.close();
    if (name === 'exit') this.#commands.clear();
    if (name === 'running') this.#resume();
    if (name === 'done' && this.#readAnswer(items, command, lineNo)) return;
    // What was typed ahead counts here.
    const counts = command?.isAhead === true && command.name !== '' && name !== 'error';
    if (counts) this.#addCommand(command.text, lineNo);
    else this.#records.chatter(lineNo);
  }

  /** True when the answer is a record, or part of one. */
  #readAnswer(
    items: readonly MiItem[],
    command: TypedCommand | undefined,
    lineNo: number,
  ): boolean {
    switch (items[0]?.name) {
      case 'stack':
        return this.#holdStack(items, command, lineNo);
      case 'stack-args':
        return this.#mergeArgs(items, command, lineNo);
      case 'bkpt':
        return this.#addBreakpoint(this.#breakpoints.set(items), lineNo);
      case 'new-thread-id':
        return this.#select(textOf(items, 'new-thread-id'), items, lineNo);
      case 'value':
        return this.#addValue(textOf(items, 'value'), command, lineNo);
      case 'threads':
        this.#threads.learn(items);
        return false;
      default:
        return false;
    }
  }

  /** `-data-evaluate-expression *addr`; with `--thread` or `--frame` it is not of the call that stopped. */
  #addValue(value: string | undefined, command: TypedCommand | undefined, lineNo: number): boolean {
    const asked = EVALUATES_HERE.exec(command?.text ?? '')?.[1];
    const members = asked === undefined ? undefined : readMembers(value ?? '');
    if (asked === undefined || members === undefined) return false;
    this.#records.add({ kind: 'value', span: at(lineNo), asked, members });
    return true;
  }

  #holdStack(items: readonly MiItem[], command: TypedCommand | undefined, lineNo: number): boolean {
    const stack = readStack(items);
    if (stack === undefined) return false;
    const asked = threadOption(command?.text ?? '');
    const first = stack.levels[0] === 0 ? stack.frames[0] : undefined;
    const address = first && textOf(first, 'addr')?.toLowerCase();
    const owner = asked === undefined && first ? this.#threads.ownerOf(address) : 'own';
    const thread = asked === undefined ? owner : this.#threads.named(asked);
    if (thread === undefined) return false;
    const isOwn = thread === 'own';
    if (isOwn && first) this.#threads.show(stack.frames.map((items) => this.#frames.read(items)));
    this.#records.hold({
      lineNo,
      ...stack,
      thread: isOwn ? undefined : thread,
      innermost:
        isOwn && this.#threads.frame?.address === address ? this.#threads.frame?.args : undefined,
      waiting: [],
    });
    return true;
  }

  #mergeArgs(items: readonly MiItem[], command: TypedCommand | undefined, lineNo: number): boolean {
    const held = this.#records.held;
    const asked = threadOption(command?.text ?? '');
    const args = readStackArgs(items);
    if (held === undefined || !this.#isOf(held.thread, asked) || !mayBelong(args, held))
      return false;
    this.#records.merge(args, lineNo);
    return true;
  }

  #isOf(thread: ThreadRef | undefined, asked: string | undefined): boolean {
    if (asked === undefined) return thread === undefined;
    const named = this.#threads.named(asked);
    return named === 'own' ? thread === undefined : named.num === thread?.num;
  }

  // --- what happens by itself

  #onAsync({ name, items }: Told, lineNo: number): void {
    this.#records.close();
    this.#resume();
    if (name === 'stopped') this.#onStopped(items, lineNo);
    else this.#records.chatter(lineNo);
  }

  #onStopped(items: readonly MiItem[], lineNo: number): void {
    const stop = readStop(items);
    const place = itemsOf(items, 'frame');
    const frame = place && this.#frames.read(place);
    const num = textOf(items, 'thread-id');
    const finished = this.#threads.finished(frame);
    this.#threads.stop(num, frame);
    if (stop === 'exit') this.#onProcess('exit', lineNo);
    else if (stop === 'return') this.#onReturn(finished, textOf(items, 'return-value'), lineNo);
    else if (stop === undefined) this.#records.chatter(lineNo);
    else {
      const thread = num === undefined ? undefined : this.#threads.ref(num);
      this.#records.add({ kind: 'stop', span: at(lineNo), ...stop, thread, frame });
    }
  }

  /** A value whose function is not known could be that of any call. */
  #onReturn(func: string | undefined, value: string | undefined, lineNo: number): void {
    if (func === undefined) this.#records.chatter(lineNo);
    else this.#records.add({ kind: 'return', span: at(lineNo), func, value });
  }

  #onNotice({ name, items }: Told, lineNo: number): void {
    if (!this.#readNotice(name, items, lineNo)) this.#records.chatter(lineNo);
  }

  /** True when the notice is a record. */
  #readNotice(name: string, items: readonly MiItem[], lineNo: number): boolean {
    const id = textOf(items, 'id');
    switch (name) {
      case 'thread-group-added':
        // gdb starts.
        if (id === 'i1') this.#begin();
        return false;
      case 'thread-group-started':
        return this.#onProcess('start', lineNo);
      case 'thread-group-exited':
        return this.#onProcess(textOf(items, 'exit-code') === '0' ? 'normal-exit' : 'exit', lineNo);
      case 'thread-created':
        return id !== undefined && this.#addThread('new', { num: id }, lineNo);
      case 'thread-exited':
        return id !== undefined && this.#onThreadExit(id, lineNo);
      case 'thread-selected':
        return this.#select(id, items, lineNo);
      case 'breakpoint-created':
        return this.#addBreakpoint(this.#breakpoints.set(items), lineNo);
      case 'breakpoint-modified':
        return this.#addBreakpoint(this.#breakpoints.modify(items), lineNo);
      case 'breakpoint-deleted':
        return this.#addBreakpoint(this.#breakpoints.delete(items), lineNo);
      default:
        return false;
    }
  }

  /** The end of a process is told twice: by its group, and by the stop of the debugger. */
  #onProcess(what: ProcessMark['what'], lineNo: number): true {
    // Threads are numbered anew.
    if (what === 'start') this.#threads.clear();
    if (what !== 'start' && this.#hasExited) this.#records.chatter(lineNo);
    else this.#records.add({ kind: 'process', span: at(lineNo), what });
    this.#hasExited = what !== 'start';
    this.#resume();
    return true;
  }

  #onThreadExit(num: string, lineNo: number): true {
    this.#addThread('exit', this.#threads.ref(num), lineNo);
    this.#threads.forget(num);
    return true;
  }

  /** Another thread is looked at; `frame 1` selects another frame of the same one. */
  #select(num: string | undefined, items: readonly MiItem[], lineNo: number): boolean {
    const frame = itemsOf(items, 'frame');
    if (num === undefined || !this.#threads.select(num, frame && this.#frames.read(frame))) {
      return false;
    }
    return this.#addThread('switch', this.#threads.ref(num), lineNo);
  }

  #addThread(what: 'new' | 'exit' | 'switch', thread: ThreadRef, lineNo: number): true {
    this.#records.add({ kind: 'thread', span: at(lineNo), what, thread });
    return true;
  }

  #addBreakpoint(set: MiBreakpoint | MiCommandList | undefined, lineNo: number): boolean {
    if (set !== undefined) this.#records.add({ ...set, span: at(lineNo) });
    return set !== undefined;
  }

  #begin(): void {
    this.#commands.begin();
    this.#threads.clear();
    this.#breakpoints.clear();
    this.#resume();
  }

  #resume(): void {
    this.#threads.resume();
    this.#records.resume();
  }
}

function at(lineNo: number): Span {
  return { first: lineNo, last: lineNo };
}
