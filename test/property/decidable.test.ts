/**
 * What a recipe promises: legitimate runs of a simulated QEMU, watched as the recipe watches, let each rule be
 * decided that the recipe is said to decide, and its faults be found by what the rule says that it needs.
 */
import { describe, expect, test } from 'vitest';
import { functionTable } from '../../src/facts/functions.js';
import type { RuleInfo } from '../../src/model/rule-info.js';
import { coverageOf, needsFor } from '../../src/recipes/coverage.js';
import { recipes } from '../../src/recipes/index.js';
import type { Recipe, RecipeName, RecipeRequest } from '../../src/recipes/recipe.js';
import { rules } from '../../src/rules/index.js';
import { judge } from '../helpers/check.js';
import { shareOf } from '../helpers/share.js';
import type { Defect } from '../model/execution.js';
import type { Watch } from '../model/gdb-log.js';
import { FAULTS } from '../model/protocol-faults.js';
import type { ProtocolFault } from '../model/protocol-faults.js';
import { PLAIN } from '../model/machine.js';
import { play, scenariosOf } from '../model/scenarios.js';
import type { Scenario } from '../model/scenarios.js';
import type { Version } from '../model/vhost-backend.js';
import { KernelDevice } from '../model/wire-kernel.js';
import type { Ioctl, LogWrite } from '../model/wire-kernel.js';
import { kprobeRows, straceOf, straceOfIoctls, TRACE_HEADER } from '../model/wire-text.js';
import { UserDevice } from '../model/wire-user.js';
import type { Packet } from '../model/wire-user.js';

type Known = 'kernel' | 'user';

const BUILDS: readonly (readonly [Known, number])[] = [
  ['kernel', 502],
  ['kernel', 901],
  ['kernel', 1002],
  ['user', 700],
  ['user', 900],
  ['user', 1000],
  ['user', 1002],
];

/** What a rule is about that none of the stories tells. */
const MORE: readonly (readonly [name: string, actions: readonly string[]])[] = [
  ['hot unplug', ['boot', 'migrate', 'sync', 'cancel', 'unplug']],
];

function scenarios(backend: Known, version: number): readonly Scenario[] {
  const devices = [{ backend, pairs: 1 }];
  return [
    ...scenariosOf(backend, version),
    ...MORE.map(([name, actions]) => ({
      name,
      actions,
      profile: { ...PLAIN, version, devices },
    })),
  ];
}

/** A debugger that runs the script of a recipe. */
function watchOf({ functions, shows }: Recipe): Watch {
  const returns = functions.filter((func) => {
    const row = functionTable.get(func);
    return row !== undefined && shows.has(`return of ${row.kind}`);
  });
  return {
    functions,
    backtrace: 'full',
    silent: false,
    declared: 'recipe',
    prints: true,
    returns,
  };
}

function decidedIn(text: string): string[] {
  return judge(text)
    .filter(({ verdict }) => verdict === 'pass')
    .map(({ rule }) => rule);
}

function isAbout({ info }: (typeof rules)[number], backend: Known, version: number): boolean {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(info.versions) ?? [];
  return info.backends.includes(backend) && version >= Number(major) * 100 + Number(minor);
}

/** Up to 10.0 a device that fails ends the process (abort()), so that there is nothing to undo. */
const CANNOT_HAPPEN: readonly (readonly [rule: string, before: number])[] = [['XD-ROLLBACK', 1001]];

function mustDecide(names: readonly string[], backend: Known, version: number): string[] {
  return rules
    .filter((rule) => names.includes(rule.info.id) && isAbout(rule, backend, version))
    .map(({ info }) => info.id)
    .filter((id) => !CANNOT_HAPPEN.some(([rule, before]) => rule === id && version < before));
}

/** Rules of any severity that the whole recipe is said to decide. */
function promised(name: RecipeName, backend: Known): readonly string[] {
  const request: RecipeRequest = { backends: [backend], needs: undefined };
  const infos = rules.map(({ info }) => info);
  return coverageOf(recipes[name](request), infos, request).decides;
}

