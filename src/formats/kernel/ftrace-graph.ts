/**
 * Which call a `}` of the function_graph tracer ends.
 *
 * Source: Linux kernel/trace/trace_functions_graph.c. The tracer prints calls of all CPUs in one list, and
 * the name behind `}` only on demand; calls nest within a task, and a line between dashes says
 * when a CPU goes on with another one.
 */
import type { GraphCode, GraphRow, TaskSwitch } from './ftrace-lines.js';

/** The kernel itself follows 50 calls into each other. */
const MOST_OPEN = 512;

/** A hostile trace has a new task on every line; what was open is then forgotten. */
const MOST_TASKS = 65_536;

/** One call or return. */
export interface GraphStep {
  readonly what: 'call' | 'return';
  readonly func: string;
  readonly caller: string | undefined;
}

export class GraphNesting {
  /** Functions that have not returned, outermost first, by task. */
  readonly #open = new Map<string, string[]>();
  readonly #current = new Map<number, number>();

  /** The task that a row is about: its own column says so, or the last switch of that CPU. */
  pidOf({ pid, cpu }: GraphRow): number | undefined {
    return pid ?? this.#current.get(cpu);
  }

  switch({ cpu, from, to }: TaskSwitch): void {
    const unnamed = this.#open.get(`cpu ${cpu}`);
    if (unnamed !== undefined && !this.#current.has(cpu)) {
      this.#open.delete(`cpu ${cpu}`);
      this.#open.set(`pid ${from}`, unnamed);
    }
    if (this.#current.size >= MOST_TASKS) this.#current.clear();
    this.#current.set(cpu, to);
  }

  /** Events are missing: what is open may have returned. */
  forget(): void {
    this.#open.clear();
  }

  /** Undefined for a `}` whose call is not in the trace. */
  step(
    row: GraphRow,
    code: Exclude<GraphCode, { type: 'note' | 'interrupt' }>,
  ): GraphStep | undefined {
    const open = this.#openOf(row);
    if (code.type === 'close') {
      const opened = open.pop();
      const func = code.func ?? opened;
      return func === undefined ? undefined : { what: 'return', func, caller: open.at(-1) };
    }
    const step: GraphStep = { what: 'call', func: code.func, caller: open.at(-1) };
    if (code.type === 'open' && open.length < MOST_OPEN) open.push(code.func);
    return step;
  }

  #openOf(row: GraphRow): string[] {
    const pid = this.pidOf(row);
    const task = pid === undefined ? `cpu ${row.cpu}` : `pid ${pid}`;
    const known = this.#open.get(task);
    if (known !== undefined) return known;
    if (this.#open.size >= MOST_TASKS) this.#open.clear();
    const open: string[] = [];
    this.#open.set(task, open);
    return open;
  }
}
