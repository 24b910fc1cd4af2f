/**
 * Text of one stack frame → Frame, each text read once.
 *
 * Producer: gdb/stack.c, print_frame() (gdb 7 to 18). Syntax: grammars/gdb-frame.peggy.
 * Not read: frames of ASan, crash, coredumpctl and others; foreign-stack.ts claims them first.
 */
import { detached } from '../../base/detached.js';
import { Recent } from '../../base/recent.js';
import { accept } from '../../grammar/gdb-frame.js';
import type { Frame } from '../../model/record.js';
import { fillFrame, LONGEST_SHAPED, shapeOf, templateOf } from './frame-shapes.js';
import type { FrameTemplate } from './frame-shapes.js';

/** Longer frames are refused: the grammar may look at a text more than once. */
const LONGEST_FRAME = 32_768;

/** Distinct frames that are remembered; every process and every migration of a long log brings new ones. */
const MOST_FRAMES = 2048;

/** Shapes that are remembered: each call of a program has a few. */
const MOST_SHAPES = 8192;

/** What becomes of a line without margin: one whole frame, or one with which the line below may go on, `f ()`. */
export type Becomes = 'whole' | 'held';

/** What is known of a shape. */
export interface KnownShape {
  /** Undefined where the grammar has to read each text itself. */
  template: FrameTemplate | undefined;
  /** The first text, as long as no other came: a single one is not worth a template. */
  first: Pick<KnownText, 'text' | 'frame'> | undefined;
  /** Of each line of this shape, see {@link FrameTable.mark}. */
  becomes: Becomes | undefined;
}

/** What is known of a text without level. */
export interface KnownText {
  readonly text: string;
  /** Undefined where the grammar refused it. */
  readonly frame: Frame | undefined;
  /** Undefined where it is too long for one. */
  readonly shape: KnownShape | undefined;
  /** As in its shape; of most of a log it is known, and asked many times. */
  becomes: Becomes | undefined;
  /** What came behind it when it came last. */
  next: KnownText | undefined;
}

/** Frames by their text. Equal texts near each other give the same object. */
export class FrameTable {
  readonly #texts = new Recent<KnownText>(MOST_FRAMES);
  readonly #shapes = new Recent<KnownShape>(MOST_SHAPES);
  /** The whole line that was asked for last, and what is likely to be asked for next: stacks repeat. */
  #last: KnownText | undefined;
  #expected: KnownText | undefined;

  /** The frame of a text without level, or undefined when the grammar refuses it. */
  read(text: string): Frame | undefined {
    return (this.known(text) ?? this.#parse(text)).frame;
  }

  /** A line without margin, its level aside, became this one frame and nothing else. */
  mark(text: string, becomes: Becomes): void {
    const known = this.#texts.get(text);
    if (known?.frame === undefined) return;
    known.becomes = becomes;
    if (known.shape !== undefined) known.shape.becomes = becomes;
  }

  /** What is known of a line of which nothing else can become than what it says; undefined where that is not known. */
  line(text: string): KnownText | undefined {
    // To compare two texts takes less time than to look one up.
    const expected = this.#expected?.text === text ? this.#expected : undefined;
    const known = expected ?? this.known(text);
    if (known === undefined) return undefined;
    if (this.#last !== undefined) this.#last.next = known;
    this.#last = known;
    this.#expected = known.next;
    const { shape } = known;
    known.becomes ??= shape?.template === undefined ? undefined : shape.becomes;
    return known.becomes === undefined ? undefined : known;
  }

  /** A stop with this location was printed, and its backtrace may follow. */
  expect(location: KnownText): void {
    this.#last = undefined;
    this.#expected = location;
  }

  /** What is known of a text without asking the grammar about it. */
  known(text: string): KnownText | undefined {
    const known = this.#texts.get(text);
    if (known !== undefined || text.length > LONGEST_SHAPED) return known;
    const own = detached(text);
    const { shape: name, numbers } = shapeOf(own);
    const shape = this.#shapes.get(name);
    if (shape?.first !== undefined) {
      const { text: other, frame } = shape.first;
      shape.template = frame && templateOf(other, frame, parseCall);
      shape.first = undefined;
    }
    if (shape?.template === undefined) return undefined;
    return this.#remember(own, fillFrame(shape.template, numbers), shape, shape.becomes);
  }

  #parse(text: string): KnownText {
    const own = detached(text);
    const frame = parseCall(own);
    return this.#remember(own, frame, this.#shapeOf(own, frame));
  }

  #shapeOf(text: string, frame: Frame | undefined): KnownShape | undefined {
    if (text.length > LONGEST_SHAPED) return undefined;
    const { shape: name } = shapeOf(text);
    let shape = this.#shapes.get(name);
    if (shape === undefined) {
      shape = { template: undefined, first: { text, frame }, becomes: undefined };
      this.#shapes.set(name, shape);
    }
    return shape;
  }

  #remember(
    text: string,
    frame: Frame | undefined,
    shape: KnownShape | undefined,
    becomes?: Becomes,
  ): KnownText {
    const known = { text, frame, shape, becomes, next: undefined };
    this.#texts.set(text, known);
    return known;
  }
}

/** {@link parseFrame}, with a note where the text ended with the name. */
function parseCall(text: string): Frame | undefined {
  const frame = parseFrame(text);
  const isPlaced = frame?.file !== undefined || frame?.lib !== undefined;
  if (frame?.kind === 'call' && !isPlaced && !text.includes('(')) bareFrames.add(frame);
  return frame;
}

const bareFrames = new WeakSet<Frame>();

/** A call whose text ended with the function's name: gdb prints at least `()` or `(...)` behind it. */
export function isBare(frame: Frame): boolean {
  return frame.args === undefined && bareFrames.has(frame);
}

/** A frame whose argument list was cut off or damaged: function and place without arguments. */
export function readDamagedFrame(text: string): Frame | undefined {
  return parseFrame(text, 'DamagedFrame');
}

function parseFrame(text: string, rule: 'Frame' | 'DamagedFrame' = 'Frame'): Frame | undefined {
  const frame = text.length > LONGEST_FRAME ? undefined : accept(text, rule);
  if (frame === undefined) return undefined;
  // Put together like those of fillFrame(): engines are slow with objects that are made in many ways.
  const { kind, address, func, args, file, line, lib } = frame;
  return { kind, address, func, args, file, line, lib };
}
