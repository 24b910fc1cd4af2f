/** The product: findings and the report that every reporter prints. Field names are the JSON contract. */
import type { BaselineSummary } from './baseline.js';
import type { Backend } from './fact.js';
import type { FormatId, Problem, Span } from './record.js';

/** What a rule found out about a subject; `inconclusive`: the capture cannot tell, `not-exercised`: it has no subject. */
export type Verdict = 'violation' | 'pass' | 'inconclusive' | 'not-exercised';
/** How bad a violation is: the protocol is broken, a rare legal path can look the same, worth knowing. */
export type Severity = 'error' | 'warning' | 'note';
/** What a rule may report at most: a violation, a warning, information. */
export type Tier = 'V' | 'W' | 'I';
export const TIERS: Readonly<Record<Severity, Tier>> = { error: 'V', warning: 'W', note: 'I' };
/** The same in words. */
export const TIER_MEANINGS: Readonly<Record<Tier, string>> = {
  V: 'the protocol is broken',
  W: 'a rare legal path or a known defect of that QEMU can look the same',
  I: 'worth knowing, legal',
};
/** What a violation does to the guest or to QEMU. */
export type Impact = 'corrupt' | 'crash' | 'hang' | 'leak' | 'odd';

/** A line of a capture and what it shows. */
export interface Evidence {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly role: string;
}

/** Rule + subject + verdict + evidence. */
export interface Finding {
  readonly rule: string;
  readonly verdict: Verdict;
  readonly severity: Severity;
  /** sha256 of the capture. */
  readonly capture: string;
  readonly session: number;
  /** vhost_dev address, lower-case hex without leading zeros. */
  readonly device: string | null;
  readonly vring: number | null;
  readonly message: string;
  readonly at: { readonly path: string; readonly line: number };
  readonly evidence: readonly Evidence[];
  /** What the capture would have to show for a verdict: probes, arguments, order. */
  readonly missing: readonly string[];
  /**
   * Those of {@link CheckReport.gaps} that leave it open: without them it would not miss all of `missing`. Absent where none
   * is known to.
   */
  readonly gaps?: readonly FindingGap[];
  /** Stable from run to run: no address, no line number. */
  readonly fingerprint: string;
  /** How often the same verdict was reached on this subject; `at` is the first place. */
  readonly count: number;
  /** Device state before the step, each known part with the line that made it certain; where the replay knows it. */
  readonly stateBefore?: string;
  /** What the protocol demands here. */
  readonly expected?: string;
  /** The steps that the protocol allows at this point. */
  readonly allowed?: readonly string[];
  /** The call stack at this point, innermost first. */
  readonly stack?: readonly StackFrame[];
  /** Records that prove a violation by themselves; absent where none were found within the budget. */
  readonly slice?: Slice;
  /** The released defect of this kind of finding, if one is known. */
  readonly knownBug?: string;
  /** What this violation does, where that is not what its rule says: the backend of the device decides. */
  readonly impact?: Impact;
  /** The baseline knows this violation: it is shown, and does not fail the check. */
  readonly known?: { readonly reason: string; readonly expires?: string };
}

/**
 * Records on which a rule reports a violation although all others are lost: those that the finding cites,
 * and what they rest on. None of the others that it names could be left out. What the whole capture shows
 * of the version of QEMU and of which devices there are is taken as known.
 */
export interface Slice {
  /** First line of each record, ascending. */
  readonly lines: readonly number[];
  /** Here no record of what is `watched` is missing among `lines`. */
  readonly spans: readonly Span[];
  /** Functions and logs whose silence in `spans` is part of the proof, each with a line that shows that it is recorded at all, where one line does. */
  readonly watched: readonly { readonly name: string; readonly line?: number }[];
}

/** A function of a stack, and the line of the capture that shows it. */
export interface StackFrame {
  readonly func: string;
  readonly line: number;
}

/** Counts of one capture. */
export interface CaptureSummary {
  readonly path: string;
  readonly sha256: string;
  readonly formats: readonly FormatId[];
  readonly lines: number;
  readonly records: number;
  readonly facts: number;
  readonly problems: number;
  /** Lines that no format claims and that do not read like a person's words. */
  readonly unclaimed: number;
  /** The first of these, no more than 100. */
  readonly unclaimedLines: readonly number[];
  readonly ordered: boolean;
  /** Numbers that stand in the place of addresses: nothing is judged by them. Absent where there are none. */
  readonly masks?: readonly string[];
}

