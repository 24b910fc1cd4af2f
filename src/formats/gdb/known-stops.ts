/**
 * Stops by what stands in front of their location, and by the shape of that, see frame-shapes.ts: thousands of
 * them differ in pointers only.
 */
import { detached } from '../../base/detached.js';
import { Recent } from '../../base/recent.js';
import type { Frame } from '../../model/record.js';
import { LONGEST_SHAPED } from './frame-shapes.js';
import type { FrameTable, KnownShape } from './frames.js';
import { readGdbLine, stopHead } from './lines.js';
import type { StopHead } from './session.js';

interface KnownStop {
  readonly head: StopHead;
  readonly frame: Frame;
}

interface KnownHead {
  readonly head: StopHead;
  /** With a location of such a shape the line was complete as it stood. */
  locations: Set<KnownShape>;
}

/** Texts in front of locations that are remembered: each thread has one for each breakpoint. */
const MOST_HEADS = 8192;

/** Shapes of locations that are remembered of each. */
const MOST_LOCATIONS = 256;

export class KnownStops {
  readonly #heads = new Recent<KnownHead>(MOST_HEADS);

  readonly #frames: FrameTable;

  constructor(frames: FrameTable) {
    this.#frames = frames;
  }

  /** The line, without margin, was complete as it stood. */
  markWhole(text: string): void {
    if (text.length > LONGEST_SHAPED) return;
    const own = detached(text);
    const start = locationOf(own);
    const [before, location] = [own.slice(0, start), own.slice(start)];
    const read = readGdbLine(own);
    // A number in front of the location may be that of a thread.
    if (read?.type !== 'stop' || read.location?.trim() !== location || before.includes('0x')) return;
    const shape = this.#frames.known(location)?.shape;
    if (shape === undefined) return;
    let stop = this.#heads.get(before);
    if (stop === undefined) {
      stop = { head: stopHead(read), locations: new Set() };
      this.#heads.set(before, stop);
    }
    if (stop.locations.size >= MOST_LOCATIONS) stop.locations = new Set();
    stop.locations.add(shape);
  }

  /** What a line says of which nothing else can become than a stop; undefined where that is not known. */
  whole(text: string): KnownStop | undefined {
    if (text.length > LONGEST_SHAPED) return undefined;
    const start = locationOf(text);
    const stop = this.#heads.get(text.slice(0, start));
    const known = stop && this.#frames.known(text.slice(start));
    if (known?.frame === undefined || known.shape === undefined) return undefined;
    return stop?.locations.has(known.shape) === true
      ? { head: stop.head, frame: known.frame }
      : undefined;
  }
}

/** Where the text behind `Breakpoint 3, ` begins. */
function locationOf(text: string): number {
  return text.indexOf(', ') + 2;
}
