/**
 * What crosses the border to the backend: exchanges that QEMU makes, cut anywhere, of some threads only, with
 * lines that lost their head or records lost in marked gaps, give no alarm; an exchange with one defect is
 * reported by the rule for it.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge } from '../helpers/check.js';
import { runsOf } from '../helpers/share.js';
import { KernelDevice } from '../model/wire-kernel.js';
import type { FeatureWords, Ioctl, KernelDefect, LogWrite, Refusal } from '../model/wire-kernel.js';
import {
  kprobeRows,
  libvhostUserOf,
  LOST_EVENTS,
  messageEventsOf,
  straceOf,
  straceOfIoctls,
  TRACE_HEADER,
} from '../model/wire-text.js';
import { Disconnected, UserDevice } from '../model/wire-user.js';
import type { Packet, UserDefect, UserSetup } from '../model/wire-user.js';
import { VdpaDevice } from '../model/wire-vdpa.js';
import type { VdpaDefect } from '../model/wire-vdpa.js';

const MAIN = 4697;
const VCPU = 4703;
const MIGRATION = 4784;

const VERSIONS = [212, 501, 601, 602, 702, 800, 802, 901, 1002];

const userSetup: fc.Arbitrary<UserSetup> = fc.record({
  version: fc.constantFrom(...VERSIONS),
  pairs: fc.constantFrom(1, 1, 2, 3),
  replyAck: fc.boolean(),
  logShmfd: fc.boolean(),
  status: fc.boolean(),
  memSlots: fc.boolean(),
});

/** What happens to one of the devices, and when the backend goes away meanwhile. */
interface Act {
  readonly device: number;
  readonly what:
    | 'start'
    | 'stop'
    | 'log-start'
    | 'log-refused'
    | 'log-stop'
    | 'grow'
    | 'shrink'
    | 'restart'
    | 'reset'
    | 'traffic';
  readonly thread: number;
  readonly leavesAfter: number | undefined;
}

const act: fc.Arbitrary<Act> = fc.record({
  device: fc.constantFrom(0, 0, 1, 2),
  what: fc.constantFrom(
    'start',
    'stop',
    'log-start',
    'log-start',
    'log-refused',
    'log-stop',
    'grow',
    'shrink',
    'restart',
    'reset',
    'traffic',
  ),
  thread: fc.constantFrom(MAIN, VCPU, MIGRATION),
  leavesAfter: fc.option(fc.nat(12), { nil: undefined, freq: 6 }),
});

/** Nothing but what every QEMU of this version has. */
function plainUser(version: UserSetup['version']): UserSetup {
  return {
    version,
    pairs: 1,
    replyAck: false,
    logShmfd: false,
    status: false,
    memSlots: false,
  };
}

function acting(what: Act['what'], leavesAfter?: number): Act {
  return { device: 0, what, thread: 4697, leavesAfter };
}

const acts = fc.array(act, { minLength: 2, maxLength: 14 });

/** The messages of one QEMU; `first` is the lowest file descriptor. */
function userRun(
  setups: readonly UserSetup[],
  script: readonly Act[],
  first = 12,
  defect?: UserDefect,
): Packet[] {
  const packets: Packet[] = [];
  const devices = setups.map((setup, i) => new UserDevice(packets, first + i, setup, defect));
  for (const device of devices) {
    device.connect(MAIN);
    device.start(VCPU);
  }
  for (const { device: index, what, thread, leavesAfter } of script) {
    const device = devices[index % devices.length];
    if (device === undefined) continue;
    if (leavesAfter !== undefined) device.disconnectAfter(leavesAfter);
    try {
      perform(device, what, thread);
      device.disconnectAfter(Infinity);
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      device.connect(MAIN);
      device.start(leavesAfter === 0 ? MAIN : VCPU);
    }
  }
  return packets;
}