/** One vhost_dev of a session; its address is lower-case hex without leading zeros. */
export interface DeviceSummary {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly session: number;
  readonly address: string;
  readonly backend: Backend | 'unknown';
  /** Line of the capture that shows the backend; absent where the user gave it or nobody knows it. */
  readonly backendLine?: number;
  /** Name of the virtio device (`virtio-net`), where the capture gives it. */
  readonly name?: string;
  readonly vrings: readonly number[];
}

/** A backend as requests and messages to it name it: there is no vhost_dev pointer on that side of the border. */
export interface EndpointSummary {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly session: number;
  /** `fd 13 /dev/vhost-net`, a socket. */
  readonly endpoint: string;
  readonly backend: Backend | 'unknown';
  /** The first line that names it. */
  readonly line: number;
  /** As the backend counts them. */
  readonly vrings: readonly number[];
}

/** A session that shows another backend than the one that the user gives: there it is not taken over. */
export interface OverruledBackend {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly session: number;
  readonly given: Backend;
  /** The first backend that is shown, and the line that shows it. */
  readonly shown: Backend;
  readonly line: number;
}

/** The debugger's own hand: a call that it ended, made or changed. No rule counts it as a pass or a violation. */
export interface AlterationSummary {
  /** sha256 of the capture. */
  readonly capture: string;
  /** The call that was altered, and the line that shows it. */
  readonly func: string;
  readonly line: number;
  readonly command: string;
  readonly commandLine: number;
}

/** A stack in which QEMU dies. No verdict: it says where the capture ends, and what QEMU's source says of an end there. */
export interface CrashSummary {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly session: number;
  /** Line of the frame of `func`; where strace tells of the end, that of its mark. */
  readonly line: number;
  /**
   * The function that QEMU dies in: the one that calls abort() or fails its assertion, or that the signal hits. Where
   * the signal hits code without a name, the innermost function that has one; `??` where none has.
   */
  readonly func: string;
  /** `../hw/virtio/vhost.c:857`; null where gdb does not know it. */
  readonly place: string | null;
  /** `abort()`, `assertion`, or a signal: `SIGSEGV`, `11`, `SIGSEGV in /lib64/libc.so.6, called`. */
  readonly how: string;
  /** What was asserted, where the stack shows it. */
  readonly assertion: string | null;
  readonly device: string | null;
  /** Null for a place that is not known. */
  readonly means: string | null;
  /** Rules that are about it; a pointer, no verdict. */
  readonly rules: readonly string[];
}

/** A stack in which QEMU waits, or a system call in which it does where an strace ends. No verdict: it says what a QEMU that hangs hangs in. */
export interface WaitSummary {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly session: number;
  /** Line of the frame of `func`, or of the call. */
  readonly line: number;
  /** The reply of a vhost-user backend, room on its socket, the end of an ioctl, or QEMU's big lock. */
  readonly awaits: 'reply' | 'socket' | 'kernel' | 'lock';
  /** The function that asked for it, `vhost_user_get_vring_base`, or the system call, `recvmsg`. */
  readonly func: string;
  /** The vhost-user request that it sends, `GET_VRING_BASE`, or the ioctl, `VHOST_SET_LOG_BASE`; null where it is not named like one. */
  readonly request: string | null;
  /** Known calls of the stack, innermost first. */
  readonly stack: readonly string[];
  readonly device: string | null;
  /** File descriptor of a system call, which had not returned where the capture ends: `fd 12`; absent for a stack. */
  readonly endpoint?: string;
  /** `main loop`, `migration thread`, `vCPU`, of a system call `thread 2301`; null where its outer frames or strace do not say. */
  readonly thread: string | null;
  /** Stacks that show it: of one thread, or where `stack` is empty, of all threads that wait alike. */
  readonly times: number;
}

/** What QEMU itself reports to have failed. No verdict: a failure that QEMU tells of may be handled as it should. */
export interface FailureReport {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly session: number;
  /** The first line that says so. */
  readonly line: number;
  /** `vhost_set_features failed: Invalid argument (22)`. */
  readonly message: string;
  /** How often QEMU says the same. */
  readonly times: number;
  /** What QEMU's source says of it; null where that is the message alone. */
  readonly means: string | null;
}

/** One migration of a session: its outcome, and its phases in order. */
export interface MigrationSummary {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly session: number;
  readonly outcome: 'completed' | 'cancelled' | 'failed' | 'unknown';
  readonly phases: readonly string[];
  /** The VM arrives, or `savevm` saves it; left out where trace events do not show that. */
  readonly what?: 'incoming' | 'snapshot';
}

