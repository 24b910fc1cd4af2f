/**
 * Violation → the slice of the capture that proves it: a part of the run, see `flows/part.ts`, on which the
 * rule reports it as well, and no record of which can be lost.
 *
 * A part of a run is what a capture with fewer breakpoints would have shown of it. A rule that reports no
 * false alarm there is right about the part, and so is the slice about the run. It is found by leaving out
 * ever smaller pieces of what stands around the cited records (delta debugging, Zeller and Hildebrandt 2002).
 */
import { firstIndex } from '../base/search.js';
import type { Step, ThreadExit } from '../facts/step.js';
import { partOf, sourceOf } from '../flows/part.js';
import type { Part } from '../flows/part.js';
import type { Run } from '../flows/run.js';
import type { Span } from '../model/record.js';
import type { Slice } from '../model/report.js';
import type { Judgement, Rule } from '../rules/rule.js';
import { judgementsOf } from './judge-sequence.js';
import { Session } from './session.js';

/** What a rule found to be violated, and where. */
export interface Violation {
  readonly rule: Rule;
  readonly judgement: Judgement;
  readonly context: Session;
}

/** Steps judged again for the slices of one capture, half a second of work; enough for some fifty violations. */
const BUDGET = 50_000;

/** Steps that may still be judged again. */
interface SliceBudget {
  left: number;
}

/** Steps on both sides of the cited ones among which a slice is looked for, in turn. */
const WINDOWS = [32, 128, 512];

/**
 * Slices of the violations of each rule, where they are found nearby: of the first of every rule before the
 * second of any, until the budget is spent.
 */
export function slicesOf(byRule: readonly (readonly Violation[])[]): Map<Judgement, Slice> {
  const budget = { left: BUDGET };
  const slices = new Map<Judgement, Slice>();
  for (let round = 0; byRule.some((own) => round < own.length) && budget.left > 0; round++) {
    for (const own of byRule) {
      const violation = own[round];
      const slice = violation === undefined ? undefined : sliceOf(violation, budget);
      if (violation !== undefined && slice !== undefined) slices.set(violation.judgement, slice);
    }
  }
  return slices;
}

/** Undefined where none is found or the budget is spent. */
function sliceOf({ rule, judgement, context }: Violation, budget: SliceBudget): Slice | undefined {
  const { run, session } = context;
  const part = new PartFinder(run, session, rule, judgement, budget).find();
  return part === undefined || budget.left < 0 ? undefined : describeSlice(context, part);
}

function describeSlice(context: Session, part: Part): Slice {
  const { run } = context;
  const ends = part.exits.flatMap((exit) => [exit.line, ...namingLine(exit, part.steps)]);
  const lines = [...part.steps.map(lineOf), ...ends].sort((a, b) => a - b);
  const spans = unbrokenSpans(run, part);
  const firstReports = context.once('first reports', () => {
    const first = new Map<string, number>();
    for (const step of context.steps) {
      const name = sourceOf(step)?.name;
      if (name !== undefined && !first.has(name)) first.set(name, lineOf(step));
    }
    return first;
  });
  const probes = run.probes.ofSession(context.session);
  const watched = [...part.watched].map((name) => {
    const line = firstReports.get(name) ?? probes.find(({ func }) => func === name)?.line;
    return { name, ...(line === undefined ? {} : { line }) };
  });
  return { lines: [...new Set(lines)], spans, watched: spans.length === 0 ? [] : watched };
}

/** The line that reports cite of a step: the frame of the call, not the stop line above it. */
function lineOf({ callLines, line }: Step): number {
  return callLines.at(-1) ?? line;
}

/** The line that tells which of the threads ends: that of the last step of it, which a switch or a header precedes. */
function namingLine({ thread, after, named }: ThreadExit, steps: readonly Step[]): number[] {
  const last = steps.findLast((step) => step.thread === thread && step.index <= after)?.line ?? 0;
  const line = named[firstIndex(named.length, (i) => (named[i] ?? last) > last) - 1] ?? named[0];
  return line === undefined ? [] : [line];
}