function perform(device: UserDevice, what: Act['what'], thread: number): void {
  switch (what) {
    case 'start':
      if (!device.isRunning) device.start(thread);
      break;
    case 'stop':
      if (device.isRunning) device.stop(thread);
      break;
    case 'restart':
      if (device.isRunning) device.stop(thread);
      device.start(thread);
      break;
    case 'log-start':
      device.logStart(thread);
      break;
    case 'log-refused':
      device.logStart(thread, 1);
      break;
    case 'log-stop':
      device.logStop(thread);
      break;
    case 'reset':
      if (device.isRunning) device.resetVring(thread, 0);
      break;
    // To 16 GiB and 2 GiB: a log of the one has as many chunks as one of the other has bytes.
    case 'grow':
      device.resize(thread, 0x3_0000_0000n);
      break;
    case 'shrink':
      device.resize(thread, 0n);
      break;
    case 'traffic':
      break;
  }
}

function kernelRun(
  script: readonly Act[],
  owner: number,
  words?: FeatureWords,
): (Ioctl | LogWrite)[] {
  const events: (Ioctl | LogWrite)[] = [];
  const devices = [13, 14].map((fd) => new KernelDevice(events, owner, fd, undefined, words));
  for (const device of devices) {
    device.open(MAIN);
    device.start(VCPU);
  }
  for (const { device: index, what, thread, leavesAfter = 0 } of script) {
    const device = devices[index % devices.length];
    if (device === undefined) continue;
    switch (what) {
      case 'start':
        if (!device.isRunning) device.start(thread, leavesAfter > 6);
        break;
      case 'stop':
        if (device.isRunning) device.stop(thread);
        break;
      case 'restart':
        if (device.isRunning) device.stop(thread);
        device.start(thread, leavesAfter > 6);
        break;
      case 'log-start':
        device.logStart(thread);
        break;
      case 'log-refused':
        device.logStart(thread, {
          at: leavesAfter > 6 ? 'features' : 'address',
          vring: leavesAfter % 2,
          errno: 'EFAULT',
        });
        break;
      case 'log-stop':
        device.logStop(thread);
        break;
      case 'grow':
      case 'shrink':
        device.grow(thread);
        break;
      case 'reset':
        break;
      case 'traffic':
        for (let i = 0; i < 3; i++) device.traffic();
        break;
    }
  }
  return events;
}

/** What is left of a text: it begins and ends anywhere, and some lines lost their head. */
const window = fc.record({
  from: fc.double({ min: 0, max: 0.6, noNaN: true }),
  to: fc.double({ min: 0.6, max: 1, noNaN: true }),
  heads: fc.array(fc.tuple(fc.nat(), fc.nat(90)), { maxLength: 3 }),
});

type Window = typeof window extends fc.Arbitrary<infer Drawn> ? Drawn : never;

function cut(lines: readonly string[], { from, to, heads }: Window): string[] {
  const left = lines.slice(Math.floor(lines.length * from), Math.ceil(lines.length * to));
  for (const [at, bytes] of heads) {
    const i = at % Math.max(1, left.length);
    left[i] = left[i]?.slice(bytes) ?? '';
  }
  return left;
}

/** Two processes that run at the same time: the lines of each keep their order. */
function merge<Item>(
  left: readonly Item[],
  right: readonly Item[],
  turns: readonly boolean[],
): Item[] {
  const [a, b] = [[...left], [...right]];
  const merged: Item[] = [];
  for (let i = 0; a.length + b.length > 0; i++) {
    const isLeft = b.length === 0 || (a.length > 0 && turns[i % turns.length] === true);
    const item = (isLeft ? a : b).shift();
    if (item !== undefined) merged.push(item);
  }
  return merged;
}

const turns = fc.array(fc.boolean(), { minLength: 3, maxLength: 40 });

function alarms(lines: readonly string[]): string[] {
  return judge(lines.join('\n'))
    .filter((f) => f.verdict === 'violation' && f.severity !== 'note')
    .map((f) => `${f.rule} line ${f.at.line}: ${f.message}`);
}

