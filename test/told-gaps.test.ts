/** Where records are missing: said with the verdicts that it leaves open. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judgeRun } from '../src/check/judge-run.js';
import { withoutGaps } from '../src/flows/gaps/without-gaps.js';
import { buildRun } from '../src/flows/run.js';
import type { Run } from '../src/flows/run.js';
import type { Finding, GapSummary } from '../src/model/report.js';
import { reporters } from '../src/reporters/index.js';
import { rules as allRules } from '../src/rules/index.js';
import { check } from './helpers/check.js';
import { readText } from './helpers/read-text.js';
import { optionsOf } from './helpers/reports.js';

const rules = join(import.meta.dirname, '..', 'fixtures', 'rules');

function gaps(text: string): readonly Omit<GapSummary, 'capture'>[] | undefined {
  return check('gdb.txt', text).gaps?.map(({ capture: _, ...gap }) => gap);
}

test.each([
  ['LS-ALL-RINGS/inconclusive-hits-taken-out', 141, 'the return of vhost_virtqueue_set_addr'],
  [
    'LS-BASE-FIRST/inconclusive-uprobe-row-lost',
    85,
    'the call of vhost_user_set_log_base, which returns',
  ],
  [
    'LS-ALL-RINGS/inconclusive-strace-request-lost',
    98,
    'the request SET_VRING_ADDR, which is answered',
  ],
] as const)('%s', (name, line, why) => {
  expect(gaps(readFileSync(join(rules, name, 'input.txt'), 'utf8'))).toEqual([{ line, why }]);
});

const STACK = '#0  vhost_dev_stop (hdev=0x5555555592a0, vdev=0x0) at vhost.c:1';
const CUT = '[... snip ...]';
/** Without lines, the first and the last of which are given. */
function cutOut(text: string, first: number, last: number): string {
  return text
    .split('\n')
    .filter((_, i) => i + 1 < first || i + 1 > last)
    .join('\n');
}

const START = readFileSync(
  join(rules, 'DS-ORDER/violation-address-reaches-no-backend/input.txt'),
  'utf8',
);

test('one place that several signs tell of is one gap', () => {
  expect(gaps(cutOut(START, 114, 149))).toEqual([
    {
      line: 114,
      why: 'gdb printed a value between $3 and $5; the calls of vhost_user_set_vring_addr, vhost_virtqueue_set_addr and vhost_virtqueue_start, which return',
    },
  ]);
});

test('signs with calls between them are of two gaps', () => {
  const lines = (gaps(cutOut(cutOut(START, 125, 149), 97, 109)) ?? []).map(({ line }) => line);
  expect(lines).toEqual([97, 112]);
});

test('a stop without its backtrace among others that have theirs', () => {
  const stop = `Thread 1 "qemu" hit Breakpoint 1, ${STACK.slice(4)}\n`;
  const whole = `${stop}${STACK}\n#1  main () at main.c:1\n`;
  expect(gaps(whole + whole + stop + whole)).toEqual([{ line: 7, why: 'the backtrace of a stop' }]);
});

