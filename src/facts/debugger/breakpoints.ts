/**
 * Breakpoints of one debugger, by number: which function each stops in, at its entry or inside, and whether
 * every call is reported.
 *
 * Source: gdb/breakpoint.c, print_one_breakpoint_location(), for what `info breakpoints` tells (gdb 7 to 18).
 */
import type { BreakpointSet, CommandList, Frame, Stop } from '../../model/record.js';
import { SHOWS_STACK } from './commands.js';
import { keyOfList, numbersOf } from './listed-breakpoints.js';
import { plainName } from '../functions.js';
import { isOfOtherProgram } from '../stacks/other-programs.js';

/** Told what is found out. */
export interface Watch {
  /** The function was never watched without a condition. */
  addConditional(func: string): void;
  /** Breakpoints may be switched off or narrowed from now on: these, or all. */
  narrow(numbers?: ReadonlySet<number>): void;
  /** Breakpoints may be switched off here; of these functions that is not so if they are reported later. */
  doubt(funcs: Iterable<string>): void;
  /** A breakpoint stopped in the function. */
  trust(func: string): void;
}

/** A command list while its lines come. */
interface OpenList {
  readonly breakpoints: CommandList['breakpoints'];
  readonly key: string;
  /** The stop itself is not printed. */
  isSilent: boolean;
  /** A stack is printed at every hit. */
  shows: boolean;
  depth: number;
}

const OPENS_BLOCK = /^(?:(?:if|while|compile)\b|(?:python|py|guile|gu)[ \t]*$)/;

// "info breakpoints 3-5"
const SOME_ROWS = /^i(?:nfo)?[ \t]+b\w*[ \t]+\S/;

/** No breakpoint has this number: what is said is said of all. */
const ALL = 0;

const SHOWS_FRAME = /^(?:f|frame)\b/;

export class Breakpoints {
  /** Where each was seen to stop, and in which session that was last. */
  private readonly stopsIn = new Map<number, string>();
  private readonly seenIn = new Map<number, number>();
  /** What each was set on. */
  private readonly setOn = new Map<number, string>();
  /** Set without a condition. */
  private readonly alwaysStopping = new Set<number>();
  /** Some hits are not reported. */
  private readonly partial = new Set<number>();
  /** Set at a line or an address. */
  private readonly inside = new Set<number>();
  /** Set at several places: inlined calls, of functions that may begin together, so that a stop names another one. */
  private readonly several = new Set<number>();
  /** Lines with a breakpoint that does not always stop. */
  private readonly partialPlaces = new Set<string>();
  /** Lines with a breakpoint that stops once: silent ones do not say so. */
  private readonly temporaryPlaces = new Set<string>();
  private list: OpenList | undefined;
  /** Numbers in the rows of `info breakpoints` that are being printed. */
  private rows: Set<number> | undefined;
  /** Only some were asked for: `info breakpoints 3`. */
  private isPart = false;

  constructor(private readonly watch: Watch) {}

  /** False where the number belongs to another function in the same session: this is another debugger, and another process. */
  onStop({ reason, number, frame }: Stop, session: number): boolean {
    this.settle();
    // `thbreak` is mentioned as one that stays (gdb/breakpoint.c, bkpt_print_mention()).
    if (reason === 'temporary-breakpoint' && number !== undefined) this.onTemporary(number);
    if (reason !== 'breakpoint' || number === undefined || frame === undefined) return true;
    // Where another program has a function of that name, it is another one.
    const isOther = isOfOtherProgram(frame);
    const func = isOther ? `${frame.func} of another program` : plainName(frame.func);
    if (!isOther) this.watch.trust(func);
    const known = this.seenIn.get(number) === session ? this.stopsIn.get(number) : undefined;
    this.seenIn.set(number, session);
    if (known !== undefined && known !== func && !this.several.has(number)) {
      this.stopsIn.clear();
      this.stopsIn.set(number, func);
      return false;
    }
    this.stopsIn.set(number, func);
    if (this.partial.has(number)) this.onConditional(func);
    return true;
  }

  private onTemporary(number: number): void {
    if (this.alwaysStopping.has(number)) this.addPartial(number);
  }

  /** All are gone: now, or where a table tells nobody knows since when. */
  private onAll(isListed: boolean): void {
    if (isListed) this.rows ??= new Set();
    if (isListed) this.watch.doubt(this.setOn.values());
    else this.watch.narrow();
  }

