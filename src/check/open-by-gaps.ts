/**
 * Inconclusive verdict → the gaps that leave it open: those without which the rule would not miss what it misses.
 *
 * Rules ask in many places whether records are missing, and for many reasons. What each gap is to a verdict shows when it is
 * judged again as if nothing were missing anywhere, or only there.
 */
import { append } from '../base/append.js';
import type { ToldGap } from '../flows/gaps/told-gaps.js';
import { withoutGaps } from '../flows/gaps/without-gaps.js';
import type { Run } from '../flows/run.js';
import type { FindingGap } from '../model/report.js';
import type { Judgement, Rule } from '../rules/rule.js';
import { judgementsOf } from './judge-sequence.js';
import { Session } from './session.js';

/** An inconclusive judgement. */
export interface Open {
  readonly rule: Rule;
  readonly session: number;
  readonly judgement: Judgement;
}

/**
 * Steps that one rule judges again for the gaps of a capture: somewhat more than all rules judge of it at first, but between a quarter of
 * a second of work and some.
 */
const LEAST_BUDGET = 100_000;
const BUDGET_PER_STEP = 100;
const MOST_BUDGET = 1_500_000;
/** Of those, what it costs to rebuild a step. */
const REBUILT = 4;

/**
 * Each that gaps leave open with these, in the order of the capture. None where all that is missing would be missing without
 * them, too, or where it would take too long to find out.
 */
export function openByGaps(
  run: Run,
  open: readonly Open[],
): ReadonlyMap<Judgement, readonly FindingGap[]> {
  const own = open.filter(({ session }) => !run.mixed.has(session));
  const search = new GapSearch(run);
  if (run.gaps.length === 0 || own.length === 0) return search.found;
  const whole = search.judgedWith([], own);
  const lost = own.map((one) => ({
    ...one,
    texts: missingOf(one.judgement).filter((text) => whole?.misses(one, text) === false),
  }));
  search.narrow(
    run.gaps,
    lost.filter(({ texts }) => texts.length > 0),
  );
  return search.found;
}

/** One that gaps leave open, and what it misses because of them. */
interface Lost extends Open {
  readonly texts: readonly string[];
}

class GapSearch {
  readonly found = new Map<Judgement, FindingGap[]>();
  private left: number;

  constructor(private readonly run: Run) {
    this.left = Math.max(LEAST_BUDGET, Math.min(BUDGET_PER_STEP * run.steps.length, MOST_BUDGET));
  }

  /** Of some gaps that leave all of these open finds which one does. */
  narrow(gaps: readonly ToldGap[], lost: readonly Lost[]): void {
    const [gap] = gaps;
    if (gap === undefined || lost.length === 0) return;
    if (gaps.length === 1) {
      const told: FindingGap = { line: gap.line, why: gap.why };
      for (const { judgement } of lost) append(this.found, judgement, told);
      return;
    }
    const middle = gaps.length >> 1;
    for (const half of [gaps.slice(0, middle), gaps.slice(middle)]) {
      const only = this.judgedWith(half, lost);
      const isOpen = (one: Lost): boolean =>
        one.texts.some((text) => only?.missesThere(one, text) === true);
      this.narrow(half, lost.filter(isOpen));
    }
  }

  /** As if there were no other gaps than these; undefined where that would take too long. */
  judgedWith(gaps: readonly ToldGap[], open: readonly Open[]): Judged | undefined {
    const { run } = this;
    const asked = new Map<Rule, Set<number>>();
    for (const { rule, session } of open)
      asked.set(rule, (asked.get(rule) ?? new Set()).add(session));
    this.left -= REBUILT * run.steps.length;
    for (const sessions of asked.values())
      for (const session of sessions) this.left -= run.ofSession[session]?.length ?? 0;
    if (this.left < 0) return undefined;
    const others = run.gaps.filter((gap) => !gaps.includes(gap));
    return new Judged(withoutGaps(run, others), asked);
  }
}

/** What the rules of some judgements say of another run. */
class Judged {
  /** What they miss, by rule and subject, and by the place too. */
  private readonly missing = new Map<string, Set<string>>();

  /** The sessions by rule. */
  constructor(run: Run, asked: ReadonlyMap<Rule, ReadonlySet<number>>) {
    const contexts = new Map<number, Session>();
    for (const [rule, sessions] of asked) {
      for (const session of sessions) {
        let context = contexts.get(session);
        if (context === undefined) {
          const own = run.activations.filter((activation) => activation.session === session);
          context = new Session(run, session, run.ofSession[session] ?? [], own, []);
          contexts.set(session, context);
        }
        this.add(rule, context);
      }
    }
  }

  private add(rule: Rule, context: Session): void {
    for (const judgement of judgementsOf(rule, context)) {
      const one = { rule, session: context.session, judgement };
      const texts = judgement.verdict === 'inconclusive' ? missingOf(judgement) : [];
      for (const key of [placeOf(one), subjectOf(one)]) {
        const known = this.missing.get(key) ?? new Set();
        for (const text of texts) known.add(text);
        this.missing.set(key, known);
      }
    }
  }

  missesThere(one: Open, text: string): boolean {
    return this.missing.get(placeOf(one))?.has(text) === true;
  }

  /** Where nothing is said of the place, what is judged may be found at another one. */
  misses(one: Open, text: string): boolean {
    const there = this.missing.get(placeOf(one)) ?? this.missing.get(subjectOf(one));
    return there?.has(text) === true;
  }
}

function missingOf({ missing = [] }: Judgement): readonly string[] {
  return missing.length === 0 ? [''] : missing;
}

function subjectOf({ rule, session, judgement }: Open): string {
  const { device, vring, endpoint } = judgement;
  return `${rule.info.id} ${session} ${String(device)} ${String(vring)}\n${String(endpoint)}`;
}

function placeOf(one: Open): string {
  return `${one.judgement.step} ${one.judgement.line} ${subjectOf(one)}`;
}