/** From the first to the last line of records between which nothing is left out that is watched. */
function unbrokenSpans(run: Run, part: Part): Span[] {
  const { steps, exits, gapAtEnd } = partOf(run, part);
  const spans: { first: number; last: number }[] = [];
  for (const step of steps) {
    const span = spans.at(-1);
    const line = lineOf(step);
    if (span === undefined || step.gapBefore) spans.push({ first: line, last: line });
    else span.last = line;
  }
  const [span, exit] = [spans.at(-1), exits.at(-1)];
  if (span !== undefined && exit !== undefined && !gapAtEnd)
    span.last = Math.max(span.last, exit.line);
  return spans.filter(({ first, last }) => first < last);
}

class PartFinder {
  private readonly cited: ReadonlySet<Step>;
  /** Parts, see {@link keyOf}, and whether they prove the violation. */
  private readonly tried = new Map<string, boolean>();

  constructor(
    private readonly run: Run,
    private readonly session: number,
    private readonly rule: Rule,
    private readonly violation: Judgement,
    private readonly budget: SliceBudget,
  ) {
    const { line, evidence = [] } = violation;
    const cited = [line, ...evidence.map((mark) => mark.line)].map((at) => stepAt(run, at));
    this.cited = new Set(cited.filter((own) => own !== undefined));
  }

  find(): Part | undefined {
    let part = this.window();
    for (let size = Infinity; part !== undefined && sizeOf(part) < size;) {
      size = sizeOf(part);
      part = this.withoutClaims(this.withoutExits(this.withoutSteps(this.withoutSources(part))));
    }
    return part;
  }

  /** The records around the cited ones, of which the rule reports the violation. */
  private window(): Part | undefined {
    const { steps, exits, probes } = this.run;
    const cited = [...this.cited].map(({ index }) => index);
    const [first, last] = [Math.min(...cited), Math.max(...cited)];
    const functions = probes.ofSession(this.session).map(({ func }) => func);
    for (const near of WINDOWS) {
      const [from, to] = [Math.max(0, first - near), last + near];
      if (to - from > this.budget.left) return undefined;
      const own = steps.slice(from, to + 1).filter(({ session }) => session === this.session);
      const begin = own[0]?.index ?? from;
      const part = {
        steps: own,
        exits: exits.filter(({ after }) => after >= begin && after <= to),
        watched: new Set([...functions, ...sourcesOf(own)]),
      };
      if (this.proves(part)) return part;
      if (from === 0 && to >= steps.length) return undefined;
    }
    return undefined;
  }

  /** Without whole functions and logs, but for the cited records of them. */
  private withoutSources(part: Part): Part {
    const withSources = (names: ReadonlySet<string>): Part => {
      const isKept = (step: Step): boolean => {
        const source = sourceOf(step);
        return source === undefined || names.has(source.name) || this.cited.has(step);
      };
      return {
        ...part,
        steps: part.steps.filter(isKept),
        watched: new Set([...part.watched].filter((name) => names.has(name))),
      };
    };
    const sources = [...part.watched, ...sourcesOf(part.steps)];
    return this.withFewer(new Set(sources), [...this.cited], withSources);
  }

  /** Without the knowledge that functions are watched of which it keeps records. */
  private withoutClaims(part: Part): Part {
    return this.withFewer(part.watched, part.steps, (watched) => ({ ...part, watched }));
  }

  /** Of a log of which records are shown all are: only of functions it is known whether they are watched. */
  private withFewer(
    names: ReadonlySet<string>,
    shown: readonly Step[],
    withNames: (names: ReadonlySet<string>) => Part,
  ): Part {
    const logs = shown.flatMap((step) => {
      const source = sourceOf(step);
      return source === undefined || source.isFunction ? [] : [source.name];
    });
    const free = [...names].filter((name) => !logs.includes(name));
    const some = this.reduced(free, (kept) => this.proves(withNames(new Set([...logs, ...kept]))));
    return withNames(new Set([...logs, ...some]));
  }

