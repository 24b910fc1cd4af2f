/** What the view knows: its state, the rows near the cursor, the judgement when it has come. Fetches what the state asks for. */
import type {
  Browser,
  BrowseFilter,
  BrowseList,
  BrowseRow,
  DeviceLane,
  Judged,
} from '../model/browse.js';
import type { FlowNode } from '../model/flow.js';
import { ShownNames } from '../model/shown-names.js';
import { shownThread } from '../model/shown.js';
import { alarmsOf } from './alarms.js';
import type { Alarm } from './alarms.js';
import { detailEntries } from './detail-entries.js';
import type { DetailEntry, Subject } from './detail-entries.js';
import { flowRows } from './flow-rows.js';
import type { FlowRow } from './flow-rows.js';
import { layoutOf } from './layout.js';
import type { Size } from './layout.js';
import { markRows, NO_MARKS } from './marks.js';
import { initialState, paneHeight, reduce } from './state.js';
import type { Action, State } from './state.js';
import type { DevicePlace } from './views/lane-cells.js';
import type { PhaseStart } from './views/phase-bar.js';
import { createStyle } from './style.js';
import { helpRows } from './views/help.js';
import { RowWindow } from './window.js';

/** Phases of a capture that are shown; nobody reads more. */
const MOST_PHASES = 2000;

/** Rows are counted without colours. */
const PLAIN = createStyle({ color: false, unicode: true });

export class Viewer {
  state: State;
  rows: RowWindow | undefined;
  judged: Judged | Error | undefined;
  alarms: readonly Alarm[] = [];
  /** Lanes in which there is something to see. */
  lanes: readonly DeviceLane[] = [];
  marked = NO_MARKS;
  names = new ShownNames({ lanes: [], threads: [] });
  /** The device that the cursor of the timeline stands on, or stood on last. */
  device: DevicePlace | undefined;
  subject: Subject | undefined;
  /** The alarm that was jumped to last, and its row. */
  jumped: { readonly alarm: number; readonly row: number } | undefined;

  /** Parts of the migrations, by rising row; empty while they are not known. */
  phases: readonly PhaseStart[] = [];
  /** What Tab goes through in the filter's prompt. */
  completing: readonly string[] = [];

  /** The facts without a filter. */
  private all: BrowseList | undefined;
  private readonly listeners = new Set<() => void>();
  private wanted = '';
  private isFetching = false;
  private version = 0;
  private entriesCache:
    { readonly key: readonly unknown[]; readonly value: DetailEntry[] } | undefined;
  private flowCache: { readonly key: readonly unknown[]; readonly value: FlowRow[] } | undefined;

  constructor(
    readonly browser: Browser,
    size: Size,
  ) {
    this.state = initialState(size);
  }

