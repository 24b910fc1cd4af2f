/** Steps of tracers and backends. */
import type { SocketLine, VhostUserMessage } from '../model/record.js';
import type { Alteration, SaidEvent, Step } from './step.js';
import type { EventRow } from './trace-events.js';

/** A step that shows no stack. */
export const NOTHING_SHOWN = {
  calls: [],
  callLines: [],
  frames: [],
  frameLines: [],
  entry: false,
  stop: undefined,
  temporary: false,
  stackKnown: false,
  partial: false,
  complete: false,
} as const;

/** Captures have millions of these: an object has only what tells one from another. */
abstract class ReportStep {
  constructor(
    readonly index: number,
    readonly session: number,
    readonly line: number,
    readonly thread: string | undefined,
    public gapBefore: boolean,
    public altered: Alteration | undefined,
  ) {}

  get calls(): Step['calls'] {
    return NOTHING_SHOWN.calls;
  }

  get callLines(): Step['callLines'] {
    return NOTHING_SHOWN.callLines;
  }

  get frames(): Step['frames'] {
    return NOTHING_SHOWN.frames;
  }

  get frameLines(): Step['frameLines'] {
    return NOTHING_SHOWN.frameLines;
  }

  get entry(): false {
    return NOTHING_SHOWN.entry;
  }

  get breakpoint(): undefined {
    return undefined;
  }

  get temporary(): boolean {
    return NOTHING_SHOWN.temporary;
  }

  get stackKnown(): boolean {
    return NOTHING_SHOWN.stackKnown;
  }

  get partial(): boolean {
    return NOTHING_SHOWN.partial;
  }

  get complete(): boolean {
    return NOTHING_SHOWN.complete;
  }

  get printed(): undefined {
    return undefined;
  }

  get deadly(): undefined {
    return undefined;
  }

  get returned(): undefined {
    return undefined;
  }
}

/** A trace event: step and event in one object. */
export class EventStep extends ReportStep implements Step {
  readonly row: EventRow;
  readonly record: SaidEvent;

  constructor(
    { index, session, line, thread, gapBefore, altered }: Place,
    { row, record }: NonNullable<Step['event']>,
  ) {
    super(index, session, line, thread, gapBefore, altered);
    this.row = row;
    this.record = record;
  }

  get event(): NonNullable<Step['event']> {
    return this;
  }

  get wire(): undefined {
    return undefined;
  }

  get message(): undefined {
    return undefined;
  }

  get socket(): undefined {
    return undefined;
  }
}

/** A request on the wire, or what a log tells of its connection. */
export class WireStep extends ReportStep implements Step {
  wire: Step['wire'];
  readonly message: VhostUserMessage | undefined;

  constructor(
    { index, session, line, thread, gapBefore, altered }: Place,
    wire: Step['wire'],
    message: VhostUserMessage | undefined,
    readonly socket: SocketLine | undefined,
  ) {
    super(index, session, line, thread, gapBefore, altered);
    this.wire = wire;
    this.message = message;
  }

  get event(): undefined {
    return undefined;
  }
}

/** What the maker of the steps knows of each. */
type Place = Pick<Step, 'index' | 'session' | 'line' | 'thread' | 'gapBefore' | 'altered'>;
