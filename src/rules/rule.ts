/**
 * The shape of a rule. A rule is one file: metadata, and a pure check over what the capture shows.
 *
 * The principle for incomplete captures: calls that nobody watched are silent steps, which may have
 * happened at any time, and a capture that begins in mid-life begins in any state. A rule reports a
 * violation only when no legal hidden behaviour explains what was seen: where it rests on what is
 * missing, the function was watched, nothing in the window was lost, and the call that had to make it
 * was entered, has returned, and did not fail. Where any of that is open the verdict is `inconclusive`,
 * and says what would have to be seen.
 */
import type { Activation } from '../flows/activations/activation.js';
import type { Run } from '../flows/run.js';
import type { Step } from '../facts/step.js';
import type { FactKind } from '../model/fact.js';
import type { Severity } from '../model/report.js';
import type { RuleInfo } from '../model/rule-info.js';
import type { DeviceState, Since } from '../protocol/replay.js';

/** A verdict on one subject, before the checker adds capture, fingerprint and state. */
export interface Judgement {
  readonly verdict: 'violation' | 'pass' | 'inconclusive';
  /** Lower than the rule's own where an exception leaves doubt about the harm. */
  readonly severity?: Severity;
  readonly device?: string | undefined;
  readonly vring?: number | undefined;
  /** On the wire: what stands for the device, which is not known there. Equal verdicts on two of them are two findings. */
  readonly endpoint?: string | undefined;
  /** How often the rule itself has counted this verdict; once, if it does not say. */
  readonly times?: number;
  /** Step that shows it. */
  readonly step: number;
  /** Line of the capture to point at. */
  readonly line: number;
  readonly message: string;
  /** What the protocol demands here. */
  readonly expected?: string;
  /** Which of the faults of the rule it is, where a known bug is of one of them: `RealBug.fault`. */
  readonly fault?: string;
  readonly evidence?: readonly Mark[];
  /**
   * Of a pass: other lines at which a reader sees what it says, in any order. Asked for once of equal passes. In contrast to
   * `evidence` the verdict stays as it is where the debugger altered what stands there.
   */
  readonly seenAt?: () => readonly Mark[];
  /** One record says it all: it holds in whatever order the capture shows the others. */
  readonly alone?: boolean;
  /** For `inconclusive`: what the capture would have to show. */
  readonly missing?: readonly string[];
}

/** A line of the capture and what it shows. */
export interface Mark {
  readonly line: number;
  readonly role: string;
}

/** One session as rules see it. */
export interface SessionContext {
  readonly run: Run;
  readonly session: number;
  /** Everything that the session reports, in order of the capture: stacks, stop lines, trace events, requests on the wire. */
  readonly steps: readonly Step[];
  /** Those that are requests on the wire. */
  readonly wired: readonly Step[];
  /** Activations of the session in order. */
  readonly activations: readonly Activation[];
  /** Those of the given kinds, in order. */
  of(...kinds: readonly FactKind[]): readonly Activation[];
  /** Steps that are trace events of the given kinds, in order. */
  events(...kinds: readonly FactKind[]): readonly Step[];
  /** Steps that are requests on the wire of the given kinds, in order. */
  wires(...kinds: readonly FactKind[]): readonly Step[];
  /** What `make` gives, made once for each key: several rules ask the same of a session. */
  once<T>(key: string, make: () => T): T;
  /** The same of calls as {@link of} gives them, without a key for each choice of kinds. */
  onceFor<T>(calls: readonly Activation[], key: string, make: () => T): T;
  /** States that the device can be in just before a step. */
  stateBefore(device: string, step: number): DeviceState;
  /** Lines that made certain what is known of the device just before a step. */
  sinceBefore(device: string, step: number): Since;
}

/** Judges what one step of a debugger proves by itself: a backtrace, or the stop line where no backtrace is printed. */
export interface StackCheck {
  /** Which stacks are asked: those in which a call of such a kind is innermost, or is shown for the first time. */
  readonly of: readonly FactKind[];
  /** None where the stack shows nothing to judge. Asked in order of the capture, of notes too. Pure. */
  judge(step: Step, run: Run): Iterable<Judgement>;
}

/**
 * A rule judges by `stack`, by `sequence`, or by both. One that has neither is documentation: no format
 * can show what it asks for, and `info.undecidable` says why.
 */
export interface Rule {
  readonly info: RuleInfo;
  /**
   * Kinds of facts that show that the rule has a subject. Where a session has one and neither check says anything of it,
   * `inconclusive` is reported instead of `not-exercised`, see check/unjudged-subject.ts. Empty for a rule that finds every
   * subject itself.
   */
  readonly triggers: readonly FactKind[];
  /**
   * What it asks is decided when a call begins. Without this a pass stands only for calls in which the record of their
   * thread does not end.
   */
  readonly passesAtEntry?: true;
  readonly stack?: StackCheck;
  /**
   * Judges one session, once. In a note, where no order is known, only what is {@link Judgement.alone} counts. Pure, but
   * for what {@link SessionContext.once} keeps.
   */
  readonly sequence?: (context: SessionContext) => Iterable<Judgement>;
}
