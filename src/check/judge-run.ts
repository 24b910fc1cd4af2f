/**
 * Rules × sessions → findings.
 *
 * A stack rule judges every stack, whatever the order. A sequence rule judges a session only when
 * its order is known; in a note it is inconclusive where its subject appears at all. Equal verdicts
 * of a rule on one subject become one finding with a count, so that a thousand migrations make one
 * line and not a thousand.
 */
import { createHash } from 'node:crypto';
import type { Activation } from '../flows/activations.js';
import type { Step } from '../facts/step.js';
import type { Run } from '../flows/run.js';
import type { Fact, FactKind } from '../model/fact.js';
import type { CaptureInfo } from '../model/record.js';
import type { Finding } from '../model/report.js';
import { describe } from '../protocol/replay.js';
import type { Since } from '../protocol/replay.js';
import type { DeviceState } from '../protocol/replay.js';
import type { Judgement, Rule, SessionContext } from '../rules/rule.js';
import { plainName } from '../facts/functions.js';
import { describeSpan, spanOf } from '../protocol/spans.js';
import { Timeline } from './timeline.js';

/** All findings of one capture, by rule, session and place. Pure. */
export function judgeRun(info: CaptureInfo, run: Run, rules: readonly Rule[]): Finding[] {
  const contexts = Array.from({ length: run.sessions }, (_, session) => new Session(run, session));
  const findings: Finding[] = [];
  for (const rule of rules) {
    if (rule.stack === undefined && rule.sequence === undefined) continue;
    const collector = new Collector(info, rule);
    for (const context of contexts) {
      const judged = collector.size;
      if (rule.stack !== undefined) judgeStacks(rule, context, collector);
      if (rule.sequence !== undefined)
        judgeSequence(rule, rule.sequence, context, collector, judged);
    }
    findings.push(...collector.findings());
  }
  return findings;
}

function judgeStacks(rule: Rule, context: Session, collector: Collector): void {
  for (const step of context.steps) {
    if (step.calls.length === 0) continue;
    for (const judgement of rule.stack?.(step, context.run) ?? [])
      collector.add(judgement, context);
  }
}

function judgeSequence(
  rule: Rule,
  sequence: NonNullable<Rule['sequence']>,
  context: Session,
  collector: Collector,
  judgedBefore: number,
): void {
  if (context.run.ordered) {
    for (const judgement of sequence(context)) collector.add(judgement, context);
    if (collector.size > judgedBefore) return;
  }
  const subject = context.run.facts.find(
    (fact) => fact.session === context.session && isSubject(rule, fact, context.run),
  );
  if (subject === undefined) return;
  const name = nameOf(subject);
  collector.add(
    {
      verdict: 'inconclusive',
      device: subject.device,
      step: 0,
      line: subject.line,
      message:
        subject.role === 'wire'
          ? `${name} is seen where it reaches the backend, not in QEMU`
          : `${name} is seen, but not enough around it to judge`,
      missing: missingAround(context.run, subject),
    },
    context,
  );
}

/** Does the fact show that there was something for the rule to judge? */
function isSubject({ triggers }: Rule, fact: Fact, { ordered }: Run): boolean {
  if (fact.role === 'wire') {
    return [fact.kind, ...(CALLS_BEHIND.get(fact.kind) ?? [])].some((k) => triggers.includes(k));
  }
  // A call of a known device is the rule's own affair: it says what is missing, or finds no subject.
  const isOwnAffair = ordered && fact.role !== 'event' && fact.device !== undefined;
  return triggers.includes(fact.kind) && !isOwnAffair;
}

/** Calls in QEMU without which a request does not reach the backend, or its log is not written to. */
const CALLS_BEHIND: ReadonlyMap<FactKind, readonly FactKind[]> = new Map([
  ['op_set_log_base', ['vhost_migration_log', 'vhost_dev_log_resize', 'vhost_dev_set_log']],
  ['vhost_log_write', ['vhost_migration_log', 'vhost_dev_log_resize', 'vhost_dev_set_log']],
  ['op_set_mem_table', ['vhost_dev_start']],
  ['op_get_vring_base', ['vhost_dev_stop']],
]);

