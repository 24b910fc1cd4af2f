/**
 * Run → flow: what happened, in its order, as trees of calls inside the phases of the migrations.
 *
 * Successive backtraces of a thread share their outer calls (activations.ts); here they become one tree.
 * Frames that no rule knows are folded; so are wrappers that mean the same as what they call. In notes the
 * order is unknown: each backtrace stands for itself.
 */
import type { Step } from '../../facts/step.js';
import type { Fact, FactKind } from '../../model/fact.js';
import type { Flow } from '../../model/flow.js';
import type { CaptureInfo, Reading } from '../../model/record.js';
import type { Activation } from '../activations/activation.js';
import { actorOf } from './actors.js';
import { deviceNames } from './device-names.js';
import { appendLeaf, draft, finishNodes } from './flow-nodes.js';
import type { Draft } from './flow-nodes.js';
import { factsBySession } from '../facts-by-session.js';
import type { ShownFact } from '../facts-by-session.js';
import { callSite, framesBetween } from './folded-frames.js';
import { callArgs, reportArgs, reportName, tellingOf } from './flow-args.js';
import { rolledBackCalls } from './rolled-back.js';
import { laneOf } from './lane-of.js';
import { findCutMigrations } from '../migrations.js';
import { isSnapshot } from '../stack-phases.js';
import { isOfMigration, phaseSign, PhaseTracker } from './phases.js';
import type { PhaseSign, StackOf } from './phases.js';
import type { Run } from '../run.js';
import { snippetsOf } from './snippets.js';
import { threadRoles } from './thread-roles.js';
import { ThreadNames, vcpuOf } from './thread-names.js';

/** The flow of every session that shows something. Pure; linear in the facts. */
export function buildFlows({ path, sha256 }: CaptureInfo, reading: Reading, run: Run): Flow[] {
  const names = new ThreadNames(reading.records);
  const cut = new Set(
    findCutMigrations(run.steps, run.atStep, run.migrations).map(({ session }) => session),
  );
  const rolledBack = rolledBackCalls(run.activations);
  return factsBySession(run)
    .map((facts, session) => ({
      capture: sha256,
      path,
      session,
      ordered: run.ordered,
      nodes: finishNodes(
        run.ordered
          ? new FlowBuilder(run, session, facts, names, rolledBack, cut.has(session)).build()
          : snippetsOf(run, session),
      ),
    }))
    .filter(({ nodes }) => nodes.length > 0);
}

class FlowBuilder {
  private readonly roots: Draft[] = [];
  private readonly phases = new PhaseTracker();
  private readonly devices: ReadonlyMap<string, string>;
  /** Whose work the events of a thread are. */
  private readonly roles: ReadonlyMap<string, string>;
  /** The node that shows a call; of a folded one that of its caller. */
  private readonly nodeOf = new Map<number, Draft>();
  /** The migration, or the time outside of one, in which a call of another thread stands. */
  private readonly timeOf = new Map<number, Draft | undefined>();
  /** What each activation means, by its id. */
  private readonly factOf = new Map<number, Fact>();
  /** Sync round that a thread is in, by trace events. */
  private readonly rounds = new Map<string | undefined, Draft>();
  /** Facts that show a phase, by their position; those before the current fact are behind `nextSign`. */
  private readonly signs: { readonly at: number; readonly sign: PhaseSign }[] = [];
  private nextSign = 0;
  private migration: { readonly number: number; readonly node: Draft } | undefined;

  constructor(
    private readonly run: Run,
    session: number,
    private readonly facts: readonly ShownFact[],
    private readonly names: ThreadNames,
    /** Ids of calls. */
    private readonly rolledBack: ReadonlySet<number>,
    /** Stacks end below what would tell a migration from a snapshot of the VM. */
    private readonly isCut: boolean,
  ) {
    this.devices = deviceNames(run, session);
    this.roles = threadRoles(facts.map(({ fact }) => fact));
    for (const { fact } of facts) {
      if (fact.activation !== undefined) this.factOf.set(fact.activation, fact);
    }
    for (const [at, { fact }] of facts.entries()) {
      const sign = this.signOf(fact);
      if (sign !== undefined) this.signs.push({ at, sign });
    }
  }

  private signOf(fact: Fact): PhaseSign | undefined {
    const activation = this.run.activations[fact.activation ?? -1];
    return phaseSign(fact, activation && this.stackOf(activation));
  }

  private stackOf(activation: Activation): StackOf {
    let outer = activation;
    while (outer.parent !== undefined && outer.parent.kind !== 'migration_thread')
      outer = outer.parent;
    return { frames: this.run.steps[activation.first]?.frames ?? [], call: outer.id };
  }

