/**
 * Call paths that somebody wrote down, compared with all backtraces.
 *
 * A backtrace proves that one function called another. That none shows it proves nothing: debuggers stop
 * where they were told to, and optimised builds have no frames for inlined functions.
 */
import { isCoreFunction, opMember, plainName } from '../../facts/functions.js';
import type {
  CallStatus,
  DocumentedCall,
  DocumentedPath,
  PathComparison,
  PathStatus,
  Place,
} from '../../model/code-flow.js';
import type { CallPath, PathCall } from '../../model/record.js';
import { isCalledByNext, stacksOf } from './stacks.js';
import type { NamedReading, Stack } from './stacks.js';

/** Pure. Notes and backtraces may stand in different captures. */
export function compareDocumentedPaths(inputs: readonly NamedReading[]): PathComparison {
  const index = new StackIndex();
  for (const stack of stacksOf(inputs)) index.add(stack);
  const matcher = new Matcher(index);
  const paths = inputs.flatMap(({ path, reading }) =>
    reading.records.flatMap((record) =>
      record.kind === 'call-path' ? [comparePath(record, path, matcher)] : [],
    ),
  );
  return { backtraces: index.backtraces, paths, summary: summarize(paths) };
}

function summarize(paths: readonly DocumentedPath[]): Record<PathStatus, number> {
  const summary = { seen: 0, between: 0, partly: 0, 'not-seen': 0 };
  for (const { calls } of paths) {
    for (const { path } of calls) if (path !== null) summary[path.status]++;
  }
  return summary;
}

/** Frames that the text lacks. */
const UNKNOWN = '…';

/** One distinct stack, outermost function first, and where it was seen first. */
interface Known {
  readonly funcs: readonly string[];
  readonly path: string;
  readonly lines: readonly number[];
}

/** Distinct stacks by the functions in them. */
class StackIndex {
  backtraces = 0;
  private readonly distinct = new Set<string>();
  private readonly byName = new Map<string, Set<Known>>();

  add(stack: Stack): void {
    this.backtraces++;
    const known = outermostFirst(stack);
    const key = known.funcs.join('\0');
    if (this.distinct.has(key)) return;
    this.distinct.add(key);
    for (const name of new Set(known.funcs.flatMap(namesOf))) {
      const stacks = this.byName.get(name);
      if (stacks === undefined) this.byName.set(name, new Set([known]));
      else stacks.add(known);
    }
  }

  /** Stacks in which a function occurs that may be called so. */
  withName(name: string): ReadonlySet<Known> {
    return this.byName.get(name) ?? NONE;
  }
}

const NONE: ReadonlySet<Known> = new Set();

function outermostFirst(stack: Stack): Known {
  const funcs: string[] = [];
  const lines: number[] = [];
  for (let i = stack.frames.length - 1; i >= 0; i--) {
    const frame = stack.frames[i];
    if (frame === undefined) continue;
    if (funcs.length > 0 && !isCalledByNext(stack, i)) {
      funcs.push(UNKNOWN);
      lines.push(stack.lines[i] ?? stack.span.first);
    }
    funcs.push(plainName(frame.func));
    lines.push(stack.lines[i] ?? stack.span.first);
  }
  return { funcs, lines, path: stack.path };
}

/** What a person may call a function: by its name, or as the member of VhostOps that it implements. */
function namesOf(func: string): string[] {
  const member = opMember(func);
  return member === undefined || isCoreFunction(member) ? [func] : [func, member];
}

/** One frame of a stack at which a path may have arrived. */
interface Match {
  readonly at: number;
  /** Fewest frames between the calls up to here, and where the call above is then; -1 for a root. */
  readonly between: number;
  readonly above: number;
}

