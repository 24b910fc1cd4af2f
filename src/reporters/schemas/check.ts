/** The JSON Schema of `check --json`. */
import type { BaselineEntry, BaselineSummary } from '../../model/baseline.js';
import { FORMAT_IDS } from '../../model/record.js';
import type { Span } from '../../model/record.js';
import type {
  AlterationSummary,
  CaptureSummary,
  CrashSummary,
  WaitSummary,
  CutMigration,
  DeviceSummary,
  EndpointSummary,
  Evidence,
  FailureReport,
  GapSummary,
  Finding,
  FindingGap,
  MigrationSummary,
  OverruledBackend,
  ProfileSummary,
  RuleCoverage,
  Slice,
  StackFrame,
} from '../../model/report.js';
import type { CheckJson } from '../json.js';
import * as s from './schema.js';

const capture = s.described(s.sha256, 'sha256 of the bytes of the capture');
const session = s.described(s.count, 'QEMU process within the capture, 0 for the first');
const backend = s.oneOf(['kernel', 'user', 'vdpa']);
const vring = s.described(s.count, 'index of the vring');
const rule = s.described({ type: 'string', pattern: '^[A-Z0-9-]+$' }, 'see vhtrace explain RULE');
const severity = s.oneOf(['error', 'warning', 'note']);
const gapFields = {
  line: s.described(s.line, 'where it shows: records are missing there or above'),
  why: s.described(s.text, 'what is missing, or shows that something is'),
};
const missing = s.described(s.listOf(s.text), 'what the capture would have to show for a verdict');
const version = s.nullable({ type: 'string', pattern: '^\\d+\\.\\d+$' });
const day: s.Schema = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' };

const evidence = s.objectOf<Evidence>({ path: s.text, line: s.line, role: s.text }, {});

const slice = s.objectOf<Slice>(
  {
    lines: s.described(s.listOf(s.line), 'first line of each record'),
    spans: s.described(
      s.listOf(s.objectOf<Span>({ first: s.line, last: s.line }, {})),
      'where `lines` has every record of what is watched',
    ),
    watched: s.described(
      s.listOf(
        s.objectOf<Slice['watched'][number]>(
          { name: s.text },
          { line: s.described(s.line, 'line that shows that it was watched') },
        ),
      ),
      'functions and logs whose silence is part of the proof',
    ),
  },
  {},
);

const finding = s.objectOf<Finding>(
  {
    rule,
    verdict: s.oneOf(['violation', 'pass', 'inconclusive', 'not-exercised']),
    severity,
    capture,
    session,
    device: s.described(s.nullable(s.address), 'address of the vhost_dev'),
    vring: s.nullable(vring),
    message: s.text,
    at: s.objectOf<Finding['at']>({ path: s.text, line: s.line }, {}),
    evidence: s.listOf(evidence),
    missing,
    fingerprint: s.described(s.text, 'stable from run to run: no address, no line'),
    count: s.described(s.count, 'how often this verdict was reached on this subject'),
  },
  {
    gaps: s.described(
      s.listOf(s.objectOf<FindingGap>(gapFields, {})),
      'of an inconclusive verdict: the gaps of this capture that leave it open',
    ),
    stateBefore: s.described(s.text, 'state of the device before the step'),
    expected: s.described(s.text, 'what the protocol demands here'),
    allowed: s.described(s.listOf(s.text), 'steps that the protocol allows here'),
    stack: s.described(
      s.listOf(s.objectOf<StackFrame>({ func: s.text, line: s.line }, {})),
      'innermost first',
    ),
    slice: s.described(slice, 'records that prove a violation with all others lost'),
    knownBug: s.described(s.text, 'released defect of this kind'),
    impact: s.described(
      s.oneOf(['corrupt', 'crash', 'hang', 'leak', 'odd']),
      'what it does, where the backend of the device makes that another than its rule says',
    ),
    known: s.described(
      s.objectOf<NonNullable<Finding['known']>>({ reason: s.text }, { expires: day }),
      'the baseline knows this violation: it does not fail the check',
    ),
  },
);

