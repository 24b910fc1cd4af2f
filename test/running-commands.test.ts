/** Commands of gdb that run the program, by any of their names: what is shown below them is of another moment. */
import { describe, expect, test } from 'vitest';
import { buildSteps } from '../src/facts/steps.js';
import { findNoteSign } from '../src/flows/order/order.js';
import { readLines } from './helpers/read-text.js';

const PUT = ['#0  vhost_log_put (dev=0x5, sync=true) at ../hw/virtio/vhost.c:396'];
const SYNC = ['#0  vhost_dev_set_log (dev=0x5, enable_log=true) at ../hw/virtio/vhost.c:455'];
const OUTER = '#1  0x00007ffff7ca58ec in clone3 () at clone3.S:81';

describe('backtraces of silent commands are of two stops', () => {
  const isOrdered = (line: string): boolean =>
    findNoteSign(
      readLines([...PUT, OUTER, '+bt', ...SYNC, OUTER, line, '+bt', ...PUT, OUTER]).records,
    ) === undefined;

  test.each(
    'c cont conti fg u unt until adv n ni s si fin fini j ju sig r run starti rc rsi'.split(' '),
  )('where `%s` stands between them', (command) => {
    expect(isOrdered(`+${command}`)).toBe(true);
    expect(isOrdered(`(gdb) ${command}`)).toBe(true);
  });

  test.each(['+p sync', '+stepping', '+untidy', '+co', '(gdb) con'])(
    'not where %s does',
    (line) => {
      expect(isOrdered(line)).toBe(false);
    },
  );
});

test.each(['+r', '+run', '+start', '(gdb) starti', '(gdb) det', '(gdb) kil'])(
  'behind `%s` it is another process',
  (line) => {
    const { steps } = buildSteps(readLines([...PUT, OUTER, line, ...PUT, OUTER]).records);
    expect(steps.map(({ session }) => session)).toEqual([0, 1]);
  },
);

test.each(['restart', 'start', 'detach', 'jump', 'attach'])(
  "the label `%s` between two dumps is a person's",
  (label) => {
    expect(
      findNoteSign(readLines([...PUT, OUTER, '', label, '', ...SYNC, OUTER]).records),
    ).toBeDefined();
  },
);
