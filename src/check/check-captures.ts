/** Captures → report: replays every session and lets every rule judge it. Pure. */
import { append } from '../base/append.js';
import { collectEndpoints } from '../flows/endpoints.js';
import { findCutMigrations, withoutCount } from '../flows/migrations.js';
import { buildRun } from '../flows/run.js';
import type { Run, RunOptions } from '../flows/run.js';
import { NEWEST, OLDEST, versionText } from '../flows/profile.js';
import type { Profile } from '../flows/profile.js';
import type { CaptureInfo, Reading } from '../model/record.js';
import type {
  CheckReport,
  Finding,
  ProfileSummary,
  RuleCoverage,
  Verdict,
} from '../model/report.js';
import { rules } from '../rules/index.js';
import { judgeRun } from './judge-run.js';
import { selectRules, weigh } from './policy.js';
import type { Policy } from './policy.js';
import { summarize } from './summarize.js';

export interface CheckInput {
  readonly info: CaptureInfo;
  readonly reading: Reading;
}

/**
 * Replays and judges captures; for `summary.exitCode` see {@link summarize}.
 */
export function checkCaptures(
  inputs: readonly CheckInput[],
  options: RunOptions,
  policy = EVERYTHING,
): CheckReport {
  const runs = inputs.map((input) => ({ ...input, run: buildRun(input.reading, options) }));
  return checkRuns(runs, policy);
}

/** Every rule judges, with its own severity. */
const EVERYTHING: Policy = { only: [], rules: {} };

/** Judges captures whose runs are at hand, see {@link checkCaptures}. */
export function checkRuns(
  inputs: readonly (CheckInput & { readonly run: Run })[],
  policy = EVERYTHING,
): CheckReport {
  const chosen = selectRules(rules, policy);
  const judged = inputs.map((input) => ({
    ...input,
    findings: judgeRun(input.info, input.run, chosen).map((finding) => weigh(finding, policy)),
  }));
  const findings = judged.flatMap((capture) => capture.findings);
  const byRule = findingsByRule(findings);
  const cutMigrations = judged.flatMap(({ info, run }) =>
    findCutMigrations(run.steps, run.atStep, run.migrations).map((cut) => ({
      capture: info.sha256,
      ...cut,
    })),
  );
  return {
    schemaVersion: 1,
    captures: judged.map(({ info, reading, run }) => ({
      path: info.path,
      sha256: info.sha256,
      formats: reading.formats,
      lines: reading.lines,
      records: run.counts.records,
      facts: run.factCount,
      problems: reading.problems.length,
      unclaimed: run.counts.unclaimedLines,
      unclaimedLines: run.counts.firstUnclaimed,
      ordered: run.ordered,
      ...(run.masks.length === 0 ? {} : { masks: run.masks }),
    })),
    summary: summarize(
      findings,
      judged.some(({ run }) => run.factCount > 0),
    ),
    findings,
    devices: judged.flatMap(({ info, run }) => devicesOf(info.sha256, run)),
    ...overruledOf(judged),
    ...endpointsOf(judged),
    ...gapsOf(judged),
    migrations: judged.flatMap(({ info, run }) =>
      (run.ordered ? run.migrations : withoutCount(run.migrations)).map(
        ({ session, outcome, phases, what }) => ({
          capture: info.sha256,
          session,
          outcome,
          phases,
          ...(what === undefined ? {} : { what }),
        }),
      ),
    ),
    ...(cutMigrations.length === 0 ? {} : { cutMigrations }),
    crashes: judged.flatMap(({ info, run }) =>
      run.crashes
        // Without a fact it may be any program.
        .filter(({ isSurelyQemus }) => run.factCount > 0 || isSurelyQemus)
        .map(({ crash }) => ({ capture: info.sha256, ...crash })),
    ),
    waits: judged.flatMap(({ info, run }) =>
      run.waits.map((wait) => ({ capture: info.sha256, ...wait })),
    ),
    reported: judged.flatMap(({ info, run }) =>
      run.reported.map((failure) => ({ capture: info.sha256, ...failure })),
    ),
    alterations: judged.flatMap(({ info, run }) => alterationsOf(info.sha256, run)),
    profiles: judged.flatMap(({ info, run }) =>
      run.profiles.map((profile, session) => profileSummary(info.sha256, session, profile)),
    ),
    coverage: chosen
      .filter(({ info }) => info.undecidable === undefined)
      .map(({ info }) => coverageOf(info.id, byRule.get(info.id) ?? [])),
  };
}

