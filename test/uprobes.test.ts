/** Uprobes on QEMU's functions as perf script and tracefs print them: calls, returns, and what is none. */
import { expect, test } from 'vitest';
import { buildRun } from '../src/flows/run.js';
import type { Run } from '../src/flows/run.js';
import { judge } from './helpers/check.js';
import { readText } from './helpers/read-text.js';

function runOf(...rows: readonly string[]): Run {
  return buildRun(readText(rows.join('\n')), { assumeOrdered: false });
}

/** Of one thread; `at` is where the probe stands. */
function row(event: string, args = '', at = '55e9a1b2c3d0', tid = 501): string {
  return ` qemu-kvm  ${tid} [001] 100.001000: ${event}: (${at}) ${args}`.trimEnd();
}

const kindsOf = ({ activations }: Run): string[] => activations.map(({ kind }) => kind);

test('an event is named after its function, with a number for a further place', () => {
  const run = runOf(
    row('probe_qemu:vhost_dev_set_log', 'dev=0x55e9b0001000 enable_log=0x1'),
    row('probe_qemu:vhost_log_put_2', 'dev=0x55e9b0001000 sync=0'),
    row('vhost:vhost_dev_stop', 'hdev=0x55e9b0001000'),
    row('vhost:begin', 'dev=0x55e9b0001000'),
  );
  expect(kindsOf(run)).toEqual(['vhost_dev_set_log', 'vhost_log_put', 'vhost_dev_stop']);
  expect(run.activations[0]).toMatchObject({ device: '0x55e9b0001000', enable: true });
  expect(run.activations.map(({ stackKnown }) => stackKnown)).toEqual([false, false, false]);
});

test("the kernel's functions and static probes that are called alike are none of QEMU's", () => {
  const run = runOf(
    row('probe:vhost_dev_stop', 'dev=0xffff8881', 'ffffffffc0a1b2c4'),
    row('mine:vhost_dev_stop', 'dev=0xffff8881', 'ffffffffc0a1b2c4'),
    row('sdt_qemu:vhost_dev_stop', 'arg1=94458126102528'),
    '  vhost-501-509  [001] ..... 100.005: vhost_dev_stop: (vhost_dev_stop+0x0/0x120 [vhost]) dev=0x1',
  );
  expect(kindsOf(run)).toEqual([]);
});

test('a return ends its call, tells its value, and what was called inside', () => {
  const run = runOf(
    row('probe_qemu:vhost_dev_set_log', 'dev=0x55e9b0001000 enable_log=0x1'),
    row('probe_qemu:vhost_log_get', 'backend_type=0x2 size=0x1000 share=0x7f01', '55e9a1b2d000'),
    row('probe_qemu:vhost_dev_stop', 'hdev=0x55e9b0009000', '55e9a1b2e000', 502),
    row(
      'probe_qemu:vhost_dev_set_log__return',
      'arg1=0x7fffffffea',
      '55e9a1b2c3d0 <- 55e9a1b2f001',
    ),
  );
  const [outer, inner, other] = run.activations;
  expect(outer).toMatchObject({ closed: 3, stackKnown: true, result: { value: '-22' } });
  expect(inner).toMatchObject({ parent: outer, enable: true, device: '0x55e9b0001000' });
  expect(other?.parent).toBeUndefined();
});

test('a return tells the device also to what returned inside of the calls inside', () => {
  const run = runOf(
    row('probe_qemu:vhost_dev_log_resize', 'dev=0x55e9b0001000 size=0x400'),
    row('probe_qemu:vhost_log_get', 'size=0x400 share=0x1', '55e9a1b2d000'),
    row('probe_qemu:vhost_log_alloc', 'size=0x400 share=0x1', '55e9a1b2e000'),
    row('probe_qemu:vhost_log_alloc__return', '', '55e9a1b2e000 <- 55e9a1b2d001'),
    row('probe_qemu:vhost_log_get__return', '', '55e9a1b2d000 <- 55e9a1b2c3d1'),
    row('probe_qemu:vhost_dev_log_resize__return', '', '55e9a1b2c3d0 <- 55e9a1b2f001'),
  );
  const devices = run.activations.map(({ device }) => device);
  expect(devices).toEqual(['0x55e9b0001000', '0x55e9b0001000', '0x55e9b0001000']);
});

test('a copy inside another function names the device only where another row names it, too', () => {
  const listener = row('probe_qemu:vhost_migration_log', 'listener=0x55e9b0001008', '55e9a1b21000');
  const resize = (dev: string): string =>
    row('probe_qemu:vhost_dev_log_resize', `size=0x400 dev=${dev}`, '55e9a1b22000');
  const rows = [listener, resize('0x55e9b0001000'), resize('0x55e9b0770000')];
  const devices = (...declared: string[]): unknown =>
    runOf(...declared, ...rows).activations.map(({ device }) => device);
  const [known, other] = ['0x55e9b0001000', '0x55e9b0770000'];
  expect(devices('vhtrace-probes 1 partly vhost_dev_log_resize uprobe 1.')).toEqual([
    known,
    known,
    undefined,
  ]);
  expect(devices('vhtrace-probes 1 watched vhost_dev_log_resize uprobe 1.')).toEqual([
    known,
    known,
    other,
  ]);
  expect(devices()).toEqual([known, known, other]);
});