function rulesOf(lines: readonly string[]): string[] {
  return judge(lines.join('\n'))
    .filter((f) => f.verdict === 'violation')
    .map((f) => f.rule);
}

describe('messages that QEMU sends', () => {
  const setups = fc.array(userSetup, { minLength: 1, maxLength: 3 });
  const threads = fc.option(fc.subarray([MAIN, VCPU, MIGRATION], { minLength: 1 }), {
    nil: undefined,
  });
  const shown = fc.constantFrom(4096, 4096, 32);

  test('in an strace, of whatever threads', () => {
    fc.assert(
      fc.property(
        setups,
        acts,
        window,
        threads,
        fc.boolean(),
        shown,
        fc.boolean(),
        (devices, script, part, traced, sendsOnly, bytes, names) => {
          const version = devices[0]?.version ?? 901;
          const packets = userRun(
            devices.map((setup) => ({ ...setup, version })),
            script,
          );
          const options = { threads: traced && new Set(traced), sendsOnly, shown: bytes, names };
          expect(alarms(cut(straceOf(packets, options), part))).toEqual([]);
        },
      ),
      { numRuns: runsOf(150) },
    );
  });

  test('of two QEMUs with the same file descriptors, in one strace', () => {
    fc.assert(
      fc.property(
        userSetup,
        userSetup,
        acts,
        acts,
        turns,
        window,
        fc.boolean(),
        (a, b, first, second, order, part, names) => {
          const other = userRun([b], second).map((p) => ({
            ...p,
            thread: p.thread + 1000,
            socket: p.socket + 1000,
          }));
          const lines = straceOf(merge(userRun([a], first), other, order), { names });
          expect(alarms(cut(lines, part))).toEqual([]);
        },
      ),
      { numRuns: runsOf(100) },
    );
  });

  test('of one QEMU after the other, in an strace of the backend', () => {
    fc.assert(
      fc.property(
        userSetup,
        userSetup,
        acts,
        acts,
        window,
        fc.boolean(),
        fc.boolean(),
        (a, b, first, second, part, sendsOnly, names) => {
          const other = userRun([b], second).map((p) => ({ ...p, socket: p.socket + 1000 }));
          // The backend has one thread, and gives the file descriptor of the one to the other.
          const packets = [...userRun([a], first), ...other].map((p) => ({ ...p, thread: MAIN }));
          const lines = straceOf(packets, { sendsOnly, names });
          expect(alarms(cut(lines, part))).toEqual([]);
        },
      ),
      {
        numRuns: runsOf(100),
        examples: [
          // The line of an address has lost its thread.
          [
            plainUser(212),
            { ...plainUser(802), status: true, memSlots: true },
            [
              acting('log-start'),
              acting('restart'),
              acting('stop', 0),
              acting('log-stop'),
              acting('log-refused'),
            ],
            [acting('stop'), acting('log-start'), acting('traffic')],
            { from: 0, to: 0.9504950495049507, heads: [[1937097882, 6]] },
            true,
            true,
          ],
        ],
      },
    );
  });

  test('of two QEMUs, in an strace -y of their backend', () => {
    fc.assert(
      fc.property(setups, setups, acts, acts, turns, window, (a, b, first, second, order, part) => {
        const other = userRun(b, second).map((p) => ({ ...p, socket: p.socket + 1000 }));
        const packets = merge(userRun(a, first), other, order);
        expect(alarms(cut(straceOf(packets, { names: true, ofBackend: true }), part))).toEqual([]);
      }),
      {
        numRuns: runsOf(150),
        examples: [
          // The line of the features has lost a part of its thread, and so its payload.
          [
            [{ ...plainUser(800), replyAck: true }],
            [
              { ...plainUser(212), logShmfd: true, memSlots: true },
              { ...plainUser(212), pairs: 3 },
            ],
            [
              acting('grow'),
              acting('reset'),
              acting('log-start'),
              acting('grow'),
              acting('restart', 11),
              acting('shrink'),
              acting('grow'),
              acting('start'),
              acting('restart'),
            ],
            [
              acting('log-refused'),
              { ...acting('log-refused', 7), device: 1 },
              acting('start'),
              { ...acting('shrink'), device: 1 },
            ],
            [false, false, false],
            { from: 0, to: 0.9211087420042645, heads: [[2036791205, 1]] },
          ],
        ],
      },
    );
  });

  test('as libvhost-user prints them, of one connection or several', () => {
    fc.assert(
      fc.property(
        userSetup,
        userSetup,
        acts,
        acts,
        turns,
        window,
        (a, b, first, second, order, part) => {
          const lines = libvhostUserOf(merge(userRun([a], first), userRun([b], second), order));
          expect(alarms(cut(lines, part))).toEqual([]);
        },
      ),
      { numRuns: runsOf(100) },
    );
  });

  test('as trace events of all devices', () => {
    fc.assert(
      fc.property(
        setups,
        acts,
        window,
        fc.constantFrom('/', 'write', 'read'),
        (devices, script, part, events) => {
          const version = Math.max(702, devices[0]?.version ?? 901);
          const packets = userRun(
            devices.map((setup) => ({ ...setup, version })),
            script,
          );
          const lines = messageEventsOf(packets).filter(
            (line) => events === '/' || line.includes(events),
          );
          expect(alarms(cut(lines, part))).toEqual([]);
        },
      ),
      { numRuns: runsOf(100) },
    );
  });
});