  build(): Draft[] {
    for (const [at, { fact, activation, step }] of this.facts.entries()) {
      while ((this.signs[this.nextSign]?.at ?? Infinity) <= at) this.nextSign++;
      if (activation !== undefined) {
        this.leaveOtherTime(activation);
        this.addCall(activation, activation.first);
      } else if (step !== undefined) this.addReport(fact, step);
    }
    const [only] = this.roots;
    // Nothing in it tells of migrations: then there is nothing to group by.
    return this.roots.length === 1 && only?.kind === 'phase' ? only.children : this.roots;
  }

  /** A trace event, or a request on its way to the backend. */
  private addReport(fact: Fact, step: Step): void {
    if (fact.kind === 'migration_bitmap_sync' && this.followRound(fact, step)) return;
    const siblings = this.rounds.get(fact.thread)?.children ?? this.siblingsOf(fact);
    const last = siblings.at(-1);
    if (fact.kind === 'vhost_user_read' && isAnswered(last, fact)) return;
    if (fact.kind === 'savevm_section' && fact.func.endsWith('_end')) return;
    const node = this.reportNode(fact, step);
    if (fact.kind === 'vhost_commit' && last?.name === MEMORY_MAP) {
      node.args = [...node.args, { name: 'sections', value: String(last.count) }];
      siblings.pop();
    }
    const iteration = last?.name === 'savevm_state_iterate' ? last : undefined;
    const inside = OF_ITERATION.has(fact.kind) ? iteration?.children : undefined;
    appendLeaf(inside ?? siblings, node);
  }

  private reportNode(fact: Fact, step: Step): Draft {
    const group = GROUPED[fact.kind];
    const args = group === undefined ? reportArgs(fact, step) : [];
    const who = this.roles.get(fact.thread ?? '') ?? null;
    return draft({
      kind: fact.role === 'wire' ? 'wire' : 'event',
      name: group ?? reportName(fact),
      line: fact.line,
      lane: laneOf(fact, who),
      actor: who,
      thread: fact.thread ?? null,
      device: fact.device ?? null,
      deviceName: this.nameOf(fact.device) ?? fact.endpoint ?? null,
      vring: fact.vring ?? null,
      args,
      telling: tellingOf(fact, step),
      result: fact.result ?? null,
      time: step.event?.record.time ?? null,
    });
  }

  /** `migration_bitmap_sync_start` ... `_end`: what the thread does in between is inside. */
  private followRound(fact: Fact, step: Step): boolean {
    const isStart = fact.func.endsWith('_start');
    if (!isStart && !fact.func.endsWith('_end')) return false;
    const open = this.rounds.get(fact.thread);
    this.rounds.delete(fact.thread);
    if (isStart) {
      const { kind: _, ...node } = this.reportNode(fact, step);
      const round = draft({ ...node, kind: 'round', name: 'sync round' });
      this.siblingsOf(fact).push(round);
      this.rounds.set(fact.thread, round);
      return true;
    }
    if (open === undefined) return false;
    open.lastLine = fact.line;
    open.args = reportArgs(fact, step);
    return true;
  }

  /**
   * A call that goes on while a migration begins or ends is shown again on the other side: stacks do not
   * tell a device start that goes on from another one.
   */
  private leaveOtherTime(activation: Activation): void {
    const callers: Activation[] = [];
    for (let a = activation.parent; a !== undefined; a = a.parent) callers.push(a);
    const time = this.timeOf.get(callers.at(-1)?.id ?? -1);
    if (time === undefined || time === this.roots.at(-1)) return;
    for (const { id } of callers) {
      const node = this.nodeOf.get(id);
      if (node !== undefined) node.lastLine = node.children.at(-1)?.lastLine ?? node.line;
      this.nodeOf.delete(id);
    }
  }

  /** A caller that a later stack shows for the first time has been there before what it calls. */
  private addCall(activation: Activation, at: number): void {
    const { id, parent, kind } = activation;
    const fact = this.factOf.get(id);
    const step = this.shownAt(activation, at);
    if (this.nodeOf.has(id) || fact === undefined || step === undefined) return;
    if (parent !== undefined) this.addCall(parent, at);
    const above = parent === undefined ? undefined : this.nodeOf.get(parent.id);
    if (above !== undefined && kind === parent?.kind) {
      this.nodeOf.set(id, above);
      return;
    }
    if (kind === 'migration_thread') return;
    const node = this.callNode(activation, fact, step);
    (above?.children ?? this.siblingsOf(fact)).push(node);
    this.nodeOf.set(id, node);
    if (parent === undefined && !isOfMigration(fact)) this.timeOf.set(id, this.roots.at(-1));
  }