test('a return of a function elsewhere, or behind a loss, encloses nothing', () => {
  const entry = row('probe_qemu:vhost_dev_set_log', 'dev=0x55e9b0001000 enable_log=0x1');
  const inner = row('probe_qemu:vhost_log_put', 'dev=0x55e9b0001000 sync=0x1', '55e9a1b2d000');
  const returned = row(
    'probe_qemu:vhost_dev_set_log__return',
    'arg1=0x0',
    '55e9a1b2c3d0 <- 55e9a1b2f001',
  );
  const lost = 'qemu-kvm  501 [001] 100.001000: PERF_RECORD_LOST lost 12';
  const copy = entry.replace('55e9a1b2c3d0', '55e9a1c00000');
  for (const rows of [
    [copy, inner, returned],
    [entry, lost, inner, returned],
  ]) {
    expect(runOf(...rows).activations[1]?.parent).toBeUndefined();
  }
});

test('programs at other addresses are other processes', () => {
  const stop = row('probe_qemu:vhost_dev_stop', 'hdev=0x55e9b0001000');
  const other = row('probe_qemu:vhost_dev_stop', 'hdev=0x55e9b0001000', '5611a1b2c3d0', 601);
  expect(runOf(stop, other, stop).steps.map(({ session }) => session)).toEqual([0, 1, 0]);
});

test('a second vCPU 0 is of another process that cannot be told apart: nothing is unbroken', () => {
  const start = (tid: number): string =>
    `CPU 0/KVM  ${tid} [001] 100.001000: probe_qemu:vhost_dev_start: (401230) hdev=0x1c3d2a0`;
  const { steps } = runOf(start(501), start(501), start(601));
  expect(steps.map(({ gapBefore }) => gapBefore)).toEqual([true, true, true]);
});

test('a row that a cut has shortened is a gap and no call', () => {
  const whole = row('probe_qemu:vhost_dev_set_log', 'dev=0x55e9b0001000 enable_log=0x1');
  for (const cut of [whole.slice(0, -2), whole.slice(0, -13), whole.slice(0, -20)]) {
    const run = runOf(whole, cut, whole);
    expect(run.activations.length, cut).toBe(2);
    expect(run.steps.at(-1)?.gapBefore, cut).toBe(true);
  }
});

test('rows that name a function and show no call are told', () => {
  for (const text of [
    'qemu-kvm 501 [001] 12345.678901: probe_qemu:vhost_dev_start: ',
    row('sdt_qemu:vhost_dev_start', 'arg1=5'),
  ])
    expect(readText(text).problems).toMatchObject([
      { code: 'UNREAD_PROTOCOL', span: { first: 1 } },
    ]);
  expect(readText(row('probe_qemu:vhost_dev_start', 'hdev=0x55e9b0001000')).problems).toEqual([]);
});

test('a log start in which a vhost-user device disconnects succeeds, and nothing is to be undone', () => {
  const dev = 'dev=0x55e9b0009000';
  const rows = [
    row('probe_qemu:memory_global_dirty_log_start', 'flags=0x1', '55e9a1b21000'),
    row('probe_qemu:vhost_log_global_start', 'listener=0x55e9b0001008', '55e9a1b22000'),
    row('probe_qemu:vhost_log_global_start', 'listener=0x55e9b0009008', '55e9a1b22000'),
    row('probe_qemu:vhost_dev_set_log', `${dev} enable_log=0x1`),
    row('probe_qemu:vhost_virtqueue_set_addr', `${dev} idx=0x0 enable_log=0x0`, '55e9a1b23000'),
    row('probe_qemu:vhost_dev_set_log__return', 'arg1=-22', '55e9a1b2c3d0 <- 55e9a1b2f001'),
    row('probe_qemu:vhost_log_global_start__return', 'arg1=0x0', '55e9a1b22000 <- 55e9a1b2f002'),
    row('probe_qemu:memory_global_dirty_log_start__return', '', '55e9a1b21000 <- 55e9a1b2f003'),
    row('probe_qemu:vhost_dev_stop', 'hdev=0x55e9b0009000', '55e9a1b24000', 500),
    row('probe_qemu:vhost_log_global_stop', 'listener=0x55e9b0001008', '55e9a1b25000', 500),
  ];
  const own = judge(rows.join('\n')).filter(({ rule }) => rule === 'XD-ROLLBACK');
  expect(own.map(({ verdict }) => verdict)).toEqual(['inconclusive']);
});