describe('a defect in the messages', () => {
  const LOG_RUN: readonly Act[] = [
    { device: 0, what: 'log-start', thread: MIGRATION, leavesAfter: undefined },
    { device: 0, what: 'restart', thread: MAIN, leavesAfter: undefined },
    { device: 0, what: 'log-stop', thread: MAIN, leavesAfter: undefined },
    { device: 0, what: 'stop', thread: MAIN, leavesAfter: undefined },
  ];
  const setup: UserSetup = {
    version: 901,
    pairs: 2,
    replyAck: true,
    logShmfd: true,
    status: true,
    memSlots: false,
  };

  test.each<[UserDefect, string, readonly string[]]>([
    ['ack-not-asked', 'VU-ACK', ['strace']],
    ['ack-not-awaited', 'VU-ACK', ['strace', 'events']],
    ['reply-not-awaited', 'VU-LOGBASE-REPLY', ['strace']],
    ['base-per-pair', 'VU-LOGBASE-COUNT', ['strace']],
    ['base-twice', 'VU-LOGBASE-COUNT', ['strace', 'backend']],
    ['size-in-chunks', 'VU-MMAPSIZE', ['strace']],
    ['size-odd', 'VU-MMAPSIZE', ['strace', 'libvhost-user']],
    ['offset', 'VU-MMAPSIZE', ['strace', 'libvhost-user']],
    ['base-left-out', 'LS-BASE-FIRST', ['strace']],
    ['base-alone', 'LS-FEATURES', ['backend']],
    ['logged-twice', 'LS-TWICE', ['backend']],
    ['start-vring-not-told', 'DS-FLAG', ['strace']],
    ['start-features-not-told', 'LS-FEATURES', ['strace']],
    ['start-base-left-out', 'DS-LOGBASE', ['strace']],
    ['features-changed', 'LS-DELTA', ['strace']],
    ['vring-moved', 'LS-ADDR-STABLE', ['strace']],
    ['stop-keeps-features', 'LE-CLEAR', ['strace']],
    ['stop-vring-not-told', 'LE-CLEAR', ['strace']],
    ['stop-vring-left-out', 'LE-CLEAR', ['strace']],
    ['stopped-vring-told', 'DS-RING-AFTER-STOP', ['backend']],
    ['started-twice', 'DS-DOUBLE', ['backend']],
  ])('%s is found by %s in %j, on any backend', (defect, rule, formats) => {
    fc.assert(
      fc.property(userSetup, (drawn) => {
        const { version, status } = setup;
        // What is left out only shows where the other side would have been asked.
        const isAnswered = defect === 'ack-not-awaited' || defect === 'reply-not-awaited';
        const asked = isAnswered ? { replyAck: true, logShmfd: true } : {};
        // One by one, regions are not sent again by the device start that tells the size.
        const table = defect === 'size-in-chunks' ? { memSlots: false } : {};
        const packets = userRun(
          [{ ...drawn, ...asked, ...table, version, status, pairs: 2 }],
          LOG_RUN,
          12,
          defect,
        );
        const texts: Record<string, readonly string[]> = {
          strace: straceOf(packets, { names: true }),
          backend: straceOf(packets, { names: true, ofBackend: true }),
          'libvhost-user': libvhostUserOf(packets),
          events: messageEventsOf(packets),
        };
        for (const format of formats) {
          expect(new Set(rulesOf(texts[format] ?? []))).toEqual(new Set([rule]));
        }
      }),
      { numRuns: runsOf(20) },
    );
  });

  test.each<[string, readonly string[]]>([
    ['12', []],
    ['12</dev/null>', []],
    ['12<socket:[284109]>', ['VU-ACK']],
    ['12<UNIX-STREAM:[284083->284084]>', ['VU-ACK']],
    ['12<UNIX-STREAM:[284083->284084,"/run/vu.sock"]>', ['VU-ACK']],
  ])('in one thread is told by the version that another shows: %s', (file, found) => {
    // GET_STATUS would tell the version in the thread of the log start itself.
    const packets = userRun([setup], LOG_RUN.slice(0, 1), 12, 'ack-not-asked').filter(
      ({ name }) => name !== 'GET_STATUS',
    );
    const lines = straceOf(packets).map((line) => line.replace('(12,', `(${file},`));
    expect([...new Set(rulesOf(lines))]).toEqual(found);
  });

  test('is none of a front end that is no QEMU: it sends the base of a vring behind its address', () => {
    const packets = userRun([setup], LOG_RUN, 12, 'ack-not-awaited');
    const others = [...packets];
    for (const [i, { name }] of packets.entries()) {
      const [base, address] = packets.slice(i, i + 2);
      if (name !== 'SET_VRING_BASE' || address?.name !== 'SET_VRING_ADDR' || !base) continue;
      [others[i], others[i + 1]] = [address, base];
    }
    expect(others).not.toEqual(packets);
    expect(rulesOf(straceOf(packets, { names: true }))).toContain('VU-ACK');
    expect(rulesOf(straceOf(others, { names: true }))).not.toContain('VU-ACK');
  });

  test('on two connections is two findings, with fingerprints that no file descriptor changes', () => {
    const prints = [12, 40].map((first) => {
      const packets = userRun(
        [setup, setup],
        [...LOG_RUN, ...LOG_RUN.map((a) => ({ ...a, device: 1 }))],
        first,
        'offset',
      );
      return judge(straceOf(packets, { names: true }).join('\n'))
        .filter((f) => f.rule === 'VU-MMAPSIZE')
        .map((f) => f.fingerprint);
    });
    expect(new Set(prints[0]).size).toBe(2);
    expect(prints[1]).toEqual(prints[0]);
  });
});

