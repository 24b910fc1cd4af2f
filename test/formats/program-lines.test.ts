import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findNoteSign } from '../../src/flows/order/order.js';
import type { CheckSummary } from '../../src/model/report.js';
import { check } from '../helpers/check.js';
import { PROGRAM_LINES, TAKES_BREAKPOINTS } from '../helpers/program-lines.js';
import { expectEveryLineOnce, linesOf, readLines } from '../helpers/read-text.js';

const fixture = join(import.meta.dirname, '../../fixtures/captures/vring-never-logged.gdb.txt');

const FIRST = [
  'Thread 5 "CPU 0/TCG" hit Breakpoint 3, vhost_log_put (dev=0x5555570162c8, sync=true) at ../hw/virtio/vhost.c:517',
  '517\t    struct vhost_log *log = dev->log;',
  '#0  vhost_log_put (dev=0x5555570162c8, sync=true) at ../hw/virtio/vhost.c:517',
  '#1  0x000055555588f699 in vhost_dev_stop (hdev=0x5555570162c8) at ../hw/virtio/vhost.c:2130',
];
const SECOND = [
  'Thread 1 "qemu-system-x86" hit Breakpoint 4, vhost_log_get (size=28672, share=true) at ../hw/virtio/vhost.c:480',
  '#0  vhost_log_get (size=28672, share=true) at ../hw/virtio/vhost.c:480',
];

/** A line between the dumps that makes the log a note. */
function signOf(between: readonly string[]): string | undefined {
  const lines = [...FIRST, ...between, ...SECOND];
  const reading = readLines(lines);
  expectEveryLineOnce(reading);
  expect(reading.records.filter(({ kind }) => kind === 'stop')).toHaveLength(2);
  const sign = findNoteSign(reading.records);
  return sign && lines[sign.line - 1];
}

const FAMILIES = { ...PROGRAM_LINES, 'what takes breakpoints away, of gdb': TAKES_BREAKPOINTS };

describe.each(Object.entries(FAMILIES))('between two stops, %s', (_, messages) => {
  it.each(messages)('is no sign of a note: %s', (message) => {
    const lines = message.split('\n');
    expect(signOf(['', ...lines, ''])).toBeUndefined();
    expect(signOf([...lines, ''])).toBeUndefined();
  });
});

describe('below the first stop of a log', () => {
  const lines = linesOf(readFileSync(fixture, 'utf8'));
  const at = lines.indexOf(
    '',
    lines.findIndex((line) => line.startsWith('#0 ')),
  );
  const verdict = (between: readonly string[]): CheckSummary => {
    const text = [...lines.slice(0, at), ...between, ...lines.slice(at)].join('\n');
    const { summary } = check('log.txt', text);
    return summary;
  };
  const expected = verdict([]);

  it.each(Object.entries(PROGRAM_LINES))('%s change no verdict', (_, messages) => {
    expect(verdict(['', ...messages.flatMap((message) => message.split('\n'))])).toEqual(expected);
  });

  it.each(TAKES_BREAKPOINTS)('less is decided: %s', (message) => {
    const { inconclusive } = verdict(['', message]);
    expect(inconclusive).toBeGreaterThan(expected.inconclusive);
  });

  it('words of a person do', () => {
    expect(verdict(['', 'The second device comes now:'])).not.toEqual(expected);
  });
});

describe('a person who begins like a program', () => {
  it.each([
    'Migration failed on the second host:',
    'Migration status is active here, we wait',
    'Detaching the second device gives this:',
    'Error in the second run:',
    'Breakpoint 20 is hit again by the other device',
    'Single stepping shows that the log is freed',
    'done with the source, now the destination:',
    'Status: this is the destination',
    'setup: two hosts and one bridge',
    'downtime: much longer than expected',
    'Expected:',
    'Others:',
    'Time: the next day',
    'second login: the same again',
    'Starting the migration again...',
    'Running the guest again: OK',
    'Warnings are left out here.',
    'No struct is shared between the two.',
    'Could not insert the module on the other host.',
    'KVM gives the same result:',
    'Failed to see the log of the second device',
    'Continuing with the second run:',
    'Unable to reproduce this again on the other host',
    'Cannot find a reason, but the log is freed',
    'No thread holds the lock here.',
    'Booting the second guest gives:',
    'Ubuntu 22.04 shows the same again',
    'W: I saw this one too',
    'dirty sync count: see above',
    'fedora qemu-system-x86_64: prints the same as before',
    'qemu:the other one: it ends',
    'Then qemu-kvm: it says that the log is freed',
    'Do you see the same (y or n) on your host?',
  ])('makes a note: %s', (line) => {
    expect(signOf(['', line, ''])).toBe(line);
  });
});

describe('keys at a prompt of gdb, or at the end of a log', () => {
  const kinds = (lines: readonly string[]): string[] =>
    readLines(lines).records.map(({ kind }) => kind);

  it.each(['(gdb) Quit', '(gdb) ^CQuit', '(gdb) ^C^CQuit'])(
    'throw away what was typed, and nothing that gdb prints: %s',
    (prompt) => {
      const shown = kinds([...FIRST, prompt, '(gdb) c', 'Continuing.', '', ...SECOND]);
      expect(shown).not.toContain('gap');
      expect(shown.filter((kind) => kind === 'command')).toHaveLength(1);
    },
  );

  it('leave a stack that may go on', () => {
    const last = (lines: readonly string[]): boolean | undefined => {
      const stack = readLines(lines).records.find(({ kind }) => kind === 'backtrace');
      return stack?.kind === 'backtrace' ? stack.incomplete : undefined;
    };
    expect(last(FIRST)).toBe(false);
    expect(last([...FIRST, '^C'])).toBe(true);
    expect(last([...FIRST, '^C', '', 'Thread 1 "x" received signal SIGINT, Interrupt.'])).toBe(
      false,
    );
  });
});
