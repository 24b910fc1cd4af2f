/** The script of `vhtrace probes uprobes`, run with a folder in the place of tracefs and a script in the place of perf. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildRun } from '../src/flows/run.js';
import { runProbes } from '../src/pipeline/probes.js';
import { readText } from './helpers/read-text.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vhtrace-'));
  for (const folder of ['bin', 'tracefs']) mkdirSync(join(dir, folder));
  writeFileSync(join(dir, 'tracefs/taken'), '');
  symlinkSync('taken', join(dir, 'tracefs/uprobe_events'));
  const { text } = runProbes({ recipe: 'uprobes', backend: 'kernel', rules: ['LS-WORD'] });
  const script = text
    .replaceAll('/sys/kernel/tracing', join(dir, 'tracefs'))
    .replaceAll('/sys/kernel/debug/tracing', join(dir, 'debugfs'));
  writeFileSync(join(dir, 'up.sh'), script);
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

/**
 * A perf that finds one place for each function, at which tracefs takes what it is not told to refuse, and that records
 * until it is ended, or `record`.
 */
function perf({ args = 'dev=%di:x64', refuses = 'none', record = '' }): void {
  const own = `cd ${join(dir, 'tracefs')}
case $* in
*-D*'%return'*) echo "r:probe_qemu/f__return /usr/bin/qemu:0x400+0 arg1=\\$retval" ;;
*-D*)
  case "$* " in
  *'${refuses} '*) ln -sf /dev/full uprobe_events ;;
  *) ln -sf taken uprobe_events ;;
  esac
  cat <<'END'
p:probe_qemu/f /usr/bin/qemu:0x400 ${args}
END
  ;;
record*)
  trap 'echo ended >> ended; kill $!; exit 0' TERM
  for event in $(sed 's/^..\\([^ ]*\\).*/\\1/' taken); do mkdir -p "events/$event"; done
  ${record}
  sleep 60 &
  touch recording
  wait ;;
script*) echo 'qemu 7/8 [001] 1.000001: vhtrace_1:vhost_dev_set_features: (55e9a1b2c3d0) dev=0x55e9b0001000 enable_log=0x1' ;;
esac
`;
  writeFileSync(join(dir, 'bin/perf'), `#!/bin/sh\n${own}`, { mode: 0o755 });
}

const env = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${join(dir, 'bin')}:${process.env.PATH ?? ''}`,
});

function run(): { stdout: string; stderr: string } {
  return spawnSync('sh', [join(dir, 'up.sh'), '7'], { encoding: 'utf8', env: env() });
}

const events = (): string[] => readFileSync(join(dir, 'tracefs/taken'), 'utf8').trim().split('\n');

test('a function that tracefs refuses to watch is named, and declared as not watched', () => {
  perf({ refuses: 'vhost_dev_set_features', record: 'exit 0' });
  const { stdout, stderr } = run();
  expect(stderr).toMatch(
    /^vhost_dev_set_features: the kernel takes no probe at 0x400 dev=%di:x64 /m,
  );
  expect(stderr).not.toContain('vhost_kernel_set_features');
  expect(stdout).toMatch(/^vhtrace-probes 1 unwatched vhost_dev_set_features\.$/m);
  expect(stdout).toMatch(/^vhtrace-probes 1 watched vhost_kernel_set_features uprobe 1\.$/m);
  const reading = readText(stdout);
  expect(reading.problems).toEqual([]);
  const { probes, steps } = buildRun(reading, { assumeOrdered: false });
  expect(steps).toHaveLength(1);
  expect(probes.watching('op_set_features', 0, 0, 'kernel')).toBeDefined();
});

/** A `mount` that writes down what it is asked for. */
function mount(does: string): void {
  const script = `#!/bin/sh\ncd ${dir}\necho "$*" >> mounted\n${does}\n`;
  writeFileSync(join(dir, 'bin/mount'), script, { mode: 0o755 });
}