const captureSummary = s.objectOf<CaptureSummary>(
  {
    path: s.text,
    sha256: s.sha256,
    formats: s.listOf(s.oneOf(FORMAT_IDS)),
    lines: s.count,
    records: s.described(s.count, 'what was read; prose and what gdb says besides are not counted'),
    facts: s.described(s.count, 'calls and events that mean something in the protocol'),
    problems: s.count,
    unclaimed: s.described(s.count, "lines of no format that are no person's words"),
    unclaimedLines: s.described(s.listOf(s.line), 'the first of these, no more than 100'),
    ordered: s.described(s.flag, 'false for notes: their dumps stand in no known order'),
  },
  {
    masks: s.described(
      s.listOf(s.text),
      'numbers that stand in the place of addresses: nothing is judged by them',
    ),
  },
);

const summary = s.objectOf<CheckJson['summary']>(
  {
    violations: s.objectOf<CheckJson['summary']['violations']>(
      { error: s.count, warning: s.count, note: s.count },
      {},
    ),
    inconclusive: s.count,
    pass: s.count,
    notExercised: s.count,
    exitCode: s.oneOf([0, 1, 2, 3]),
  },
  { known: s.described(s.count, 'violations that the baseline knows, not among `violations`') },
);

const device = s.objectOf<DeviceSummary>(
  {
    capture,
    session,
    address: s.address,
    backend: s.oneOf(['kernel', 'user', 'vdpa', 'unknown']),
    vrings: s.listOf(vring),
  },
  {
    backendLine: s.described(s.line, 'line that shows the backend'),
    name: s.described(s.text, 'of the virtio device, `virtio-net`'),
  },
);

const endpoint = s.objectOf<EndpointSummary>(
  {
    capture,
    session,
    endpoint: s.text,
    backend: s.oneOf(['kernel', 'user', 'vdpa', 'unknown']),
    line: s.line,
    vrings: s.listOf(vring),
  },
  {},
);

const migration = s.objectOf<MigrationSummary>(
  {
    capture,
    session,
    outcome: s.oneOf(['completed', 'cancelled', 'failed', 'unknown']),
    phases: s.described(
      s.listOf(s.text),
      'where trace events show them the states of migrate_set_state, else what functions in stacks show: setup, iterate (flows: iterations), postcopy, switchover, cancel, cleanup',
    ),
  },
  { what: s.oneOf(['incoming', 'snapshot']) },
);

const cutMigration = s.objectOf<CutMigration>({ capture, session, line: s.line, func: s.text }, {});

const crash = s.objectOf<CrashSummary>(
  {
    capture,
    session,
    line: s.described(s.line, 'of the frame of `func`, or of the system call'),
    func: s.described(s.text, 'the function that QEMU dies in'),
    place: s.described(s.nullable(s.text), 'its file and line, as gdb prints them'),
    how: s.described(
      s.text,
      '`abort()`, `assertion`, or a signal, and what it hit where that has no name',
    ),
    assertion: s.nullable(s.text),
    device: s.nullable(s.address),
    means: s.described(s.nullable(s.text), "what QEMU's source says of an end there"),
    rules: s.described(s.listOf(rule), 'rules that are about it; no verdict'),
  },
  {},
);

const gap = s.objectOf<GapSummary>({ capture, ...gapFields }, {});

const wait = s.objectOf<WaitSummary>(
  {
    capture,
    session,
    line: s.described(s.line, 'of the frame of `func`'),
    awaits: s.described(
      s.oneOf(['reply', 'socket', 'kernel', 'lock']),
      "the reply of a vhost-user backend, room on its socket, the end of an ioctl, or QEMU's big lock",
    ),
    func: s.described(s.text, 'the function that asked for it, or the system call'),
    request: s.described(s.nullable(s.text), 'the vhost-user request that it sends, or the ioctl'),
    stack: s.described(s.listOf(s.text), 'known calls, innermost first'),
    device: s.nullable(s.address),
    thread: s.described(
      s.nullable(s.text),
      '`main loop`, `migration thread`, `vCPU`, `thread 2301`',
    ),
    times: s.described(
      s.line,
      'stacks that show it: of one thread, or where `stack` is empty, of all that wait alike',
    ),
  },
  {
    endpoint: s.described(
      s.text,
      'file descriptor of a system call that had not returned where the capture ends',
    ),
  },
);

