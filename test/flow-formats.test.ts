/** Call flows in every format, as golden files; text of a capture is never markup or control. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkRuns } from '../src/check/check-captures.js';
import { buildCodeFlow } from '../src/flows/tree/by-code.js';
import { compareDocumentedPaths } from '../src/flows/tree/documented-paths.js';
import { buildFlows } from '../src/flows/tree/flow.js';
import { buildRun } from '../src/flows/run.js';
import type { Flow, FlowNode } from '../src/model/flow.js';
import { flowReporters } from '../src/reporters/flow/index.js';
import type { FlowsInput } from '../src/reporters/flow/index.js';
import { walk } from '../src/model/flow-marks.js';
import { readText } from './helpers/read-text.js';

const fixtures = join(import.meta.dirname, '..', 'fixtures');
const PLAIN = { color: false, unfold: false, width: 100 };

function flowsOf(text: string, path: string): FlowsInput {
  const reading = readText(text);
  const run = buildRun(reading, { assumeOrdered: false });
  const info = { path, sha256: '0'.repeat(64), bytes: text.length };
  return {
    flows: () => buildFlows(info, reading, run),
    codeFlow: () => buildCodeFlow([{ path, reading }], { unfold: false }),
    paths: () => compareDocumentedPaths([{ path, reading }]),
    report: () => checkRuns([{ info, reading, run }]),
  };
}

function nodesOf({ flows }: FlowsInput): FlowNode[] {
  return flows().flatMap((flow: Flow) => [...walk(flow.nodes)].map(({ node }) => node));
}

const reporters = flowReporters.time;
const NAMES = Object.keys(reporters) as (keyof typeof reporters)[];

test.each(NAMES)('%s', async (format) => {
  const file = join(fixtures, 'captures', 'vring-never-logged.gdb.txt');
  const input = flowsOf(readFileSync(file, 'utf8'), 'vring-never-logged.gdb.txt');
  const golden = join(fixtures, 'reporters', 'flows', `expected.${format}`);
  await expect(reporters[format](input, PLAIN)).toMatchFileSnapshot(golden);
});

test('html: where records are missing, each line a link to a call of the page', () => {
  const name = join('rules', 'LS-ALL-RINGS', 'inconclusive-hits-taken-out');
  const text = readFileSync(join(fixtures, name, 'input.txt'), 'utf8');
  const page = reporters.html(flowsOf(text, 'gdb.txt'));
  const why = 'the return of vhost_virtqueue_set_addr';
  expect(page).toMatch(
    new RegExp(`<h2>Records missing</h2>\\n<ul>\\n<li><a href="#[^"]+">line 141</a>: ${why}</li>`),
  );
  expect(page).toMatch(
    new RegExp(`<li>records missing: <a href="#[^"]+">line 141</a>: ${why}</li>`),
  );
  const targets = Array.from(page.matchAll(/ href="#([^"]+)"/g), ([, id]) => id ?? '');
  expect(targets.length).toBeGreaterThan(2);
  for (const id of targets) expect(page.split(` id="${id}"`)).toHaveLength(2);
});

describe('a log start that is taken back', () => {
  const fixture = (name: string): string =>
    readFileSync(join(fixtures, 'rules', 'XD-ROLLBACK', name, 'input.txt'), 'utf8');
  const rolledBack = (text: string): string[] =>
    nodesOf(flowsOf(text, 'gdb.txt'))
      .filter((node) => node.rolledBack === true)
      .map(({ name, line }) => `${line} ${name}`);

  test('of a device whose successor fails, and of the one that undoes itself', () => {
    expect(rolledBack(fixture('pass-first-device-undone'))).toEqual(['32 vhost_log_global_start']);
    expect(rolledBack(fixture('pass-second-device-undoes-itself'))).toEqual([
      '533 vhost_log_global_start',
      '788 vhost_dev_set_log',
    ]);
  });

  test('is not said where the capture shows no failure, or nothing that is taken back', () => {
    const silent = fixture('pass-first-device-undone').replace(/^Value returned.*\n/gm, '');
    expect(rolledBack(silent)).toEqual([]);
    expect(rolledBack(fixture('violation-first-device-left-on'))).toEqual([]);
    const wrongFlag = join(fixtures, 'rules', 'LS-UNIFORM', 'violation-one-flag-turned');
    expect(rolledBack(readFileSync(join(wrongFlag, 'input.txt'), 'utf8'))).toEqual([]);
  });

  test.each(NAMES.filter((name) => name !== 'collapsed'))('%s names it', (format) => {
    const input = flowsOf(fixture('pass-first-device-undone'), 'gdb.txt');
    expect(reporters[format](input, PLAIN)).toMatch(
      format === 'json' ? /"rolledBack": ?true/ : /rolled back/,
    );
  });
});

test('unfolded, the frames between are shown with their lines', async () => {
  const file = join(fixtures, 'captures', 'vring-never-logged.gdb.txt');
  const input = flowsOf(readFileSync(file, 'utf8'), 'vring-never-logged.gdb.txt');
  const golden = join(fixtures, 'reporters', 'flows', 'expected.unfolded.tree');
  const tree = reporters.tree(input, { ...PLAIN, unfold: true });
  await expect(tree).toMatchFileSnapshot(golden);
  expect(reporters.collapsed(input, { ...PLAIN, unfold: true })).toContain(';ram_save_setup;');
});

test.each([60, 80])('on a terminal of %d columns no line is longer', async (terminal) => {
  const file = join(fixtures, 'captures', 'vring-never-logged.gdb.txt');
  const input = flowsOf(readFileSync(file, 'utf8'), 'vring-never-logged.gdb.txt');
  const tree = reporters.tree(input, { ...PLAIN, terminal });
  for (const line of tree.split('\n')) expect(line.length).toBeLessThanOrEqual(terminal);
  const words = (text: string): string => text.replace(/[│├└─\s]+/g, '');
  expect(words(tree)).toBe(words(reporters.tree(input, PLAIN)));
  const golden = join(fixtures, 'reporters', 'flows', `expected.${terminal}-columns.tree`);
  await expect(tree).toMatchFileSnapshot(golden);
});

test('a name of any length is broken where the terminal ends', () => {
  const frames = [
    '#0  vhost_virtqueue_set_addr (dev=0x5555562b1f00, vq=0x5, idx=0, enable_log=false) at ../hw/virtio/vhost.c:967',
    `#1  0x0000555555a3c0de in ${'Z'.repeat(20_000)} (net=0x5555562b1f00) at a.c:278`,
    '#2  0x0000555555a3c0df in vhost_dev_start (hdev=0x5555562b1f00) at ../hw/virtio/vhost.c:2001',
  ];
  const input = flowsOf(frames.join('\n'), 'log.txt');
  const tree = reporters.tree(input, { ...PLAIN, unfold: true, terminal: 60 });
  const frame = tree.replace(/Z+…:278/, '');
  expect(frame.match(/Z+/g)?.join('')).toHaveLength(20_000);
  for (const line of tree.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
});

describe('whose work the events of a trace are', () => {
  const MIGRATION = [
    '7@3.0:migrate_set_state new state setup',
    '9@4.0:migration_thread_after_loop ',
  ];
  const actorsOf = (...lines: readonly string[]): string[] =>
    nodesOf(flowsOf(`${lines.join('\n')}\n`, 'trace.log'))
      .filter(({ kind }) => kind === 'event')
      .map(({ name, lane, actor }) => `${name} ${actor ?? 'unknown'}, ${lane}`);

  test('is told by what only one thread does, not by what is done', () => {
    const lines = [
      '7@1.0:runstate_set current_run_state 6 (prelaunch) new_state 9 (running)',
      '8@2.0:virtio_set_status vdev 0x1 val 15',
      ...MIGRATION,
      '9@5.0:vm_state_notify running 0 reason 7 (finish-migrate)',
      '9@6.0:virtio_set_status vdev 0x1 val 15',
      '7@7.0:virtio_set_status vdev 0x1 val 0',
    ];
    expect(actorsOf(...lines)).toEqual([
      'runstate_set main loop, main loop',
      'virtio_set_status vCPU, guest vCPU',
      'migrate_set_state main loop, main loop',
      'migration_thread_after_loop migration thread, migration thread',
      'vm_state_notify migration thread, migration thread',
      'virtio_set_status migration thread, migration thread',
      'virtio_set_status main loop, main loop',
    ]);
  });

  test('is not told where the migration thread is not known, nor by one id for all', () => {
    expect(
      actorsOf(
        '7@1.0:migrate_set_state new state active',
        '9@2.0:vm_state_notify running 0 reason 7 (finish-migrate)',
        '8@3.0:virtio_set_status vdev 0x1 val 15',
      ).filter((text) => !text.includes('unknown')),
    ).toEqual([]);
    expect(
      actorsOf(...MIGRATION.map((line) => line.replace(/^\d/, '7'))).filter(
        (text) => !text.includes('unknown'),
      ),
    ).toEqual([]);
  });
});

describe('what a capture says', () => {
  const evil = '\x1b]0;x\x07<script>alert(1)</script>"\';end#`‮';
  const frame = (n: number, func: string): string => `#${n}  ${func} (dev=0x5555) at ../a.c:1`;
  const text = [
    '(gdb) bt',
    frame(0, 'vhost_dev_set_features'),
    `#1  0x0000555555555555 in vhost_dev_start (hdev=0x5555) at ../${evil}.c:2`,
    '#2  0x0000555555555555 in main () at ../main.c:3',
    `1@1700000000.000001:migrate_set_state new state ${evil}`,
    `1@1700000000.000002:savevm_section_start ${evil}, section_id 1`,
  ].join('\n');

  test.each(NAMES)('is escaped in %s', (format) => {
    const output = reporters[format](flowsOf(text, `${evil}.txt`), {
      ...PLAIN,
      unfold: true,
    });
    // eslint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(output).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
    if (format === 'html') expect(output).not.toContain('<script>alert');
  });
});

describe('phases', () => {
  const log = (...events: string[]): string =>
    events.map((event, i) => `1@1700000000.${String(i).padStart(6, '0')}:${event}`).join('\n');

  test('a capture that says nothing of migrations is not divided', () => {
    const { flows } = flowsOf(log('vhost_user_write req:5 flags:0x1'), 'a');
    expect(flows()[0]?.nodes.map(({ kind, name }) => [kind, name])).toEqual([
      ['event', 'vhost_user_write'],
    ]);
  });

  test('setup to cleanup are one migration, with its outcome', () => {
    const { flows } = flowsOf(
      log(
        'migrate_set_state new state setup',
        'migrate_set_state new state active',
        'runstate_set current_run_state 9 (running) new_state 6 (finish-migrate)',
        'migrate_set_state new state device',
        'migrate_set_state new state completed',
        'runstate_set current_run_state 6 (finish-migrate) new_state 5 (postmigrate)',
        'virtio_set_status vdev 0x1 val 0',
        'savevm_state_cleanup',
      ),
      'a',
    );
    const [migration, after] = flows()[0]?.nodes ?? [];
    expect(migration).toMatchObject({ kind: 'migration', result: 'completed' });
    expect(migration?.children.map(({ name }) => name)).toEqual([
      'setup',
      'iterations',
      'switchover',
      'completion',
      'cleanup',
    ]);
    expect(after).toMatchObject({ kind: 'phase', name: 'outside a migration' });
  });

  test('what QEMU cancels when it quits is no migration', () => {
    const { flows } = flowsOf(
      log(
        'migrate_set_state new state setup',
        'migrate_set_state new state completed',
        'virtio_set_status vdev 0x1 val 0',
        'migrate_fd_cancel',
      ),
      'a',
    );
    expect(flows()[0]?.nodes.map(({ name }) => name)).toEqual(['migration', 'outside a migration']);
  });

  const FUNCS = [
    'vhost_log_global_start',
    'vhost_dev_set_log',
    'vhost_dev_stop',
    'vhost_log_global_stop',
  ];
  const stop = (thread: number, ...funcs: string[]): string =>
    [
      `Thread ${thread} "qemu" hit Breakpoint ${FUNCS.indexOf(funcs[0] ?? '')}, ${funcs[0]} (dev=0x5555) at ../a.c:1`,
      ...funcs.map((func, i) =>
        i === 0
          ? `#0  ${func} (dev=0x5555) at ../a.c:1`
          : `#${i}  0x0000555555a3c0de in ${func} (dev=0x5555) at ../a.c:2`,
      ),
    ].join('\n');
  const start = (thread: number): string => stop(thread, 'vhost_log_global_start', 'ram_init_bitmaps', 'qemu_savevm_state_setup', 'migration_thread', 'qemu_thread_start', 'start_thread', 'clone3'); // prettier-ignore
  const again = (thread: number): string => stop(thread, 'vhost_dev_set_log', 'vhost_log_global_start', 'ram_init_bitmaps', 'qemu_savevm_state_setup', 'migration_thread', 'qemu_thread_start', 'start_thread', 'clone3'); // prettier-ignore
  const guest = stop(3, 'vhost_dev_stop', 'virtio_set_status', 'start_thread', 'clone3');
  const cleanup = stop(1, 'vhost_log_global_stop', 'migration_cleanup', 'main');
  const phasesOf = (...stops: string[]): string[] =>
    nodesOf(flowsOf(`${stops.join('\n')}\n`, 'gdb.txt'))
      .filter(({ kind }) => kind === 'migration' || kind === 'phase')
      .map(({ name }) => name);

  test('of a gdb log, that of other threads is the last one only if that goes on', () => {
    expect(phasesOf(start(5), guest, again(5))).toEqual(['migration', 'setup']);
    expect(phasesOf(start(5), guest, cleanup)).toEqual([
      'migration',
      'setup',
      'phase not shown',
      'cleanup',
    ]);
  });

  test('of a gdb log, the end of which is not shown, may be over', () => {
    expect(phasesOf(start(5), guest)).toEqual([
      'migration',
      'setup',
      'during or after the migration',
    ]);
    expect(phasesOf(start(5), guest, start(6))).toEqual([
      'migration',
      'setup',
      'during or after the migration',
      'migration',
      'setup',
    ]);
  });

  test('of a gdb log are those that check lists', () => {
    const text = `${[start(5), guest, cleanup].join('\n')}\n`;
    expect(flowsOf(text, 'gdb.txt').report().migrations).toMatchObject([
      { outcome: 'unknown', phases: ['setup', 'cleanup'] },
    ]);
  });
});

test('commits that change the memory map are not counted with those that do not', () => {
  const input = flowsOf(
    [0, 1, 1]
      .map((changed, i) => `1@1.00000${i}:vhost_commit Started: 1 Changed: ${changed}`)
      .join('\n'),
    'a',
  );
  expect(reporters.tree(input, PLAIN)).toContain(
    '1 vhost_commit(started=true, changed=false)\n2 vhost_commit(started=true, changed=true) ×2\n',
  );
});

test('a request and its answer are one step; what differs from time to time is left out', () => {
  const input = flowsOf(
    [
      '1@1.000001:vhost_user_write req:1 flags:0x1',
      '1@1.000002:vhost_user_read req:1 flags:0x5',
      '1@1.000003:migrate_pending_exact exact pending size 10 (pre = 1 post=2)',
      '1@1.000004:migrate_pending_exact exact pending size 20 (pre = 1 post=2)',
    ].join('\n'),
    'a',
  );
  const shown = nodesOf(input).filter(({ kind }) => kind === 'event');
  expect(shown).toMatchObject([
    { name: 'vhost_user_write', result: 'answered', count: 1 },
    { name: 'migrate_pending_exact', args: [], count: 2 },
  ]);
});