describe('a legitimate run is decided', () => {
  test.each(BUILDS)('by the gdb recipe: %s %i', (backend, version) => {
    const watch = watchOf(recipes.gdb({ backends: [backend], needs: undefined }));
    const left = new Set(mustDecide(promised('gdb', backend), backend, version));
    for (const scenario of scenarios(backend, version)) {
      for (const rule of decidedIn(play(scenario, undefined, watch).text)) left.delete(rule);
    }
    expect([...left]).toEqual([]);
  });

  test.each(BUILDS)('by the uprobes recipe: %s %i', (backend, version) => {
    const recipe = recipes.uprobes({ backends: [backend], needs: undefined });
    const watch = { ...watchOf(recipe), backtrace: 'none', prints: false } as const;
    const left = new Set(mustDecide(promised('uprobes', backend), backend, version));
    for (const scenario of scenarios(backend, version)) {
      const { text } = play(scenario, undefined, { ...watch, uprobes: 'perf' });
      for (const rule of decidedIn(text)) left.delete(rule);
    }
    expect([...left]).toEqual([]);
  });

  test.each(BUILDS)('by trace events and requests: %s %i', (backend, version) => {
    for (const name of ['qemu', 'strace', 'ftrace'] as const) {
      const left = new Set(mustDecide(promised(name, backend), backend, version));
      for (const text of capturesOf(name, backend, version))
        for (const rule of decidedIn(text)) left.delete(rule);
      // vhost_dev_start, vhost_dev_stop and vhost_user_write came with 7.2.
      if (name === 'qemu' && version < 702) left.clear();
      expect([...left], name).toEqual([]);
    }
  });
});

/** What the recipe shows of legitimate runs. */
function capturesOf(
  name: 'qemu' | 'strace' | 'ftrace',
  backend: Known,
  version: number,
): readonly string[] {
  if (name === 'qemu') {
    const watch = { functions: [], backtrace: 'none', silent: false, declared: 'no' } as const;
    return scenarios(backend, version).map(
      (scenario) => play(scenario, undefined, { ...watch, trace: 'stamped' }).text,
    );
  }
  if (backend === 'user')
    return name === 'strace' ? [straceOf(messages(version), { names: true }).join('\n')] : [];
  const events = kernelRequests();
  const isIoctl = (event: Ioctl | LogWrite): event is Ioctl => 'fd' in event;
  const options = { inner: true, nested: true, returns: true };
  return name === 'strace'
    ? [straceOfIoctls(events.filter(isIoctl)).join('\n')]
    : [[...TRACE_HEADER, ...kprobeRows(events, options)].join('\n')];
}

const MAIN = 4697;
const VCPU = 4703;
const MIGRATION = 4784;

function messages(version: number): readonly Packet[] {
  const packets: Packet[] = [];
  const features = { replyAck: true, logShmfd: true, status: true, memSlots: false };
  const device = new UserDevice(packets, 12, { version, pairs: 2, ...features });
  device.connect(MAIN);
  device.start(VCPU);
  device.logStart(MIGRATION);
  device.stop(MIGRATION);
  device.start(MIGRATION);
  device.logStop(MAIN);
  device.stop(MAIN);
  return packets;
}

function kernelRequests(): readonly (Ioctl | LogWrite)[] {
  const events: (Ioctl | LogWrite)[] = [];
  const device = new KernelDevice(events, MAIN, 13);
  device.open(MAIN);
  device.start(VCPU);
  device.logStart(MIGRATION);
  device.traffic();
  device.stop(MIGRATION);
  return events;
}

/** A log start that fails and is undone: before, it ended the process. */
function isOfNewer({ actions }: Scenario): boolean {
  return actions.some((action) => action.startsWith('migrate-fault'));
}

/** Only what this rule is said to need. */
function ownWatch(info: RuleInfo, { profile }: Scenario): Watch {
  const backends = profile.devices.map(({ backend }) => backend);
  return watchOf(recipes.gdb({ backends, needs: needsFor('gdb', info, backends) }));
}

/** Rules that report something of a fault, where a run comes to it, with everything watched. */
const reported = new Map<string, readonly string[]>();

function reportedBy(fault: ProtocolFault, scenario: Scenario): readonly string[] {
  const key = `${fault.name} ${scenario.name}`;
  const known = reported.get(key);
  if (known !== undefined) return known;
  const backends = scenario.profile.devices.map(({ backend }) => backend);
  const all = recipes.gdb({ backends, needs: undefined });
  const found = reports(fault, scenario, watchOf(all));
  reported.set(key, found);
  return found;
}

function reports({ defect }: ProtocolFault, scenario: Scenario, watch: Watch): readonly string[] {
  const { text, mishaps } = play(scenario, defect, watch);
  if (mishaps === 0) return [];
  return judge(text)
    .filter(({ verdict }) => verdict === 'violation')
    .map(({ rule }) => rule);
}

