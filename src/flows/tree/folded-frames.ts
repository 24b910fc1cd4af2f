/** What a flow does not show for itself: frames between known calls, and those that lead to a thread's work. */
import type { Step } from '../../facts/step.js';
import type { FlowFrame } from '../../model/flow.js';
import type { Frame } from '../../model/record.js';

/** Frames of a step between a call and the caller that is shown, or all outer ones where none is; innermost first. */
export function framesBetween(
  { frames, frameLines }: Step,
  frame: Frame,
  caller: Frame | undefined,
): FlowFrame[] {
  const at = frames.indexOf(frame);
  if (at < 0) return [];
  const end = caller === undefined ? frames.length : frames.indexOf(caller, at);
  return frames.slice(at + 1, end).map(({ func, file, line }, i) => ({
    func,
    at: line === undefined ? (file ?? null) : `${file ?? ''}:${line}`,
    line: frameLines[at + 1 + i] ?? 0,
  }));
}

/** Line in the source of the caller at which a call is made; null where it is not printed. */
export function callSite({ frames }: Step, frame: Frame): number | null {
  const at = frames.indexOf(frame);
  return at < 0 ? null : (frames[at + 1]?.line ?? null);
}