describe('an inconclusive verdict', () => {
  const text = readFileSync(join(rules, 'LS-ALL-RINGS/pass-two-devices/input.txt'), 'utf8');
  /** Lines are cut out, and a mark stands in place of them; the last ones first. */
  const cut = (...spans: readonly (readonly [number, number])[]): string =>
    spans.reduce((left, [first, last]) => {
      const lines = left.split('\n');
      lines.splice(first - 1, last - first + 1, CUT);
      return lines.join('\n');
    }, text);
  const named = (from: string, rule: string): (readonly number[] | undefined)[] =>
    check('gdb.txt', from)
      .findings.filter((one) => one.rule === rule && one.verdict === 'inconclusive')
      .map((one) => one.gaps?.map(({ line }) => line));

  test('names the gap that leaves it open, and no other reason', () => {
    const one = cut([269, 289]);
    expect(named(one, 'LS-ALL-RINGS')).toEqual([[269], [269]]);
    expect(named(one, 'LS-FLAGBIT')).toEqual([undefined, undefined]);
    expect(reporters.pretty(check('gdb.txt', one), optionsOf())).toContain(
      'DS-LOGBASE-OFF: missing an unbroken record of vhost_dev_start (records missing: line 269)\n',
    );
  });

  test('names of several those that leave it open', () => {
    // The second one is in the log stop.
    const two = cut([557, 577], [269, 289]);
    expect(named(two, 'LS-ALL-RINGS')).toEqual([[269], [269]]);
    expect(named(two, 'LE-NOBASE0')).toEqual([[537]]);
    expect(named(two, 'DS-RINGBASE')).toEqual([
      [269, 537],
      [269, 537],
    ]);
    expect(reporters.markdown(check('gdb.txt', two), optionsOf())).toContain(
      'device start (records missing: line 269, 537)',
    );
  });

  test('is the same where a run is rebuilt with all of its gaps', () => {
    const run = buildRun(readText(cut([557, 577], [269, 289])), { assumeOrdered: false });
    const judged = (of: Run): Finding[] =>
      judgeRun({ path: 'gdb.txt', sha256: '', bytes: 0 }, of, allRules);
    expect(run.gaps).toHaveLength(2);
    expect(judged(withoutGaps(run, []))).toEqual(judged(run));
  });
});

const continued = (stack: string): string => `(gdb) bt\n${stack}\n(gdb) c\nContinuing.\n`;

test('lines that somebody cut out, behind the first call only', () => {
  const text = [`${CUT}\n`, STACK, `${CUT}\n`, STACK, STACK]
    .map((part) => (part === STACK ? continued(part) : part))
    .join('');
  expect(gaps(text)).toEqual([{ line: 6, why: 'somebody cut lines out' }]);
  expect(reporters.pretty(check('gdb.txt', text), optionsOf())).toContain(
    'records missing\n  line 6: somebody cut lines out\n',
  );
});

test('a comment for a mail or a pull request says so, too', () => {
  const text = [STACK, `${CUT}\n`, STACK].map((part) => (part === STACK ? continued(part) : part));
  expect(reporters.markdown(check('gdb.txt', text.join('')), optionsOf())).toContain(
    '- line 5: somebody cut lines out\n',
  );
});

test('what cannot be read is told as a problem alone', () => {
  const gap = { capture: '0'.repeat(64), line: 7, why: 'a frame could not be read' };
  const report = { ...check('gdb.txt', continued(STACK)), gaps: [gap] };
  const span = { first: 7, last: 7 };
  const problem = { path: 'gdb.txt', code: 'FRAME_UNREAD', span, message: 'cut' } as const;
  const told = 'line 7: a frame could not be read';
  expect(reporters.pretty(report, optionsOf())).toContain(told);
  expect(reporters.pretty(report, { ...optionsOf(), problems: [problem] })).not.toContain(told);
});

test('stops of a breakpoint that never prints a backtrace miss none', () => {
  const stop = `Thread 1 "qemu" hit Breakpoint 1, ${STACK.slice(4)}\n`;
  const whole = `${stop}${STACK}\n#1  main () at main.c:1\n`;
  const bare = 'Thread 1 "qemu" hit Breakpoint 2, vhost_log_put (dev=0x5555) at vhost.c:400\n';
  expect(gaps(`${whole}${bare}`.repeat(3) + whole)).toBeUndefined();
  expect(gaps(`${whole}${bare}`.repeat(2) + whole)?.map(({ line }) => line)).toEqual([4, 8]);
});

test('the only thread of a program is told by the header of its backtrace, not by its stop', () => {
  const stop = `Breakpoint 1, ${STACK.slice(4)}\n`;
  const stack = `${STACK}\n#1  main () at main.c:1\n`;
  const all = `${stop}\nThread 1 (Thread 0x7f12 (LWP 5) "qemu"):\n${stack}`;
  expect(gaps(all.repeat(3))).toBeUndefined();
});
