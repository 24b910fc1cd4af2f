/**
 * The shape of a trace event: its name, the names of its arguments, and what its text has around their values,
 * as one text to intern. A log has millions of events and a few dozen shapes, so the way to a known shape must
 * be short.
 */
import type { TraceEvent } from '../model/record.js';
import { wellFormed } from './well-formed.js';

export interface EventShape {
  readonly name: string;
  /** Names of the arguments; undefined for an event that is not known. */
  readonly keys: readonly string[] | undefined;
  /** With the values between them they are the event's text; undefined where the text is stored. */
  readonly pieces: readonly string[] | undefined;
  /** All of the event, where the shape has its values. */
  readonly known?: Pick<TraceEvent, 'name' | 'args' | 'text'> | undefined;
}

export interface Shape extends EventShape {
  /** JSON array of the name, the keys and, where there are any, the array of the pieces. */
  readonly text: string;
  /** Row of the text; 0 until it has one. */
  id: number;
}

/** Shapes of one name that are told apart by their texts: an event's format changes a few times in its life. */
const MOST_FORMATS = 8;

export class EventShapes {
  private readonly byName = new Map<string, Shape[]>();

  /** The shape of this event; the same object for equal shapes. */
  find(event: TraceEvent): Shape {
    const { name, args } = event;
    let shapes = this.byName.get(name);
    if (shapes === undefined) this.byName.set(name, (shapes = []));
    let stored: Shape | undefined;
    let formats = 0;
    for (const shape of shapes) {
      const { keys, pieces } = shape;
      if (!hasKeys(args, keys)) continue;
      if (pieces === undefined) stored = shape;
      else if (tells(pieces, event)) return shape;
      else formats++;
    }
    const pieces = formats < MOST_FORMATS ? piecesOf(event) : undefined;
    if (pieces === undefined && stored !== undefined) return stored;
    const shape = newShape(name, args && Object.keys(args), pieces);
    shapes.push(shape);
    return shape;
  }
}

function newShape(
  name: string,
  keys: readonly string[] | undefined,
  pieces: readonly string[] | undefined,
): Shape {
  const parts: unknown[] = [name, ...(keys ?? [])].map(wellFormed);
  if (pieces !== undefined) parts.push(pieces);
  return { name, keys, pieces, text: JSON.stringify(parts), id: 0 };
}

/** What a row stands for; the keys of an event that is not known are none. `args`: JSON array of the values, if it has any. */
export function eventShapeOf(text: string, args: string | null): EventShape {
  const stored = JSON.parse(text) as (string | readonly string[])[];
  const [name = '', ...keys] = stored.filter((part) => typeof part === 'string');
  const pieces = stored.find((part) => typeof part !== 'string');
  if (args === null) return { name, keys, pieces };
  const values = JSON.parse(args) as string[];
  const known = {
    name,
    args: Object.freeze(argsOf(keys, values)),
    text: textOf(pieces ?? [], values),
  };
  return { name, keys, pieces, known };
}

export function argsOf(
  keys: readonly string[],
  values: readonly string[],
): NonNullable<TraceEvent['args']> {
  return Object.fromEntries(keys.map((key, i) => [key, values[i] ?? '']));
}

/** The text of an event whose shape has pieces. */
export function textOf(pieces: readonly string[], values: readonly string[]): string {
  let text = pieces[0] ?? '';
  for (const [i, value] of values.entries()) text += value + (pieces[i + 1] ?? '');
  return text;
}

function hasKeys(args: TraceEvent['args'], keys: readonly string[] | undefined): boolean {
  if (args === undefined || keys === undefined) return args === keys;
  let i = 0;
  for (const key in args) if (key !== keys[i++]) return false;
  return i === keys.length;
}

/** The pieces and the values are this text, see {@link textOf}. */
function tells(pieces: readonly string[], { args, text }: TraceEvent): boolean {
  let at = 0;
  let i = 0;
  for (const key in args) {
    const [piece = '', value = ''] = [pieces[i++], args[key]];
    if (!text.startsWith(piece, at) || !text.startsWith(value, at + piece.length)) return false;
    at += piece.length + value.length;
  }
  const last = pieces[i] ?? '';
  return text.length === at + last.length && text.endsWith(last) && text.isWellFormed();
}

/**
 * What stands around the values; undefined where they are not found in the text one after the other, or where
 * a character may be divided between two parts, which a database could not keep.
 */
function piecesOf({ args, text }: TraceEvent): readonly string[] | undefined {
  if (args === undefined || !text.isWellFormed()) return undefined;
  const pieces: string[] = [];
  let at = 0;
  for (const value of Object.values(args)) {
    const from = text.indexOf(value, at);
    if (from < 0 || (from === at && pieces.length > 0)) return undefined;
    pieces.push(text.slice(at, from));
    at = from + value.length;
  }
  pieces.push(text.slice(at));
  return pieces.every((piece) => piece.isWellFormed()) ? pieces : undefined;
}
