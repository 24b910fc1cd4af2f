/**
 * LTTng traces of QEMU as babeltrace prints them → TraceEvent.
 *
 * Producer: babeltrace 1.5 and 2.0, text output; QEMU built with the "ust" backend (2.12 to 10.2).
 * Unit:     one record per line. `tid` and `pid` are `vtid` and `vpid` of the context where the session recorded them.
 * Not read: events of other programs and of the kernel.
 */
import { accept } from '../../grammar/lttng.js';
import type { CaptureRecord } from '../../model/record.js';
import { isString } from './event-form.js';
import type { EventForm, PrintedEvent } from './event-form.js';
import type { RawValue } from './event-format.js';
import type { EventTable } from './event-table.js';
import type { LineFormat } from '../line-format.js';

interface Field {
  readonly name: string;
  readonly value: RawValue;
}

export interface LttngLine {
  readonly name: string;
  readonly time: string;
  readonly fields: readonly Field[];
  readonly context: readonly Field[];
}

const SIGNATURE = /^\[[0-9:. -]{1,40}\] \(\+[0-9.?]{1,40}\) (?:[\w.-]{1,255} )?qemu:\w{1,128}: \{/;
const LONGEST_LINE = 16_384;

export function createLttng(events: EventTable): LineFormat {
  return {
    id: 'qemu-log',
    isOpen: false,
    take(line, lineNo) {
      if (!SIGNATURE.test(line) || line.length > LONGEST_LINE) return undefined;
      const read = accept(line);
      return read && [eventOf(read, lineNo, events)];
    },
    end: () => [],
  };
}

function eventOf(
  { name, time, fields, context }: LttngLine,
  lineNo: number,
  events: EventTable,
): CaptureRecord {
  const span = { first: lineNo, last: lineNo };
  const printed = printNamed(events.newestForms(name), fields);
  if (printed === undefined && events.isComplete(name)) {
    return { kind: 'gap', span, why: `${name} could not be read` };
  }
  const text = fields.map((field) => `${field.name} = ${field.value}`).join(', ');
  const tid = numberIn(context, 'vtid');
  const pid = numberIn(context, 'vpid');
  return {
    kind: 'event',
    span,
    name,
    ...(printed ?? { args: undefined, text }),
    tid,
    ...(pid === undefined ? {} : { pid }),
    time,
  };
}

function numberIn(context: readonly Field[], name: string): number | undefined {
  const value = context.find((field) => field.name === name)?.value;
  return typeof value === 'bigint' ? Number(value) : undefined;
}

/** Prints the event in the first form whose arguments have these names and types; undefined when none has. */
function printNamed(
  forms: readonly EventForm[],
  fields: readonly Field[],
): PrintedEvent | undefined {
  const form = forms.find(
    ({ args }) =>
      args.length === fields.length &&
      args.every((arg, i) => {
        const field = fields[i];
        return field?.name === arg.name && isString(arg) === (typeof field.value === 'string');
      }),
  );
  return form?.print(fields.map(({ value }) => value));
}
