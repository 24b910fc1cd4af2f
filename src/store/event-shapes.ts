/**
 * The shape of a trace event: its name and the names of its arguments, as one text to intern.
 *
 * A log has millions of events and a few dozen shapes, so the way to a known shape must be short.
 */
import type { TraceEvent } from '../model/record.js';
import { wellFormed } from './well-formed.js';

export interface Shape {
  /** Names of the arguments; undefined for an event that is not known. */
  readonly keys: readonly string[] | undefined;
  /** JSON array of the name and the keys. */
  readonly text: string;
  /** Row of the text; 0 until it has one. */
  id: number;
}

export class EventShapes {
  private readonly byName = new Map<string, Shape[]>();

  /** The shape of this event; the same object for equal shapes. */
  find({ name, args }: TraceEvent): Shape {
    let shapes = this.byName.get(name);
    if (shapes === undefined) this.byName.set(name, (shapes = []));
    for (const shape of shapes) if (hasKeys(args, shape.keys)) return shape;
    const keys = args && Object.keys(args);
    const text = JSON.stringify([name, ...(keys ?? [])].map(wellFormed));
    const shape: Shape = { keys, text, id: 0 };
    shapes.push(shape);
    return shape;
  }
}

function hasKeys(args: TraceEvent['args'], keys: readonly string[] | undefined): boolean {
  if (args === undefined || keys === undefined) return args === keys;
  let i = 0;
  for (const key in args) if (key !== keys[i++]) return false;
  return i === keys.length;
}