  /** A hit that was reported, by a stack alone where the number of its breakpoint is not known. */
  onHit(frame: Frame, number: number | undefined): void {
    const func = plainName(frame.func);
    this.watch.trust(func);
    if (this.partialPlaces.size === 0 && this.temporaryPlaces.size === 0) return;
    const place = placeOf(frame);
    if (place === undefined) return;
    if (this.partialPlaces.has(place)) this.watch.addConditional(func);
    if (number === undefined && this.temporaryPlaces.has(place)) this.onConditional(func);
  }

  /** Not every call of it stops at some breakpoint: nothing is known of those that another one reports. */
  onConditional(func: string): void {
    const others = [...this.alwaysStopping].filter((number) => this.isEntryOf(number, func));
    if (others.every((number) => this.partial.has(number))) this.watch.addConditional(func);
  }

  private isEntryOf(number: number, func: string): boolean {
    const isOf = this.setOn.get(number) === func || this.stopsIn.get(number) === func;
    return isOf && !this.inside.has(number);
  }

  /** A hit of it need not be the entry of the function. */
  isInside(number: number | undefined): boolean {
    return number !== undefined && this.inside.has(number);
  }

  /**
   * Set with a condition it never proved that its function was watched; else that ends here, and nobody knows
   * when it did where a table tells.
   */
  onSet({
    number,
    func,
    file,
    line,
    temporary,
    narrowed,
    declared,
    inside,
    listed,
  }: BreakpointSet): void {
    this.endList();
    if (number === ALL) {
      this.onAll(listed === true);
      return;
    }
    if (listed === true) (this.rows ??= new Set()).add(number);
    else this.beginNumber(number);
    if (func !== undefined) this.setOn.set(number, plainName(func));
    if (inside === true) this.inside.add(number);
    if (func !== undefined && line === undefined) this.several.add(number);
    const place = placeOf({ file, line });
    if (narrowed !== true) {
      if (this.partial.has(number)) this.addPartial(number);
      else if (!temporary) this.alwaysStopping.add(number);
      else if (place !== undefined) this.temporaryPlaces.add(place);
      return;
    }
    if (inside === true && place !== undefined) this.partialPlaces.add(place);
    const isFromStart = !this.alwaysStopping.has(number) && (func !== undefined || inside === true);
    // It was set like the others, and then found to be incomplete.
    const isIncomplete = declared === true && func !== undefined;
    if (listed === true || isIncomplete || isFromStart) this.addPartial(number);
    else this.watch.narrow(new Set([number]));
  }

  /** A command whose effect nobody can see. */
  onDoubt(): void {
    this.watch.doubt(new Set(this.setOn.values()));
  }

  /** A line of a command list. */
  onListed(breakpoints: CommandList['breakpoints'], command: string): void {
    const key = keyOfList(breakpoints);
    if (this.list?.key !== key) this.endList();
    const list = (this.list ??= { breakpoints, key, isSilent: false, shows: false, depth: 0 });
    if (OPENS_BLOCK.test(command)) list.depth++;
    else if (command === 'end') list.depth--;
    else if (command === 'silent') list.isSilent = true;
    else if (list.depth === 0 && (SHOWS_STACK.test(command) || SHOWS_FRAME.test(command)))
      list.shows = true;
  }

  onCommand(command: string): void {
    this.settle();
    this.isPart = SOME_ROWS.test(command);
  }

  /** Nothing is added any more to a list or a table. */
  settle(): void {
    this.endList();
    this.endTable();
  }

  /** Hits that are silent, and show a stack under a condition or not at all, go by unseen. */
  private endList(): void {
    const list = this.list;
    this.list = undefined;
    if (list?.isSilent !== true || list.shows) return;
    for (const number of numbersOf(list.breakpoints)) this.addPartial(number);
  }

  /** What the table does not have is gone, and nobody knows since when. */
  private endTable(): void {
    const rows = this.rows;
    this.rows = undefined;
    if (rows === undefined || this.isPart) return;
    for (const number of new Set([...this.alwaysStopping, ...this.stopsIn.keys()]))
      if (!rows.has(number)) this.addPartial(number);
  }

  /** gdb gives no number twice: what was known of it is of another debugger. */
  private beginNumber(number: number): void {
    this.endTable();
    this.inside.delete(number);
    this.several.delete(number);
    this.partial.delete(number);
  }

  private addPartial(number: number): void {
    this.partial.add(number);
    const funcs = [this.setOn.get(number), this.stopsIn.get(number)];
    const known = funcs.filter((func) => func !== undefined);
    for (const func of known) this.onConditional(func);
    if (known.length === 0 && !this.inside.has(number)) this.watch.narrow(new Set([number]));
  }
}

function placeOf({ file, line }: Pick<Frame, 'file' | 'line'>): string | undefined {
  return file === undefined || line === undefined ? undefined : `${file}:${line}`;
}