describe('what a rule says that it needs is enough', () => {
  const stories = (['kernel', 'user'] as const).map((backend) => ({
    backend,
    own: [...scenarios(backend, 901), ...scenarios(backend, 1002).filter(isOfNewer)],
  }));
  const infos = rules
    .map(({ info }) => info)
    .filter(({ id }) => stories.some(({ backend }) => promised('gdb', backend).includes(id)));

  test.each(infos)('$id decides a run', (info) => {
    for (const { backend, own } of stories) {
      if (!info.backends.includes(backend)) continue;
      const decided = own.some((scenario) =>
        decidedIn(play(scenario, undefined, ownWatch(info, scenario)).text).includes(info.id),
      );
      expect(decided, backend).toBe(true);
    }
  });

  const faults = infos.flatMap((info) =>
    FAULTS.filter(
      ({ rules: made, undecidable }) => made.includes(info.id) && undecidable === undefined,
    ).map((fault) => ({ id: info.id, name: fault.name, info, fault })),
  );

  test.each(shareOf(faults, 0, 2))('$id finds: $name', ({ id, info, fault }) => {
    for (const { backend, own } of stories) {
      if (!info.backends.includes(backend)) continue;
      const found = own.find((scenario) => reportedBy(fault, scenario).includes(id));
      if (found === undefined) continue;
      expect(reports(fault, found, ownWatch(info, found)), found.name).toContain(id);
    }
  });
});

test('the elections tell that nobody scans memory behind a resize, though a vhost-user device may be closed: RZ-ELECT', () => {
  const profile = { ...PLAIN, version: 1002, devices: [{ backend: 'user', pairs: 1 }] } as const;
  const actions = ['boot', 'migrate', 'sync', 'grow', 'sync', 'complete'];
  const defect = FAULTS.find(({ name }) => name === 'resize leaves nobody elected')?.defect;
  const watch = watchOf(recipes.gdb({ backends: ['user'], needs: undefined }));
  const functions = watch.functions.filter((func) => func !== 'vhost_dev_sync_region');
  const { text } = play({ name: 'resize', actions, profile }, defect, { ...watch, functions });
  const found = judge(text).filter(({ rule }) => rule === 'RZ-ELECT');
  expect(found.map(({ verdict }) => verdict)).toEqual(['violation']);
});

describe('a migration that goes on tells that its log start succeeded: LS-ALL-RINGS', () => {
  const SKIPS_ALL: Defect = {
    call: ({ func, callers }) =>
      func === 'vhost_virtqueue_set_addr' && callers.some((a) => a.func === 'vhost_dev_set_log')
        ? { kind: 'skip' }
        : undefined,
  };

  /** Of vhost-user-blk: `pairs` of a device that is no NIC is 0. */
  function captureOf(actions: readonly string[], version: Version, defect?: Defect): string {
    const profile = { ...PLAIN, version, devices: [{ backend: 'user', pairs: 0 }] } as const;
    const all = watchOf(recipes.gdb({ backends: ['user'], needs: undefined }));
    const watch = { ...all, returns: false };
    return play({ name: '', actions, profile }, defect && (() => defect), watch).text;
  }

  function verdictsOf(text: string): Set<string> {
    const own = judge(text).filter(({ rule }) => rule === 'LS-ALL-RINGS');
    return new Set(own.map(({ verdict }) => verdict));
  }

  test.each([802, 1002] as const)('no vring is reached, %i', (version) => {
    const text = captureOf(['boot', 'migrate', 'sync', 'complete'], version, SKIPS_ALL);
    expect(verdictsOf(text)).toEqual(new Set(['violation']));
  });

  test('the stop of the device is not seen: its backend may have gone away', () => {
    const text = captureOf(['boot', 'migrate', 'sync', 'complete'], 802, SKIPS_ALL);
    const cut = text.slice(0, text.indexOf(', vhost_dev_stop ('));
    expect(verdictsOf(cut)).toEqual(new Set(['inconclusive']));
  });

  test('the backend goes away at the features: the log start succeeds without a vring', () => {
    const text = captureOf(['boot', 'migrate-fault 0 0', 'sync', 'complete'], 802);
    expect(verdictsOf(text)).not.toContain('violation');
  });
});

test('the memory logger reads for the other device of its type: LS-SIZE', () => {
  const device = { backend: 'kernel', pairs: 1 } as const;
  const profile = { ...PLAIN, version: 1002, devices: [device, device] } as const;
  const actions = ['boot 0', 'boot 1', 'migrate', 'sync', 'complete'];
  const watch = watchOf(recipes.gdb({ backends: ['kernel'], needs: undefined }));
  const { text } = play({ name: 'two devices', actions, profile }, undefined, watch);
  const found = judge(text).filter(({ rule }) => rule === 'LS-SIZE');
  expect(found.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
});