test('tracefs is mounted where it is not, and what is missing is said at once', () => {
  perf({ record: 'exit 0' });
  const found = join(dir, 'tracefs/uprobe_events');
  rmSync(found);
  mount('exit 32');
  const failed = run();
  expect(failed.stderr).toMatch(/^no uprobe_events in .*: it takes root, CONFIG_UPROBE_EVENTS, /);
  expect(failed.stdout).toBe('');
  mount('ln -s taken tracefs/uprobe_events');
  expect(run().stdout).toMatch(/^vhtrace-probes 1 watched vhost_dev_set_features uprobe 1\.$/m);
  const asked = `-t tracefs nodev ${join(dir, 'tracefs')}\n`;
  expect(readFileSync(join(dir, 'mounted'), 'utf8')).toBe(asked.repeat(2));
});

test('the log of errors of the kernel is named where it has one', () => {
  perf({ refuses: 'vhost_dev_set_features', record: 'exit 0' });
  expect(run().stderr).not.toContain('error_log');
  writeFileSync(join(dir, 'tracefs/error_log'), '');
  expect(run().stderr).toContain(`dev=%di:x64 (${join(dir, 'tracefs')}/error_log says why)\n`);
});

test('a function of which one place is refused is watched in part', () => {
  perf({ refuses: 'vhost_dev_set_features', record: 'exit 0' });
  const stub = readFileSync(join(dir, 'bin/perf'), 'utf8');
  // The first of two places goes to what refuses it, and the second to the file.
  const two = stub.replace(/^END$/m, 'p:probe_qemu/f_1 /usr/bin/qemu:0x900 dev=%di:x64\nEND');
  writeFileSync(join(dir, 'bin/perf'), two);
  const script = readFileSync(join(dir, 'up.sh'), 'utf8').replace(
    '    if change_probes',
    '    [ "$place" = /usr/bin/qemu:0x400 ] || ln -sf taken $tracefs/uprobe_events\n    if change_probes',
  );
  writeFileSync(join(dir, 'up.sh'), script);
  expect(run().stdout).toMatch(/^vhtrace-probes 1 partly vhost_dev_set_features uprobe 1\.$/m);
});

test('what perf finds reaches tracefs with each name once, and as it is', () => {
  perf({
    args: 'section=%si:x64 first=\\0:x64 last=\\-1:x64 section=%dx:x64 dev=-8(%di):x64',
    record: 'exit 0',
  });
  run();
  expect(events()[0]).toMatch(
    /^p:vhtrace_\d+\/vhost_dev_set_features \/proc\/7\/exe:0x400 section=%si:x64 first=\\0:x64 last=\\-1:x64 dev=-8\(%di\):x64 ?$/,
  );
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s ends perf, takes the probes away and prints what was recorded, once',
  async (signal) => {
    perf({});
    const child = spawn('sh', [join(dir, 'up.sh'), '7'], { env: env() });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const closed = new Promise((resolve) => child.on('close', resolve));
    const isRecording = (): boolean =>
      spawnSync('test', ['-e', join(dir, 'tracefs/recording')]).status === 0;
    while (!isRecording()) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill(signal);
    child.kill(signal);
    expect(await closed, stderr).toBe(0);
    expect(readFileSync(join(dir, 'tracefs/ended'), 'utf8')).toBe('ended\n');
    expect(stdout.match(/vhost_dev_set_features: \(/g)).toHaveLength(1);
    const set = events().filter((line) => /^[pr]:/.test(line));
    const removed = new Set(events().filter((line) => line.startsWith('-:')));
    expect(set).toHaveLength(4);
    expect([...removed].map((line) => line.slice(2)).sort()).toEqual(
      set.map((line) => /^..(\S+)/.exec(line)?.[1]).sort(),
    );
  },
);

test('a signal while the probes are set takes them away, and nothing is recorded', () => {
  perf({});
  const stub = join(dir, 'bin/perf');
  // The parent of perf is the script.
  writeFileSync(
    stub,
    readFileSync(stub, 'utf8').replace(
      "*-D*'%return'*)",
      "*-D*vhost_kernel_set_features'%return'*) kill $PPID ;;\n*-D*'%return'*)",
    ),
  );
  const { stdout, stderr } = run();
  expect(stdout).toBe('vhtrace-probes 1 watched vhost_dev_set_features uprobe 1.\n');
  expect(stderr).not.toContain('are watched');
});
