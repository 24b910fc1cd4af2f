/**
 * What the interactive view asks for: windows of facts, the place of a text, one fact in full, and the
 * judgement, which may come later. Whether the facts lie in memory or in a store is not its business.
 */
import type { Fact } from './fact.js';
import type { Flow, FlowArg, FlowFrame } from './flow.js';
import type { FormatId } from './record.js';
import type { CheckReport } from './report.js';

/** One capture of a view; `lines` and `facts` are counts. */
export interface BrowseCapture {
  readonly path: string;
  readonly sha256: string;
  readonly formats: readonly FormatId[];
  readonly lines: number;
  readonly facts: number;
  /** Lines with trouble, and lines that no format claims and that no person seems to have written. */
  readonly unread: number;
  readonly ordered: boolean;
}

/** A fact of the timeline. `row` counts the facts of all captures, 0-based: it stays the same under every filter. */
export interface BrowseRow extends Fact {
  readonly row: number;
  /** Index into {@link Browser.captures}. */
  readonly capture: number;
  /** Name and arguments as the flow shows them. */
  readonly name: string;
  readonly args: readonly FlowArg[];
}

/** All of these at once; `text` is sought in function, thread, device and value, as recorded and as shown, A as a; `device` and `thread` are as recorded, or a part of the name that is shown. */
export interface BrowseFilter {
  readonly device?: string;
  readonly thread?: string;
  readonly kind?: string;
  readonly text?: string;
}

/** One fact in full. */
export interface BrowseDetail {
  /** The capture's own lines, of the record that shows the fact; long ones are cut. */
  readonly lines: readonly { readonly number: number; readonly text: string }[];
  /** The backtrace, innermost first; empty where the capture shows none. */
  readonly frames: readonly (FlowFrame & { readonly args: readonly FlowArg[] })[];
  readonly args: readonly FlowArg[];
}

/** What is known of a device from some fact on; `unknown` where the capture allows several. */
export interface LaneState {
  readonly run: 'stopped' | 'starting' | 'started' | 'stopping' | 'unknown';
  readonly log: 'off' | 'enabling' | 'on' | 'disabling' | 'unknown';
  /** Rings known to have, or not to have, VHOST_VRING_F_LOG. */
  readonly vrings: readonly { readonly vring: number; readonly logged: boolean }[];
}

/** The states of one device over time; spans by rising `row`. */
export interface DeviceLane {
  readonly capture: number;
  readonly session: number;
  readonly device: string;
  /** `virtio-net #1` */
  readonly name: string;
  readonly spans: readonly { readonly row: number; readonly state: LaneState }[];
}

/** What takes a replay to find out. */
export interface Judged {
  readonly report: CheckReport;
  readonly lanes: readonly DeviceLane[];
  readonly flows: readonly Flow[];
  readonly threads: readonly ThreadNaming[];
}

/** What gdb calls a thread from a line of a capture on: it gives numbers again to other threads. */
export interface ThreadNaming {
  readonly capture: number;
  /** gdb's number, `6` or `1.2`. */
  readonly number: string;
  readonly line: number;
  readonly name: string;
}

/** Threads, devices and kinds that occur, for the filter; most frequent first. */
export interface BrowseChoices {
  readonly devices: readonly string[];
  readonly threads: readonly string[];
  readonly kinds: readonly string[];
}

/** A list of facts under one filter; positions are 0-based places in that list. */
export interface BrowseList {
  readonly length: number;
  /** At most `count` rows from a position on. */
  rows(from: number, count: number): Promise<readonly BrowseRow[]>;
  /** Place of the nearest row that holds `text`, from a position on or back from it; undefined where there is none. */
  find(text: string, from: number, direction: 1 | -1): Promise<number | undefined>;
  /** Place of the first row that is `row` or comes after it; the length where there is none. */
  placeOf(row: number): Promise<number>;
}

/** What a view is handed. Errors: what it awaits may fail with a VhtraceError (a store that is gone). */
export interface Browser {
  readonly captures: readonly BrowseCapture[];
  /** Counted in the background: a store may hold millions of facts. */
  choices(): Promise<BrowseChoices>;
  list(filter: BrowseFilter): Promise<BrowseList>;
  detail(row: BrowseRow): Promise<BrowseDetail>;
  /** Replays and judges beside the view, which stays usable meanwhile. */
  judged(): Promise<Judged>;
  /** Row of the fact at a line of a capture, or of the nearest line above it that shows one. */
  rowAtLine(capture: number, line: number): Promise<number | undefined>;
  close(): Promise<void>;
}
