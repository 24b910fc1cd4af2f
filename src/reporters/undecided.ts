/** Captures of which nothing could be decided: no violation in them is no pass. */
import type { CaptureSummary, CheckReport } from '../model/report.js';
import { count } from './text.js';

/** Those with facts in which no check passed or failed, and what is said of each. Captures without a fact are idle. */
export function undecidedCaptures({
  captures,
  findings,
}: CheckReport): { readonly capture: CaptureSummary; readonly text: string }[] {
  const decided = new Set<string>();
  const open = new Map<string, number>();
  for (const { capture, verdict } of findings) {
    if (verdict === 'inconclusive') open.set(capture, (open.get(capture) ?? 0) + 1);
    else if (verdict !== 'not-exercised') decided.add(capture);
  }
  return captures
    .filter(({ facts, sha256 }) => facts > 0 && !decided.has(sha256))
    .map((capture) => ({ capture, text: undecidedText(open.get(capture.sha256) ?? 0) }));
}

/** What stands in place of "no violation found", which would read like a pass; undefined where something was decided. */
export function undecidedHeadline(report: Headlined): string | undefined {
  const { violations, known = 0, pass, inconclusive } = report.summary;
  const decided = violations.error + violations.warning + violations.note + known + pass;
  if (decided > 0) return undefined;
  return `${inconclusive > 0 ? UNDECIDED : UNJUDGED}${allTheSame(report)}`;
}

/** The same of captures without a fact. */
export function nothingChecked(report: Pick<CheckReport, 'crashes' | 'reported'>): string {
  return `${UNJUDGED}${allTheSame(report)}`;
}

/** A report that has nothing else to say must not look as if nothing had happened. */
function allTheSame({ crashes, reported }: Pick<CheckReport, 'crashes' | 'reported'>): string {
  if (crashes.length > 0) return ', but QEMU crashes';
  return reported.length > 0 ? ', but QEMU reports a failure' : '';
}

type Headlined = Pick<CheckReport, 'summary' | 'crashes' | 'reported'>;

/** The same by sha256, to be added to the lines of several captures; of a single one the headline says it. */
export function undecidedAdditions(report: CheckReport): ReadonlyMap<string, string> {
  if (report.captures.length < 2) return new Map();
  const all = undecidedCaptures(report);
  return new Map(all.map(({ capture, text }) => [capture.sha256, `; ${text}`]));
}

const UNDECIDED = 'nothing could be decided';
const UNJUDGED = 'nothing was checked';

function undecidedText(inconclusive: number): string {
  if (inconclusive === 0) return `${UNJUDGED}: no rule had anything to judge`;
  return `${UNDECIDED}: ${count(inconclusive, 'check')} inconclusive, none passed`;
}
