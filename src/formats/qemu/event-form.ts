/**
 * One declared event as reader and printer: text of the log backend → arguments, and the values that
 * other backends give → the same arguments and the same text.
 */
import { parse } from '../../grammar/trace-events.js';
import type { Argument, Declaration } from './event-declarations.js';
import { fixed, printValue, starsOf } from './event-format.js';
import type { Conversion, FixedConversion, Piece, RawValue } from './event-format.js';
import {
  compileHead,
  compileTail,
  compileText,
  firstLine,
  keepsBase,
  unpadded,
} from './event-text.js';
import type { TextReader } from './event-text.js';

/** Arguments by name, values as the log backend prints them. */
export type EventArgs = Readonly<Record<string, string>>;

export interface PrintedEvent {
  readonly args: EventArgs;
  readonly text: string;
}

/** A conversion with all that printing asks of it. */
interface Field {
  readonly conversion: Conversion;
  readonly stars: number;
  /** Undefined where it has stars. */
  readonly ready: FixedConversion | undefined;
  /** Of its argument; '' where there is none. */
  readonly name: string;
  /** `0x` that the text in front has and the argument keeps. */
  readonly base: string;
}

const MORE_THAN_VALUE = /^\w[\w.-]{0,128}(?:[^\w\s.-]|\s+\S)/;

export class EventForm {
  readonly name: string;
  readonly args: readonly Argument[];
  readonly #format: string;
  #pieces: readonly Piece[] | undefined;
  #read: TextReader | undefined;
  #tail: RegExp | undefined;
  #head: RegExp | undefined;
  #names: readonly string[] | undefined;
  #parts: readonly (string | Field)[] | undefined;
  #isText: readonly boolean[] | undefined;
  #ends: readonly { readonly name: string; readonly words: string }[] | undefined;

  constructor({ name, args, format }: Declaration) {
    this.name = name;
    this.args = args;
    this.#format = format;
  }

  /** What the log backend printed behind the name; undefined when it does not fit. */
  readText(text: string): EventArgs | undefined {
    this.#read ??= compileText(this.#printf);
    const values = this.#read(text);
    return values && byName(this.#printed, values);
  }

  /** `values` are those of `args`, in their order. Never throws; a value that is missing is 0. */
  print(values: readonly RawValue[]): PrintedEvent {
    this.#parts ??= partsOf(this.#printf, this.#printed);
    const args: Record<string, string> = {};
    let next = 0;
    let text = '';
    for (const part of this.#parts) {
      if (typeof part === 'string') {
        text += part;
        continue;
      }
      const { conversion, stars, name, base } = part;
      const exact = part.ready ?? fixed(conversion, values.slice(next, next + stars));
      next += stars;
      const value = printValue(exact, values[next] ?? 0);
      next += 1;
      text += value;
      if (name !== '') args[name] = base + unpadded(conversion, value);
    }
    return { args, text };
  }

  /** Of each argument, whether it {@link isString}. */
  get isText(): readonly boolean[] {
    return (this.#isText ??= this.args.map(isString));
  }

  /** The text begins like this event's, as a line does that was torn. Words only: numbers prove nothing. */
  startsLike(text: string): boolean {
    const [first] = this.#printf;
    return (
      first !== undefined &&
      'text' in first &&
      /[A-Za-z]{2}/.test(first.text) &&
      text.startsWith(first.text)
    );
  }

  /** The text is what this event's begins with, and more of it than one value: "pc.ram: 0x100000000+0x80000000 @". */
  isBegunBy(text: string): boolean {
    return MORE_THAN_VALUE.test(text) && (this.#head ??= compileHead(this.#printf)).test(text);
  }

  /** The text ends like this event's, as a line does that lost its head. */
  endsLike(text: string): boolean {
    return (this.#tail ??= compileTail(this.#printf)).test(text);
  }

  /**
   * A `%s` holds the words that stand behind it in the format: "SET_LOG_BASE) flags:0x1vhost_user_read req:6 (SET_LOG_BASE".
   * Two events whose line has lost its end fit as one.
   */
  isOfTwo(args: EventArgs): boolean {
    return this.#behindStrings.some(({ name, words }) => args[name]?.includes(words) === true);
  }

  /** The format has words or numbers of its own: what fits it is hardly a person's text. */
  get isTelling(): boolean {
    return this.#printf.some((piece) =>
      'text' in piece ? /[A-Za-z]{2}/.test(piece.text) : piece.kind !== 's',
    );
  }

  get #printf(): readonly Piece[] {
    return (this.#pieces ??= firstLine(parse(this.#format, { startRule: 'Printf' })));
  }

  /** Of each printed `%s`, the words behind it, where there are some. */
  get #behindStrings(): readonly { readonly name: string; readonly words: string }[] {
    return (this.#ends ??= endsOfStrings(this.#printf, this.#printed));
  }

  /** Names of the arguments that are printed, in the order of the format. */
  get #printed(): readonly string[] {
    return (this.#names ??= printedNames(this.args, this.#printf));
  }
}

/** The "simple" backend stores these as text, all others as 64 bits. Source: tracetool/backend/simple.py, is_string(). */
export function isString({ type }: Argument): boolean {
  return /^(?:const )?char ?\*/.test(type) && type.indexOf('*') === type.lastIndexOf('*');
}

function printedNames(args: readonly Argument[], pieces: readonly Piece[]): readonly string[] {
  const conversions = pieces.filter((piece): piece is Conversion => 'kind' in piece);
  let next = 0;
  return conversions.map((conversion) => {
    next += starsOf(conversion);
    return args[next++]?.name ?? '';
  });
}

function endsOfStrings(
  pieces: readonly Piece[],
  names: readonly string[],
): { name: string; words: string }[] {
  const conversions = pieces.filter((piece) => 'kind' in piece);
  return pieces.flatMap((piece, i) => {
    const next = pieces[i + 1];
    if (!('kind' in piece) || piece.kind !== 's' || next === undefined || !('text' in next))
      return [];
    const name = names[conversions.indexOf(piece)] ?? '';
    return /[A-Za-z]{2}/.test(next.text) ? [{ name, words: next.text }] : [];
  });
}

function partsOf(pieces: readonly Piece[], names: readonly string[]): readonly (string | Field)[] {
  let index = 0;
  return pieces.map((piece, i) => {
    if ('text' in piece) return piece.text;
    const stars = starsOf(piece);
    return {
      conversion: piece,
      stars,
      ready: stars === 0 ? fixed(piece, []) : undefined,
      name: names[index++] ?? '',
      base: keepsBase(pieces[i - 1], piece) ? '0x' : '',
    };
  });
}

function byName(names: readonly string[], values: readonly string[]): EventArgs {
  const args: Record<string, string> = {};
  for (let i = 0; i < names.length; i++) {
    const name = names[i] ?? '';
    if (name !== '') args[name] = values[i] ?? '';
  }
  return args;
}
