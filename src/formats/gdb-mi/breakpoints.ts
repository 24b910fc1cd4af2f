/**
 * Breakpoints of the machine interface, followed from one report to the next.
 *
 * Source: gdb/breakpoint.c, print_one_breakpoint_location(); gdb/mi/mi-interp.c, breakpoint_created(),
 * breakpoint_modified(), breakpoint_deleted(). gdb reports a breakpoint again each time it is hit.
 * Not read: the table of -break-list, which is one line for all of them.
 */
import type { BreakpointSet, Command } from '../../model/record.js';
import type { MiItem } from './lines.js';
import { itemsOf, numberOf, textOf } from './values.js';

/** A breakpoint without its line in the capture. */
export type MiBreakpoint = Omit<BreakpointSet, 'span'>;

/** A command list that a breakpoint was given, without its line in the capture. */
export type MiCommandList = Omit<Command, 'span'>;

/** A hostile log has only new numbers. */
const MOST_BREAKPOINTS = 65_536;

/** What a longer list does is known long before its end. */
const LONGEST_LIST = 4096;

export class MiBreakpoints {
  readonly #known = new Map<number, MiBreakpoint>();
  readonly #scripts = new Map<number, string>();

  /** `^done,bkpt={...}`, `=breakpoint-created,bkpt={...}`; undefined for what has no number. */
  set(items: readonly MiItem[]): MiBreakpoint | undefined {
    const read = readBreakpoint(itemsOf(items, 'bkpt') ?? []);
    if (read !== undefined) this.#remember(read);
    return read;
  }

  /** `=breakpoint-modified`: undefined when it stops as often, and does the same, as before. */
  modify(items: readonly MiItem[]): MiBreakpoint | MiCommandList | undefined {
    const bkpt = itemsOf(items, 'bkpt') ?? [];
    const read = readBreakpoint(bkpt);
    if (read === undefined) return undefined;
    const list = this.#newList(read.number, bkpt);
    if (list !== undefined) return list;
    const known = this.#known.get(read.number);
    this.#remember(read);
    // `enable once 3`
    if (read.temporary && known?.temporary !== true) return { ...read, narrowed: true };
    return known === undefined || known.narrowed !== read.narrowed ? read : undefined;
  }

  /** `=breakpoint-deleted,id="3"`: undefined for a temporary one, which deletes itself. */
  delete(items: readonly MiItem[]): MiBreakpoint | undefined {
    const number = numberOf(textOf(items, 'id'));
    const known = number === undefined ? undefined : this.#known.get(number);
    if (number === undefined || known?.temporary === true) return undefined;
    this.#known.delete(number);
    const unknown = { temporary: false, func: undefined, file: undefined, line: undefined };
    return { kind: 'breakpoint-set', ...unknown, ...known, number, narrowed: true };
  }

  // script={"silent","bt","continue"}
  #newList(number: number, bkpt: readonly MiItem[]): MiCommandList | undefined {
    const commands = (itemsOf(bkpt, 'script') ?? []).map(({ value }) => value);
    const text = commands.filter((command) => typeof command === 'string').join('\n');
    if (text === (this.#scripts.get(number) ?? '')) return undefined;
    if (this.#scripts.size >= MOST_BREAKPOINTS) this.#scripts.clear();
    this.#scripts.set(number, text);
    const list = { breakpoints: [number] };
    return text === '' ? undefined : { kind: 'command', text: text.slice(0, LONGEST_LIST), list };
  }

  /** Another debugger. */
  clear(): void {
    this.#known.clear();
    this.#scripts.clear();
  }

  #remember(read: MiBreakpoint): void {
    if (this.#known.size >= MOST_BREAKPOINTS) this.#known.clear();
    this.#known.set(read.number, read);
  }
}

function readBreakpoint(items: readonly MiItem[]): MiBreakpoint | undefined {
  const number = numberOf(textOf(items, 'number'));
  if (number === undefined) return undefined;
  if (!/^(?:hw )?breakpoint$/.test(textOf(items, 'type') ?? '')) {
    const nowhere = { func: undefined, file: undefined, line: undefined };
    const other = { kind: 'breakpoint-set', number, temporary: false, ...nowhere } as const;
    return { ...other, narrowed: true, inside: true };
  }
  const func = functionOf(items);
  return {
    kind: 'breakpoint-set',
    number,
    temporary: (textOf(items, 'disp') ?? 'keep') !== 'keep',
    func,
    file: textOf(items, 'file'),
    line: numberOf(textOf(items, 'line')),
    ...(func === undefined && textOf(items, 'func') !== undefined ? { inside: true as const } : {}),
    ...(isNarrowed(items) ? { narrowed: true as const } : {}),
  };
}

function isNarrowed(items: readonly MiItem[]): boolean {
  return (
    textOf(items, 'enabled') === 'n' || NARROWING.some((name) => textOf(items, name) !== undefined)
  );
}

const NARROWING = ['cond', 'ignore', 'enable', 'thread', 'task', 'inferior'];

/**
 * The function at whose entry it stands. `func` alone also names the function around a source line
 * or an address: what was asked for (`vhost_commit`, `vhost.c:vhost_commit`, `-function vhost_commit`)
 * must name it too. One without a place yet, or with several, only has what was asked for.
 */
function functionOf(items: readonly MiItem[]): string | undefined {
  const asked = textOf(items, 'original-location') ?? textOf(items, 'pending');
  const name = asked === undefined ? undefined : /(?:^|[: ])([A-Za-z_~][^\s:*]*)$/.exec(asked)?.[1];
  const func = textOf(items, 'func');
  if (func === undefined) return name;
  return name === undefined || !isSame(func, name) ? undefined : func;
}

// "ns::f(int)" is what "f" asked for
function isSame(func: string, name: string): boolean {
  return func === name || func.replace(/\(.*$/, '').endsWith(`::${name.replace(/\(.*$/, '')}`);
}
