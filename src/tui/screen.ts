/** The whole screen as rows, each as wide as the screen at most. */
import { printable } from '../base/printable.js';
import type { BrowseRow } from '../model/browse.js';
import { NOTHING_TO_CHECK } from '../model/report.js';
import { layoutOf, usedRows } from './layout.js';
import type { Focus } from './layout.js';
import { filterText } from './filter-text.js';
import { marksOfRow } from './flow-rows.js';
import { cut, fit } from './style.js';
import type { Style } from './style.js';
import { detailRow } from './views/detail.js';
import { findingRow } from './views/findings.js';
import { flowRow } from './views/flow-tree.js';
import { footerRow } from './views/footer.js';
import { headerRow } from './views/header.js';
import { helpRows } from './views/help.js';
import { paneRows } from './views/pane.js';
import { phaseAt, phaseBar } from './views/phase-bar.js';
import { laneTitles, timelineRow, timelineTitle } from './views/timeline.js';
import type { Viewer } from './viewer.js';

export function screenRows(viewer: Viewer, style: Style): string[] {
  const { state } = viewer;
  const { columns } = state.size;
  const layout = layoutOf(state.size, state.focus, state.panes.findings.length);
  const current = viewer.rows?.row(state.panes.timeline.cursor);
  const header = headerRow({
    captures: viewer.browser.captures,
    capture: current?.capture ?? 0,
    judged: viewer.judged,
    width: columns,
    style,
  });
  const footer = footerRow({ state, report: viewer.report, style });
  const body = state.isHelpOpen
    ? helpPane(viewer, style)
    : [...(layout.hasPhaseBar ? [phaseRow(viewer, current, style)] : []), ...panes(viewer, style)];
  const rows = usedRows(state.size) - (state.isHelpOpen ? 1 : 2);
  const filled = Array.from({ length: rows }, (_, i) => body[i] ?? '');
  return [...(state.isHelpOpen ? [] : [header]), ...filled, footer].map((row) =>
    cut(row, columns, style),
  );
}

function phaseRow(viewer: Viewer, current: BrowseRow | undefined, style: Style): string {
  return phaseBar({
    phases: viewer.phases,
    total: viewer.browser.captures.reduce((sum, { facts }) => sum + facts, 0),
    row: current?.row ?? 0,
    errors: viewer.errorRows(),
    width: viewer.state.size.columns,
    style,
  });
}

function helpPane(viewer: Viewer, style: Style): string[] {
  const { columns } = viewer.state.size;
  const rows = helpRows(columns, style);
  const area = { width: columns, height: usedRows(viewer.state.size) - 2 };
  const scroll = { ...viewer.state.panes.help, length: rows.length };
  const title = 'Keys';
  return paneRows(
    { title, empty: '', scroll, area, hasFocus: true, style },
    (i) => ` ${rows[i] ?? ''}`,
  );
}

function panes(viewer: Viewer, style: Style): string[] {
  const { state } = viewer;
  const { mode, areas } = layoutOf(state.size, state.focus, state.panes.findings.length);
  if (mode === 'single') return pane(viewer, state.focus, style);
  const [main, detail, findings] = [
    pane(viewer, 'main', style),
    pane(viewer, 'detail', style),
    pane(viewer, 'findings', style),
  ];
  if (mode === 'stack') return [...main, ...detail, ...findings];
  const right = [...detail, ...findings];
  const side = style.colors.dim(style.signs.side);
  return main.map((row, i) => `${fit(row, areas.main.width, style)}${side}${right[i] ?? ''}`);
}

function pane(viewer: Viewer, which: Focus, style: Style): string[] {
  const { state } = viewer;
  const area = layoutOf(state.size, state.focus, state.panes.findings.length).areas[which];
  const common = { area, hasFocus: state.focus === which, style };
  switch (which) {
    case 'main':
      return state.view === 'timeline' ? timelinePane(viewer, common) : flowPane(viewer, common);
    case 'detail': {
      const entries = viewer.entries();
      const title = detailTitle(viewer);
      return paneRows({ ...common, title, empty: '', scroll: state.panes.detail }, (i) =>
        detailRow(entries[i], style),
      );
    }
    case 'findings':
      return paneRows(
        {
          ...common,
          title: 'Findings',
          empty: emptyFindings(viewer),
          scroll: state.panes.findings,
        },
        (i) => findingRow(viewer.alarms[i], viewer.browser.captures, style),
      );
  }
}

function emptyFindings({ judged, browser }: Viewer): string {
  if (browser.captures.every(({ facts }) => facts === 0)) return NOTHING_TO_CHECK;
  if (judged === undefined) return 'judging';
  return 'no violation, nothing inconclusive';
}

type Common = Pick<Parameters<typeof paneRows>[0], 'area' | 'hasFocus' | 'style'>;

function timelinePane(viewer: Viewer, common: Common): string[] {
  const { state, lanes } = viewer;
  const { style, area } = common;
  const scroll = state.panes.timeline;
  const current = viewer.rows?.row(scroll.cursor);
  const total = viewer.browser.captures.reduce((sum, { facts }) => sum + facts, 0);
  const phase = current && phaseAt(viewer.phases, current.row);
  const isOrdered = viewer.browser.captures[current?.capture ?? 0]?.ordered ?? true;
  const title = timelineTitle(total, scroll.length, filterText(state.filter), phase, isOrdered);
  const right = laneTitles(lanes, {
    row: current,
    cursor: viewer.device,
    width: area.width,
    style,
  });
  const options = {
    width: area.width - 1,
    lanes,
    cursor: viewer.device,
    marks: viewer.marked,
    names: viewer.names,
    threadOf: (row: BrowseRow) => viewer.threadOf(row),
    style,
  };
  const empty =
    total === 0
      ? 'no call of the logging protocol was read in it'
      : 'nothing passes the filter; Esc clears it';
  return paneRows({ ...common, title, right, empty, scroll }, (i) =>
    timelineRow(viewer.rows?.row(i), options),
  );
}

function flowPane(viewer: Viewer, common: Common): string[] {
  const rows = viewer.flowRows();
  const scroll = viewer.state.panes.flow;
  // It is not filtered itself.
  const filter = filterText(viewer.state.filter);
  const title = filter === '' ? 'Flow' : `Flow, the timeline: ${printable(filter)}`;
  return paneRows({ ...common, title, empty: 'no call flow', scroll }, (i) =>
    flowRow(rows[i], marksOfRow(rows[i], viewer.judgement?.report.findings ?? []), common.style),
  );
}

function detailTitle({ subject }: Viewer): string {
  switch (subject?.kind) {
    case undefined:
      return 'Detail';
    case 'row':
      return `Detail: line ${subject.row.line}`;
    case 'finding':
      return `Detail: ${subject.finding.rule}`;
    case 'node':
      return `Detail: line ${subject.node.line}`;
  }
}
