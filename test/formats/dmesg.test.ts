import { describe, expect, it } from 'vitest';
import { readLines } from '../helpers/read-text.js';

describe('a kernel message', () => {
  it('is not a word of a person, whatever it says', () => {
    const { records } = readLines([
      '#0  f (a=1) at x.c:1',
      '[   77.027592] vhost: we see that the log is full here.',
      '               And this is the rest of what the kernel wrote.',
      '#0  f (a=1) at x.c:1',
    ]);
    expect(records.map(({ kind }) => kind)).toEqual(['backtrace', 'log', 'chatter', 'backtrace']);
  });

  it('has values even under names that objects have', () => {
    const { records } = readLines(['[    0.651247] __proto__=1 constructor=2 a-b.c=3']);
    const values = records[0]?.kind === 'log' ? records[0].values : undefined;
    expect(Object.entries(values ?? {})).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
      ['a-b.c', '3'],
    ]);
  });

  it('names a bounded number of them', () => {
    const { records } = readLines([
      `[    0.651247] ${Array.from({ length: 500 }, (_, i) => `k${i}=1`).join(' ')}`,
    ]);
    const values = records[0]?.kind === 'log' ? records[0].values : undefined;
    expect(Object.keys(values ?? {})).toHaveLength(64);
  });

  it.each([
    '[0.65] too short a fraction',
    '[pid 1234] ioctl(3, VHOST_SET_OWNER, 0) = 0',
    '[Nov] a note',
    '[2026-11-22T03:27:38Z INFO  vhost_user_backend] started',
    'Nov 22 03:27:38 host qemu[12]: a message of QEMU',
    '2026-11-22T03:27:38.123456Z vhost_commit Started: 1 Changed: 1',
    'note  :info  : a list',
    '6,1,2 are the vrings',
  ])('is not this line: %s', (line) => {
    expect(readLines([line]).formats).not.toContain('dmesg');
  });

  it('below another has no rest that a person wrote', () => {
    const { records } = readLines(['[    0.651247] x', '  We stop here, because it is done.']);
    expect(records).toMatchObject([{ kind: 'log' }, { kind: 'prose', human: true }]);
  });
});
