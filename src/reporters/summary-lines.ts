/** Lines that say what a report knows of the run: devices, the QEMU, migrations, what the debugger altered. */
import { append } from '../base/append.js';
import { printable } from '../base/printable.js';
import type { AlterationSummary, CheckReport, Finding } from '../model/report.js';
import { captureNames } from './places.js';
import type { ReportOptions } from './reporter.js';
import { count } from './text.js';

/** Gaps of one kind that are named. */
const MOST_GAPS = 8;
/** Captures whose gaps are named with what they leave open. */
const MOST_CAPTURES = 3;

export function deviceLines(report: CheckReport): readonly string[] {
  const sessions = new Set(report.devices.map(({ session }) => session));
  const lines = report.devices.map((device) => {
    const { capture, session, address, backend, backendLine, name, vrings } = device;
    const inSession = sessions.size > 1 ? `, session ${session}` : '';
    const where = `${whichCapture(report, capture)}${inSession}`;
    const rings = vrings.length === 0 ? 'no vring seen' : ringsText(vrings);
    const what = name === undefined ? '' : ` ${printable(name)}`;
    const by = backendLine === undefined ? '' : `, line ${backendLine}`;
    return `${address}${what} (backend ${backend}${by}${where}): ${rings}`;
  });
  const overruled = (report.overruledBackends ?? []).map(({ capture, session, ...backend }) => {
    const inSession = sessions.size > 1 ? `, session ${session}` : '';
    return `--backend ${backend.given} does not hold${whichCapture(report, capture).replace(/^, /, ' in ')}${inSession}: line ${backend.line} shows ${backend.shown}`;
  });
  return [...overruled, ...lines];
}

export function endpointLines(report: CheckReport): readonly string[] {
  const lines = (report.endpoints ?? []).map(({ capture, endpoint, backend, line, vrings }) => {
    const rings = vrings.length === 0 ? '' : `: ${ringsText(vrings)}`;
    return `${printable(endpoint)} (backend ${backend}, line ${line}${whichCapture(report, capture)})${rings}`;
  });
  return lines;
}

/** Those that reading does not tell of anyhow, by what shows them: `line 543, 600 +4: the return of vhost_dev_start`. */
export function gapLines(
  report: CheckReport,
  problems: ReportOptions['problems'],
): readonly string[] {
  const told = new Set(problems.map(({ path, span }) => `${path}:${span.first}`));
  const paths = new Map(report.captures.map(({ sha256, path }) => [sha256, path]));
  const byWhy = new Map<string, number[]>();
  for (const { capture, line, why } of report.gaps ?? []) {
    if (told.has(`${paths.get(capture) ?? ''}:${line}`)) continue;
    append(byWhy, `${whichCapture(report, capture)}: ${why}`, line);
  }
  return Array.from(byWhy, ([what, lines]) => `${linesText(lines)}${printable(what)}`);
}

/** ` (records missing: line 462, 621)`: the gaps that leave some findings open; empty where none does. */
export function openGapsText(report: CheckReport, findings: readonly Finding[]): string {
  const byCapture = new Map<string, number[]>();
  for (const { capture, gaps = [] } of findings)
    for (const { line } of gaps) append(byCapture, whichCapture(report, capture), line);
  const places = Array.from(
    byCapture,
    ([where, lines]) => `${linesText(lines.sort((a, b) => a - b))}${where}`,
  );
  const more = places.length > MOST_CAPTURES ? `; in ${places.length - MOST_CAPTURES} more` : '';
  const shown = places.slice(0, MOST_CAPTURES).join('; ');
  return places.length === 0 ? '' : ` (records missing: ${shown}${more})`;
}

/** `line 543, 600 +4` */
function linesText(lines: readonly number[]): string {
  const own = [...new Set(lines)];
  const more = own.length > MOST_GAPS ? ` +${own.length - MOST_GAPS}` : '';
  return `line ${own.slice(0, MOST_GAPS).join(', ')}${more}`;
}

function ringsText(vrings: readonly number[]): string {
  return `${vrings.length === 1 ? 'vring' : 'vrings'} ${vrings.join(', ')}`;
}