  /** Loads the first rows, and starts the judgement. Errors: those of the browser. */
  async open(): Promise<void> {
    await this.filter({});
    void this.judge();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Rises with everything that changes what is shown. */
  snapshot = (): number => this.version;

  dispatch(action: Action): void {
    this.state = reduce(this.state, action);
    this.want();
    this.changed();
  }

  /** Runs what takes time; what goes wrong is shown. */
  attempt(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.complain(error);
    });
  }

  complain(error: unknown): void {
    this.dispatch({
      type: 'message',
      text: error instanceof Error ? error.message : String(error),
    });
  }

  say(text: string): void {
    this.dispatch({ type: 'message', text });
  }

  /** Shows the facts that pass; the cursor stays as near to its row as it can. */
  async filter(filter: BrowseFilter): Promise<void> {
    const row = await this.currentRow();
    const list = await this.browser.list(filter);
    this.all ??= list;
    this.rows = new RowWindow(
      list,
      () => {
        this.want();
        this.changed();
      },
      (error) => {
        this.complain(error);
      },
    );
    this.dispatch({ type: 'filter', filter, length: list.length });
    if (row === undefined) return;
    this.dispatch({ type: 'place', pane: 'timeline', cursor: await list.placeOf(row.row) });
  }

  /** The row under the cursor of the timeline. */
  async currentRow(): Promise<BrowseRow | undefined> {
    return this.rows?.loaded(this.state.panes.timeline.cursor);
  }

  /** Moves the timeline to a row; false where the filter hides it. */
  async showRow(row: number): Promise<boolean> {
    if (this.rows === undefined) return false;
    const cursor = await this.rows.list.placeOf(row);
    this.dispatch({ type: 'place', pane: 'timeline', cursor });
    return (await this.rows.loaded(cursor))?.row === row;
  }

  /** `mig/src/main`, or `thread 6` where it has no name, or none is known yet. */
  threadOf(row: BrowseRow): string | undefined {
    if (row.thread === undefined) return undefined;
    return this.names.thread(row.capture, row) ?? shownThread(row.thread);
  }

  get report(): Judged['report'] | undefined {
    return this.judgement?.report;
  }

  get judgement(): Judged | undefined {
    return this.judged instanceof Error ? undefined : this.judged;
  }

  entries(): readonly DetailEntry[] {
    const { size, focus, panes, isUnfolded } = this.state;
    const { width } = layoutOf(size, focus, panes.findings.length).areas.detail;
    const key = [this.subject, this.names, isUnfolded, width];
    if (!isEqual(this.entriesCache?.key, key)) {
      const options = { isUnfolded, width, threadOf: (row: BrowseRow) => this.threadOf(row) };
      this.entriesCache = { key, value: detailEntries(this.subject, options) };
    }
    return this.entriesCache?.value ?? [];
  }

  flowRows(): readonly FlowRow[] {
    const key = [this.judged, this.state.toggled];
    if (!isEqual(this.flowCache?.key, key)) {
      const value = flowRows(this.judgement?.flows ?? [], this.state.toggled);
      this.flowCache = { key, value };
    }
    return this.flowCache?.value ?? [];
  }

  /** Rows with errors, for the phase bar. */
  errorRows(): number[] {
    return [...this.marked.severities]
      .filter(([, severity]) => severity === 'error')
      .map(([row]) => row);
  }

  private async judge(): Promise<void> {
    try {
      this.judged = await this.browser.judged();
    } catch (error) {
      this.judged = error instanceof Error ? error : new Error(String(error));
      this.complain(this.judged);
      return;
    }
    const { lanes, report } = this.judged;
    this.names = new ShownNames(this.judged);
    this.lanes = lanes.filter(isEverKnown);
    this.alarms = alarmsOf(report, this.browser.captures);
    this.dispatch({ type: 'length', pane: 'findings', length: this.alarms.length });
    await this.placePhases(this.judged);
    await this.markAlarms(this.judged);
  }

  /** Parts of the migrations as the flow has them. */
  private async placePhases({ flows }: Judged): Promise<void> {
    const starts: PhaseStart[] = [];
    for (const { capture: sha256, ordered, nodes } of flows) {
      if (!ordered) continue;
      const capture = this.browser.captures.findIndex((one) => one.sha256 === sha256);
      for (const { name, line } of phaseNodes(nodes).slice(0, MOST_PHASES)) {
        const row = await this.browser.rowAtLine(capture, line);
        if (row !== undefined) starts.push({ row, phase: name });
      }
    }
    this.phases = starts.sort((a, b) => a.row - b.row);
    this.changed();
  }

  private async markAlarms({ report }: Judged): Promise<void> {
    if (this.all === undefined) return;
    this.marked = await markRows(this.browser, this.all, this.alarms, report.gaps ?? []);
    // What is wrong at the row that is shown already belongs to its detail.
    this.wanted = '';
    this.want();
    this.changed();
  }

  /** Asks for rows that will be shown, and for what the detail pane is about. Lengths follow. */
  private want(): void {
    const { timeline } = this.state.panes;
    this.rows?.want(timeline.top, paneHeight(this.state, 'timeline'));
    this.device = this.deviceAtCursor() ?? this.device;
    this.setLength('flow', this.flowRows().length);
    this.setLength('help', helpRows(this.state.size.columns, PLAIN).length);
    this.wantSubject();
    this.setLength('detail', this.entries().length);
  }

  private deviceAtCursor(): DevicePlace | undefined {
    const row = this.rows?.row(this.state.panes.timeline.cursor);
    const { capture = 0, session = 0, device } = row ?? {};
    return device === undefined ? undefined : { capture, session, device };
  }

  private setLength(pane: 'flow' | 'detail' | 'help', length: number): void {
    if (this.state.panes[pane].length === length) return;
    this.state = reduce(this.state, { type: 'length', pane, length });
  }

  /** The detail pane keeps its subject while one moves in it. */
  private wantSubject(): void {
    const { focus, view, panes } = this.state;
    if (focus === 'detail' && this.subject !== undefined) return;
    if (focus === 'findings') {
      const finding = this.alarms[panes.findings.cursor]?.finding;
      if (finding !== undefined)
        this.show(`finding ${panes.findings.cursor}`, { kind: 'finding', finding });
      return;
    }
    if (view === 'flow') {
      const row = this.flowRows()[panes.flow.cursor];
      if (row?.node !== undefined) this.wantNode(row.key, row.node, row.flow.capture);
      return;
    }
    const row = this.rows?.row(panes.timeline.cursor);
    if (row === undefined || this.wanted === `row ${row.row}`) return;
    this.wanted = `row ${row.row}`;
    if (!this.isFetching) this.attempt(this.fetchDetail(row));
  }

  /** A node alone, and a moment later what the capture shows there. */
  private wantNode(key: string, node: FlowNode, sha256: string): void {
    const wanted = `node ${key}`;
    if (this.wanted === wanted) return;
    this.show(wanted, { kind: 'node', node, capture: sha256 });
    this.attempt(this.fetchNode(wanted, node, sha256));
  }

  private async fetchNode(wanted: string, node: FlowNode, sha256: string): Promise<void> {
    const capture = this.browser.captures.findIndex((one) => one.sha256 === sha256);
    const place = await this.browser.rowAtLine(capture, node.line);
    if (place === undefined || this.wanted !== wanted) return;
    const [row] = (await this.all?.rows(place, 1)) ?? [];
    if (row?.line !== node.line || this.wanted !== wanted) return;
    const detail = await this.browser.detail(row);
    if (this.wanted !== wanted) return;
    this.subject = { kind: 'row', row, detail, ...this.markedAt(place), node };
    this.dispatch({ type: 'subject' });
  }

  private show(key: string, subject: Subject): void {
    if (this.wanted === key) return;
    this.wanted = key;
    this.subject = subject;
    this.state = reduce(this.state, { type: 'subject' });
  }

  /** One at a time: who runs through the list wants the detail of the row at which it ends. */
  private async fetchDetail(row: BrowseRow): Promise<void> {
    this.isFetching = true;
    try {
      const detail = await this.browser.detail(row);
      if (this.wanted === `row ${row.row}`) {
        this.subject = { kind: 'row', row, detail, ...this.markedAt(row.row) };
        this.dispatch({ type: 'subject' });
        return;
      }
    } finally {
      this.isFetching = false;
    }
    const { focus, view, panes } = this.state;
    const next = this.rows?.row(panes.timeline.cursor);
    if (focus !== 'findings' && view === 'timeline' && next !== undefined)
      await this.fetchDetail(next);
  }

  private markedAt(row: number): Pick<Extract<Subject, { kind: 'row' }>, 'findings' | 'gaps'> {
    const indexes = this.marked.alarms.get(row) ?? [];
    const findings = indexes.flatMap((index) => this.alarms[index]?.finding ?? []);
    return { findings, gaps: this.marked.gaps.get(row) ?? [] };
  }

  private changed(): void {
    this.version++;
    for (const listener of this.listeners) listener();
  }
}

function isEqual(a: readonly unknown[] | undefined, b: readonly unknown[]): boolean {
  return a?.every((value, i) => value === b[i]) === true;
}

function isEverKnown({ spans }: DeviceLane): boolean {
  return spans.some(({ state: { run, log } }) => run !== 'unknown' || log !== 'unknown');
}

function phaseNodes(nodes: readonly FlowNode[]): FlowNode[] {
  return nodes.flatMap((node) =>
    node.kind === 'migration' ? phaseNodes(node.children) : node.kind === 'phase' ? [node] : [],
  );
}
