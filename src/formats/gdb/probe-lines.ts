/**
 * What the gdb recipe of `vhtrace probes` prints about itself → breakpoints that are declared, and returns.
 *
 * Producer: src/recipes/gdb-python.ts, src/recipes/uprobes.ts.
 * Syntax:   grammars/probes-line.peggy.
 * Not read: that a function is absent or unwatched; nothing is watched that is not declared.
 */
import { accept } from '../../grammar/probes-line.js';
import type { CaptureRecord, Problem, Span } from '../../model/record.js';
import type { LineFormat } from '../line-format.js';

/** What grammars/probes-line.peggy returns. */
export type ProbeLine =
  | {
      readonly what: 'breakpoint';
      readonly state: 'watched' | 'partly';
      readonly func: string;
      readonly number: number;
    }
  | { readonly what: 'absent' | 'unwatched'; readonly func: string }
  | {
      readonly what: 'return';
      readonly func: string;
      /** gdb's number of the thread. */
      readonly thread: string;
      /** As gdb prints it; undefined for a function that returns nothing. */
      readonly value: string | undefined;
    };

/** Not a person's words about it. */
const MARK = /^vhtrace-probes(?: \d| ?$)/;

/** Longer ones are nothing that the recipe prints. */
const LONGEST_LINE = 4096;

/** True for a line that claims to be of the recipe, readable or not. */
export function isProbeLine(line: string): boolean {
  return MARK.test(line);
}

export function createProbeLines(): LineFormat {
  return new ProbeLines();
}

class ProbeLines implements LineFormat {
  readonly id = 'vhtrace-probes';
  readonly isOpen = false;
  #problem: Problem | undefined;

  get problem(): Problem | undefined {
    return this.#problem;
  }

  take(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    this.#problem = undefined;
    if (!isProbeLine(line)) return undefined;
    const span = { first: lineNo, last: lineNo };
    const read = readProbeLine(line.trimEnd());
    if (read !== undefined) return [recordOf(read, span)];
    const message = 'a line of "vhtrace probes" is cut, or of another version';
    this.#problem = { code: 'PROBE_UNREAD', message, span };
    return [{ kind: 'gap', span, why: 'a line of "vhtrace probes" could not be read' }];
  }

  end(): readonly CaptureRecord[] {
    return [];
  }
}

function readProbeLine(line: string): ProbeLine | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  return accept(line);
}

function recordOf(read: ProbeLine, span: Span): CaptureRecord {
  switch (read.what) {
    case 'breakpoint':
      return {
        kind: 'breakpoint-set',
        span,
        number: read.number,
        temporary: false,
        func: read.func,
        file: undefined,
        line: undefined,
        ...(read.state === 'partly' ? { narrowed: true, several: true } : {}),
        declared: true,
      };
    case 'absent':
    case 'unwatched':
      return { kind: 'chatter', span };
    case 'return':
      return {
        kind: 'return',
        span,
        func: read.func,
        value: read.value,
        thread: { num: read.thread },
      };
  }
}
