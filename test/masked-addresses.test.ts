/** Captures in which somebody put one number in the place of all addresses before handing them on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { alarms } from './helpers/alarms.js';
import { check } from './helpers/check.js';

const CAPTURES = join(import.meta.dirname, '..', 'fixtures', 'captures');

function read(name: string): string {
  return readFileSync(join(CAPTURES, name), 'utf8');
}

const debugged = read('vring-never-logged.gdb.txt');

/** `sed -E 's/0x[0-9a-f]{6,}/MASK/g'` */
function masked(text: string, mask: string): string {
  return text.replace(/0x[0-9a-f]{6,}/g, mask);
}

function masksOf(text: string): readonly string[] | undefined {
  return check('capture', text).captures[0]?.masks;
}

describe('one number for all addresses', () => {
  test.each(['0xdeadbeef', '0x0', '0x1234', '0x7fffffffffff', '0x0000000000000000'])(
    '%s tells no device from another, and that is said',
    (mask) => {
      const text = masked(debugged, mask);
      expect(alarms(text)).toEqual([]);
      expect(masksOf(text)).toEqual([mask.replace(/^0x0+$/, '0x0')]);
    },
  );

  test('is known by stop lines alone', () => {
    const stops = debugged.split('\n').filter((line) => line.includes('hit Breakpoint'));
    const text = masked(stops.join('\n'), '0xdeadbeef');
    expect(alarms(text)).toEqual([]);
    expect(masksOf(text)).toEqual(['0xdeadbeef']);
  });

  test('only code is hidden: objects keep their pointers', () => {
    const text = debugged.replace(/0x0000[0-9a-f]{12}(?= in )/g, '0xdeadbeef');
    expect(alarms(text)).toEqual(alarms(debugged));
    expect(masksOf(text)).toBeUndefined();
  });

  test('no number is one where the stack ends in what gdb cannot follow', () => {
    const end = '#1  0x0000000000000000 in ?? ()';
    const frame = '#0  vhost_dev_start (hdev=0x0, vdev=0x55555729fdd0, vrings=true)';
    const text = `Breakpoint 1, ${frame.slice(4)} at ../hw/virtio/vhost.c:2000\n${frame} at ../hw/virtio/vhost.c:2000\n${end}\n`;
    expect(masksOf(text)).toBeUndefined();
  });
});

test('one number for the flags of all messages says nothing of acknowledgements', () => {
  const traced = read('cancelled-migration.trace.log');
  expect(traced).toContain('vhost_user_write');
  expect(alarms(traced)).toEqual([]);
  expect(alarms(traced.replace(/0x[0-9a-f]+/g, '0xdeadbeef'))).toEqual([]);
});
