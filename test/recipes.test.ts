/**
 * Recipes of `vhtrace probes`. The gdb recipe is run by a real gdb on test/recipes/target.c, a program with QEMU's
 * functions; where gdb, its Python or gcc is missing, the tests that need it say so and are skipped.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { functionTable } from '../src/facts/functions.js';
import { eventTable } from '../src/facts/trace-events.js';
import { buildRun } from '../src/flows/run.js';
import type { Activation } from '../src/flows/activations/activation.js';
import type { Run } from '../src/flows/run.js';
import type { Backend, FactKind } from '../src/model/fact.js';
import { runProbes, whatIsLeft } from '../src/pipeline/probes.js';
import { recipesFor } from '../src/recipes/coverage.js';
import { recipes } from '../src/recipes/index.js';
import { ALL_BACKENDS, RECIPE_NAMES } from '../src/recipes/recipe.js';
import type { RecipeName } from '../src/recipes/recipe.js';
import { rules } from '../src/rules/index.js';
import { check } from './helpers/check.js';
import { readText } from './helpers/read-text.js';

const all = { backends: ALL_BACKENDS, needs: undefined };

function textOf(recipe: RecipeName, ruleIds: readonly string[] = []): string {
  return runProbes({ recipe, backend: undefined, rules: ruleIds }).text;
}

describe('recipes follow the tables', () => {
  test('gdb stops at every known function', () => {
    const text = textOf('gdb');
    for (const func of functionTable.keys()) expect(text).toContain(`\nbreak ${func}\n`);
  });

  test('uprobes stand in every known function', () => {
    const { functions } = recipes.uprobes(all);
    expect(functions).toEqual([...functionTable.keys()]);
    for (const func of functions)
      expect(textOf('uprobes')).toMatch(new RegExp(`^  .*\\b${func}\\b`, 'm'));
  });

  test('qemu enables every known event but the ones of each kick', () => {
    const names = [...eventTable.keys()].filter((name) => name !== 'virtio_queue_notify');
    expect(recipes.qemu(all).events).toEqual(names);
  });

  test('a backend and a rule leave out what they do not need', () => {
    const few = runProbes({ recipe: 'gdb', backend: 'kernel', rules: ['ls-word'] });
    expect(few.functions).toEqual(['vhost_dev_set_features', 'vhost_kernel_set_features']);
    expect(few).toMatchObject({ decides: ['LS-WORD'], leaves: [] });
  });

  test.each(RECIPE_NAMES)(
    '%s says how to run it, what it costs and how to check the result',
    (name) => {
      const text = textOf(name);
      for (const part of ['Run ', 'Cost: ', 'vhtrace check ']) expect(text).toContain(part);
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
    },
  );

  test.each(RECIPE_NAMES)('%s for one rule and one backend', async (recipe) => {
    const { text } = runProbes({ recipe, backend: 'kernel', rules: ['LS-WORD'] });
    await expect(text).toMatchFileSnapshot(`../fixtures/recipes/${recipe}.txt`);
  });

  test.each(['uprobes', 'ftrace', 'strace'] as const)('%s is a shell script', (name) => {
    const { status, stderr } = spawnSync('sh', ['-n'], { input: textOf(name), encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('uprobes keep what perf says of samples that it lost', () => {
    const script = textOf('uprobes');
    const perf = [
      "echo 'qemu 7/8 [001] 1.000001: vhtrace_1:vhost_dev_stop: (5555) hdev=0x5555'",
      "echo 'other 9/9 [001] 1.000002: vhtrace_1:vhost_dev_stop: (5555) hdev=0x6666'",
      "printf 'Warning:\\nProcessed 7654 samples and lost 12.50%%!\\n' >&2",
    ];
    const run = [
      `perf() { [ "$1" = record ] || { ${perf.join('; ')}; }; }`,
      'remove_probes() { :; }; pid=7; group=vhtrace_1; data=$(mktemp -d); ended=',
      script.slice(script.indexOf('\nperf record')),
      'rm -r "$data"',
    ];
    const { stdout } = spawnSync('sh', ['-euc', run.join('\n')], { encoding: 'utf8' });
    expect(readText(stdout).records).toMatchObject([
      { kind: 'kernel-event', span: { first: 1, last: 1 } },
      { kind: 'gap', reach: { from: 1 } },
    ]);
  });

  test('strace traces the calls by which backends move the payloads of messages', () => {
    const { functions } = recipes.strace({ backends: ['user'], needs: undefined });
    // By DPDK's read_vhost_message(), and by libvhost-user's vu_message_write().
    expect(functions).toEqual(
      expect.arrayContaining(['sendmsg', 'recvmsg', 'read', 'write', 'recvfrom']),
    );
    expect(functions).not.toContain('ioctl');
  });

  test('what the kprobes of ftrace print is read as requests and log writes', () => {
    for (const func of recipes.ftrace(all).functions) {
      const isInner = ['vhost_dev_ioctl', 'vhost_vring_ioctl'].includes(func);
      const device = `${isInner ? 'dev' : 'file'}=0xffff88810a00`;
      const isWrite = func.endsWith('log_write');
      const args = isWrite ? 'base=0x7f addr=0x1000 len=12' : `${device} cmd=0x4008af04 arg=0x7f`;
      const row = (event: string, body: string): string =>
        `  qemu-17  [000] .....  1.000001: ${event}: (${body}`;
      const text = [
        row(func, `${func}+0x0/0x9c0 [vhost]) ${args}`),
        row(`${func}_ret`, `caller+0x94/0xc0 <- ${func}) ret=-14`),
      ].join('\n');
      const { wire } = buildRun(readText(text), { assumeOrdered: true }).steps[0] ?? {};
      const kind = isWrite ? 'vhost_log_write' : 'op_set_log_base';
      const own = isInner ? 'vhost_dev 0xffff88810a00' : 'file 0xffff88810a00';
      const endpoint = isWrite ? 'pid 17' : own;
      expect(wire).toMatchObject({ func, kind, endpoint, result: '-14' });
    }
  });
});

describe('every rule that checks something is decidable', () => {
  const own = rules.map(({ info }) => info).filter(({ undecidable }) => undecidable === undefined);

  test.each(own)('$id names what it needs, and recipes show it', (info) => {
    const { probes = [], traceProbes = [], faultProbes = [] } = info;
    const { messageProbes = [], requestProbes = [] } = info;
    expect(probes, 'RuleInfo.probes').not.toEqual([]);
    expect(recipesFor(probes, info.backends)).not.toEqual([]);
    const { shows } = recipes.qemu(all);
    const events = [...traceProbes, ...faultProbes];
    expect(events.filter((need) => !shows.has(need))).toEqual([]);
    const messages = recipes.strace({ backends: ['user'], needs: undefined }).shows;
    expect(messageProbes.filter((need) => !messages.has(need))).toEqual([]);
    const requests = recipes.strace({ backends: ['kernel'], needs: undefined }).shows;
    expect(requestProbes.filter((need) => !requests.has(need))).toEqual([]);
  });

  test('by trace events alone, where these are enough', () => {
    const { decides, text, events } = runProbes({
      recipe: 'qemu',
      backend: undefined,
      rules: ['MG-DEVSTOP'],
    });
    expect(decides).toEqual(['MG-DEVSTOP']);
    expect(events).toContain('migrate_set_state');
    expect(text).not.toContain('vhost_user_write\n');
  });

  test('what a recipe shows of another backend does not help', () => {
    const { decides } = runProbes({ recipe: 'ftrace', backend: undefined, rules: ['VU-ACK'] });
    expect(decides).toEqual([]);
  });

  test('for the devices of one backend, where it shows enough of those', () => {
    const { decides, leaves, text } = runProbes({
      recipe: 'strace',
      backend: undefined,
      rules: ['DS-FLAG', 'DS-PUT', 'VU-ACK'],
    });
    expect(decides).toEqual(['VU-ACK']);
    expect(leaves).toMatchObject([
      { rule: 'DS-FLAG', decidesFor: ['user'] },
      { rule: 'DS-PUT', decidesFor: [] },
    ]);
    expect(text).toContain('# For vhost-user devices, also:\n#   DS-FLAG\n');
  });

  test('strace lists every rule that the straces among the cases decide', () => {
    const { decides, leaves } = runProbes({ recipe: 'strace', backend: undefined, rules: [] });
    const listed = new Set([
      ...decides,
      ...leaves.filter(({ decidesFor }) => decidesFor.length > 0).map(({ rule }) => rule),
    ]);
    const decided = new Set<string>();
    for (const text of straceCases()) {
      const { captures, findings } = check('input.txt', text);
      if (captures[0]?.formats.join() !== 'strace') continue;
      for (const { rule, verdict } of findings) {
        if (verdict === 'violation' || verdict === 'pass') decided.add(rule);
      }
    }
    expect(decided.size).toBeGreaterThan(10);
    // Only an strace of the backend, which names the socket, shows what all threads do; the recipe's is of QEMU.
    const ofBackend = ['DS-DOUBLE', 'DS-RING-AFTER-STOP', 'RZ-COVER', 'RZ-TABLE'];
    expect([...decided].filter((rule) => !listed.has(rule)).sort()).toEqual(ofBackend);
  });

  test('what was asked for and is left open is told', () => {
    const left = (rule: string, backend?: Backend): readonly string[] =>
      whatIsLeft(runProbes({ recipe: 'strace', backend, rules: [rule] }), [rule], backend);
    expect(left('vu-ack')).toEqual([]);
    expect(left('VU-ACK', 'kernel')).toEqual(['VU-ACK is not about kernel devices']);
    expect(left('DS-FLAG', 'user')).toEqual([]);
    expect(left('DS-FLAG')).toEqual([
      'a capture of the strace recipe decides DS-FLAG for vhost-user devices only (vhtrace probes gdb --rule DS-FLAG)',
    ]);
    expect(left('DS-PUT')).toEqual([
      'a capture of the strace recipe cannot decide DS-PUT (vhtrace probes gdb --rule DS-PUT)',
    ]);
  });
});

/** Cases of rules that have a system call. */
function straceCases(): string[] {
  const root = join(import.meta.dirname, '..', 'fixtures', 'rules');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('input.txt'))
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .filter((text) => /\b(?:sendmsg|recvmsg|ioctl)\(/.test(text));
}

