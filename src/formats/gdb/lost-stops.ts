/**
 * Stops whose own line is gone, by what stays of them: gdb prints a line of source below each stop, and `info args` of the
 * commands of a breakpoint the arguments that the stop has shown.
 *
 * Source: gdb/source.c, print_source_lines_base(); gdb/stack.c, print_frame_arg_vars() and print_frame_info() (gdb 7 to 18).
 */
import { detached } from '../../base/detached.js';
import type { Frame } from '../../model/record.js';

/** "977	    uint64_t features = dev->acked_features;", "warning: 977	../hw/virtio/vhost.c: No such file or directory" */
const SOURCE_LINE = /^(?:warning: )?(\d{1,6})\t/;
const ARGUMENT = /^([A-Za-z_]\w*) = (\S*)/;
const POINTER = /^0x[0-9a-f]{1,32}$/;
const BOOL = /^(?:true|false)$/;

/** These print no line of source by themselves: gdb/printcmd.c, gdb/stack.c, gdb/infcmd.c. */
const SHOWS_NO_SOURCE =
  /^(?:p|print|inspect|output|printf|x|bt|backtrace|where|c|continue|info args|info locals)\b/;

/** So many complete lists in a row are no chance. */
const LEAST_LISTS = 2;
/** Places and functions that are remembered. */
const MOST = 1_000;

const LOST_SOURCE = 'a line of source without its stop';
const LOST_ARGUMENTS = 'arguments without their stop';

/** What stands above a line. */
export interface Above {
  /** Something that gdb printed. */
  readonly isOutput: boolean;
  readonly isBlank: boolean;
  /** A command that was typed. */
  readonly command: string | undefined;
  /** The line of source of the last frame or stop. */
  readonly sourceLine: number | undefined;
}

interface Shown {
  readonly func: string;
  readonly names: readonly string[];
  readonly values: readonly string[];
  /** Names of the list that were seen, and others below them. */
  count: number;
  others: number;
  /** The position behind the last of them. */
  next: number;
}

interface SourceLine {
  readonly number: number;
  readonly lineNo: number;
}

export class LostStops {
  #hasStops = false;
  /** Lines of source where the program has stopped, or may stop. */
  readonly #places = new Set<number>();
  /** How often the list of a function was complete; 0 once it was not. */
  readonly #lists = new Map<string, number>();
  /** How many lists were complete, with nothing else, and whether one had other names: what a script prints is its own affair. */
  #bareLists = 0;
  #showsOthers = false;
  /** The stop above, as long as nothing but its source and arguments came. */
  #shown: Shown | undefined;
  /** The last line of a stop. */
  #last = -1;
  #source: SourceLine | undefined;
  /** A line of source that is not of the stop above: the first of a list, or what stays of another stop. */
  #odd: SourceLine | undefined;
  #why: string | undefined;

  /** A breakpoint is at the line of source. */
  place(line: number | undefined): void {
    if (line !== undefined && this.#places.size < MOST) this.#places.add(line);
  }

  /** What is missing above this stop; `last`: its last line. */
  onStop({ func, args = [], line }: Frame, last: number): string | undefined {
    this.#end();
    this.#last = last;
    const why = this.#why ?? this.#takeOdd();
    this.#why = undefined;
    this.#hasStops = true;
    this.place(line);
    const names = args.map(({ name }) => name);
    const values = args.map(({ value = '' }) => value);
    this.#shown = { func, names, values, count: 0, others: 0, next: 0 };
    return why;
  }

  /** The stop is over. */
  onBlank(): void {
    this.#end();
  }

  /** A command or a frame: what is printed below may be of another place. What is missing above it. */
  leave(): string | undefined {
    this.#shown = undefined;
    this.#why = undefined;
    return this.#takeOdd();
  }

  /** What is missing above the line. */
  see(text: string, lineNo: number, above: Above): string | undefined {
    if (!this.#hasStops) return undefined;
    const number = SOURCE_LINE.exec(text)?.[1];
    const isNext = number !== undefined && Number(number) === (this.#odd?.number ?? NaN) + 1;
    if (isNext) this.#odd = undefined;
    const why = this.#takeOdd() ?? this.#seeOwn(text, lineNo, number, above);
    if (why !== undefined) this.#shown = undefined;
    return why;
  }

  #seeOwn(
    text: string,
    lineNo: number,
    number: string | undefined,
    above: Above,
  ): string | undefined {
    if (number !== undefined) return this.#seeSource({ number: Number(number), lineNo }, above);
    const [, name, value] = ARGUMENT.exec(text) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const shown = this.#shown;
    const isOther = shown !== undefined && !seeArgument(shown, name, value);
    if (this.#bareLists < LEAST_LISTS || this.#showsOthers) return undefined;
    return isOther || above.isBlank ? LOST_ARGUMENTS : undefined;
  }

  #seeSource(line: SourceLine, above: Above): string | undefined {
    const last = this.#source;
    this.#source = line;
    const { number } = line;
    const isAsked = above.command !== undefined && !SHOWS_NO_SOURCE.test(above.command);
    if (number === above.sourceLine || isAsked) return undefined;
    if (above.isBlank) return LOST_SOURCE;
    // The one directly below the stop may have been copied from elsewhere, or be of an older source.
    if (!above.isOutput || this.#last === line.lineNo - 1) return undefined;
    // Below another one it is of a list, or of a function that somebody steps through.
    if (last?.lineNo !== line.lineNo - 1 && this.#places.has(number)) this.#odd = line;
    return undefined;
  }

  #takeOdd(): string | undefined {
    const odd = this.#odd;
    this.#odd = undefined;
    return odd === undefined ? undefined : LOST_SOURCE;
  }

  /** A list that is shorter than those of its function before has lost its end, and perhaps more. */
  #end(): void {
    const shown = this.#shown;
    this.#shown = undefined;
    if (shown === undefined || shown.names.length === 0) return;
    const { func, count, others, names } = shown;
    const lists = this.#lists.get(func);
    const isWhole = count === names.length;
    if (others > 0) this.#showsOthers = true;
    else if (isWhole) this.#bareLists += 1;
    if (!isWhole && (lists ?? 0) >= LEAST_LISTS && !this.#showsOthers) this.#why = LOST_ARGUMENTS;
    if (lists === undefined && (count === 0 || this.#lists.size >= MOST)) return;
    this.#lists.set(detached(func), isWhole && lists !== 0 ? (lists ?? 0) + 1 : 0);
  }
}

/** False for what `info args` does not print there: of a local variable (`info locals`), of a script, or of another stop. */
function seeArgument(shown: Shown, name: string, value: string): boolean {
  const { names, values, next } = shown;
  const at = names.indexOf(name);
  if (at < next || isOtherValue(values[at] ?? '', value)) {
    shown.others += 1;
    return false;
  }
  shown.count += 1;
  shown.next = at + 1;
  return true;
}

/** Two of one kind: a script may print them as it likes. */
function isOtherValue(one: string, other: string): boolean {
  const [a, b] = [one.replace(/ .*/, ''), other];
  if (POINTER.test(a) && POINTER.test(b)) return BigInt(a) !== BigInt(b);
  return BOOL.test(a) && BOOL.test(b) && a !== b;
}
