/** Reports of single captures → the report of all of them. */
import type { CheckReport, RuleCoverage } from '../model/report.js';
import { summarize } from './summarize.js';

/**
 * In the order of `reports`; `rules` are the ids of those that were checked against. Pure; baselines are
 * applied afterwards.
 */
export function mergeReports(
  reports: readonly CheckReport[],
  rules: readonly string[],
): CheckReport {
  const findings = reports.flatMap((report) => report.findings);
  const captures = reports.flatMap((report) => report.captures);
  const gaps = reports.flatMap((report) => report.gaps ?? []);
  const overruledBackends = reports.flatMap((report) => report.overruledBackends ?? []);
  const endpoints = reports.flatMap((report) => report.endpoints ?? []);
  const cutMigrations = reports.flatMap((report) => report.cutMigrations ?? []);
  const hasFacts = captures.some(({ facts }) => facts > 0);
  return {
    schemaVersion: 1,
    captures,
    summary: summarize(findings, hasFacts),
    findings,
    devices: reports.flatMap((report) => report.devices),
    migrations: reports.flatMap((report) => report.migrations),
    ...(gaps.length === 0 ? {} : { gaps }),
    ...(overruledBackends.length === 0 ? {} : { overruledBackends }),
    ...(endpoints.length === 0 ? {} : { endpoints }),
    ...(cutMigrations.length === 0 ? {} : { cutMigrations }),
    crashes: reports.flatMap((report) => report.crashes),
    waits: reports.flatMap((report) => report.waits),
    reported: reports.flatMap((report) => report.reported),
    alterations: reports.flatMap((report) => report.alterations),
    profiles: reports.flatMap((report) => report.profiles),
    coverage: mergeCoverage(reports, rules),
  };
}

function mergeCoverage(reports: readonly CheckReport[], rules: readonly string[]): RuleCoverage[] {
  const merged = new Map<string, RuleCoverage>(
    rules.map((rule) => [
      rule,
      { rule, exercised: 0, passes: 0, violations: 0, inconclusive: 0, missing: [] },
    ]),
  );
  for (const { coverage } of reports) {
    for (const own of coverage) {
      const all = merged.get(own.rule);
      if (all !== undefined) merged.set(own.rule, add(all, own));
    }
  }
  return [...merged.values()];
}

function add(a: RuleCoverage, b: RuleCoverage): RuleCoverage {
  return {
    rule: a.rule,
    exercised: a.exercised + b.exercised,
    passes: a.passes + b.passes,
    violations: a.violations + b.violations,
    inconclusive: a.inconclusive + b.inconclusive,
    missing: [...new Set([...a.missing, ...b.missing])],
  };
}
