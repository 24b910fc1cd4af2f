/** What system calls and vhost-user messages mean in the protocol. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CommandWords, ioctlByName, ioctlByNumber, ioctlTable } from '../src/facts/wire/ioctls.js';
import type { WireFact } from '../src/facts/step.js';
import { wireFact } from '../src/facts/wire/wire.js';
import type { SystemCall, VhostUserMessage } from '../src/model/record.js';
import { check, judge } from './helpers/check.js';
import { besideRepository, linesOf, readText } from './helpers/read-text.js';

const span = { first: 1, last: 1 };

function ofCall(call: Partial<SystemCall>): WireFact | undefined {
  return wireFact({ kind: 'syscall', span, name: 'ioctl', fd: 13, result: '0', ...call });
}

function ofMessage(message: Partial<VhostUserMessage>): WireFact | undefined {
  return wireFact({
    kind: 'message',
    span,
    sender: 'frontend',
    name: 'SET_OWNER',
    channel: 'fd 12',
    ...message,
  });
}

const nothing = { vring: undefined, enable: undefined, value: undefined, result: undefined };

describe('an ioctl', () => {
  it.each([
    ['VHOST_SET_FEATURES', 'op_set_features', 'kernel'],
    ['VHOST_SET_VRING_ADDR', 'op_set_vring_addr', 'kernel'],
    ['VHOST_SET_LOG_BASE', 'op_set_log_base', 'kernel'],
    ['VHOST_SET_MEM_TABLE', 'op_set_mem_table', 'kernel'],
    ['VHOST_GET_VRING_BASE', 'op_get_vring_base', 'kernel'],
    ['VHOST_NET_SET_BACKEND', 'op_net_set_backend', 'kernel'],
    ['VHOST_SET_OWNER', 'vhost_ioctl', 'kernel'],
    ['VHOST_VDPA_SET_VRING_ENABLE', 'op_set_vring_enable', 'vdpa'],
    ['VHOST_VDPA_SUSPEND', 'vhost_ioctl', 'vdpa'],
  ])('%s', (request, kind, backend) => {
    expect(ofCall({ request })).toEqual({
      ...nothing,
      kind,
      func: request,
      endpoint: 'fd 13',
      backend,
      result: '0',
    });
  });

  it.each([
    ['TCGETS or VHOST_SET_OWNER', 'VHOST_SET_OWNER'],
    ['0x4008af00 /* VHOST_SET_FEATURES */', 'VHOST_SET_FEATURES'],
    ['0xc008af12', 'VHOST_GET_VRING_BASE'],
    ['_IOC(_IOC_READ|_IOC_WRITE, 0xaf, 0x7f, 0x8)', 'VHOST_VDPA_GET_VRING_DESC_GROUP'],
    ['_IOC(_IOC_NONE, 0xaf, 0x7e, 0)', 'VHOST_VDPA_RESUME'],
    ['_IOC(_IOC_NONE, 0xaf, 0x7f, 0)', undefined],
    ['TUNSETIFF', undefined],
    ['0xae80', undefined],
  ])('%s is %s', (request, func) => {
    expect(ofCall({ request })?.func).toBe(func);
  });

  it('gives its error with the number, and its path with the descriptor', () => {
    const call = { request: 'VHOST_SET_LOG_BASE', path: '/dev/vhost-net' };
    expect(ofCall({ ...call, result: '-1', errno: 'EFAULT' })).toMatchObject({
      endpoint: 'fd 13 /dev/vhost-net',
      result: '-1 EFAULT',
    });
    expect(ofCall({ ...call, path: '/dev/vhost-vdpa-0' })?.backend).toBe('vdpa');
  });

  it('of another name is no fact', () => {
    expect(ofCall({ name: 'read' })).toBeUndefined();
    expect(ofCall({})).toBeUndefined();
  });
});