/** Records are missing at a line or above it, by what the capture itself shows: what happened there is not known. */
export interface GapSummary {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly line: number;
  /** What is missing or shows that: `gdb printed a value between $17 and $19`. */
  readonly why: string;
}

/** One of the gaps of the capture that a finding is about. */
export type FindingGap = Omit<GapSummary, 'capture'>;

/** A session of which it is not known whether there is a migration: no stack reaches the thread of one. */
export interface CutMigration {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly session: number;
  /** The first such stack. */
  readonly line: number;
  /** Its outermost function. */
  readonly func: string;
}

/** What no capture of calls can show, said with every report: a run without violations is one whose call flow is right. */
export const LIMITS =
  'Only the call flow was judged: no call shows whether the backend marks every page that it writes, whether addresses are translated right, or whether the bitmap is scanned right.';

/** What is said of a capture without a fact: it must not look as if it had passed. */
export const NOTHING_TO_CHECK = 'no call of the logging protocol was read in it, nothing to check';

/** The same of one capture; there may be calls in it, on lines that could not be read. */
export function whyIdle(
  path: string,
  problems: readonly (Problem & { readonly path: string })[],
): string {
  const unread = problems.find((one) => one.path === path && one.code === 'UNREAD_PROTOCOL');
  if (unread === undefined) return NOTHING_TO_CHECK;
  return `line ${unread.span.first}: ${unread.message}; nothing to check`;
}

/** Which QEMU a session shows, and by what. */
export interface ProfileSummary {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly session: number;
  /** Oldest and newest version that is possible, `9.1`; null where nothing bounds it. */
  readonly qemuAtLeast: string | null;
  readonly qemuAtMost: string | null;
  /** What the bounds were read off; `line` is null for what the user gave. */
  readonly signs: readonly { readonly line: number | null; readonly shows: string }[];
  /** True where the signs contradict each other: then there are no bounds, or the user's are not used. */
  readonly conflict: boolean;
  /** The version that the user gives, where the capture rules it out. */
  readonly overruled?: string;
}

/** How far one rule was put to the test. */
export interface RuleCoverage {
  readonly rule: string;
  /** How often it was decided: passes and violations. */
  readonly exercised: number;
  readonly passes: number;
  readonly violations: number;
  readonly inconclusive: number;
  /** What the inconclusive ones miss, each once. */
  readonly missing: readonly string[];
}

/** Findings of all captures by verdict, and the exit code of `check`. */
export interface CheckSummary {
  readonly violations: { readonly error: number; readonly warning: number; readonly note: number };
  /** Violations that the baseline knows, which are not among `violations`; absent where there are none. */
  readonly known?: number;
  readonly inconclusive: number;
  readonly pass: number;
  readonly notExercised: number;
  readonly exitCode: 0 | 1 | 2 | 3;
}

/** Everything `vhtrace check` found out. `findings` holds all verdicts; reporters leave out what was not asked for. */
export interface CheckReport {
  readonly schemaVersion: 1;
  readonly captures: readonly CaptureSummary[];
  readonly summary: CheckSummary;
  readonly findings: readonly Finding[];
  readonly devices: readonly DeviceSummary[];
  /** Absent where the user's word holds. */
  readonly overruledBackends?: readonly OverruledBackend[];
  /** No more than 100 of each capture; absent where there are none, and for notes. */
  readonly gaps?: readonly GapSummary[];
  readonly endpoints?: readonly EndpointSummary[];
  readonly migrations: readonly MigrationSummary[];
  /** Absent where there is none. */
  readonly cutMigrations?: readonly CutMigration[];
  readonly crashes: readonly CrashSummary[];
  readonly waits: readonly WaitSummary[];
  readonly reported: readonly FailureReport[];
  readonly alterations: readonly AlterationSummary[];
  readonly profiles: readonly ProfileSummary[];
  /** Every rule of the catalogue, by id. */
  readonly coverage: readonly RuleCoverage[];
  /** Ids of the rules that the user's settings keep from judging; absent where all judge. */
  readonly rulesOff?: readonly string[];
  /** Only where a baseline was used. */
  readonly baseline?: BaselineSummary;
}

/** Counts of one ingested capture; field names are the JSON contract of `ingest --json`. */
export interface CaptureCounts {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly lines: number;
  readonly formats: readonly FormatId[];
  readonly sessions: number;
  /** Thread headers, as in `thread apply all bt`. */
  readonly threads: number;
  readonly backtraces: number;
  readonly frames: number;
  /** Trace events of every trace format. */
  readonly events: number;
  readonly facts: number;
  /** Lines of prose. */
  readonly prose: number;
  readonly problems: number;
}