const failureReport = s.objectOf<FailureReport>(
  {
    capture,
    session,
    line: s.described(s.line, 'the first that says so'),
    message: s.text,
    times: s.described(s.line, 'how often QEMU says the same'),
    means: s.described(s.nullable(s.text), "what QEMU's source says of it"),
  },
  {},
);

const alteration = s.objectOf<AlterationSummary>(
  { capture, func: s.text, line: s.line, command: s.text, commandLine: s.line },
  {},
);

const profile = s.objectOf<ProfileSummary>(
  {
    capture,
    session,
    qemuAtLeast: s.described(version, 'oldest QEMU that is possible'),
    qemuAtMost: s.described(version, 'newest QEMU that is possible'),
    signs: s.listOf(
      s.objectOf<ProfileSummary['signs'][number]>({ line: s.nullable(s.line), shows: s.text }, {}),
    ),
    conflict: s.described(s.flag, 'the signs contradict each other'),
  },
  {
    overruled: s.described(
      { type: 'string', pattern: '^\\d+\\.\\d+$' },
      'version given by the user, which the capture rules out',
    ),
  },
);

const overruledBackend = s.objectOf<OverruledBackend>(
  { capture, session, given: backend, shown: backend, line: s.line },
  {},
);

const coverage = s.objectOf<RuleCoverage>(
  {
    rule,
    exercised: s.described(s.count, 'passes and violations'),
    passes: s.count,
    violations: s.count,
    inconclusive: s.count,
    missing,
  },
  {},
);

const entry = s.objectOf<BaselineEntry>(
  { rule, fingerprint: s.text, message: s.text, reason: s.text },
  { expires: day },
);

const baseline = s.objectOf<BaselineSummary>(
  { path: s.text, known: s.count, unused: s.listOf(entry), expired: s.listOf(entry) },
  {},
);

export const checkSchema = s.document(
  'check',
  'vhtrace check --json',
  s.objectOf<CheckJson>(
    {
      schemaVersion: s.schemaVersion,
      captures: s.listOf(captureSummary),
      summary,
      findings: s.described(
        s.listOf(finding),
        'violations and inconclusive findings; with --all every verdict',
      ),
      devices: s.listOf(device),
      migrations: s.listOf(migration),
      crashes: s.described(s.listOf(crash), 'stacks in which QEMU dies'),
      waits: s.described(
        s.listOf(wait),
        'stacks in which QEMU waits, and calls to a backend that had not returned where an strace ends; no verdict',
      ),
      reported: s.described(
        s.listOf(failureReport),
        'what QEMU itself reports to have failed; no verdict',
      ),
      alterations: s.described(
        s.listOf(alteration),
        "calls that the debugger's user ended, made or changed",
      ),
      profiles: s.described(s.listOf(profile), 'which QEMU made the captures'),
      coverage: s.described(s.listOf(coverage), 'how far each rule was put to the test'),
      limits: s.described(s.text, 'what no capture of calls can show'),
      problems: s.described(
        s.listOf(
          s.objectOf<CheckJson['problems'][number]>(
            { path: s.text, line: s.line, lastLine: s.line, code: s.text, message: s.text },
            {},
          ),
        ),
        'lines that could not be read',
      ),
      failures: s.described(
        s.listOf(
          s.objectOf<CheckJson['failures'][number]>(
            { path: s.text, code: s.text, message: s.text },
            {},
          ),
        ),
        'files that could not be used',
      ),
    },
    {
      cutMigrations: s.described(
        s.listOf(cutMigration),
        'sessions of which no stack reaches migration_thread, and the first stack that may be of one',
      ),
      endpoints: s.described(
        s.listOf(endpoint),
        'backends as requests and messages to them name them',
      ),
      gaps: s.described(
        s.listOf(gap),
        'where records are missing by what the capture shows, the first 100 of each',
      ),
      overruledBackends: s.described(
        s.listOf(overruledBackend),
        'sessions that show another backend than the one given with --backend, which is not taken over there',
      ),
      baseline: s.described(baseline, 'only where a baseline was used'),
      rulesOff: s.described(s.listOf(s.text), 'rules that the settings keep from judging'),
    },
  ),
);
