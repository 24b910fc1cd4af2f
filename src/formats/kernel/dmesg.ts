/**
 * Kernel messages, as dmesg, /dev/kmsg, the journal and syslog show them.
 *
 * Producer: Linux kernel/printk/printk.c; util-linux sys-utils/dmesg.c; journalctl -k; rsyslog.
 * Unit:     one record per line; the stack of an oops is one record of its own.
 * Not read: messages of other programs in the journal; the rest of a message that holds a newline (chatter, where
 *           dmesg indented it); registers and code of an oops beyond their text.
 */
import type { CaptureRecord, LogLine, Stamp } from '../../model/record.js';
import { readMessage } from './dmesg-lines.js';
import { readOops } from '../stacks/foreign-lines.js';
import { keyValues } from '../key-values.js';
import type { LineFormat } from '../line-format.js';
import { StackBuilder } from '../stacks/stack-builder.js';

export function createDmesg(): LineFormat {
  return new Dmesg();
}

class Dmesg implements LineFormat {
  readonly id = 'dmesg';
  readonly #stacks = new StackBuilder();
  /** Whom the oops names above its stack. */
  #task: Stamp = {};
  #last = -1;
  /** Columns of the stamp on that line. */
  #width = 0;

  get isOpen(): boolean {
    return this.#stacks.isOpen;
  }

  take(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    const message = readMessage(line);
    const isRest = message === undefined && this.#last === lineNo - 1 && this.#isRest(line);
    if (message === undefined && !isRest) return undefined;
    this.#last = lineNo;
    if (message === undefined) {
      return [...this.end(), { kind: 'chatter', span: { first: lineNo, last: lineNo } }];
    }
    this.#width = line.length - message.text.length;
    const { text, time, pid, cpu } = message;
    const stamp = { pid, cpu, time };
    return this.#addToStack(text, stamp, lineNo) ?? [...this.end(), logLine(text, stamp, lineNo)];
  }

  end(): readonly CaptureRecord[] {
    return this.#stacks.end();
  }

  #addToStack(text: string, stamp: Stamp, lineNo: number): readonly CaptureRecord[] | undefined {
    const oops = readOops(text);
    if (oops?.type === 'task') this.#task = oops.stamp;
    const records = oops && this.#stacks.add(oops, lineNo, { ...stamp, ...this.#task });
    if (records !== undefined) this.#task = {};
    return records;
  }

  // dmesg indents the further lines of a message by the width of its stamp; /dev/kmsg gives " SUBSYSTEM=pci".
  #isRest(line: string): boolean {
    const width = /^ */.exec(line)?.[0].length ?? 0;
    return (width >= 8 && width === this.#width) || /^ [A-Z]{3,16}=\S+$/.test(line);
  }
}

function logLine(text: string, { pid, cpu, time }: Stamp, lineNo: number): LogLine {
  const span = { first: lineNo, last: lineNo };
  return { kind: 'log', span, pid, cpu, time, source: 'kernel', text, values: keyValues(text) };
}
