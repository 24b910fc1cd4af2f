import { safeJson } from '../base/safe-json.js';
import { LIMITS } from '../model/report.js';
import type { CheckReport } from '../model/report.js';
import { inOrder } from './order.js';
import type { ReportOptions } from './reporter.js';

/** What is printed; `schemas/check.ts` tells programs. */
export type CheckJson = CheckReport & {
  readonly limits: string;
  readonly problems: readonly {
    readonly path: string;
    readonly line: number;
    readonly lastLine: number;
    readonly code: string;
    readonly message: string;
  }[];
  readonly failures: readonly {
    readonly path: string;
    readonly code: string;
    readonly message: string;
  }[];
};

/** The report as one JSON object; its shape is the contract of `check --json`. */
export function renderJson(report: CheckReport, options: ReportOptions): string {
  const { schemaVersion, captures, summary, devices, migrations } = report;
  const { crashes, waits, reported, alterations, profiles } = report;
  const coverage = report.coverage.filter(
    ({ exercised, inconclusive }) => options.all || exercised + inconclusive > 0,
  );
  const findings = inOrder(report).filter(
    ({ verdict }) => options.all || verdict === 'violation' || verdict === 'inconclusive',
  );
  const problems = options.problems.map(({ path, code, message, span }) => ({
    path,
    line: span.first,
    lastLine: span.last,
    code,
    message,
  }));
  const printed: CheckJson = {
    schemaVersion,
    captures,
    summary: { ...summary, exitCode: options.exitCode },
    findings,
    devices,
    migrations,
    crashes,
    waits,
    reported,
    alterations,
    profiles,
    coverage,
    ...(report.cutMigrations === undefined ? {} : { cutMigrations: report.cutMigrations }),
    ...(report.endpoints === undefined ? {} : { endpoints: report.endpoints }),
    ...(report.gaps === undefined ? {} : { gaps: report.gaps }),
    ...(report.overruledBackends === undefined
      ? {}
      : { overruledBackends: report.overruledBackends }),
    ...(report.rulesOff === undefined ? {} : { rulesOff: report.rulesOff }),
    ...(report.baseline === undefined ? {} : { baseline: report.baseline }),
    limits: LIMITS,
    problems,
    failures: options.failures.map(({ path, error: { code, message } }) => ({
      path,
      code,
      message,
    })),
  };
  return jsonText(printed);
}

/** JSON as every command prints it; safe for a terminal, too. */
export function jsonText(value: unknown): string {
  return `${safeJson(JSON.stringify(value, undefined, 2))}\n`;
}