describe('ioctls and log writes of vhost-net', () => {
  const probes = fc.record({
    inner: fc.boolean(),
    nested: fc.boolean(),
    returns: fc.boolean(),
    files: fc.boolean(),
  });
  const words = fc.constantFrom<FeatureWords>('one', 'many', 'many-unknown');

  test('in an strace, also of two QEMUs', () => {
    fc.assert(
      fc.property(acts, acts, turns, window, words, (first, second, order, part, features) => {
        const isIoctl = (event: Ioctl | LogWrite): event is Ioctl => 'fd' in event;
        const other = kernelRun(second, 5000)
          .filter(isIoctl)
          .map((e) => ({ ...e, thread: e.thread + 1000 }));
        const own = kernelRun(first, MAIN, features).filter(isIoctl);
        const both = merge(own, other, order);
        const path = part.heads.length > 1 ? '</dev/vhost-net>' : '';
        expect(alarms(cut(straceOfIoctls(both, path), part))).toEqual([]);
      }),
      { numRuns: runsOf(150) },
    );
  });

  test('in a kernel trace, with events that were lost', () => {
    fc.assert(
      fc.property(
        acts,
        window,
        probes,
        words,
        fc.array(fc.tuple(fc.nat(400), fc.nat(12)), { maxLength: 3 }),
        (script, part, options, features, losses) => {
          const rows = cut(kprobeRows(kernelRun(script, MAIN, features), options), part);
          for (const [at, count] of losses) rows.splice(at % (rows.length + 1), count, LOST_EVENTS);
          expect(alarms([...TRACE_HEADER, ...rows])).toEqual([]);
        },
      ),
      { numRuns: runsOf(150) },
    );
  });

  test.each<[Refusal['at'], boolean]>([
    ['base', false],
    ['features', true],
    ['address', true],
  ])('a log start that goes on after a refused %s is found by KV-ERR', (at, ignoresErrors) => {
    const events: (Ioctl | LogWrite)[] = [];
    const device = new KernelDevice(events, MAIN, 13, ignoresErrors ? 'goes-on' : undefined);
    device.open(MAIN);
    device.start(VCPU);
    device.logStart(MIGRATION, { at, vring: 1, errno: 'EFAULT' });
    device.stop(MIGRATION);
    const ioctls = events.filter((event) => 'fd' in event);
    expect(rulesOf(straceOfIoctls(ioctls))).toEqual(['KV-ERR']);
    for (const inner of [false, true]) {
      const rows = kprobeRows(events, { inner, nested: false, returns: true });
      expect(rulesOf([...TRACE_HEADER, ...rows])).toEqual(['KV-ERR']);
    }
  });

  test.each<[Refusal['at'], KernelDefect | undefined, number]>([
    ['base', undefined, 13],
    ['base', undefined, 14],
    ['features', 'goes-on', 13],
    ['features', 'goes-on', 14],
    ['address', 'goes-on', 13],
    ['address', 'goes-on', 14],
  ])(
    'a refused %s of any queue pair is found, whatever tells the pairs apart',
    (at, defect, fd) => {
      for (const words of ['one', 'many', 'many-unknown'] as const) {
        const events: (Ioctl | LogWrite)[] = [];
        const pairs = [13, 14].map((own) => new KernelDevice(events, MAIN, own, defect, words));
        for (const pair of pairs) pair.open(MAIN);
        for (const pair of pairs) pair.start(VCPU);
        for (const [i, pair] of pairs.entries()) {
          const refusal = { at, vring: 0, errno: 'EFAULT' };
          pair.logStart(MIGRATION, 13 + i === fd ? refusal : undefined);
        }
        for (const pair of pairs) pair.stop(MIGRATION);
        for (const files of [false, true]) {
          const rows = kprobeRows(events, { inner: false, nested: false, returns: true, files });
          expect(rulesOf([...TRACE_HEADER, ...rows])).toEqual(['KV-ERR']);
        }
        expect(rulesOf(straceOfIoctls(events.filter((event) => 'fd' in event)))).toEqual([
          'KV-ERR',
        ]);
      }
    },
  );

  test.each<[stopper: number, isUnloggedBefore: boolean]>([
    [MIGRATION, false],
    [MAIN, true],
  ])('a device that is stopped with its tap is found by DS-DETACH: thread %i', (stopper, ends) => {
    const events: (Ioctl | LogWrite)[] = [];
    const devices = [13, 14].map((fd) => new KernelDevice(events, MAIN, fd, 'not-detached'));
    for (const device of devices) device.open(MAIN);
    for (const device of devices) device.start(VCPU);
    for (const device of devices) device.logStart(MIGRATION);
    if (ends) for (const device of devices) device.logStop(MAIN);
    for (const device of devices) device.stop(stopper);
    const ioctls = events.filter((event) => 'fd' in event);
    expect(rulesOf(straceOfIoctls(ioctls, '</dev/vhost-net>'))).toEqual(['DS-DETACH', 'DS-DETACH']);
    expect(rulesOf(straceOfIoctls(ioctls))).toEqual([]);
  });

  test('an index that the device does not have is found by KV-IDX, and undone', () => {
    const events: (Ioctl | LogWrite)[] = [];
    const device = new KernelDevice(events, MAIN, 13);
    device.open(MAIN);
    device.start(VCPU);
    device.logStart(MIGRATION, { at: 'address', vring: 0, errno: 'ENOBUFS' });
    expect(rulesOf(straceOfIoctls(events.filter((event) => 'fd' in event)))).toEqual(['KV-IDX']);
  });

  test('log writes that fail are one finding for each worker, whatever is traced of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.boolean(), (count, nested) => {
        const events: (Ioctl | LogWrite)[] = [];
        for (let i = 0; i < count; i++) {
          for (const owner of [MAIN, 5000]) {
            events.push({ owner, base: '0x0', addr: '0xff5f863', errno: 'EFAULT' });
          }
        }
        const rows = kprobeRows(events, { inner: false, nested, returns: true });
        const found = judge([...TRACE_HEADER, ...rows].join('\n')).filter(
          (f) => f.verdict === 'violation',
        );
        expect(found.map((f) => [f.rule, f.count])).toEqual([
          ['KV-LOGWRITE', count],
          ['KV-LOGWRITE', count],
        ]);
        expect(new Set(found.map((f) => f.fingerprint)).size).toBe(2);
      }),
      { numRuns: runsOf(20) },
    );
  });
});

