/** The shared real captures, where they are: what must be reported on each is reported, and nothing else. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkCaptures } from '../src/check/check-captures.js';
import { readCapture } from '../src/pipeline/read-capture.js';

interface Expectation {
  readonly anyOf: readonly string[];
  readonly device?: string | null;
  readonly vring?: number | null;
  readonly line?: number | null;
}

interface Truth {
  readonly file: string;
  readonly kind: string;
  readonly expect?: readonly Expectation[];
  readonly alsoAllowed?: readonly string[] | null;
}

const folder = join(import.meta.dirname, '..', '..', 'shared', 'captures');
const isHere = existsSync(join(folder, 'truth.json'));

function truths(): readonly Truth[] {
  if (!isHere) return [];
  const parsed = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as {
    captures: readonly Truth[];
  };
  return parsed.captures;
}

describe.skipIf(!isHere)('shared captures (skipped where they are not beside the project)', () => {
  test.each(truths())('$kind $file', async ({ file, expect: expected, alsoAllowed }) => {
    const capture = await readCapture(join(folder, file));
    const report = checkCaptures([capture], { assumeOrdered: false });
    const alarms = report.findings.filter(
      (f) => f.verdict === 'violation' && f.severity !== 'note',
    );
    const wanted = expected ?? [];
    const allowed = new Set([...wanted.flatMap((e) => e.anyOf), ...(alsoAllowed ?? [])]);
    const unrelated = alarms.filter((f) => !allowed.has(f.rule));
    expect(unrelated.map((f) => `${f.rule} line ${f.at.line}: ${f.message}`)).toEqual([]);
    for (const { anyOf, device, vring, line } of wanted) {
      const found = alarms.filter(
        (f) =>
          anyOf.includes(f.rule) &&
          ((device ?? null) === null || f.device === device) &&
          ((vring ?? null) === null || f.vring === vring),
      );
      expect(found, `${anyOf.join(' or ')} on ${String(device)}`).not.toEqual([]);
      if ((line ?? null) !== null) expect(found.map((f) => f.at.line)).toContain(line);
    }
  });
});
