import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../src/model/report.js';
import { rules } from '../src/rules/index.js';
import { check, judge } from './helpers/check.js';

const root = join(import.meta.dirname, '..', 'fixtures', 'rules');

/** Rules with nothing between right and wrong: what they need is in the one stack or not there at all. */
const ALWAYS_DECIDED = new Set([
  'LS-WORD',
  'RZ-LEAK',
  'ST-CALLER',
  'ST-IDX',
  'ST-PUTSYNC',
  'ST-SIZE',
  'TH-CONTEXT',
  'XD-ORDER',
]);

/** Rules whose passes may have no evidence: what they say is all to be seen at their own place. */
const SEEN_AT_ITS_PLACE: Readonly<Record<string, string>> = {
  'KV-IDX': 'the line of the request shows what it returned',
  'LG-REFCNT': 'the count is printed there; where other calls tell it, too, they are named',
  'LS-FLAGBIT': 'enable_log stands in its stack, and the flags are printed there',
  'LS-WORD': 'word and enable_log stand in one stack',
  'RZ-LEAK': 'the one log that is replaced',
  'ST-BASE-EQ': 'the log is printed at the op',
  'ST-CALLER': 'caller and callee stand in one stack',
  'ST-ENABLE': 'both flags stand in one stack',
  'ST-IDX': 'both indices stand in one stack',
  'ST-LISTENER': 'both addresses stand in one stack',
  'ST-NULLBASE': 'an argument of the call',
  'ST-PUTSYNC': 'the caller stands in the same stack',
  'ST-SHARE': 'the type of the backend is an argument, too',
  'ST-SIZE': 'both sizes stand in one stack',
  'ST-SIZE-SANE': 'an argument of the call, or of the message',
  'ST-SYNCRANGE': 'the range of a sync round is an argument',
  'VU-ACK': 'the flags of the message, where no reply is shown',
};

/** Cases in which other rules are violated, too: which, and why that is right. */
const ALSO_VIOLATED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'DS-FINALSYNC/violation-another-device-is-read': {
    'ST-LISTENER': 'the call is for another device than its caller',
  },
  'DS-ORDER/violation-memory-table-of-another-device': {
    'ST-LISTENER': 'the call is for another device than its caller',
  },
  'DS-PUT/violation-log-of-another-device': {
    'ST-LISTENER': 'the call is for another device than its caller',
  },
  'DS-RING-AFTER-STOP/violation-address-in-the-stop': {
    'ST-CALLER': 'no vhost_dev_stop() addresses a vring',
  },
  'DS-RINGBASE/violation-vring-of-another-device': {
    'ST-LISTENER': 'the call is for another device than its caller',
  },
  'LE-SKIP/violation-log-put-while-logging': {
    'MG-LEFT-ON': 'the migration is over and the device still logs',
  },
  'LE-SKIP/violation-uprobes-inlined': {
    'MG-LEFT-ON': 'dirty tracking is over and the device still logs',
  },
  'LG-BALANCE/violation-cleaned-up-with-log': {
    'DS-PUT': 'the stop before the cleanup should have given the log back',
  },
  'LS-ADDR-STABLE/violation-bug-2-pair-0-for-every-pair': {
    'ST-IDX': 'the vrings are moved because they get the indices of the first pair',
  },
  'LS-ALL-RINGS/inconclusive-messages-vring-in-front-of-the-features': {
    'LS-FEAT-BEFORE-VRING': 'the vring is told to log in front of the features',
  },
  'LS-EARLY-EXIT/violation-logs-already': {
    'LS-TWICE': 'what does not exit early switches logging on again',
  },
  'LS-FEATURES/inconclusive-features-in-front-of-the-base-trace': {
    'LS-BASE-FIRST': 'the features come in front of the log base',
  },
  'LS-TWICE/violation-log-start-again': {
    'LS-EARLY-EXIT': 'it comes to that because vhost_migration_log() does not exit early',
  },
  'LS-UNIFORM/violation-one-flag-turned': {
    'LS-ALL-RINGS': 'the vring with the other flag does not log',
  },
  'MG-LEFT-ON/violation-one-of-two': {
    'LE-SKIP': 'the device that is left on gave its log back',
  },
  'MG-STOPPED-EARLY/violation-bug-11-dirty-rate-ends-logging': {
    'MG-SYNC-OFF': 'the migration goes on to read the log of the device',
  },
  'MG-SYNC-OFF/violation-bug-11-dirty-rate-ends-logging': {
    'MG-STOPPED-EARLY': 'logging was switched off during the migration',
  },
  'ST-ENABLE/violation-no-stacks': {
    'LE-NOBASE0': 'the flag makes it a log stop, which sends a log base',
  },
  'ST-IDX/violation-index-changes-at-log-start': {
    'LS-ALL-RINGS': 'the vring whose index another one got is not told to log',
  },
  'XD-PAIRS/violation-one-pair-switched-off': {
    'LE-ALL-DEVICES': 'the log stop does not reach the other pair',
    'MG-STOPPED-EARLY': 'logging of the pair is switched off during the migration',
    'MG-SYNC-OFF': 'the migration goes on to read the log of the pair',
  },
};