export function profileLines(report: CheckReport): readonly string[] {
  const lines = new Set<string>();
  for (const { capture, qemuAtLeast, qemuAtMost, signs, conflict, overruled } of report.profiles) {
    if (qemuAtLeast === null && qemuAtMost === null && !conflict) continue;
    const where = whichCapture(report, capture).replace(/^, /, ' in ');
    // The user's word is no sign of the capture, which has the last one.
    const told = overruled === undefined ? signs : signs.filter(({ line }) => line !== null);
    const by = new Set(
      told.map(({ line, shows }) => (line === null ? shows : `${shows} (line ${line})`)),
    );
    const doubt = conflict && told.length > 1 ? 'contradictory signs: ' : '';
    const lost = overruled === undefined ? '' : `; --qemu-version ${overruled} does not hold`;
    lines.add(`${versions(qemuAtLeast, qemuAtMost)}${where}: ${doubt}${[...by].join(', ')}${lost}`);
  }
  return [...lines];
}

function versions(atLeast: string | null, atMost: string | null): string {
  if (atLeast === null) return atMost === null ? 'version unknown' : `${atMost} or before`;
  if (atMost === null) return `${atLeast} or later`;
  return atLeast === atMost ? atLeast : `${atLeast} to ${atMost}`;
}

export function migrationLines(report: CheckReport): readonly string[] {
  const groups = new Map<string, number>();
  const ofNotes = new Map<string, string[]>(
    report.captures.filter(({ ordered }) => !ordered).map(({ sha256 }) => [sha256, []]),
  );
  for (const { capture, outcome, phases, what } of report.migrations) {
    const note = ofNotes.get(capture);
    note?.push(...phases);
    if (note !== undefined) continue;
    const where = whichCapture(report, capture).replace(/^, /, ' in ');
    const end = outcome === 'unknown' ? 'outcome unknown' : outcome;
    const line = `${what === undefined ? '' : `${what}: `}${end}${where}${seenText(phases)}`;
    groups.set(line, (groups.get(line) ?? 0) + 1);
  }
  const lines = Array.from(groups, ([line, times]) =>
    printable(times === 1 ? line : `${count(times, 'migration')}: ${line}`),
  );
  const notes = [...ofNotes].flatMap(([capture, phases]) => {
    if (phases.length === 0) return [];
    const where = whichCapture(report, capture).replace(/^, /, ' in ');
    return [
      `not counted${where}: the order of the backtraces is unknown${printable(seenText(phases))}`,
    ];
  });
  const cut = (report.cutMigrations ?? []).map(({ capture, line, func }) => {
    const where = whichCapture(report, capture).replace(/^, /, ' in ');
    return `not known${where}: no stack reaches migration_thread, the one at line ${line} ends at ${printable(func)}`;
  });
  return [...lines, ...notes, ...cut];
}

/** What stacks show is called as in a flow; the states of migrate_set_state() are called states. */
function seenText(phases: readonly string[]): string {
  if (phases.length === 0) return '';
  const seen = new Set(phases);
  const shown = STACK_PHASES.filter(([phase]) => seen.has(phase));
  return shown.length < seen.size
    ? `; states seen: ${[...seen].join(', ')}`
    : `; phases seen: ${shown.map(([, name]) => name).join(', ')}`;
}

/** Words for scripts and for people, in the order of a migration. */
const STACK_PHASES: readonly (readonly [phase: string, name: string])[] = [
  ['setup', 'setup'],
  ['iterate', 'iterations'],
  ['postcopy', 'postcopy'],
  ['switchover', 'switchover'],
  ['cancel', 'cancel'],
  ['cleanup', 'cleanup'],
];

/** One call that the debugger altered; `where` names its capture. */
export function alterationText(
  { func, line, command, commandLine }: AlterationSummary,
  where = '',
): string {
  return `${printable(func)} (line ${line}${where}) by "${printable(command)}" (line ${commandLine}): its effect counts for nothing`;
}

export function alterationLines(report: CheckReport): readonly string[] {
  return report.alterations.map((alteration) =>
    alterationText(alteration, whichCapture(report, alteration.capture)),
  );
}

/** `, FILE` where there are several captures to tell apart. */
export function whichCapture(report: CheckReport, sha256: string): string {
  if (report.captures.length < 2) return '';
  const name = captureNames(report.captures).get(sha256);
  return name === undefined ? '' : `, ${name}`;
}
