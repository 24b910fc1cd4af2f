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
  const withoutStack = stopsWithoutStack(stops);
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

/** The commands of a breakpoint print a stack at each of its hits or at none: with fewer hits than these nothing shows which. */
const LEAST_HITS = 3;

function stopsWithoutStack(stops: readonly Step[]): readonly Step[] {
  const hits = stops.filter(({ breakpoint }) => breakpoint !== undefined);
  const stacks = new Map<string, { hits: number; stacks: number }>();
  for (const hit of hits) {
    const known = stacks.get(breakpointOf(hit)) ?? { hits: 0, stacks: 0 };
    known.hits += 1;
    known.stacks += Number(hit.stackKnown);
    stacks.set(breakpointOf(hit), known);
  }
  const printsNone = (hit: Step): boolean => {
    const known = stacks.get(breakpointOf(hit));
    return known?.stacks === 0 && known.hits >= LEAST_HITS;
  };
  return ofFew(hits, ({ stackKnown }) => !stackKnown).filter((hit) => !printsNone(hit));
}

function breakpointOf({ session, breakpoint }: Step): string {
  return `${session} ${breakpoint}`;
}

/** Frames of the C library and of QEMU around the first function of a thread, at most. */
const MOST_OUTERMOST = 6;

/** Stacks that end with a call whose caller other stacks of the session show. */
function cutStacks(steps: readonly Step[]): readonly Step[] {
  // A single frame is what `up` and `frame` print.
  const stacks = steps.filter(({ stackKnown, frames }) => stackKnown && frames.length > 1);
  // Of a whole stack the outermost frames alone may be lost. Who makes a thread stands in clone3(), too, which it calls.
  const begun = calledIn(stacks, ({ length }) => Math.max(1, length - MOST_OUTERMOST));
  const short = ofFew(stacks, (step) => !step.complete || isCalled(step, begun));
  const few = new Set(short.map(({ session }) => session));
  const called = calledIn(
    stacks.filter(({ session }) => few.has(session)),
    () => 0,
  );
  return short.filter((step) => isCalled(step, step.complete ? begun : called));
}

function isCalled({ session, frames }: Step, names: ReadonlyMap<number, Set<string>>): boolean {
  return names.get(session)?.has(frames.at(-1)?.func ?? '??') === true;
}

/** Functions that others call, from a frame of each stack on, by session. */
function calledIn(
  stacks: readonly Step[],
  from: (frames: readonly Frame[]) => number,
): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>();
  for (const { session, frames } of stacks) {
    const names = found.get(session) ?? new Set();
    found.set(session, names);
    for (let i = from(frames); i < frames.length - 1; i++) {
      const func = frames[i]?.func ?? '??';
      if (func !== '??') names.add(func);
    }
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