function casesOf(rule: string): string[] {
  const folder = join(root, rule);
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function brief(finding: Finding): Partial<Finding> {
  const { verdict, severity, device, vring, message, at, evidence, missing, count } = finding;
  return { verdict, severity, device, vring, message, at, evidence, missing, count };
}

/** Which rule says what of which place. */
function textOf(finding: Finding): string {
  return JSON.stringify([finding.rule, brief(finding)]);
}

/** Rules with a pass without evidence in some case. */
const seenAtTheirPlace = new Set<string>();

/** Passes that a reader of a capture of so many lines cannot check. */
function unprovable(passes: readonly Finding[], lines: number): Partial<Finding>[] {
  const isMark = ({ line, role }: Finding['evidence'][number]): boolean =>
    Number.isInteger(line) && line >= 1 && line <= lines && role !== '';
  return passes
    .filter(({ rule, evidence }) => {
      const isEnough = evidence.length > 0 || rule in SEEN_AT_ITS_PLACE;
      return !isEnough || evidence.length > 8 || !evidence.every(isMark);
    })
    .map(({ rule, message, at, evidence }) => ({ rule, message, at, evidence }));
}

describe.each(rules)('$info.id', ({ info }) => {
  const cases = casesOf(info.id);

  test('has a violation, a pass and, where evidence can be missing, an inconclusive case', () => {
    const verdicts = new Set(cases.map((name) => name.split('-')[0]));
    const wanted = ALWAYS_DECIDED.has(info.id)
      ? ['violation', 'pass']
      : ['violation', 'pass', 'inconclusive'];
    expect([...verdicts]).toEqual(expect.arrayContaining(wanted));
  });

  test('states why it matters, what to do, what is legal and where it comes from', () => {
    for (const text of [info.title, info.why, info.remedy]) expect(text.length).toBeGreaterThan(20);
    for (const list of [info.needs, info.exceptions, info.sources, info.backends]) {
      expect(list.length).toBeGreaterThan(0);
    }
  });

  test.each(cases)('%s', async (name) => {
    const folder = join(root, info.id, name);
    const text = readFileSync(join(folder, 'input.txt'), 'utf8');
    const all = check('input.txt', text).findings;
    const own = all.filter((finding) => finding.rule === info.id);
    await expect(JSON.stringify(own.map(brief), null, 2) + '\n').toMatchFileSnapshot(
      join(folder, 'findings.json'),
    );
    const ofFile = judge(text, 'input.txt').map(textOf).sort();
    expect(ofFile, 'what is kept of a file is enough').toEqual(all.map(textOf).sort());
    const verdict = name.split('-')[0];
    expect(own.map((finding) => finding.verdict)).toContain(verdict);
    const passes = all.filter((finding) => finding.verdict === 'pass');
    expect(unprovable(passes, text.split('\n').length)).toEqual([]);
    for (const { rule, evidence } of passes) if (evidence.length === 0) seenAtTheirPlace.add(rule);
    const violated = all.filter((finding) => finding.verdict === 'violation');
    const wanted = Object.keys(ALSO_VIOLATED[`${info.id}/${name}`] ?? {});
    if (verdict === 'violation') wanted.push(info.id);
    expect([...new Set(violated.map(({ rule }) => rule))].sort()).toEqual(wanted.sort());
  });
});

test('every rule that needs no evidence has a pass without', () => {
  expect(Object.keys(SEEN_AT_ITS_PLACE).filter((rule) => !seenAtTheirPlace.has(rule))).toEqual([]);
});

test('every case with other violations is there', () => {
  expect(Object.keys(ALSO_VIOLATED).filter((name) => !existsSync(join(root, name)))).toEqual([]);
});

test('every case folder belongs to a rule', () => {
  const known = new Set(rules.map((rule) => rule.info.id));
  expect(readdirSync(root).filter((name) => !known.has(name))).toEqual([]);
});

test('the catalogue is sorted and its ids are unique', () => {
  const ids = rules.map((rule) => rule.info.id);
  expect(ids).toEqual([...new Set(ids)].sort());
});

test('MG-DEVSTOP asks for no sync on the destination, whose migration ends with `completed` as well', () => {
  const lines = [
    '7@1795323380.1:migrate_set_state new state setup',
    '7@1795323380.2:migrate_set_state new state active',
    '7@1795323380.3:runstate_set current_run_state 1 (inmigrate) new_state 9 (running)',
    '7@1795323380.4:vhost_dev_start 0x5555:virtio-net vrings:0',
    '7@1795323380.5:migrate_set_state new state completed',
  ];
  const onward = ['setup', 'completed'].map(
    (s) => `7@1795323381.1:migrate_set_state new state ${s}`,
  );
  const verdictOf = (...text: string[]): string | undefined =>
    check('dst.log', text.join('\n')).findings.find(({ rule }) => rule === 'MG-DEVSTOP')?.verdict;
  expect(verdictOf(...lines)).toBe('not-exercised');
  expect(verdictOf(...lines, ...onward)).toBe('inconclusive');
});

describe('a device that is started and stopped by two threads, of a QEMU without an elected logger', () => {
  const FUNCTIONS = [
    'vhost_dev_start',
    'vhost_dev_stop',
    'vhost_dev_set_features',
    'vhost_user_set_log_base',
    'vhost_user_get_vring_base',
    'vhost_log_put',
  ];
  const start = 'vhost_dev_start (hdev=0x10, vdev=0x20, vrings=true) at v.c:2';
  const stop = 'vhost_dev_stop (hdev=0x10, vdev=0x20, vrings=true) at v.c:3';
  const features = 'vhost_dev_set_features (dev=0x10, enable_log=true) at v.c:4';
  const base = 'vhost_user_set_log_base (dev=0x10, base=0x30, log=0x40) at v.c:5';
  const fetch = 'vhost_user_get_vring_base (dev=0x10, ring=0x50) at v.c:6';
  const put = 'vhost_log_put (dev=0x10, sync=true) at v.c:7';
  const outer = 'vhost_user_blk_start (vdev=0x20) at b.c:1';
  const vm = ['vm_state_notify (running=false, state=RUN_STATE_FINISH_MIGRATE) at r.c:1'];
  const hit = (thread: number, ...stack: readonly string[]): string[] => {
    const [inner = ''] = stack;
    const number = FUNCTIONS.indexOf(inner.split(' ')[0] ?? '') + 1;
    const frames = stack.map((text, i) => `#${i}  ${text}`);
    return ['', `Thread ${thread} "t" hit Breakpoint ${number}, ${inner}`, ...frames];
  };
  const started = (...more: readonly string[]): string[] =>
    [[start], [features, start], ...more.map((inner) => [inner, start])].flatMap((stack) =>
      hit(2, ...stack, outer),
    );
  const stopped = (...more: readonly string[]): string[] =>
    [[stop], [fetch, stop], ...more.map((inner) => [inner, stop])].flatMap((stack) =>
      hit(1, ...stack, ...vm),
    );
  const verdictsOf = (id: string, ...parts: readonly string[][]): string[] => {
    const watched = FUNCTIONS.flatMap((func, i) => [
      `(gdb) b ${func}`,
      `Breakpoint ${i + 1} at 0x1000: file v.c, line ${i + 2}.`,
    ]);
    const text = [...watched, '(gdb) c', ...parts.flat(), ''].join('\n');
    const { findings } = check('gdb.txt', text);
    return findings.filter(({ rule }) => rule === id).map(({ verdict }) => verdict);
  };

  test('a start is over when the device is stopped with the VM: DS-LOGBASE', () => {
    expect(verdictsOf('DS-LOGBASE', started(), stopped(put))).toEqual(['violation']);
    expect(verdictsOf('DS-LOGBASE', started(base), stopped(put))).toEqual(['pass']);
    // By a guest, or in its own thread, it may be what undoes a start.
    expect(verdictsOf('DS-LOGBASE', started(), hit(1, stop, outer))).toEqual(['inconclusive']);
    expect(verdictsOf('DS-LOGBASE', started(), hit(2, stop, ...vm))).toEqual(['inconclusive']);
  });

  test('a stop is over when another thread starts the device: DS-PUT', () => {
    const again = started(base);
    expect(verdictsOf('DS-PUT', started(base), stopped(), again)).toEqual(['violation']);
    expect(verdictsOf('DS-PUT', started(base), stopped(put), again)).toEqual(['pass']);
    expect(verdictsOf('DS-PUT', started(base), stopped())).toEqual(['inconclusive']);
  });
});

test('DS-RING-AFTER-STOP passes no stop behind which LS-EARLY-EXIT finds a vring set up', () => {
  const folder = join(root, 'LS-EARLY-EXIT', 'violation-stopped-device');
  const { findings } = check('input.txt', readFileSync(join(folder, 'input.txt'), 'utf8'));
  const verdictsOf = (id: string): string[] =>
    findings.filter(({ rule }) => rule === id).map(({ verdict }) => verdict);
  expect(verdictsOf('LS-EARLY-EXIT')).toContain('violation');
  expect(verdictsOf('DS-RING-AFTER-STOP')).toEqual(['not-exercised']);
});

test('DS-FINALSYNC asks for the probe that counts the holders of a log, where its making is seen', () => {
  const folder = join(root, 'DS-FINALSYNC', 'violation-bug-1-final-sync-skipped');
  const stops = readFileSync(join(folder, 'input.txt'), 'utf8').split('\n\n');
  const unwatched = stops.filter((stop) => !stop.includes('hit Breakpoint 12, vhost_log_get '));
  const text = unwatched.join('\n\n').replaceAll(/^Breakpoint 12 at .*\n/gm, '');
  const own = check('input.txt', text).findings.filter(({ rule }) => rule === 'DS-FINALSYNC');
  expect(own.flatMap(({ missing }) => missing)).toContain('probe vhost_log_get');
});

test('LS-FLAGBIT asks for the line of the stop where that is what is missing', () => {
  const folder = join(root, 'LS-FLAGBIT', 'violation-flag-missing');
  const text = readFileSync(join(folder, 'input.txt'), 'utf8');
  const missingOf = (lines: string): readonly string[] =>
    check('input.txt', lines).findings.find(({ rule }) => rule === 'LS-FLAGBIT')?.missing ?? [];
  const withoutStops = text.replaceAll(
    /^.* hit Breakpoint \d+, vhost_user_set_vring_addr .*\n/gm,
    '',
  );
  expect(missingOf(withoutStops)[0]).toMatch(/, the line of the stop before it$/);
  expect(missingOf(text.replaceAll(/^\$\d+ = \{.*\n/gm, ''))).toEqual([
    'print *addr at the set_vring_addr op',
  ]);
});

test('LE-SKIP: only the kernel writes into memory of QEMU, the log of vhost-user is shared memory', () => {
  const folder = join(root, 'LE-SKIP', 'violation-log-put-while-logging');
  const user = readFileSync(join(folder, 'input.txt'), 'utf8');
  const kernel = user
    .replaceAll('vhost_user_', 'vhost_kernel_')
    .replaceAll('TYPE_USER', 'TYPE_KERNEL');
  const messageOf = (text: string): string | undefined =>
    check('a.txt', text).findings.find(({ rule }) => rule === 'LE-SKIP')?.message;
  expect(messageOf(user)).toMatch(
    /: the backend logs for nobody, into its own mapping of the log$/,
  );
  expect(messageOf(kernel)).toMatch(/: the kernel logs into memory that QEMU frees$/);
});

test('RZ-ELECT counts the sync rounds of a trace up to the device stop, and says so', () => {
  const text = readFileSync(join(root, 'RZ-ELECT', 'violation-trace-log', 'input.txt'), 'utf8');
  const messageOf = (log: string): string | undefined =>
    check('a.log', log).findings.find(({ rule }) => rule === 'RZ-ELECT')?.message;
  expect(messageOf(text)).toContain(' and 7 sync rounds follow before a device stops: ');
  const [untilTheStop = ''] = text.split(/^.*(?:vhost_dev_stop|req:11 )/m);
  expect(messageOf(untilTheStop)).toContain(' and 7 sync rounds follow: ');
});

test('XD-ORDER says nothing of a device that is seen to be registered anew between the two', () => {
  const text = readFileSync(join(root, 'XD-ORDER', 'violation-forwards', 'input.txt'), 'utf8');
  const init =
    'vhost_dev_init (hdev=0x5555573fac50, opaque=0x5555573fad98) at ../hw/virtio/vhost.c:1431';
  const stop = [
    `Thread 1 "qemu" hit Breakpoint 7, ${init}`,
    `#0  ${init}`,
    '#1  0x0000555555853ef0 in main () at ../migration/migration.c:1895',
    '',
  ];
  const at = text.indexOf('Thread 1 "qemu" hit Breakpoint 5, vhost_log_global_stop');
  const anew = text.slice(0, at) + stop.join('\n') + text.slice(at);
  const verdictsOf = (log: string): string[] =>
    check('a.txt', log)
      .findings.filter(({ rule }) => rule === 'XD-ORDER')
      .map(({ verdict }) => verdict);
  expect(verdictsOf(text)).toEqual(['violation']);
  expect(verdictsOf(anew)).toEqual(['not-exercised']);
});

test('a probe is missing once: DS-LOGBASE-OFF of a device whose backend is not known', () => {
  const start =
    'vhost_dev_start (hdev=0x5555, vdev=0x5556, vrings=true) at ../hw/virtio/vhost.c:2071';
  const features =
    'vhost_dev_set_features (dev=0x5555, enable_log=false) at ../hw/virtio/vhost.c:989';
  const text = [
    `Thread 1 "qemu" hit Breakpoint 1, ${start}`,
    `#0  ${start}`,
    '#1  0x00007ffff7ca58ec in clone3 () at clone3.S:81',
    '',
    `Thread 1 "qemu" hit Breakpoint 2, ${features}`,
    `#0  ${features}`,
    `#1  0x000055555586824c in ${start.replace('2071', '2082')}`,
    '#2  0x00007ffff7ca58ec in clone3 () at clone3.S:81',
    '',
  ];
  const finding = check('a.txt', text.join('\n')).findings.find(
    ({ rule }) => rule === 'DS-LOGBASE-OFF',
  );
  const probe = 'probe vhost_*_set_log_base';
  expect(finding?.missing.filter((one) => one === probe)).toEqual([probe]);
});

describe('shadow virtqueues that only the stop of a vdpa device shows', () => {
  const dev = 'dev: 0x555556280000';
  const base = `vhost_vdpa_set_log_base ${dev} base: 0x7ffff4100000 size: 1024 refcnt: 1 fd: -1 log: 0x7ffff4100000`;
  const fetch = `vhost_vdpa_get_vring_base ${dev} index: 0 num: 3 svq: 1`;
  const stop = [`vhost_vdpa_dev_start ${dev} started: 0`, `vhost_vdpa_suspend ${dev}`];
  const verdictsOf = (...lines: readonly string[]): string[] =>
    check('trace.log', [...lines, ''].join('\n'))
      .findings.filter(({ rule }) => rule === 'VD-SVQ')
      .map(({ verdict }) => verdict);

  test('they were in use since the start: VD-SVQ', () => {
    expect(verdictsOf(base, ...stop, fetch)).toEqual(['violation']);
  });

  test('a start in between may be unseen where no event of a stop is shown: VD-SVQ', () => {
    expect(verdictsOf(base, fetch)).toEqual(['inconclusive']);
  });
});