function findingsByRule(findings: readonly Finding[]): Map<string, Finding[]> {
  const byRule = new Map<string, Finding[]>();
  for (const finding of findings) {
    append(byRule, finding.rule, finding);
  }
  return byRule;
}

function coverageOf(rule: string, own: readonly Finding[]): RuleCoverage {
  const times = (verdict: Verdict): number =>
    own.reduce((sum, finding) => sum + (finding.verdict === verdict ? finding.count : 0), 0);
  const [passes, violations] = [times('pass'), times('violation')];
  return {
    rule,
    exercised: passes + violations,
    passes,
    violations,
    inconclusive: times('inconclusive'),
    missing: [...new Set(own.flatMap((finding) => finding.missing))],
  };
}

function profileSummary(capture: string, session: number, profile: Profile): ProfileSummary {
  const { atLeast, atMost, lower, upper, conflict, overruled } = profile;
  const signs = conflict ?? [lower, upper].filter((sign) => sign !== undefined);
  return {
    capture,
    session,
    qemuAtLeast: atLeast === OLDEST ? null : versionText(atLeast),
    qemuAtMost: atMost === NEWEST ? null : versionText(atMost),
    signs: [...new Set(signs)].map(({ line, shows }) => ({ line: line ?? null, shows })),
    conflict: conflict !== undefined,
    ...(overruled === undefined ? {} : { overruled: versionText(overruled.atLeast) }),
  };
}

function alterationsOf(capture: string, run: Run): CheckReport['alterations'] {
  const found: CheckReport['alterations'][number][] = [];
  for (const { altered, calls, frames, line } of run.steps) {
    if (altered === undefined) continue;
    const func = calls.at(-1)?.func ?? frames[0]?.func ?? '??';
    found.push({ capture, func, line, command: altered.command, commandLine: altered.line });
  }
  return found;
}

/** Only where there are devices that the user's word is about. */
function overruledOf(
  judged: readonly (CheckInput & { readonly run: Run })[],
): Pick<CheckReport, 'overruledBackends'> {
  const overruledBackends = judged.flatMap(({ info, run }) =>
    run.overruled
      .filter((one) => run.devices.some(({ session }) => session === one.session))
      .map((one) => ({ capture: info.sha256, ...one })),
  );
  return overruledBackends.length === 0 ? {} : { overruledBackends };
}

function endpointsOf(
  judged: readonly (CheckInput & { readonly run: Run })[],
): Pick<CheckReport, 'endpoints'> {
  const endpoints = judged.flatMap(({ info, run }) =>
    collectEndpoints(run.steps).map((one) => ({ capture: info.sha256, ...one })),
  );
  return endpoints.length === 0 ? {} : { endpoints };
}

/** Where nothing was read of the protocol nobody asks for what is missing of it. */
function gapsOf(
  judged: readonly (CheckInput & { readonly run: Run })[],
): Pick<CheckReport, 'gaps'> {
  const gaps = judged.flatMap(({ info, run }) =>
    run.factCount === 0
      ? []
      : run.gaps.map(({ line, why }) => ({ capture: info.sha256, line, why })),
  );
  return gaps.length === 0 ? {} : { gaps };
}

function devicesOf(capture: string, run: Run): CheckReport['devices'] {
  return run.devices.map(({ session, address, backend, backendLine, name, vrings }) => ({
    capture,
    session,
    address,
    backend: backend ?? 'unknown',
    ...(backendLine === undefined ? {} : { backendLine }),
    ...(name === undefined ? {} : { name }),
    vrings,
  }));
}
