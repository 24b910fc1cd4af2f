/**
 * Rows of a kernel trace by what repeats in them: a trace has millions of rows, of a few tasks and a few probes. What
 * stands in front of the time, and the name and the place of a probe behind it, the grammar reads once; what stands behind
 * the place is a text to it, whatever it says.
 */
import { detached } from '../../base/detached.js';
import { Recent } from '../../base/recent.js';
import { hasRowHead, readRow } from './ftrace-lines.js';
import type { TraceBody, TraceRow, TraceStamp } from './ftrace-lines.js';

/** Tasks on each CPU, and probes at each place, that are remembered. */
const MOST_KNOWN = 2048;

/** Longer rows, which the grammar refuses, are none of the usual ones either. */
const LONGEST_ROW = 1024;

// " qemu-system-x86-3599    [001] .....  " "1859.891787" "vn_ioctl: (vhost_net_ioctl+0x4/0x9c0 [vhost_net])"
const PARTS =
  /^([^[]{1,64}\[\d{1,5}\] (?:[A-Za-z\d.#]{3,8} )? {0,8})(\d{1,12}\.\d{1,9}): {1,32}(\w{1,64}: {1,32}\([^()]{1,128}\))/;

type Task = Omit<TraceStamp, 'time'>;
type Probe = Omit<Extract<TraceBody, { name: string }>, 'args'>;

export class KnownRows {
  readonly #tasks = new Recent<Task>(MOST_KNOWN);
  readonly #probes = new Recent<Probe>(MOST_KNOWN);

  /** As {@link readRow}. */
  read(line: string): TraceRow | undefined {
    const parts = line.length > LONGEST_ROW ? null : PARTS.exec(line);
    if (parts === null) return readRow(line);
    const [{ length }, front = '', time = '', head = ''] = parts;
    const task = this.#tasks.get(front);
    const probe = this.#probes.get(head);
    const args = line.slice(length);
    if (task === undefined || probe === undefined) {
      const row = readRow(line);
      if (row !== undefined && hasRowHead(front)) this.#learn(row, { front, time, head, args });
      return row;
    }
    // By name, as the grammar does it: engines are slow with objects that are made in many ways.
    const { comm, pid, tgid, cpu } = task;
    const { what, name, func, caller, address } = probe;
    return {
      stamp: { comm, pid, tgid, cpu, time },
      body: { what, name, func, caller, args, address },
    };
  }

  /** Only where the grammar saw the same parts in the row. */
  #learn(
    { stamp, body }: TraceRow,
    parts: Record<'front' | 'time' | 'head' | 'args', string>,
  ): void {
    if (!('args' in body) || body.args !== parts.args || stamp.time !== parts.time) return;
    this.#tasks.set(detached(parts.front), { ...stamp, comm: detached(stamp.comm) });
    const { name, func, caller } = body;
    this.#probes.set(detached(parts.head), {
      ...body,
      name: detached(name),
      func: func && detached(func),
      caller: caller && detached(caller),
    });
  }
}