/** `VHOST_SET_LOG_BASE`, also where the function is vhost_net_ioctl() and the request its argument. */
function nameOf({ func, value, role }: Fact): string {
  return role === 'wire' && value?.startsWith('VHOST_') === true ? value : func;
}

/** Why a rule could not even begin with what it saw. */
function missingAround(run: Run, subject: Fact): readonly string[] {
  if (!run.ordered) {
    const { why, line } = run.note ?? { why: 'it is a note', line: 0 };
    return [
      `the order of the backtraces: ${why} (line ${line}) make this a note of separate snippets; --assume-ordered vouches for their order`,
    ];
  }
  if (subject.role === 'event') {
    return [
      'the calls themselves, as a gdb log shows them: QEMU has no trace events for these (vhtrace explain RULE says which)',
    ];
  }
  if (subject.role === 'wire') {
    return [
      'the calls inside QEMU, with their vhost_dev and their arguments: gdb -p PID, `break` on vhost_dev_start, vhost_dev_stop, vhost_migration_log, vhost_dev_set_log, vhost_dev_set_features, vhost_virtqueue_set_addr, vhost_dev_log_resize, vhost_log_put and the set_log_base of the backend, with `bt` and `continue` as the commands of each',
    ];
  }
  return ['argument values (gdb: set print frame-arguments scalars)'];
}

class Session implements SessionContext {
  readonly activations: readonly Activation[];
  private readonly byKind = new Map<FactKind, Activation[]>();
  private readonly made = new Map<string, unknown>();
  readonly steps: Run['steps'];

  constructor(
    readonly run: Run,
    readonly session: number,
  ) {
    this.steps = run.steps.filter((step) => step.session === session);
    this.activations = run.activations.filter((activation) => activation.session === session);
    for (const activation of this.activations) {
      const list = this.byKind.get(activation.kind);
      if (list === undefined) this.byKind.set(activation.kind, [activation]);
      else list.push(activation);
    }
  }

  once<T>(key: string, make: () => T): T {
    if (!this.made.has(key)) this.made.set(key, make());
    return this.made.get(key) as T;
  }

  of(...kinds: readonly FactKind[]): readonly Activation[] {
    const [only] = kinds;
    if (kinds.length === 1 && only !== undefined) return this.byKind.get(only) ?? [];
    return kinds.flatMap((kind) => this.byKind.get(kind) ?? []).sort((a, b) => a.id - b.id);
  }

  events(...kinds: readonly FactKind[]): readonly Step[] {
    const all = this.once('events', () => this.steps.filter((step) => step.event !== undefined));
    return all.filter(({ event }) => event !== undefined && kinds.includes(event.row.kind));
  }

  wires(...kinds: readonly FactKind[]): readonly Step[] {
    const all = this.once('wires', () => this.steps.filter((step) => step.wire !== undefined));
    return all.filter(({ wire }) => wire !== undefined && kinds.includes(wire.kind));
  }

  /** By order of appearance on the wire: file descriptors and process ids differ from run to run. */
  endpointOrdinal(endpoint: string): number {
    const ordinals = this.once('endpoints', () => {
      const seen = new Map<string, number>();
      for (const { wire } of this.steps) {
        if (wire?.endpoint !== undefined && !seen.has(wire.endpoint))
          seen.set(wire.endpoint, seen.size);
      }
      return seen;
    });
    return ordinals.get(endpoint) ?? -1;
  }

  /** The verdict rests on a call that the debugger ended, made or changed. */
  isAltered({ verdict, line, evidence = [] }: Judgement): boolean {
    if (verdict !== 'pass' && verdict !== 'violation') return false;
    const lines = this.once('altered lines', () => this.alteredLines());
    return lines.size > 0 && [line, ...evidence.map((mark) => mark.line)].some((l) => lines.has(l));
  }

  private alteredLines(): ReadonlySet<number> {
    const altered = this.activations.filter((activation) => activation.altered);
    const steps = this.steps.filter((step) => step.altered !== undefined);
    return new Set([
      ...altered.map(({ line }) => line),
      ...steps.flatMap(({ line, callLines }) => [line, ...callLines]),
    ]);
  }

