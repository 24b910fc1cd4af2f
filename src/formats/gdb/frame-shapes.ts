/**
 * Frames by the shape of their text, so that the grammar reads each shape once.
 *
 * A log of gdb prints few different calls, but new pointers with every process and every migration. The
 * grammar never asks which digits stand behind `0x`: texts that differ in them alone give frames that differ
 * in them alone. So the frame of one text, with places for its numbers, serves for all texts of its shape.
 */
import type { Arg, Frame } from '../../model/record.js';

/** Texts that differ in no more than the digits of their hexadecimal numbers have equal shapes. */
export interface ShapedText {
  readonly shape: string;
  /** Numbers as printed, `0x` included, in order. */
  readonly numbers: readonly string[];
}

/** Longer texts are not worth a shape; some formats refuse long lines, whatever they are like. */
export const LONGEST_SHAPED = 2000;

const NUMBER = /(0x[0-9a-f]+)/;

export function shapeOf(text: string): ShapedText {
  const pieces = text.split(NUMBER);
  const numbers: string[] = [];
  let shape = pieces[0] ?? '';
  for (let i = 1; i < pieces.length; i += 2) {
    numbers.push(pieces[i] ?? '');
    shape += HOLE + (pieces[i + 1] ?? '');
  }
  return { shape, numbers };
}

/** No reader sees a text with this character. */
const HOLE = '\0';

/** A text with places for numbers: itself, or literal pieces with the number of a place between them. */
type Filled = string | number | readonly (string | number)[];

interface ArgTemplate {
  readonly name: string;
  readonly value: Filled | undefined;
  readonly entry: Filled | undefined;
}

/** What all frames of a shape have in common. */
export interface FrameTemplate {
  readonly address: Filled | undefined;
  readonly args: readonly ArgTemplate[] | undefined;
  /** Where all that the numbers do not touch is taken from. */
  readonly frame: Frame;
}

/**
 * The template of the shape that `text` has, which the grammar reads as `frame`. `read` is the grammar: it is
 * asked once more, about a text of this shape whose numbers can be told apart. Undefined where a number is part
 * of a name or a place, or the two answers do not fit.
 */
export function templateOf(
  text: string,
  frame: Frame,
  read: (text: string) => Frame | undefined,
): FrameTemplate | undefined {
  const { shape, numbers } = shapeOf(text);
  // What ends with its name is remembered by its object, see isBare() in frames.ts.
  if (!text.includes('(')) return undefined;
  if (shape.split(HOLE).length !== numbers.length + 1 || numbers.length > MOST_NUMBERS)
    return undefined;
  const marks = numbers.map((_, i) => markOf(i));
  const marked = read(fillShape(shape, marks));
  if (marked === undefined) return undefined;
  const { func, args, file, lib } = marked;
  const fixed = [func, file ?? '', lib ?? '', ...(args ?? []).map(({ name }) => name)];
  if (fixed.some((part) => part.includes('0x'))) return undefined;
  const template: FrameTemplate = {
    address: placesIn(marked.address),
    args: args?.map(({ name, value, entry }) => ({
      name,
      value: placesIn(value),
      entry: placesIn(entry),
    })),
    frame,
  };
  return isEqual(fillFrame(template, numbers), frame) ? template : undefined;
}

/** The frame of a text with these numbers. */
export function fillFrame(
  { address, args, frame }: FrameTemplate,
  numbers: readonly string[],
): Frame {
  const { kind, func, file, line, lib } = frame;
  return {
    kind,
    address: fill(address, numbers),
    func,
    args: args?.map((arg) => fillArg(arg, numbers)),
    file,
    line,
    lib,
  };
}

function fillArg({ name, value, entry }: ArgTemplate, numbers: readonly string[]): Arg {
  return { name, value: fill(value, numbers), entry: fill(entry, numbers) };
}

function fill(filled: Filled | undefined, numbers: readonly string[]): string | undefined {
  if (filled === undefined || typeof filled === 'string') return filled;
  if (typeof filled === 'number') return numbers[filled];
  return filled.map((part) => (typeof part === 'string' ? part : numbers[part])).join('');
}

function fillShape(shape: string, numbers: readonly string[]): string {
  const [head = '', ...rest] = shape.split(HOLE);
  return head + rest.map((piece, i) => `${numbers[i] ?? ''}${piece}`).join('');
}

const MOST_NUMBERS = 0xffff;

/** `0xfeed0003`: of one length, so that what follows it may be anything. */
function markOf(place: number): string {
  return `0xfeed${place.toString(16).padStart(4, '0')}`;
}

const MARK = /0xfeed([0-9a-f]{4})/;

function placesIn(text: string | undefined): Filled | undefined {
  if (text === undefined) return undefined;
  const pieces = text
    .split(MARK)
    .map((piece, i) => (i % 2 === 0 ? piece : Number.parseInt(piece, 16)));
  const told = pieces.filter((piece) => piece !== '');
  const [only = ''] = told;
  return told.length > 1 ? told : only;
}

function isEqual(one: Frame, other: Frame): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
