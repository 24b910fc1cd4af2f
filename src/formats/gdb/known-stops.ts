/** Stops by the shape of their line, see frame-shapes.ts: thousands of them differ in pointers only. */
import { detached } from '../../base/detached.js';
import { Recent } from '../../base/recent.js';
import { LONGEST_SHAPED, shapeOf } from './frame-shapes.js';
import { readGdbLine, stopHead } from './lines.js';
import type { StopHead } from './session.js';

interface KnownStop {
  readonly head: StopHead;
  /** The text of its frame. */
  readonly location: string;
}

/** Shapes that are remembered: each thread has one for each breakpoint. */
const MOST_SHAPES = 8192;

export class KnownStops {
  /** The head, and the length of the text before the location; no head where the grammar has to read each text. */
  readonly #shapes = new Recent<{ readonly head: StopHead | undefined; readonly start: number }>(
    MOST_SHAPES,
  );

  /** The line, without margin, was complete as it stood. */
  markWhole(text: string): void {
    if (text.length > LONGEST_SHAPED) return;
    const own = detached(text);
    const { shape } = shapeOf(own);
    if (this.#shapes.get(shape) !== undefined) return;
    const read = readGdbLine(own);
    const location = read?.type === 'stop' ? read.location?.trim() : undefined;
    const start = text.length - (location?.length ?? 0);
    // A number in front of the location may be that of a thread.
    const isPlain =
      location !== undefined && text.endsWith(location) && !text.slice(0, start).includes('0x');
    const head = isPlain && read?.type === 'stop' ? stopHead(read) : undefined;
    this.#shapes.set(shape, { head, start });
  }

  /** What a line says of which nothing else can become than a stop; undefined where that is not known. */
  whole(text: string): KnownStop | undefined {
    if (text.length > LONGEST_SHAPED) return undefined;
    const { head, start = 0 } = this.#shapes.get(shapeOf(text).shape) ?? {};
    return head === undefined ? undefined : { head, location: text.slice(start) };
  }
}