/** A call below given callers, whichever note says so; equal paths are compared once. */
interface Prefix {
  readonly name: string;
  readonly isFunction: boolean;
  readonly parent: Prefix | undefined;
  readonly inner: Map<string, Prefix>;
  /** By stack, outermost first; recursion gives several. */
  readonly matches: ReadonlyMap<Known, readonly Match[]>;
  /** Something of the path up to here was seen: its root, or one call below its caller. */
  readonly isPartlySeen: boolean;
}

class Matcher {
  private readonly roots = new Map<string, Prefix>();
  private readonly edges = new Map<string, Sight | undefined>();

  constructor(private readonly index: StackIndex) {}

  below(parent: Prefix | undefined, func: string): Prefix {
    const siblings = parent?.inner ?? this.roots;
    const name = plainName(func);
    const known = siblings.get(name);
    if (known !== undefined) return known;
    const isFunction = !/^[A-Z][A-Z\d_]*$/.test(name);
    const matches = isFunction ? this.match(parent, name) : (parent?.matches ?? new Map());
    const caller = functionAbove(parent);
    const prefix = {
      name,
      isFunction,
      parent,
      inner: new Map<string, Prefix>(),
      matches,
      isPartlySeen:
        parent?.isPartlySeen === true ||
        matches.size > 0 ||
        (caller !== undefined && this.edge(caller.name, name) !== undefined),
    };
    siblings.set(name, prefix);
    return prefix;
  }

  private match(parent: Prefix | undefined, name: string): ReadonlyMap<Known, readonly Match[]> {
    const stacks = this.index.withName(name);
    const found = new Map<Known, readonly Match[]>();
    if (parent === undefined) {
      for (const stack of stacks) found.set(stack, rootMatches(stack, name));
      return found;
    }
    const fewer = stacks.size < parent.matches.size ? stacks : parent.matches.keys();
    for (const stack of fewer) {
      const above = stacks.has(stack) ? parent.matches.get(stack) : undefined;
      const matches = above === undefined ? [] : matchesBelow(stack, name, above);
      if (matches.length > 0) found.set(stack, matches);
    }
    return found;
  }

  /** The call right below its caller alone, whatever stands above that. */
  edge(caller: string, callee: string): Sight | undefined {
    const key = `${caller}\0${callee}`;
    if (!this.edges.has(key)) this.edges.set(key, this.findEdge(caller, callee));
    return this.edges.get(key);
  }

  private findEdge(caller: string, callee: string): Sight | undefined {
    const callers = this.index.withName(caller);
    const callees = this.index.withName(callee);
    let best: Sight | undefined;
    for (const stack of callers.size < callees.size ? callers : callees) {
      if (!callers.has(stack) || !callees.has(stack)) continue;
      const sight = nearest(stack, caller, callee);
      if (sight === undefined) continue;
      if (best === undefined || sight.between.length < best.between.length) best = sight;
      if (best.between.length === 0) break;
    }
    return best;
  }
}

/** How a call was seen below its caller. */
interface Sight {
  readonly func: string;
  readonly between: readonly string[];
  readonly place: Place;
}

function rootMatches({ funcs }: Known, name: string): Match[] {
  return funcs.flatMap((func, at) => (isCalled(func, name) ? [{ at, between: 0, above: -1 }] : []));
}

/** `above`: matches of the caller, outermost first. */
function matchesBelow({ funcs }: Known, name: string, above: readonly Match[]): Match[] {
  const found: Match[] = [];
  let next = 0;
  let best: Match | undefined;
  for (let at = (above[0]?.at ?? 0) + 1; at < funcs.length; at++) {
    for (let match = above[next]; match !== undefined && match.at < at; match = above[++next]) {
      if (best === undefined || match.between - match.at <= best.between - best.at) best = match;
    }
    if (best === undefined || !isCalled(funcs[at], name)) continue;
    found.push({ at, between: best.between + at - best.at - 1, above: best.at });
  }
  return found;
}

function isCalled(func: string | undefined, name: string): boolean {
  return func !== undefined && (func === name || namesOf(func).includes(name));
}