/** Why a real gdb cannot be used here; undefined where it can. */
function whyNoGdb(): string | undefined {
  const run = (command: string, args: readonly string[]): string => {
    const { stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
    return error === undefined ? stdout + stderr : '';
  };
  if (!run('gcc', ['--version']).includes('Free Software')) return 'there is no gcc';
  if (!run('gdb', ['--version']).includes('GNU gdb')) return 'there is no gdb';
  const python = run('gdb', ['-nx', '-batch', '-ex', 'python print(6 * 7)']);
  if (!python.includes('42')) return 'this gdb has no Python';
  const ran = run('gdb', ['-nx', '-batch', '-ex', 'run', '--args', '/bin/sh', '-c', 'true']);
  return ran.includes('exited normally') ? undefined : 'gdb may not run a program here';
}

const reason = whyNoGdb();
if (reason !== undefined) console.log(`the gdb recipe is not tried: ${reason}`);

describe.skipIf(reason !== undefined)('the gdb recipe, run by gdb', () => {
  const source = join(import.meta.dirname, 'recipes/target.c');
  let dir: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'vhtrace-'));
    writeFileSync(join(dir, 'vhost.gdb'), textOf('gdb'));
    compile('-O0', 'target');
    compile('-O2', 'optimised');
  });

  afterAll(() => {
    rmSync(dir, { recursive: true });
  });

  function compile(level: string, name: string, ...options: readonly string[]): void {
    const args = [level, ...options, '-g', '-pthread', '-o', join(dir, name), source];
    const { status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  }

  function capture(program: string, fault: string, ...options: readonly string[]): string {
    const args = [...['-nx', '-batch'], ...options, '-x', join(dir, 'vhost.gdb')];
    const { stdout, stderr } = spawnSync(
      'gdb',
      [...args, '-ex', 'run', '--args', join(dir, program), fault],
      {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      },
    );
    expect(stderr).not.toMatch(/Python Exception|Error occurred|Error in sourced/);
    return stdout + stderr;
  }

  function alarms(text: string): string[] {
    const found = check('gdb.txt', text).findings.filter(({ verdict }) => verdict === 'violation');
    return [...new Set(found.map(({ rule }) => rule))];
  }

  describe('on a program without fault', () => {
    let text: string;
    let run: Run;

    beforeAll(() => {
      text = capture('target', 'none');
      run = buildRun(readText(text), { assumeOrdered: false });
    });

    const of = (kind: FactKind): readonly Activation[] =>
      run.activations.filter((activation) => activation.kind === kind);

    test('everything is read, and nothing is found', () => {
      const report = check('gdb.txt', text);
      expect(report.captures[0]).toMatchObject({ ordered: true, problems: 0, unclaimed: 0 });
      expect(alarms(text)).toEqual([]);
      const decided = report.findings.filter(({ verdict }) => verdict === 'pass');
      expect(decided.length).toBeGreaterThan(30);
    });

    test('every rule that the recipe decides is decided', () => {
      const { decides } = runProbes({ recipe: 'gdb', backend: 'kernel', rules: [] });
      const passed = check('gdb.txt', text).findings.filter(({ verdict }) => verdict === 'pass');
      const left = new Set(decides);
      for (const { rule } of passed) left.delete(rule);
      // No machine of the program runs on after a migration that completed.
      expect([...left]).toEqual(['MG-POSTPONE']);
    });

    test('functions that were there are declared, also those that never ran', () => {
      const last = run.steps.length - 1;
      for (const kind of ['vhost_dev_start', 'vhost_log_alloc', 'vhost_log_put'] as const) {
        expect(run.probes.watching(kind, 0, last)).toBeDefined();
      }
      expect(run.probes.watching('op_set_log_base', 0, last, 'kernel')).toBeDefined();
      expect(run.probes.watching('op_set_log_base', 0, last, 'user')).toBeUndefined();
      expect(run.probes.watching('vhost_dev_prepare_inflight', 0, last)).toBeUndefined();
    });

    test('structures are printed in the form of gdb', () => {
      expect(text).toMatch(
        /^\$\d+ = \{index = 1, flags = 1, desc_user_addr = \d+, .*log_guest_addr = \d+\}$/m,
      );
      expect(text).toMatch(/^\$\d+ = \{size = 1024, refcnt = 1, fd = -1, log = 0x[0-9a-f]+\}$/m);
      expect(text).toMatch(/^\$\d+ = \{nregions = 2, padding = 0, regions = /m);
      expect(text).toMatch(
        /^\$\d+ = \{\{guest_phys_addr = 0, memory_size = 655360, .*\}, \{guest_phys_addr/m,
      );
      expect(text).toMatch(/^\$\d+ = \{index = 0, fd = -1\}$/m);
    });

    test('every call has returned, and its value is known', () => {
      for (const kind of [
        'vhost_dev_set_log',
        'vhost_migration_log',
        'op_set_vring_addr',
      ] as const) {
        for (const { closed, result } of of(kind)) {
          expect(closed).toBeDefined();
          expect(result?.value).toMatch(/^(?:0|-22)$/);
        }
      }
      expect(of('vhost_log_put').map(({ result }) => result)).not.toContain(expect.anything());
      expect(of('vhost_log_put').every(({ closed }) => closed !== undefined)).toBe(true);
    });

    test('the ring that failed is known up to the log start that failed', () => {
      const failed = of('op_set_vring_addr').filter(({ result }) => result?.value === '-22');
      expect(failed).toHaveLength(1);
      const values = new Map<FactKind, string | undefined>();
      for (let a: Activation | undefined = failed[0]; a !== undefined; a = a.parent) {
        values.set(a.kind, a.result?.value);
      }
      expect(values.get('vhost_dev_set_log')).toBe('-22');
      expect(values.get('vhost_log_global_start')).toBe('false');
    });
  });

  test.each([
    ['ring', 'LS-ALL-RINGS'],
    ['base', 'LS-BASE-FIRST'],
    ['skip', 'LE-SKIP'],
    ['fetch', 'DS-RINGBASE'],
  ])('the fault "%s" is reported by %s', (fault, rule) => {
    expect(alarms(capture('target', fault))).toContain(rule);
  });

  test('of an optimised program nothing is claimed that inlining hides', () => {
    const text = capture('optimised', 'none');
    expect(text).toContain('vhtrace-probes 1 partly ');
    expect(alarms(text)).toEqual([]);
  });

  test('returns into a caller that is itself a copy are seen, and entries that begin with one', () => {
    // As in an optimised QEMU two functions are in their callers only; the others stay what they are.
    compile(
      '-O2',
      'inlined',
      ...['inline', 'ipa-pure-const', 'ipa-modref', 'ipa-sra', 'ipa-cp'].map(
        (pass) => `-fno-${pass}`,
      ),
      '-DINLINED=__attribute__((always_inline)) inline',
    );
    const text = capture('inlined', 'none');
    expect(alarms(text)).toEqual([]);
    expect(text).toMatch(/^vhtrace-probes 1 partly vhost_migration_log breakpoint \d+\.$/m);
    expect(text).toMatch(/^vhtrace-probes 1 watched vhost_log_global_start breakpoint \d+\.$/m);
    const returned = new Set(text.match(/(?<=^vhtrace-probes 1 return )\w+(?= thread)/gm));
    for (const func of ['vhost_log_get', 'vhost_log_put', 'vhost_log_global_start'])
      expect(returned).toContain(func);
    expect(text).toMatch(
      /^vhtrace-probes 1 return vhost_kernel_set_log_base thread \d+ value 0\.$/m,
    );
    expect(text).toMatch(/^vhtrace-probes 1 return vhost_dev_set_log thread \d+ value -22\.$/m);
    const { findings } = check('gdb.txt', text);
    const passed = findings.filter(({ verdict }) => verdict === 'pass').map(({ rule }) => rule);
    expect(passed).toEqual(expect.arrayContaining(['DS-FLAG', 'LS-LOGBASE-ERR', 'MG-SYNC-OFF']));
    expect(alarms(capture('inlined', 'base'))).toContain('LS-BASE-FIRST');
  });

  test('a function that was left under the name of a copy is watched in part', () => {
    const assembly = join(dir, 'copied.s');
    const gcc = (...args: readonly string[]): number | null => spawnSync('gcc', args).status;
    expect(gcc('-O0', '-g', '-S', '-o', assembly, source)).toBe(0);
    // What GCC's link-time optimisation does, in the symbol and in DW_AT_name.
    const named = readFileSync(assembly, 'utf8').replaceAll(
      /\bvhost_sync_dirty_bitmap\b/g,
      'vhost_sync_dirty_bitmap.constprop.0.isra.0',
    );
    writeFileSync(assembly, named);
    expect(gcc('-pthread', '-o', join(dir, 'copied'), assembly)).toBe(0);
    const text = capture('copied', 'none');
    expect(text).toMatch(/^vhtrace-probes 1 partly vhost_sync_dirty_bitmap breakpoint \d+\.$/m);
    const { activations } = buildRun(readText(text), { assumeOrdered: false });
    const syncs = activations.filter(
      ({ kind, entered }) => kind === 'vhost_sync_dirty_bitmap' && entered,
    );
    expect(syncs.length).toBeGreaterThan(0);
    expect(alarms(text)).toEqual([]);
  });

  test('without Python the lines of gdb itself tell what was watched', () => {
    const plain = ['-ex', 'set $vhtrace_plain = 1'];
    const text = capture('target', 'none', ...plain);
    expect(text).not.toContain('vhtrace-probes');
    expect(check('gdb.txt', text).captures[0]).toMatchObject({ problems: 0, unclaimed: 0 });
    expect(alarms(text)).toEqual([]);
    expect(alarms(capture('target', 'base', ...plain))).toContain('LS-BASE-FIRST');
  });
});
