/**
 * Judgements of one rule → findings. Equal verdicts on one subject become one finding with a count, so that a
 * thousand migrations make one line and not a thousand.
 */
import { hash as digest } from 'node:crypto';
import type { CaptureInfo } from '../model/record.js';
import type { Finding, FindingGap, Slice } from '../model/report.js';
import type { Judgement, Mark, Rule } from '../rules/rule.js';
import { explainViolation } from './explain-violation.js';
import type { Open } from './open-by-gaps.js';
import type { Session } from './session.js';
import type { Violation } from './slice.js';

interface Group {
  readonly first: Judgement;
  readonly context: Session;
  count: number;
  /** What the rule itself leaves open, where records are missing. */
  readonly open: Judgement[];
}

/** What was found out of single judgements. */
interface Reasons {
  readonly slices: ReadonlyMap<Judgement, Slice>;
  /** Those that leave it open. */
  readonly gaps: ReadonlyMap<Judgement, readonly FindingGap[]>;
}

/** Judgements of one group of which it is asked which gaps leave them open. */
const MOST_OPEN = 10;

/** Gathers the judgements of one rule on one capture. */
export class Collector {
  private readonly groups = new Map<string, Group>();
  /** Of a session, by device and ring: what is judged next is mostly judged like what was before. */
  private readonly latest = new Map<string | undefined, Map<number, Group>>();
  private inSession: Session | undefined;

  constructor(
    private readonly info: CaptureInfo,
    readonly rule: Rule,
  ) {}

  get size(): number {
    return this.groups.size;
  }

  /** `isOwn`: by the rule itself, not what is said in its place where it says nothing. */
  add(given: Judgement, context: Session, isOwn = true): void {
    const judgement = context.isAltered(given) ? undecided(given) : given;
    const { times = 1, vring = -1 } = judgement;
    if (context !== this.inSession) {
      this.inSession = context;
      this.latest.clear();
    }
    const known = this.latest.get(judgement.device)?.get(vring);
    if (known !== undefined && isSameSubject(known.first, judgement)) {
      known.count += times;
      return;
    }
    const group = this.groupOf(judgement, context);
    group.count += times;
    if (isOwn && given.verdict === 'inconclusive' && group.open.length < MOST_OPEN)
      group.open.push(given);
    const ofDevice = this.latest.get(judgement.device) ?? new Map<number, Group>();
    this.latest.set(judgement.device, ofDevice.set(vring, group));
  }

  private groupOf(judgement: Judgement, context: Session): Group {
    const key = keyOf(judgement, context.session);
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    const group = { first: judgement, context, count: 0, open: [] };
    this.groups.set(key, group);
    return group;
  }

  /** In the order of the findings. */
  get violations(): readonly Violation[] {
    return [...this.groups.values()]
      .filter(({ first }) => first.verdict === 'violation')
      .map(({ first, context }) => ({ judgement: first, context, rule: this.rule }));
  }

  /** In the order of the findings, some of each. */
  get open(): readonly Open[] {
    return [...this.groups.values()].flatMap(({ open, context: { session } }) =>
      open.map((judgement) => ({ rule: this.rule, session, judgement })),
    );
  }

  /** What was judged; a rule that found nothing to judge was not exercised. */
  findings({ slices, gaps }: Reasons): Finding[] {
    if (this.groups.size === 0) return [this.idleFinding()];
    return [...this.groups.values()].map((group) => {
      const own = new Set(group.open.flatMap((judgement) => gaps.get(judgement) ?? []));
      return {
        ...this.finding(group, slices.get(group.first)),
        ...(own.size === 0 ? {} : { gaps: [...own].sort((a, b) => a.line - b.line) }),
      };
    });
  }

  private finding({ first, context, count }: Group, slice: Slice | undefined): Finding {
    const { info, rule } = this;
    const path = info.path;
    const isViolation = first.verdict === 'violation';
    return {
      rule: rule.info.id,
      verdict: first.verdict,
      severity: first.severity ?? rule.info.severity,
      capture: info.sha256,
      session: context.session,
      device: first.device ?? null,
      vring: first.vring ?? null,
      message: count > 1 && isViolation ? `${first.message} (${count} times)` : first.message,
      at: { path, line: first.line },
      evidence: marksOf(first).map(({ line, role }) => ({ path, line, role })),
      missing: [...new Set(first.missing)],
      fingerprint: fingerprintOf(rule.info.id, first, context),
      count,
      ...(first.expected === undefined ? {} : { expected: first.expected }),
      ...(isViolation ? explainViolation(first, context, slice, rule) : {}),
    };
  }

  private idleFinding(): Finding {
    const { info, rule } = this;
    return {
      rule: rule.info.id,
      verdict: 'not-exercised',
      severity: rule.info.severity,
      capture: info.sha256,
      session: 0,
      device: null,
      vring: null,
      message: `nothing in the capture for this rule: ${rule.info.title}`,
      at: { path: info.path, line: 1 },
      evidence: [],
      missing: [],
      fingerprint: hash(rule.info.id, 'not-exercised'),
      count: 0,
    };
  }
}

/** A pass of many rings or devices is checked by the first ones, and by the last. */
const MOST_MARKS = 8;

/** All evidence of what is no pass; none where the place of a pass says it all. */
function marksOf({ verdict, line, evidence = [], seenAt }: Judgement): readonly Mark[] {
  if (verdict !== 'pass') return evidence;
  const seen = seenAt?.() ?? [];
  const isElsewhere = seen.some((mark) => mark.line !== line);
  const marks = isElsewhere ? [...evidence, ...seen].sort((a, b) => a.line - b.line) : evidence;
  return marks.length > MOST_MARKS
    ? [...marks.slice(0, MOST_MARKS - 1), ...marks.slice(-1)]
    : marks;
}

/** Whether {@link keyOf} is the same, of one device; false where that is not known at once. */
function isSameSubject(a: Judgement, b: Judgement): boolean {
  return (
    a.verdict === b.verdict &&
    a.severity === b.severity &&
    a.vring === b.vring &&
    a.endpoint === b.endpoint &&
    a.missing === undefined &&
    b.missing === undefined
  );
}

/** Equal for equal verdicts on one subject. None of its parts has a line break: all come from single lines. */
function keyOf(judgement: Judgement, session: number): string {
  const { verdict, device, vring, endpoint, severity, missing } = judgement;
  const why = missing === undefined ? '' : missing.join('\n');
  return `${session} ${verdict} ${String(severity)} ${String(vring)} ${String(device)}\n${String(endpoint)}\n${why}`;
}

/** What the debugger brought about is neither right nor wrong of QEMU. */
function undecided(judgement: Judgement): Judgement {
  return {
    ...judgement,
    verdict: 'inconclusive',
    message: `${judgement.message}, but the debugger altered what is judged`,
    missing: [...(judgement.missing ?? []), 'a run that the debugger did not alter'],
  };
}

/** Stable from run to run: devices and endpoints count by their order of appearance, functions without addresses or lines. */
function fingerprintOf(rule: string, judgement: Judgement, context: Session): string {
  const { run } = context;
  const path = (run.atStep[judgement.step] ?? []).map((activation) => activation.func).join('<');
  const ordinal = context.deviceOrdinal(judgement.device);
  const subject = [String(ordinal), String(judgement.vring ?? '')];
  if (judgement.endpoint !== undefined) {
    subject.push(`endpoint ${context.endpointOrdinal(judgement.endpoint)}`);
  }
  return hash(rule, judgement.verdict, ...subject, path);
}

function hash(...parts: readonly string[]): string {
  return digest('sha256', parts.join('\n')).slice(0, 16);
}
