/** What a rule says of itself, and what it asks of a capture. */
import type { Backend, FactKind } from './fact.js';
import type { Impact, Severity } from './report.js';

/** What is printed of a rule by help, documentation and reporters; see `rules/rule.ts` for the check itself. */
export interface RuleInfo {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly impact: Impact;
  /** The same for the types of backends on which it is another. */
  readonly impactOn?: Readonly<Partial<Record<Backend, Impact>>>;
  /** Backends the rule applies to. */
  readonly backends: readonly Backend[];
  /** QEMU versions it applies to, `2.12 - 11.1` for all. */
  readonly versions: string;
  /** What a capture must show for a verdict, in words. */
  readonly needs: readonly string[];
  /** The same for programs: `vhtrace probes` tells by it which rules a recipe makes decidable. */
  readonly probes?: readonly Need[];
  /** What is enough in its place without a debugger: trace events of QEMU alone. */
  readonly traceProbes?: readonly Need[];
  /** Trace events of QEMU that show faults of vhost-user devices, though never that the rule is kept. */
  readonly faultProbes?: readonly Need[];
  /** What is enough in its place for a vhost-user device: the messages on its connection. */
  readonly messageProbes?: readonly Need[];
  /** What is enough in its place for a device of the kernel: the requests to it. */
  readonly requestProbes?: readonly Need[];
  readonly why: string;
  readonly remedy: string;
  /** Legal behaviour that looks like a violation and is not reported. */
  readonly exceptions: readonly string[];
  /** QEMU or kernel functions that make the rule. */
  readonly sources: readonly string[];
  /** Released defects of this kind, most telling first; none for most rules. */
  readonly bugs?: readonly RealBug[];
  /** Why no format that is read can show what the rule asks for: then it is documentation only. */
  readonly undecidable?: string;
}

/**
 * One thing that must be in a capture: calls of a function (`vhost_dev_start`), the stack of such a call, what they
 * return, the members of the structure that an argument points to, a phase that a trace event shows as
 * well as a call, a request as it reached the backend.
 */
export type Need =
  | FactKind
  | `stack of ${FactKind}`
  | `return of ${FactKind}`
  | `members at ${FactKind}`
  | `event ${FactKind}`
  | `wire ${FactKind}`;

/** A defect of a released QEMU, kernel or backend that this kind of rule is about. */
export interface RealBug {
  /** Commit that fixed it, or the thread that reports it: `QEMU 5c0ba1be3718 (2.11)`. */
  readonly where: string;
  /** What went wrong, and what it did. */
  readonly what: string;
  /** Where it is of one type of backend: nothing is said of it where the device is of another. */
  readonly backend?: Backend;
  /** Where the rule finds several faults: the one that it is of, as the judgement names it. */
  readonly fault?: string;
  /** The rule says nothing of it: it is told for whoever looks for it here. */
  readonly unreported?: true;
}