describe('trace events of vdpa devices', () => {
  const steps = fc.array(
    fc.tuple(fc.nat(1), fc.constantFrom('start', 'shadow', 'stop', 'log', 'unlog'), fc.boolean()),
    { maxLength: 14 },
  );

  test('give no alarm', () => {
    fc.assert(
      fc.property(
        steps,
        window,
        fc.subarray([
          'vhost_dev_',
          'get_vring_base',
          'vdpa_dev_start',
          'set_features',
          'vring_num',
          'mem_table',
        ]),
        (script, part, hidden) => {
          const lines: string[] = [];
          const devices = [new VdpaDevice(lines, '0x55d5'), new VdpaDevice(lines, '0x55d6')];
          for (const [index, what] of script) {
            const device = devices[index];
            if (what === 'log' || what === 'unlog') device?.toggleLog(what === 'log');
            else device?.stop();
            if (what === 'start' || what === 'shadow') device?.start(what === 'shadow');
          }
          const seen = lines.filter((line) => !hidden.some((name) => line.includes(name)));
          expect(alarms(cut(seen, part))).toEqual([]);
        },
      ),
      { numRuns: runsOf(150) },
    );
  });

  test.each<[VdpaDefect, string, boolean]>([
    ['log-base', 'VD-SVQ', true],
    ['features', 'VD-SVQ', true],
    ['address', 'VD-SVQ', true],
    ['null-base', 'ST-NULLBASE', false],
    ['huge-log', 'ST-SIZE-SANE', false],
    ['vring-moved', 'LS-ADDR-STABLE', false],
  ])('with the fault %s are found by %s; shadow virtqueues: %j', (defect, rule, isShadowed) => {
    const lines: string[] = [];
    const device = new VdpaDevice(lines, '0x55d5', defect);
    device.start(isShadowed);
    device.toggleLog(true);
    expect(rulesOf(lines)).toEqual([rule]);
  });
});