function nearest(stack: Known, caller: string, callee: string): Sight | undefined {
  let best: Sight | undefined;
  let above = -1;
  for (const [at, func] of stack.funcs.entries()) {
    if (above >= 0 && isCalled(func, callee)) {
      const sight = sightOf(stack, above, at);
      if (best === undefined || sight.between.length < best.between.length) best = sight;
    }
    if (isCalled(func, caller)) above = at;
  }
  return best;
}

function sightOf(stack: Known, above: number, at: number): Sight {
  return {
    func: stack.funcs[at] ?? '',
    between: above < 0 ? [] : stack.funcs.slice(above + 1, at),
    place: { path: stack.path, line: stack.lines[at] ?? 0 },
  };
}

function comparePath({ span, calls }: CallPath, path: string, matcher: Matcher): DocumentedPath {
  const above: Prefix[] = [];
  return {
    path,
    line: span.first,
    lastLine: span.last,
    calls: calls.map((call, i) => {
      above.length = Math.min(above.length, call.depth);
      const prefix = matcher.below(above.at(-1), call.func);
      above.push(prefix);
      const isEnd = (calls[i + 1]?.depth ?? 0) <= call.depth;
      return compareCall(call, prefix, matcher, isEnd);
    }),
  };
}

function compareCall(
  { func, depth, line }: PathCall,
  prefix: Prefix,
  matcher: Matcher,
  isEnd: boolean,
): DocumentedCall {
  const { status, sight } = judge(prefix, matcher);
  const isOther = sight !== undefined && sight.func !== prefix.name;
  return {
    func,
    depth,
    line,
    status,
    implementation: isOther ? sight.func : null,
    between: sight?.between ?? [],
    seen: sight?.place ?? null,
    path: isEnd && hasCaller(prefix) ? pathTo(prefix) : null,
  };
}

function judge(prefix: Prefix, matcher: Matcher): { status: CallStatus; sight: Sight | undefined } {
  if (!prefix.isFunction) return { status: 'no-function', sight: undefined };
  const best = bestOf(prefix);
  if (best !== undefined) {
    const sight = sightOf(best.stack, best.above, best.at);
    return { status: sight.between.length === 0 ? 'seen' : 'between', sight };
  }
  const caller = functionAbove(prefix.parent);
  const sight = caller === undefined ? undefined : matcher.edge(caller.name, prefix.name);
  return { status: sight === undefined ? 'not-seen' : 'elsewhere', sight };
}

/** Macros have no frames: the caller is the next function above. */
function functionAbove(prefix: Prefix | undefined): Prefix | undefined {
  let above = prefix;
  while (above !== undefined && !above.isFunction) above = above.parent;
  return above;
}

/** The stack that shows the path with the fewest frames between its calls; the first of equals. */
function bestOf({ matches }: Prefix): (Match & { readonly stack: Known }) | undefined {
  let best: (Match & { readonly stack: Known }) | undefined;
  for (const [stack, all] of matches) {
    for (const match of all) {
      if (best === undefined || match.between < best.between) best = { ...match, stack };
    }
  }
  return best;
}

/** Of one function alone, and of the requests that it makes, there is nothing to compare. */
function hasCaller(prefix: Prefix): boolean {
  const last = functionAbove(prefix);
  return last !== undefined && functionAbove(last.parent) !== undefined;
}

function pathTo(prefix: Prefix): { status: PathStatus; upTo: string | null } {
  let end: Prefix | undefined = prefix;
  while (end !== undefined && (!end.isFunction || end.matches.size === 0)) end = end.parent;
  if (end === undefined) {
    return { status: prefix.isPartlySeen ? 'partly' : 'not-seen', upTo: null };
  }
  const last = functionAbove(prefix);
  if (end !== last) return { status: 'partly', upTo: end.name };
  return { status: bestOf(end)?.between === 0 ? 'seen' : 'between', upTo: null };
}