  private withoutSteps(part: Part): Part {
    const withSteps = (some: readonly Step[]): Part => {
      const kept = new Set(some);
      const isKept = (step: Step): boolean => this.cited.has(step) || kept.has(step);
      return { ...part, steps: part.steps.filter(isKept) };
    };
    const free = part.steps.filter((step) => !this.cited.has(step));
    return withSteps(this.reduced(free, (some) => this.proves(withSteps(some))));
  }

  private withoutExits(part: Part): Part {
    const withExits = (exits: readonly ThreadExit[]): Part => ({ ...part, exits });
    return withExits(this.reduced(part.exits, (some) => this.proves(withExits(some))));
  }

  /** The items without all pieces, from the half to the single one, of which none is needed; unfinished where the budget is spent, and of no use then. */
  private reduced<T>(items: readonly T[], isEnough: (some: readonly T[]) => boolean): readonly T[] {
    let kept = items;
    for (let size = Math.ceil(kept.length / 2); size > 0; size = Math.floor(size / 2)) {
      for (let at = kept.length; at > 0; at -= size) {
        if (this.budget.left < 0) return kept;
        const some = [...kept.slice(0, Math.max(0, at - size)), ...kept.slice(at)];
        if (isEnough(some)) kept = some;
      }
    }
    return kept;
  }

  /** What was tried before is not judged again, but charged: slices depend on the budget, and not on what is remembered. */
  private proves(part: Part): boolean {
    this.budget.left -= costOf(part);
    if (this.budget.left < 0) return false;
    const key = keyOf(part);
    let isProof = this.tried.get(key);
    if (isProof === undefined) {
      isProof = isReported(this.run, part, this.rule, this.violation);
      this.tried.set(key, isProof);
    }
    return isProof;
  }
}

/** The rule reports the violation, in the same place and of the same subject, where only a part of the run is recorded. */
function isReported(run: Run, part: Part, rule: Rule, violation: Judgement): boolean {
  const left = partOf(run, part);
  const session = part.steps[0]?.session ?? 0;
  const context = new Session(left, session, left.steps, left.activations, []);
  const isIt = (other: Judgement): boolean => isSame(other, violation) && !context.isAltered(other);
  for (const judgement of judgementsOf(rule, context)) if (isIt(judgement)) return true;
  return false;
}

function isSame(a: Judgement, b: Judgement): boolean {
  return (
    a.verdict === b.verdict &&
    a.line === b.line &&
    a.device === b.device &&
    a.severity === b.severity &&
    a.vring === b.vring &&
    a.endpoint === b.endpoint
  );
}

/** What is passed over costs little, but a long way costs too. */
function costOf({ steps }: Part): number {
  const way = (steps.at(-1)?.index ?? 0) - (steps[0]?.index ?? 0);
  return steps.length + Math.ceil(way / 32);
}

/** Equal for equal parts. */
function keyOf({ steps, exits, watched }: Part): string {
  const shown = steps.map(({ index }) => index).join(' ');
  const ended = exits.map(({ thread, after }) => `${thread} ${after}`).join(' ');
  return `${shown}\n${ended}\n${[...watched].sort().join(' ')}`;
}

function sizeOf({ steps, exits, watched }: Part): number {
  return steps.length + exits.length + watched.size;
}

function sourcesOf(steps: readonly Step[]): string[] {
  return steps.map((step) => sourceOf(step)?.name).filter((name) => name !== undefined);
}

/** The step that a line of the capture belongs to. */
function stepAt({ steps }: Run, line: number): Step | undefined {
  return steps[firstIndex(steps.length, (i) => (steps[i]?.line ?? line) > line) - 1];
}