describe('the table of ioctls', () => {
  it('has each number and direction once', () => {
    const keys = ioctlTable.map(({ direction, number }) => `${direction} ${number}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  // Printed by strace -X raw
  it.each([
    ['0x4008af00', 'VHOST_SET_FEATURES'],
    ['0x8008af00', 'VHOST_GET_FEATURES'],
    ['1074310912', 'VHOST_SET_FEATURES'],
    ['0x4008af04', 'VHOST_SET_LOG_BASE'],
    ['0x4028af11', 'VHOST_SET_VRING_ADDR'],
    ['0xaf01', 'VHOST_SET_OWNER'],
    ['0x4008af30', 'VHOST_NET_SET_BACKEND'],
    ['0xc008af12', 'VHOST_GET_VRING_BASE'],
  ])('%s is %s', (command, name) => {
    expect(ioctlByNumber(BigInt(command))).toBe(ioctlByName(name));
    // A 32-bit argument in a register, sign and all
    expect(ioctlByNumber(BigInt.asIntN(32, BigInt(command)))?.name).toBe(name);
  });

  it.each([0x4008ae00n, 0x4008afffn, 0x8008af04n, -1n, 0n])('%s is none', (command) => {
    expect(ioctlByNumber(command)).toBeUndefined();
  });
});

describe('command words of powerpc, mips, sparc and alpha', () => {
  it('are told by those that no other machine has, and decide how words of features are read', () => {
    const words = new CommandWords();
    const names = (...commands: readonly bigint[]): (string | undefined)[] =>
      commands.map((command) => words.rowOf(command)?.name);
    const features = [0x4008af00n, 0x8008af00n, 0x8008af83n];
    expect(names(0x2000af01n, ...features, 0x8008af04n, 0xc008af12n)).toEqual([
      'VHOST_SET_OWNER',
      'VHOST_GET_FEATURES',
      'VHOST_SET_FEATURES',
      'VHOST_SET_FEATURES_ARRAY',
      'VHOST_SET_LOG_BASE',
      'VHOST_GET_VRING_BASE',
    ]);
    expect(names(0x8008af04n, 0xaf01n, ...features)).toEqual([
      'VHOST_SET_LOG_BASE',
      'VHOST_SET_OWNER',
      'VHOST_SET_FEATURES',
      'VHOST_GET_FEATURES',
      'VHOST_GET_FEATURES_ARRAY',
    ]);
  });

  it('are known by the name that strace prints with them', () => {
    expect(ofCall({ request: '0x8008af00 /* VHOST_SET_FEATURES */' })?.kind).toBe(
      'op_set_features',
    );
  });
});

describe('a message', () => {
  const common = { ...nothing, endpoint: 'fd 12', backend: 'user' };

  it.each<[string, Record<string, string>, object]>([
    ['SET_FEATURES', { u64: '0x174000000' }, { kind: 'op_set_features', enable: true }],
    ['SET_FEATURES', { u64: '0x0000000170000000' }, { kind: 'op_set_features', enable: false }],
    ['SET_FEATURES', {}, { kind: 'op_set_features', enable: undefined }],
    [
      'SET_VRING_ADDR',
      { index: '1', flags: '1', desc_user_addr: '0x1' },
      { kind: 'op_set_vring_addr', vring: 1, enable: true, value: '1' },
    ],
    [
      'SET_VRING_ADDR',
      { index: '0', flags: '0' },
      { kind: 'op_set_vring_addr', vring: 0, enable: false, value: '0' },
    ],
    ['SET_VRING_ADDR', { log_guest_addr: '0x1' }, { kind: 'op_set_vring_addr' }],
    ['SET_LOG_BASE', { mmap_size: '8192' }, { kind: 'op_set_log_base', value: '8192' }],
    ['SET_MEM_TABLE', { nregions: '2' }, { kind: 'op_set_mem_table', value: '2' }],
    ['GET_VRING_BASE', { index: '1' }, { kind: 'op_get_vring_base', vring: 1 }],
    [
      'SET_VRING_ENABLE',
      { index: '1', num: '0' },
      { kind: 'op_set_vring_enable', vring: 1, enable: false },
    ],
    ['SET_VRING_NUM', { index: '1', num: '256' }, { vring: 1, value: '256' }],
    ['SET_OWNER', {}, {}],
    ['constructor', {}, {}],
  ])('%s %o', (name, payload, expected) => {
    expect(ofMessage({ name, payload })).toEqual({
      ...common,
      kind: 'vhost_user_message',
      func: name,
      ...(name === 'SET_FEATURES' ? { value: payload.u64 } : {}),
      ...expected,
    });
  });

  it('that answers is a fact with what it brought', () => {
    const message = { sender: 'reply', name: 'SET_LOG_BASE', payload: { u64: '0x0' } } as const;
    expect(ofMessage(message)).toEqual({
      ...common,
      kind: 'vhost_user_message',
      func: 'SET_LOG_BASE reply',
      result: '0x0',
    });
  });

  it('of the backend is no request of the frontend', () => {
    const message = { sender: 'backend', name: 'VRING_CALL', payload: { index: '1' } } as const;
    expect(ofMessage(message)).toMatchObject({
      kind: 'vhost_user_message',
      func: 'BACKEND_VRING_CALL',
      vring: 1,
    });
  });
});

const captures = besideRepository('shared/captures');

describe.runIf(captures)('an strace of QEMU (skipped without ../shared/captures)', () => {
  // The body of a skipped describe() runs all the same.
  const file = 'qemu10-vhost-user/11-strace-net-and-blk-complete.strace.txt';
  const text = captures === undefined ? '' : readFileSync(join(captures, file), 'utf8');
  const facts = readText(text).records.flatMap((record) =>
    record.kind === 'message' ? [wireFact(record)] : [],
  );

  /** Requests of one kind as `FD log|plain`, in order. */
  function found(kind: WireFact['kind']): readonly string[] {
    return facts.flatMap((fact) =>
      fact?.kind === kind ? [`${fact.endpoint} ${fact.enable === true ? 'log' : 'plain'}`] : [],
    );
  }

  /** The same, counted in the text: bytes of the header, then the byte of the payload with the bit. */
  function counted(request: string, byte: number, bit: number): readonly string[] {
    return linesOf(text).flatMap((line) => {
      const [, fd, bytes = ''] = /sendmsg\((\d+), .*?iov_base="((?:\\x\w\w)+)"/.exec(line) ?? [];
      const hex = bytes.split('\\x').slice(1);
      if (hex[0] !== request || hex[1] !== '00' || hex[5] !== '00') return [];
      const word = parseInt(hex[12 + byte] ?? '00', 16);
      return [`fd ${fd} ${(word & bit) === 0 ? 'plain' : 'log'}`];
    });
  }

  it.each([
    ['op_set_features', '02', 3, 0x04, 5, 2],
    ['op_set_vring_addr', '09', 4, 0x01, 6, 3],
    ['op_set_log_base', '06', 0, 0x00, 2, 0],
  ] as const)('%s is found as often as its bytes', (kind, request, byte, bit, all, logging) => {
    expect(found(kind)).toEqual(counted(request, byte, bit));
    expect(found(kind)).toHaveLength(all);
    expect(found(kind).filter((row) => row.endsWith('log'))).toHaveLength(logging);
  });

  it('pairs every SET_LOG_BASE with its answer', () => {
    const order = facts.flatMap((fact) =>
      fact?.func.startsWith('SET_LOG_BASE') === true ? [`${fact.endpoint} ${fact.func}`] : [],
    );
    expect(order).toEqual([
      expect.stringMatching(/^fd \d+ SET_LOG_BASE$/),
      `${order[0]} reply`,
      expect.stringMatching(/^fd \d+ SET_LOG_BASE$/),
      `${order[2]} reply`,
    ]);
  });
});

it('an answer that no event shows is missed by the name of the event', () => {
  const text = readFileSync(
    new URL('../fixtures/rules/VU-LOGBASE-REPLY/pass-log-start/input.txt', import.meta.url),
    'utf8',
  ).replaceAll(/^.*vhost_user_read .*\n/gm, '');
  const found = judge(text).find(({ rule }) => rule === 'VU-LOGBASE-REPLY');
  expect(found?.missing[0]).toMatch(/^the trace event vhost_user_read, or /);
});

it('of kprobes, which name threads and no devices, a fetch without a detachment is left open', () => {
  const row = (thread: number, at: number, number: string): string =>
    ` qemu-system-x86-${thread}  [001] .....  10.00${at}: vn_ioctl: (vhost_net_ioctl+0x4/0x9c0 [vhost_net]) cmd=${number} arg=0x7ffff6857f90`;
  const [ATTACH, FETCH] = ['0x4008af30', '0xc008af12'];
  const verdicts = (...rows: readonly string[]): string[] =>
    judge(rows.join('\n'))
      .filter(({ rule }) => rule === 'DS-DETACH')
      .map(({ verdict }) => verdict);
  const start = row(2152, 1, ATTACH);
  expect(verdicts(start, row(2144, 2, FETCH))).toEqual(['inconclusive']);
  expect(verdicts(start, row(2144, 2, FETCH), row(2144, 3, ATTACH))).toEqual(['inconclusive']);
  expect(verdicts(start, row(2144, 2, ATTACH), row(2144, 3, FETCH))).toEqual(['pass']);
  expect(verdicts(row(2144, 2, FETCH))).toEqual(['not-exercised']);
});

it('what a log of DPDK cannot have is said to be that', () => {
  const at = 'VHOST_CONFIG: (/tmp/v.sock) ';
  const messageOf = (name: string, ...more: readonly string[]): string[] =>
    [`read message VHOST_USER_${name}`, ...more].map((text) => at + text);
  const text = [
    ...messageOf('SET_OWNER'),
    ...messageOf('SET_FEATURES', 'negotiated Virtio features: 0x150208182'),
    ...messageOf('SET_MEM_TABLE'),
    ...messageOf('SET_VRING_ADDR'),
    ...messageOf('SET_LOG_BASE', 'log mmap size: 32768, offset: 0'),
    ...messageOf('SET_FEATURES', 'negotiated Virtio features: 0x154208182'),
    ...messageOf('SET_VRING_ADDR'),
    ...messageOf('SET_VRING_KICK'),
  ];
  const found = judge(`${text.join('\n')}\n`);
  const missingOf = (id: string): unknown[] =>
    found.filter(({ rule }) => rule === id).flatMap(({ missing }) => missing);
  expect(missingOf('LS-DELTA')).toEqual([
    expect.stringMatching(/^vring and flags of SET_VRING_ADDR, which DPDK does not print/),
  ]);
  expect(missingOf('LS-BASE-FIRST'), 'the vring does not matter').toEqual([
    expect.stringMatching(/^that the socket has no other connection/),
  ]);
});

it('a socket that the backend has not accepted yet is the one that it is afterwards', () => {
  const send = (fd: string, bytes: string): string =>
    `8963  07:15:12.453412 sendmsg(${fd}, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="${bytes}", iov_len=12}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 12`;
  const GET_FEATURES = String.raw`\1\0\0\0\1\0\0\0\0\0\0\0`;
  const GET_PROTOCOL_FEATURES = String.raw`\17\0\0\0\1\0\0\0\0\0\0\0`;
  const { endpoints } = check(
    'qemu.strace',
    [
      send('13<UNIX-STREAM:[1589827]>', GET_FEATURES),
      send('13<UNIX-STREAM:[1589827->1589837]>', GET_PROTOCOL_FEATURES),
      send('14<UNIX-STREAM:[1589828]>', GET_FEATURES),
      send('14<UNIX-STREAM:[1589829->1589838]>', GET_FEATURES),
    ].join('\n'),
  );
  expect(endpoints?.map(({ endpoint }) => endpoint)).toEqual([
    'fd 13 UNIX-STREAM:[1589827]',
    'fd 14 UNIX-STREAM:[1589828]',
    'fd 14 UNIX-STREAM:[1589829->1589838]',
  ]);
});
