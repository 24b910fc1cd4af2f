/** Marks the violations that a baseline knows. Nothing is taken away: they are shown, and do not fail the check. */
import type { Baseline, BaselineEntry, BaselineSummary } from '../model/baseline.js';
import type { CheckReport, Finding } from '../model/report.js';
import { summarize } from './summarize.js';

/** Today as `2026-11-26`: entries count to the end of their day. Pure. */
export function applyBaseline(
  report: CheckReport,
  { findings: entries }: Baseline,
  path: string,
  today: string,
): CheckReport {
  const valid = new Map(
    entries.filter((entry) => !isExpired(entry, today)).map((entry) => [keyOf(entry), entry]),
  );
  const met = new Set<string>();
  const findings = report.findings.map((finding): Finding => {
    if (finding.verdict !== 'violation') return finding;
    const key = keyOf(finding);
    met.add(key);
    const entry = valid.get(key);
    if (entry === undefined) return finding;
    const { reason, expires } = entry;
    return { ...finding, known: { reason, ...(expires === undefined ? {} : { expires }) } };
  });
  const baseline: BaselineSummary = {
    path,
    known: findings.filter(({ known }) => known !== undefined).length,
    unused: entries.filter((entry) => !met.has(keyOf(entry))),
    expired: entries.filter((entry) => isExpired(entry, today)),
  };
  const hasFacts = report.captures.some(({ facts }) => facts > 0);
  return { ...report, findings, summary: summarize(findings, hasFacts), baseline };
}

/**
 * Older entries and the violations of a report, each once, by rule and fingerprint. What the report does not
 * show stays: it may be of other captures. Pure.
 */
export function baselineOf(
  report: CheckReport,
  older: Baseline | undefined,
  { reason, expires, today }: { reason: string; expires: string | undefined; today: string },
): Baseline {
  const entries = new Map((older?.findings ?? []).map((entry) => [keyOf(entry), entry]));
  for (const finding of report.findings) {
    if (finding.verdict !== 'violation') continue;
    const { rule, fingerprint, message } = finding;
    const key = keyOf(finding);
    const old = entries.get(key);
    // Somebody's reason is worth more than the one that is given for all, as long as it counts.
    if (old !== undefined && !isExpired(old, today)) continue;
    const last = expires === undefined ? {} : { expires };
    entries.set(key, { rule, fingerprint, message, reason, ...last });
  }
  const findings = [...entries.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return { schemaVersion: 1, findings };
}

/** The entries that still match something and have not expired. Pure. */
export function pruned({ findings }: Baseline, { unused, expired }: BaselineSummary): Baseline {
  const gone = new Set([...unused, ...expired].map(keyOf));
  return { schemaVersion: 1, findings: findings.filter((entry) => !gone.has(keyOf(entry))) };
}

function keyOf({ rule, fingerprint }: Pick<Finding, 'rule' | 'fingerprint'>): string {
  return `${rule} ${fingerprint}`;
}

function isExpired({ expires }: BaselineEntry, today: string): boolean {
  return expires !== undefined && expires < today;
}
