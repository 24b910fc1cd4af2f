import { createHash } from 'node:crypto';
import type { Fact } from '../../src/model/fact.js';
import type { Reading } from '../../src/model/record.js';
import type { CaptureToSave } from '../../src/store/save-capture.js';

/** A reading of nothing. */
export const emptyReading: Reading = { lines: 0, blank: 0, formats: [], records: [], problems: [] };

/** What the store takes, around a reading; `name` makes its path and its sha256. */
export function captureOf(
  name: string,
  reading: Reading = emptyReading,
  facts: readonly Fact[] = [],
): CaptureToSave {
  const info = { path: name, sha256: createHash('sha256').update(name).digest('hex'), bytes: 1 };
  return {
    info,
    reading,
    facts,
    ordered: true,
    counts: {
      ...info,
      lines: reading.lines,
      formats: reading.formats,
      sessions: 1,
      threads: 0,
      backtraces: 0,
      frames: 0,
      events: 0,
      facts: facts.length,
      prose: 0,
      problems: reading.problems.length,
    },
  };
}

/** A fact in which only what matters is given. */
export function factOf(seq: number, fact: Partial<Fact> = {}): Fact {
  return {
    seq,
    line: seq + 1,
    session: 0,
    thread: undefined,
    kind: 'vhost_dev_start',
    func: 'vhost_dev_start',
    role: 'entry',
    activation: undefined,
    incarnation: 0,
    device: undefined,
    backend: undefined,
    vring: undefined,
    enable: undefined,
    value: undefined,
    endpoint: undefined,
    result: undefined,
    ...fact,
  };
}
