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
import type { StopHead } from './waiting-stop.js';

interface KnownStop {
  readonly head: StopHead;
  readonly frame: Frame;
}

interface KnownHead {
  readonly head: StopHead;
  /** With a location of such a shape a line is complete as it stands. */
  readonly locations: Set<KnownShape>;
}

/** Texts in front of locations that are remembered: each thread has one for each breakpoint. */
const MOST_HEADS = 8192;

/** Shapes of locations that are remembered of each. */
const MOST_LOCATIONS = 256;

// Each migration has a thread of its own: `Thread 12 "mig/src/main" hit `
const THREAD = /^Thread (\d{1,9}) "/;

export class KnownStops {
  readonly #heads = new Recent<KnownHead>(MOST_HEADS);
  /** By their text without the number of the thread. */
  readonly #ofAnyThread = new Recent<KnownHead>(MOST_HEADS);
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
    if (read?.type !== 'stop' || read.location?.trim() !== location || before.includes('0x')) {
      return;
    }
    const shape = this.#frames.known(location)?.shape;
    if (shape === undefined) return;
    const { locations } = this.#find(before) ?? this.#learn(before, stopHead(read));
    if (locations.size >= MOST_LOCATIONS) locations.clear();
    locations.add(shape);
  }

  /** What a line says of which nothing else can become than a stop; undefined where that is not known. */
  whole(text: string): KnownStop | undefined {
    if (text.length > LONGEST_SHAPED) return undefined;
    const start = locationOf(text);
    const stop = this.#find(text.slice(0, start));
    const known = stop && this.#frames.known(text.slice(start));
    if (known?.frame === undefined || known.shape === undefined) return undefined;
    if (stop?.locations.has(known.shape) !== true) return undefined;
    this.#frames.expect(known);
    return { head: stop.head, frame: known.frame };
  }

  #find(before: string): KnownHead | undefined {
    const known = this.#heads.get(before);
    if (known !== undefined) return known;
    const num = THREAD.exec(before)?.[1];
    const other = num === undefined ? undefined : this.#ofAnyThread.get(before.replace(num, ''));
    if (num === undefined || other === undefined) return undefined;
    const { head, locations } = other;
    const stop = { head: { ...head, thread: { ...head.thread, num: detached(num) } }, locations };
    this.#heads.set(detached(before), stop);
    return stop;
  }

  #learn(before: string, head: StopHead): KnownHead {
    const stop = { head, locations: new Set<KnownShape>() };
    this.#heads.set(before, stop);
    const num = THREAD.exec(before)?.[1];
    if (num !== undefined) this.#ofAnyThread.set(before.replace(num, ''), stop);
    return stop;
  }
}

/** Where the text behind `Breakpoint 3, ` begins. */
function locationOf(text: string): number {
  return text.indexOf(', ') + 2;
}
