/**
 * Values of the machine interface → frames and arguments.
 *
 * Source: gdb/stack.c, print_frame() and print_frame_info(); gdb/mi/mi-cmd-stack.c,
 * list_args_or_locals() and list_arg_or_local(). Inlined frames have an address here, which the
 * command line leaves out: it is kept.
 */
import type { Arg, Frame } from '../../model/record.js';
import type { MiItem, MiValue } from './lines.js';

/** The text of the first item with this name. */
export function textOf(items: readonly MiItem[], name: string): string | undefined {
  const value = valueOf(items, name);
  return typeof value === 'string' ? value : undefined;
}

/** The items of the first tuple or list with this name. */
export function itemsOf(items: readonly MiItem[], name: string): readonly MiItem[] | undefined {
  const value = valueOf(items, name);
  return typeof value === 'string' ? undefined : value;
}

function valueOf(items: readonly MiItem[], name: string): MiValue | undefined {
  return items.find((item) => item.name === name)?.value;
}

/** `12`, undefined for anything else. */
export function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** A hostile log has only new frames; the table then starts again instead of growing for ever. */
const MOST_FRAMES = 262_144;

/** Frames by what was printed of them: equal ones give the same object. */
export class MiFrames {
  readonly #frames = new Map<string, Frame>();

  /** `{addr="0x...",func="f",file="x.c",line="1"}`; `args` where they were printed elsewhere. */
  read(items: readonly MiItem[], args = argsOf(itemsOf(items, 'args'))): Frame {
    const func = textOf(items, 'func') ?? '??';
    const frame: Frame = {
      kind: KINDS.get(func) ?? 'call',
      address: textOf(items, 'addr')?.toLowerCase(),
      func,
      args: KINDS.has(func) ? undefined : args,
      ...placeOf(items),
    };
    const key = JSON.stringify(Object.values(frame));
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    if (this.#frames.size >= MOST_FRAMES) this.#frames.clear();
    this.#frames.set(key, frame);
    return frame;
  }
}

const KINDS: ReadonlyMap<string, Frame['kind']> = new Map([
  ['<signal handler called>', 'signal-handler'],
  ['<function called from gdb>', 'called-from-gdb'],
]);

function placeOf(items: readonly MiItem[]): Pick<Frame, 'file' | 'line' | 'lib'> {
  const file = textOf(items, 'file');
  if (file !== undefined) {
    return { file, line: numberOf(textOf(items, 'line')), lib: undefined };
  }
  return { file: undefined, line: undefined, lib: textOf(items, 'from') };
}

/**
 * `[{name="signo",value="10"},{name="signo@entry",value="10"}]` is one argument. Names alone
 * (`--no-values`), and aggregates of `--simple-values`, have the value that the command line prints: `...`. Of a list with a
 * name that was torn, `return_v alue`, nothing is known.
 */
export function argsOf(items: readonly MiItem[] | undefined): readonly Arg[] | undefined {
  if (items === undefined) return undefined;
  const args: Arg[] = [];
  for (const { value: item } of items) {
    const printed = typeof item === 'string' ? item : (textOf(item, 'name') ?? '');
    if (printed.includes(' ')) return undefined;
    const value = (typeof item === 'string' ? undefined : textOf(item, 'value')) ?? '...';
    const name = printed.endsWith('@entry') ? printed.slice(0, -'@entry'.length) : printed;
    const last = args.at(-1);
    if (name === printed) args.push({ name, value, entry: undefined });
    else if (last?.name === name && last.entry === undefined) {
      args[args.length - 1] = { ...last, entry: value };
    } else args.push({ name, value: undefined, entry: value });
  }
  return args;
}