  stateBefore(device: string, step: number): DeviceState {
    return this.timeline(device).before(step);
  }

  /** Lines that made certain what is known of a device just before a step. */
  sinceBefore(device: string, step: number): Since {
    return this.timeline(device).sinceBefore(step);
  }

  private timeline(device: string): Timeline {
    const make = (): Timeline => new Timeline(this.run, this.activations, device);
    return this.once(`timeline ${device}`, make);
  }
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

interface Group {
  readonly first: Judgement;
  readonly context: Session;
  count: number;
}

/** Gathers the judgements of one rule on one capture. */
class Collector {
  private readonly groups = new Map<string, Group>();

  constructor(
    private readonly info: CaptureInfo,
    private readonly rule: Rule,
  ) {}

  get size(): number {
    return this.groups.size;
  }

  add(given: Judgement, context: Session): void {
    const judgement = context.isAltered(given) ? undecided(given) : given;
    const { verdict, device, vring, endpoint, severity, missing, times = 1 } = judgement;
    const subject = [device, vring, endpoint];
    const key = JSON.stringify([context.session, verdict, subject, severity, missing]);
    const group = this.groups.get(key);
    if (group === undefined) this.groups.set(key, { first: judgement, context, count: times });
    else group.count += times;
  }

  /** What was judged; a rule that found nothing to judge was not exercised. */
  findings(): Finding[] {
    if (this.groups.size === 0) return [this.idleFinding()];
    return [...this.groups.values()].map((group) => this.finding(group));
  }

  private finding({ first, context, count }: Group): Finding {
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
      evidence: (first.evidence ?? []).map(({ line, role }) => ({ path, line, role })),
      missing: first.missing ?? [],
      fingerprint: fingerprintOf(rule.info.id, first, context),
      count,
      ...(first.expected === undefined ? {} : { expected: first.expected }),
      ...(isViolation ? explain(first, context) : {}),
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

/** What stands around a violation, so that it can be checked by hand. */
function explain(
  { device, step }: Judgement,
  context: Session,
): Pick<Finding, 'stateBefore' | 'allowed' | 'stack'> {
  const { run } = context;
  const at = run.steps[step];
  const stack = (at?.frames ?? []).slice(0, MAX_STACK).map((frame, i) => ({
    func: plainName(frame.func),
    line: at?.frameLines[i] ?? at?.line ?? 0,
  }));
  const allowed = allowedAt(run, step);
  return {
    ...(device === undefined || !run.ordered
      ? {}
      : {
          stateBefore: describe(
            context.stateBefore(device, step),
            context.sinceBefore(device, step),
          ),
        }),
    ...(allowed === undefined ? {} : { allowed: [allowed] }),
    ...(stack.length < 2 ? {} : { stack }),
  };
}

/** Frames of a stack that are told: from the call to whoever asked for it. */
const MAX_STACK = 10;

/** What the innermost span at a step may do. */
function allowedAt(run: Run, step: number): string | undefined {
  const shown = run.atStep[step] ?? [];
  for (const activation of [...shown].reverse()) {
    const { enable } = activation;
    const span = spanOf(activation.kind, enable);
    if (span === undefined) continue;
    const steps = describeSpan(span, enable, run.rings.backendOf(activation));
    const flag = enable === undefined ? '' : String(enable);
    return `${activation.func}(${flag}) calls in this order: ${steps}`;
  }
  return undefined;
}

/** Stable from run to run: devices and endpoints count by their order of appearance, functions without addresses or lines. */
function fingerprintOf(rule: string, judgement: Judgement, context: Session): string {
  const { run, session } = context;
  const ordinal = run.devices
    .filter((device) => device.session === session)
    .findIndex((device) => device.address === judgement.device);
  const path = (run.atStep[judgement.step] ?? []).map((activation) => activation.func).join('<');
  const subject = [String(ordinal), String(judgement.vring ?? '')];
  if (judgement.endpoint !== undefined) {
    subject.push(`endpoint ${context.endpointOrdinal(judgement.endpoint)}`);
  }
  return hash(rule, judgement.verdict, ...subject, path);
}

function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}
