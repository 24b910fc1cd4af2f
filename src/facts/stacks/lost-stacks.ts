/**
 * Stacks of which a part was printed and lost, in a log of stacks: the text around them may be lost with it. Who
 * called is unknown then, and what a rule misses there may be this very call.
 */
import type { Frame } from '../../model/record.js';
import { MOST_LOSSES, showsCalls } from '../step.js';
import type { Loss, Step, Steps } from '../step.js';

const NO_STACK = 'the backtrace of a stop';
const CUT = 'the outer part of a backtrace';

/** Marks the gaps around them, in sessions where most stacks are whole. Where most are not, that is how the log was made. */
export function markLostStacks(built: Steps): Steps {
  const { steps } = built;
  const stops = steps.filter(showsCalls);
  const withoutStack = ofFew(stops.filter(isBreakpointStop), ({ stackKnown }) => !stackKnown);
  for (const step of withoutStack) step.gapBefore = true;
  const lost = new Set([...withoutStack, ...cutStacks(stops)]);
  const losses: Loss[] = [];
  for (const { index, session, line, stackKnown } of lost) {
    const next = steps[index + 1];
    if (next?.session === session) next.gapBefore = true;
    const place = { line, why: stackKnown ? CUT : NO_STACK };
    if (!stackKnown) losses.push({ step: index, ...place });
    losses.push({ step: index + 1, ...place });
  }
  const last = steps.at(-1);
  const isAtEnd = last !== undefined && lost.has(last);
  return lost.size === 0
    ? built
    : {
        ...built,
        losses: [...built.losses, ...losses].slice(0, MOST_LOSSES),
        gapAtEnd: built.gapAtEnd || isAtEnd,
      };
}

function isBreakpointStop({ breakpoint }: Step): boolean {
  return breakpoint !== undefined;
}

/** Frames of the C library and of QEMU around the first function of a thread, at most. */
const MOST_OUTERMOST = 6;

/** Stacks that end with a call whose caller other stacks of the session show. */
function cutStacks(steps: readonly Step[]): readonly Step[] {
  // A single frame is what `up` and `frame` print.
  const stacks = steps.filter(({ stackKnown, frames }) => stackKnown && frames.length > 1);
  // Of a whole stack the outermost frames alone may be lost.
  const begun = namesOf(stacks, ({ frames }) => frames.slice(-MOST_OUTERMOST, -1));
  const short = ofFew(stacks, (step) => !step.complete || isCalled(step, begun));
  const few = new Set(short.map(({ session }) => session));
  const ofFewStacks = stacks.filter(({ session }) => few.has(session));
  const called = namesOf(ofFewStacks, ({ frames }) => frames.slice(0, -1));
  return short.filter((step) => isCalled(step, called));
}

function isCalled({ session, frames }: Step, names: ReadonlyMap<number, Set<string>>): boolean {
  return names.get(session)?.has(frames.at(-1)?.func ?? '??') === true;
}

/** Functions, by session. */
function namesOf(
  stacks: readonly Step[],
  framesOf: (step: Step) => readonly Frame[],
): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>();
  for (const step of stacks) {
    const names = found.get(step.session) ?? new Set();
    found.set(step.session, names);
    for (const { func } of framesOf(step)) if (func !== '??') names.add(func);
  }
  return found;
}

/** The steps that are different from most others of their session. */
function ofFew(steps: readonly Step[], isDifferent: (step: Step) => boolean): readonly Step[] {
  const balance = new Map<number, number>();
  const different = steps.filter((step) => {
    const is = isDifferent(step);
    balance.set(step.session, (balance.get(step.session) ?? 0) + (is ? -1 : 1));
    return is;
  });
  return different.filter(({ session }) => (balance.get(session) ?? 0) > 0);
}