  private callNode(activation: Activation, fact: Fact, step: Step): Draft {
    const { call, printed, result } = activation;
    const place = this.placeIn(step, activation);
    const frame = step.calls[place]?.frame ?? call.frame;
    const line = step.callLines[place] ?? fact.line;
    const caller = shownCaller(activation, this.nodeOf);
    const outer = caller === undefined ? undefined : step.calls[this.placeIn(step, caller)]?.frame;
    const name = this.names.nameOf(fact.thread, line);
    const who = vcpuOf(name) ?? actorOf(step.frames) ?? null;
    const rolledBack = this.rolledBack.has(activation.id);
    return draft({
      kind: 'call',
      name: fact.func,
      line,
      lastLine: lineOfStep(this.run.steps[activation.last], line),
      lane: laneOf(fact, who, step.frames),
      actor: who,
      thread: name ?? fact.thread ?? null,
      device: fact.device ?? null,
      deviceName: this.nameOf(fact.device) ?? null,
      vring: fact.vring ?? null,
      args: callArgs(fact, call, printed),
      telling: tellingOf(fact),
      result: result?.value ?? null,
      rolledBack,
      callSite: callSite(step, frame),
      folded: framesBetween(step, frame, outer),
    });
  }

  /** The step `at` where it shows the call, otherwise the first one that does. */
  private shownAt(activation: Activation, at: number): Step | undefined {
    const step = this.run.steps[at];
    const isShown = step !== undefined && this.placeIn(step, activation) >= 0;
    return isShown ? step : this.run.steps[activation.first];
  }

  /**
   * Which of a step's calls an open call is, -1 for none: its line has moved on since it was seen first.
   * A limited backtrace leaves out outer calls that are known to go on.
   */
  private placeIn({ index, calls }: Step, activation: Activation): number {
    const shown = this.run.atStep[index] ?? [];
    const place = shown.indexOf(activation);
    return place < 0 ? -1 : Math.max(place - (shown.length - calls.length), -1);
  }

  private nameOf(device: string | undefined): string | undefined {
    return device === undefined ? undefined : this.devices.get(device);
  }

  /** Where an outermost call or event belongs: the phase that is going on. */
  private siblingsOf(fact: Fact): Draft[] {
    const next = this.signs[this.nextSign]?.sign;
    const { phase, migration } = this.phases.place(fact, this.signOf(fact), next);
    const list = migration === undefined ? this.roots : this.migrationNode(migration, fact);
    const last = list.at(-1);
    if (last?.kind === 'phase' && last.name === phase) {
      last.lastLine = fact.line;
      return last.children;
    }
    const node = draft({ kind: 'phase', name: phase, line: fact.line });
    list.push(node);
    return node.children;
  }

  private migrationName(fact: Fact): string {
    const activation = this.run.activations[fact.activation ?? -1];
    if (activation !== undefined && isSnapshot(this.stackOf(activation).frames)) return 'snapshot';
    return this.isCut ? 'migration or snapshot' : 'migration';
  }

  private migrationNode(number: number, fact: Fact): Draft[] {
    if (this.migration?.number !== number) {
      const node = draft({ kind: 'migration', name: this.migrationName(fact), line: fact.line });
      this.roots.push(node);
      this.migration = { number, node };
    }
    const { node } = this.migration;
    node.lastLine = fact.line;
    if (fact.kind === 'migration_state') node.result = fact.value ?? null;
    return node.children;
  }
}

const MEMORY_MAP = 'memory sections';

/** Events that come in dozens, and of which one after the other tells little: they are counted. */
const GROUPED: Partial<Record<FactKind, string>> = {
  vhost_section: MEMORY_MAP,
  vhost_region: MEMORY_MAP,
  savevm_section: 'savevm sections',
};

/** What one round of savevm_state_iterate does. */
const OF_ITERATION: ReadonlySet<FactKind> = new Set(['savevm_section', 'migrate_pending']);

/** The answer to the request before it is no step of its own. */
function isAnswered(last: Draft | undefined, { value }: Fact): boolean {
  const request = last?.args.find((arg) => arg.name === 'req');
  if (last?.name !== 'vhost_user_write' || request?.value !== value) return false;
  last.result = 'answered';
  return true;
}

/** The nearest caller that has a node of its own. */
function shownCaller(
  activation: Activation,
  nodeOf: ReadonlyMap<number, Draft>,
): Activation | undefined {
  for (let a = activation.parent; a !== undefined; a = a.parent) {
    if (nodeOf.has(a.id) && a.parent?.kind !== a.kind) return a;
  }
  return undefined;
}

function lineOfStep(step: Step | undefined, line: number): number {
  return Math.max(step?.line ?? line, line);
}
