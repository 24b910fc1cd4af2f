/** From where one is to another line: violations, evidence, the other view. */
import type { Severity } from '../model/report.js';
import { nextAlarm, placeOf } from './alarms.js';
import type { Place } from './alarms.js';
import { ancestors, everyFlowRow, flowRowAt } from './flow-rows.js';
import type { FlowRow } from './flow-rows.js';
import { layoutOf } from './layout.js';
import type { Viewer } from './viewer.js';

export async function jumpToNext(
  viewer: Viewer,
  severity: Severity,
  direction: 1 | -1,
): Promise<void> {
  const name = severity === 'error' ? 'violation' : severity;
  if (viewer.judgement === undefined) {
    viewer.say('still judging');
    return;
  }
  const row = await viewer.currentRow();
  const { jumped } = viewer;
  const from: Place | number =
    jumped !== undefined && jumped.row === row?.row
      ? jumped.alarm
      : {
          capture: row?.capture ?? 0,
          line: row === undefined ? 0 : startOf(viewer, row, direction),
        };
  const next = nextAlarm(viewer.alarms, severity, from, direction);
  if (next !== undefined) return jumpToAlarm(viewer, next);
  const summary = viewer.report?.summary.violations[severity] ?? 0;
  viewer.say(
    summary === 0
      ? `there is no ${name}`
      : `no ${name} ${direction === 1 ? 'after this; E and W go back' : 'before this'}`,
  );
}

/** A violation at the row where one starts to look counts as well. */
function startOf(
  viewer: Viewer,
  { row, line }: { row: number; line: number },
  direction: 1 | -1,
): number {
  return viewer.marked.severities.has(row) && viewer.jumped === undefined ? line - direction : line;
}

export async function jumpToAlarm(viewer: Viewer, index: number): Promise<void> {
  const alarm = viewer.alarms[index];
  if (alarm === undefined) return;
  viewer.dispatch({ type: 'place', pane: 'findings', cursor: index });
  const row = await jumpToPlace(viewer, placeOf(alarm));
  if (row !== undefined) viewer.jumped = { alarm: index, row };
  const { size, focus, panes } = viewer.state;
  if (layoutOf(size, focus, panes.findings.length).mode === 'single') {
    viewer.say(`${alarm.finding.rule}: ${alarm.finding.message}`);
  }
}

/** Shows a line in timeline and flow; gives its row. */
export async function jumpToPlace(
  viewer: Viewer,
  { capture, line }: Place,
): Promise<number | undefined> {
  const row = await viewer.browser.rowAtLine(capture, line);
  if (row === undefined) {
    viewer.say(`line ${line} stands before the first fact`);
    return undefined;
  }
  viewer.dispatch({ type: 'focus', focus: 'main' });
  if (!(await viewer.showRow(row))) viewer.say('the filter hides that line; Esc clears it');
  if (viewer.state.view === 'flow') showFlowAt(viewer, capture, line);
  return row;
}

/** Unfolds what hides the node of a line. */
function showFlowAt(viewer: Viewer, capture: number, line: number): void {
  const sha256 = viewer.browser.captures[capture]?.sha256 ?? '';
  const every = everyFlowRow(viewer.judgement?.flows ?? []);
  const index = flowRowAt(every, sha256, line);
  if (index !== undefined) reveal(viewer, every, index);
}

export function reveal(viewer: Viewer, every: readonly FlowRow[], index: number): void {
  for (const { key } of ancestors(every, index)) {
    const shown = viewer.flowRows().find((row) => row.key === key);
    if (shown !== undefined && !shown.isOpen) viewer.dispatch({ type: 'toggle', key });
  }
  const key = every[index]?.key;
  const cursor = viewer.flowRows().findIndex((row) => row.key === key);
  if (cursor !== -1) viewer.dispatch({ type: 'place', pane: 'flow', cursor });
}

export async function switchView(viewer: Viewer): Promise<void> {
  if (viewer.state.view === 'timeline') {
    if (viewer.judgement === undefined) {
      viewer.say('still reading the flow');
      return;
    }
    const row = await viewer.currentRow();
    viewer.dispatch({ type: 'view', view: 'flow' });
    if (row !== undefined) showFlowAt(viewer, row.capture, row.line);
    return;
  }
  const row = viewer.flowRows()[viewer.state.panes.flow.cursor];
  viewer.dispatch({ type: 'view', view: 'timeline' });
  if (row?.node === undefined) return;
  const capture = captureOfNode(viewer, row.flow.capture);
  await jumpToPlace(viewer, { capture, line: row.node.line });
}

export function captureOfNode({ browser }: Viewer, sha256: string | undefined): number {
  return browser.captures.findIndex((capture) => capture.sha256 === sha256);
}
