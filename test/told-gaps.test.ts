/** Where records are missing: said with the verdicts that it leaves open. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { GapSummary } from '../src/model/report.js';
import { reporters } from '../src/reporters/index.js';
import { check } from './helpers/check.js';
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
