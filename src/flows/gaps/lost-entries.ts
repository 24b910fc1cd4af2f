/**
 * Returns that uprobes report of calls of which the entry is missing: a row was lost, and what was called is known.
 *
 * Source: Linux kernel/trace/trace_uprobe.c, print_uprobe_event(): the row of a return names where the function begins.
 */
import type { Step } from '../../facts/step.js';
import { isEntryOf } from '../../facts/uprobes.js';
import type { LostHalf } from './lost-half.js';
import { isShort } from './short-calls.js';

interface Entry {
  readonly func: string;
  readonly address: string | undefined;
  readonly line: number;
}

/** Of one thread. */
interface ThreadEntries {
  /** Its first row. */
  readonly line: number;
  /** Outermost first. */
  open: Entry[];
  /** Where each function came back last. */
  readonly returned: Map<string, number>;
}

/**
 * Where rows are missing. A thread may have been inside of a function where the trace begins, if that takes its time, and
 * some have a probe at the return of a function alone; `isWatched`: each of its calls is reported at a step. Pure.
 */
export function findLostEntries(
  steps: readonly Step[],
  isWatched: (func: string, step: number) => boolean,
): LostHalf[] {
  const watched = watchedReturns(steps);
  if (watched.size === 0) return [];
  const threads = new Map<string, ThreadEntries>();
  const found: LostHalf[] = [];
  for (const step of steps) {
    const { session, thread = '', returned, line } = step;
    const func = returned?.func ?? step.calls.at(-1)?.func;
    if (func === undefined) continue;
    const key = `${session} ${thread}`;
    // A thread that has come back from somewhere was at work before.
    const first = returned === undefined ? line : (steps[0]?.line ?? line);
    const state = threads.get(key) ?? {
      line: first,
      open: [],
      returned: new Map<string, number>(),
    };
    threads.set(key, state);
    const addresses = watched.get(`${session} ${func}`);
    if (addresses === undefined) continue;
    if (returned === undefined) {
      const address = step.frames[0]?.address;
      if (step.entry && [...addresses].some((own) => isEntryOf(own, address)))
        state.open.push({ func, address, line });
      continue;
    }
    const at = state.open.findLastIndex(
      (entry) => entry.func === func && isEntryOf(returned.address, entry.address),
    );
    const before =
      state.open.at(-1)?.line ??
      state.returned.get(func) ??
      (isShort(func) ? state.line : undefined);
    if (at >= 0) state.open = state.open.slice(0, at);
    else if (before !== undefined && isWatched(func, step.index))
      found.push({ from: before + 1, to: line, half: 'call', func });
    state.returned.set(func, line);
  }
  return found;
}

/** By session and function, where those begin that are seen to come back. */
function watchedReturns(steps: readonly Step[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { session, returned } of steps) {
    if (returned?.func === undefined || returned.address === undefined) continue;
    const key = `${session} ${returned.func}`;
    found.set(key, (found.get(key) ?? new Set()).add(returned.address));
  }
  return found;
}
