/**
 * Addresses that are all one number: somebody put it in their place before the capture was handed on
 * (`sed -E 's/0x[0-9a-f]{6,}/0xdeadbeef/g'`). What has it is hidden as `0x…` hides it, and no pointer: devices, vrings and
 * objects of all kinds would fall together. One number for two things that cannot be at one place shows it.
 */
import type { Arg, Frame } from '../../model/record.js';
import { argText, pointerOf } from '../../model/values.js';
import type { Call } from './calls.js';
import { callOf } from './frame-meaning.js';
import type { Step } from '../step.js';

/** What gdb prints for a value that it does not show. */
const HIDDEN = '...';

export class Masks {
  private readonly masks = new Set<string>();
  private readonly known = new Map<Frame, Frame>();
  /** Calls of the last stack. */
  private shown: readonly Call[] = [];

  get found(): readonly string[] {
    return [...this.masks];
  }

  /** Takes a stack, innermost frame first, and its known calls, outermost first. */
  see({ frames, calls }: Pick<Step, 'frames' | 'calls'>): void {
    // gdb ends a stack that it cannot follow in "0x0000000000000000 in ?? ()".
    const outer = frames.findLast(({ address, func }) => address !== undefined && func !== '??');
    const code = pointerOf(outer?.address);
    for (const [i, call] of calls.entries()) {
      // No object is where code is.
      if (call.pointer !== undefined && call.pointer === code) this.masks.add(code);
      if (call !== this.shown[i]) this.seeCall(call);
    }
    this.shown = calls;
  }

  /** No vhost_dev is where its VirtIODevice or one of its rings is. A listener may be where its vhost_dev is, see device.ts. */
  private seeCall({ row, pointer, vq, frame }: Call): void {
    if (row.device === undefined || row.device === 'listener') return;
    const objects = [pointer, pointerOf(argText(frame, 'vdev')), vq];
    for (const [i, one] of objects.entries())
      if (one !== undefined && one !== '0x0' && objects.indexOf(one) < i) this.masks.add(one);
  }

  /** The steps without the numbers that stand for others; nearly always the same steps. */
  hideIn(steps: Step[]): Step[] {
    return this.masks.size === 0 ? steps : steps.map((step) => this.hideInStep(step));
  }

  private hideInStep(step: Step): Step {
    const frames = step.frames.map((frame) => this.hidden(frame));
    const calls = step.calls.map((call) => callOf(this.hidden(call.frame)) ?? call);
    const printed = step.printed && this.withoutMasks(step.printed);
    const isSame = calls.every((call, i) => call === step.calls[i]) && printed === step.printed;
    return isSame && frames.every((frame, i) => frame === step.frames[i])
      ? step
      : { ...step, frames, calls, printed };
  }

  private hidden(frame: Frame): Frame {
    let known = this.known.get(frame);
    if (known === undefined) {
      const isMasked = frame.args?.some(({ value, entry }) => this.has(value) || this.has(entry));
      known =
        isMasked === true ? { ...frame, args: frame.args?.map((arg) => this.without(arg)) } : frame;
      this.known.set(frame, known);
    }
    return known;
  }

  private without({ name, value, entry }: Arg): Arg {
    return {
      name,
      value: this.has(value) ? HIDDEN : value,
      entry: this.has(entry) ? HIDDEN : entry,
    };
  }

  private withoutMasks(
    printed: Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>> {
    const shown = Object.entries(printed).filter(([, value]) => !this.has(value));
    return shown.length === Object.keys(printed).length ? printed : Object.fromEntries(shown);
  }

  private has(value: string | undefined): boolean {
    const pointer = pointerOf(value);
    return pointer !== undefined && this.masks.has(pointer);
  }
}
