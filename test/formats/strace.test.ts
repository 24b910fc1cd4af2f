import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaptureRecord, VhostUserMessage } from '../../src/model/record.js';
import { expectEveryLineOnce, readLines } from '../helpers/read-text.js';
import {
  expectedPayload,
  known,
  payloadBytes,
  sampleMessage,
} from '../helpers/vhost-user-messages.js';
import type { SampleMessage } from '../helpers/vhost-user-messages.js';
import { headerBytes, littleEndian, printString } from '../model/wire-bytes.js';
import type { Quoting } from '../model/wire-bytes.js';

function messagesOf(lines: readonly string[]): readonly VhostUserMessage[] {
  const reading = readLines(lines);
  expectEveryLineOnce(reading);
  return reading.records.filter((record) => record.kind === 'message');
}

function only(line: string): CaptureRecord | undefined {
  const { records } = readLines([line]);
  expect(records).toHaveLength(1);
  return records[0];
}

function sendmsg(text: string, length: number, result = `${length}`): string {
  return `sendmsg(12, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=${text}, iov_len=${length}}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = ${result}`;
}

function recvmsg(text: string, length: number): string {
  return `recvmsg(12, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=${text}, iov_len=${length}}], msg_iovlen=1, msg_controllen=0, msg_flags=MSG_CMSG_CLOEXEC}, MSG_CMSG_CLOEXEC) = ${length}`;
}

function bytesOf(message: SampleMessage): readonly number[] {
  const payload = payloadBytes(message);
  const flags = message.needReply ? 9 : 1;
  return [...headerBytes(message.request.id, flags, payload.length), ...payload];
}

const quotings: readonly Quoting[] = ['default', 'x', 'xx'];

describe('a system call', () => {
  const call = { kind: 'syscall', name: 'ioctl', fd: 3, request: 'VHOST_SET_OWNER', result: '0' };

  it.each([
    ['ioctl(3, VHOST_SET_OWNER, 0)            = 0', {}],
    ['[pid  9970] ioctl(3, VHOST_SET_OWNER, 0) = 0', { pid: 9970 }],
    ['9970  ioctl(3, VHOST_SET_OWNER, 0) = 0', { pid: 9970 }],
    ['9984<qemu> ioctl(3, VHOST_SET_OWNER, 0) = 0', { pid: 9984, comm: 'qemu' }],
    ['[pid  9984<CPU 0/KVM>] ioctl(3, VHOST_SET_OWNER, 0) = 0', { pid: 9984, comm: 'CPU 0/KVM' }],
    ['03:45:47 ioctl(3, VHOST_SET_OWNER, 0) = 0', { time: '03:45:47' }],
    ['03:45:47.160614 ioctl(3, VHOST_SET_OWNER, 0) = 0 <0.000063>', { time: '03:45:47.160614' }],
    [
      '1795319147.202089 ioctl(3</dev/vhost-net>, VHOST_SET_OWNER, 0) = 0',
      { time: '1795319147.202089', path: '/dev/vhost-net' },
    ],
    [
      '[pid  9991]      0.005368 ioctl(3</dev/vhost-net<char 10:238>>, VHOST_SET_OWNER, 0) = 0',
      { pid: 9991, time: '0.005368', path: '/dev/vhost-net<char 10:238>' },
    ],
    [
      '[pid 9991] 03:45:47.1 (+     0.005368) [  16] [00007f0ef28f7eb8] ioctl(3, VHOST_SET_OWNER, 0) = 0',
      { pid: 9991, time: '03:45:47.1' },
    ],
  ])('%s', (line, more) => {
    expect(only(line)).toEqual({ ...call, ...more, span: { first: 1, last: 1 } });
  });

  it.each([
    ['= -1 EFAULT (Bad address)', { result: '-1', errno: 'EFAULT' }],
    ['= -1 EFAULT (Bad address) <0.000011>', { result: '-1', errno: 'EFAULT' }],
    ['= -1 (errno 524)', { result: '-1' }],
    ['= -1 errno=2 (No such file or directory)', { result: '-1', errno: 'errno=2' }],
    ['= ?', {}],
    ['= ? <unavailable>', {}],
    ['= ? ERESTARTSYS (To be restarted if SA_RESTART is set)', { errno: 'ERESTARTSYS' }],
    ['= 0x7f0ef28f7000', { result: '0x7f0ef28f7000' }],
    ['= 12</dev/vhost-net>', { result: '12' }],
    ['= 1 ([{fd=3, revents=POLLIN}], left {tv_sec=1, tv_nsec=2})', { result: '1' }],
    ['= 0 (INJECTED)', { result: '0' }],
  ])('ends %s', (end, result) => {
    const name = 'poll';
    expect(only(`1201 poll([{fd=3, events=POLLIN}], 1, -1) ${end}`)).toEqual({
      kind: 'syscall',
      span: { first: 1, last: 1 },
      pid: 1201,
      name,
      ...result,
    });
  });

  it.each([
    'vhost_dev_start(hdev, vdev) = 0',
    'read(buffer, size) = 12',
    'x = ioctl(3, VHOST_SET_OWNER, 0);',
    '1201 compute(3) = 4',
    '+++ b/hw/virtio/vhost.c',
    '--- a/hw/virtio/vhost.c',
    'See ioctl(3, VHOST_SET_OWNER, 0) = 0',
    'strace: the tool that we used',
    '#0  ioctl (fd=3) at ../sysdeps/ioctl.c:3',
  ])('is not %s', (line) => {
    expect(readLines([line]).formats).not.toContain('strace');
  });

  it('of an unknown name counts next to others', () => {
    const lines = [
      'getpid() = 12',
      'syscall_0x1d9(0x1, 0x2) = -1 ENOSYS (Function not implemented)',
    ];
    expect(readLines(lines).records.map(({ kind }) => kind)).toEqual(['syscall', 'syscall']);
  });
});

describe('a torn call', () => {
  const first = '[pid 1] ioctl(3, VHOST_SET_LOG_BASE, 0x7ffd <unfinished ...>';
  const resumed = '[pid 1] <... ioctl resumed>) = -1 EFAULT (Bad address)';
  const other = '[pid 2] ioctl(4, VHOST_SET_OWNER, 0) = 0';

  function resultsOf(lines: readonly string[]): readonly (string | undefined)[] {
    const reading = readLines(lines);
    expectEveryLineOnce(reading);
    return reading.records.flatMap((record) =>
      record.kind === 'syscall' ? [record.errno ?? record.result] : [],
    );
  }

  it('has the result of the line on which it is resumed', () => {
    expect(resultsOf([first, other, resumed])).toEqual(['EFAULT', '0']);
  });

  it('waits for no more than a thousand records', () => {
    expect(resultsOf([first, ...Array<string>(999).fill(other), resumed])[0]).toBe('EFAULT');
    expect(resultsOf([first, ...Array<string>(1001).fill(other), resumed])[0]).toBeUndefined();
  });

  it('has its result behind a message that QEMU wrote to the same terminal', () => {
    const messages = [
      'qemu-system-x86_64: vhost_set_log_base failed: Bad address (14)',
      '(qemu:17636): GLib-CRITICAL **: g_source_remove: assertion failed',
    ];
    expect(resultsOf([first, ...messages, resumed])[0]).toBe('EFAULT');
  });

  it('has no result when something else comes between, or the thread goes on', () => {
    expect(resultsOf([first, '', resumed])[0]).toBeUndefined();
    expect(resultsOf([first, 'starting qemu', resumed])[0]).toBeUndefined();
    const pager = '--Type <RET> for more, q to quit, c to continue without paging--';
    expect(resultsOf([first, `${pager}q`, resumed])[0]).toBeUndefined();
    expect(resultsOf([first, pager, resumed])[0]).toBeUndefined();
    expect(resultsOf([first, '[pid 1] getpid() = 1', resumed])).toEqual([undefined, '1']);
    expect(resultsOf([first, '[pid 1] +++ killed by SIGKILL +++', resumed])).toEqual([undefined]);
  });

  it('is remembered for a bounded number of threads', () => {
    const lines = Array.from({ length: 6000 }, (_, i) => first.replace('pid 1', `pid ${i + 1}`));
    expect(resultsOf([...lines, ...lines.map(() => resumed)])).toHaveLength(6000);
  });

  it('that sent a message and failed sent none', () => {
    const line = sendmsg(printString(headerBytes(3, 1, 0), 'x'), 12);
    const torn = `[pid 1] ${line.replace(') = 12', ' <unfinished ...>')}`;
    const failed = '[pid 1] <... sendmsg resumed>) = -1 EPIPE (Broken pipe)';
    expect(messagesOf([torn, '[pid 1] <... sendmsg resumed>) = 12'])).toHaveLength(1);
    expect(messagesOf([torn, failed])).toEqual([]);
    expect(
      messagesOf([sendmsg(printString(headerBytes(3, 1, 0), 'x'), 12, '-1 EPIPE (x)')]),
    ).toEqual([]);
  });

  it('whose result strace made up sent no message, and is told once as such', () => {
    const line = sendmsg(printString(headerBytes(3, 1, 0), 'x'), 12, '12 (INJECTED)');
    const { records, problems } = readLines([line, line]);
    expect(records.map(({ kind }) => kind)).toEqual(['gap']);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('strace injected the result of a call') as string,
    ]);
  });

  it('that receives nothing, as the peer closed the connection, is whole', () => {
    const owner = sendmsg(printString(headerBytes(3, 1, 0), 'x'), 12);
    const { records, problems } = readLines([owner, recvmsg('""', 12).replace(/12$/, '0')]);
    expect(records.map(({ kind }) => kind)).toEqual(['message', 'syscall']);
    expect(problems).toEqual([]);
  });
});

describe('a vhost-user message', () => {
  /** Tells that fd 12 is a connection of QEMU. */
  const owner = sendmsg(printString(headerBytes(3, 1, 0), 'x'), 12);

  it.each(known.map((request) => [request.name, request] as const))('%s', (name, request) => {
    const values = request.layout.map(([member], i) =>
      member === 'nregions' ? 2n : BigInt(i + 1) * 3n,
    );
    const message: SampleMessage = { request, needReply: true, values };
    const bytes = bytesOf(message);
    const read = messagesOf([owner, sendmsg(printString(bytes, 'x'), bytes.length)])[1];
    expect(read).toMatchObject({
      sender: 'frontend',
      request: request.id,
      name,
      flags: 9,
      channel: 'fd 12',
    });
    expect(numbers(read)).toEqual(
      name === 'GET_SHARED_OBJECT' ? { uuid: 3n << 120n } : expectedPayload(message),
    );
  });

  it('is read back equal, however strace prints its bytes', () => {
    fc.assert(
      fc.property(sampleMessage, fc.constantFrom(...quotings), (message, quoting) => {
        const bytes = bytesOf(message);
        const read = messagesOf([owner, sendmsg(printString(bytes, quoting), bytes.length)])[1];
        expect(read?.name).toBe(message.request.name);
        expect(read?.flags).toBe(message.needReply ? 9 : 1);
        if (message.request.name === 'GET_SHARED_OBJECT') return;
        expect(numbers(read)).toEqual(expectedPayload(message));
      }),
      { numRuns: 1000 },
    );
  });

  it('is read as far as it was printed', () => {
    fc.assert(
      fc.property(
        sampleMessage,
        fc.constantFrom(...quotings),
        fc.integer({ min: 12, max: 100 }),
        (message, quoting, max) => {
          const bytes = bytesOf(message);
          const [read] = messagesOf([sendmsg(printString(bytes, quoting, max), bytes.length)]);
          expect(read?.name).toBe(message.request.name);
          if (message.request.name === 'GET_SHARED_OBJECT') return;
          expect(expectedPayload(message)).toMatchObject(numbers(read));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is one with the payload that the next call brings, whoever comes between', () => {
    const bytes = littleEndian([0n, 4], [256n, 4]);
    const header = headerBytes(11, 5, 8);
    const other = '[pid 2] recvmsg(12, 0x7ffd, 0) = -1 EAGAIN (Resource temporarily unavailable)';
    const [read, ...more] = messagesOf([
      `[pid 1] ${recvmsg(printString(header, 'default'), 12)}`,
      other,
      `[pid 1] ${recvmsg(printString(bytes, 'default'), 8)}`,
    ]);
    expect(more).toEqual([]);
    expect(read).toMatchObject({ sender: 'reply', payload: { index: '0', num: '256' } });
    expect(read?.span).toEqual({ first: 1, last: 1 });
  });

  it('is read in pieces by a backend, and answered in pieces', () => {
    const read = messagesOf([
      recvmsg(printString(headerBytes(6, 1, 16), 'default'), 12),
      `read(12, ${printString(littleEndian([8192n, 8], [0n, 8]), 'default')}, 16) = 16`,
      sendmsg(printString(headerBytes(6, 5, 8), 'default'), 12),
      'write(12, "\\0\\0\\0\\0\\0\\0\\0\\0", 8) = 8',
    ]);
    expect(read.map(({ sender, payload }) => [sender, payload])).toEqual([
      ['frontend', { mmap_size: '8192', mmap_offset: '0' }],
      ['reply', { u64: '0x0' }],
    ]);
  });

  it('does not take a payload of another length, thread or connection', () => {
    const header = `[pid 1] ${recvmsg(printString(headerBytes(1, 5, 8), 'xx'), 12)}`;
    const payload = recvmsg('"\\1\\0\\0\\0\\0\\0\\0\\0"', 8);
    for (const line of [
      `[pid 2] ${payload}`,
      `[pid 1] ${payload.replace('(12,', '(13,')}`,
      `[pid 1] ${recvmsg('"\\1\\0\\0\\0"', 4)}`,
    ]) {
      expect(messagesOf([header, line]).map((message) => message.payload)).toEqual([undefined]);
    }
  });

  it('stands in two vectors of one call', () => {
    const parts = `{iov_base=${printString(headerBytes(2, 1, 8), 'x')}, iov_len=12}, {iov_base="\\0\\0\\0\\4\\1\\0\\0\\0", iov_len=8}`;
    const [read] = messagesOf([`writev(12, [${parts}], 2) = 20`]);
    expect(read?.payload).toEqual({ u64: '0x104000000' });
  });

  it('had no member names before strace 4.15', () => {
    const [read] = messagesOf([
      `sendmsg(12, {msg_name(0)=NULL, msg_iov(1)=[{${printString(headerBytes(3, 1, 0), 'default')}, 12}], msg_controllen=0, msg_flags=0}, 0) = 12`,
    ]);
    expect(read?.name).toBe('SET_OWNER');
  });

  it('of the backend is told by its size, and its answers are none of a backend', () => {
    const change = recvmsg(printString(headerBytes(2, 1, 0), 'x'), 12);
    const answer = sendmsg(
      printString([...headerBytes(2, 5, 8), ...littleEndian([0n, 8])], 'x'),
      20,
    );
    expect(messagesOf([change, answer]).map(({ sender, name }) => `${sender} ${name}`)).toEqual([
      'backend CONFIG_CHANGE_MSG',
    ]);
    // The descriptor is used for something else, by a thread that may be anybody's.
    expect(messagesOf([`9 ${change}`, '9 close(12) = 0', `8 ${answer}`])).toHaveLength(2);
  });

  describe('with an id and a size that both sides use', () => {
    const uuid = littleEndian([0x11d1ad9d10b8a76bn, 8], [0xc830d44fc000b480n, 8]);
    const ask = [...headerBytes(6, 1, 16), ...uuid];
    const log = [...headerBytes(6, 1, 16), ...littleEndian([8192n, 8], [4096n, 8])];
    const mapping = [
      ...headerBytes(9, 1, 40),
      ...littleEndian(...Array<[bigint, number]>(5).fill([1n, 8])),
    ];
    const answer = [...headerBytes(6, 5, 8), ...littleEndian([0n, 8])];
    const hello = headerBytes(3, 1, 0);
    const on = (fd: number, line: string): string => line.replace('(12,', `(${fd},`);
    const bringing = (line: string): string =>
      line.replace(
        'msg_controllen=0',
        'msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[33]}], msg_controllen=24',
      );
    const sent = (bytes: readonly number[]): string =>
      sendmsg(printString(bytes, 'xx'), bytes.length);
    const got = (bytes: readonly number[]): string =>
      recvmsg(printString(bytes, 'xx'), bytes.length);

    it.each([
      [
        'received by QEMU',
        [`1 ${sent(hello)}`, `1 ${on(15, got(ask))}`],
        'backend SHARED_OBJECT_ADD',
      ],
      [
        'sent by the backend',
        [`1 ${got(hello)}`, `1 ${on(15, sent(ask))}`],
        'backend SHARED_OBJECT_ADD',
      ],
      ['sent by QEMU', [`1 ${sent(hello)}`, `1 ${on(15, sent(log))}`], 'frontend SET_LOG_BASE'],
      [
        'received by the backend',
        [`1 ${got(hello)}`, `1 ${on(15, got(log))}`],
        'frontend SET_LOG_BASE',
      ],
      [
        'on a known connection, by any thread',
        [`1 ${sent(hello)}`, `2 ${sent(log)}`],
        'frontend SET_LOG_BASE',
      ],
      ['with the log', [bringing(sent(log))], 'frontend SET_LOG_BASE'],
      ['with shared memory', [bringing(got(mapping))], 'backend SHMEM_MAP'],
    ])('%s', (_, lines, expected) => {
      const { sender, name, payload } = messagesOf(lines).at(-1) ?? {};
      expect(`${sender} ${name}`).toBe(expected);
      if (name !== 'SHMEM_MAP') expect(payload).toBeDefined();
    });

    it('is answered by QEMU, which is no answer of the backend', () => {
      const lines = [`1 ${sent(hello)}`, `1 ${on(15, got(ask))}`, `1 ${on(15, sent(answer))}`];
      expect(messagesOf(lines)).toHaveLength(2);
    });

    it('tells nothing by its payload where nothing tells whose it is', () => {
      expect(messagesOf([got(ask)]).map(({ name, payload }) => [name, payload])).toEqual([
        ['SET_LOG_BASE', undefined],
      ]);
    });
  });

  it('of another size is one on a connection of QEMU, and tells nothing', () => {
    const sizes = [0, 8].map((size) => {
      const bytes = [...headerBytes(6, 1, size), ...Array<number>(size).fill(0)];
      return sendmsg(printString(bytes, 'xx'), bytes.length);
    });
    const read = messagesOf([owner, ...sizes]).slice(1);
    expect(read.map(({ name, payload }) => [name, payload])).toEqual([
      ['SET_LOG_BASE', undefined],
      ['SET_LOG_BASE', undefined],
    ]);
  });

  it('acknowledges with eight bytes and more', () => {
    const bytes = [...headerBytes(2, 5, 16), ...littleEndian([1n, 8], [0n, 8])];
    const [, read] = messagesOf([owner, recvmsg(printString(bytes, 'xx'), bytes.length)]);
    expect(read).toMatchObject({ sender: 'reply', name: 'SET_FEATURES', payload: { u64: '0x1' } });
  });

  it.each([
    ['unknown request', headerBytes(77, 1, 0)],
    ['request 0', headerBytes(0, 1, 0)],
    ['version 2', headerBytes(1, 2, 0)],
    ['reserved flags', headerBytes(1, 0x11, 0)],
    ['size of another request', headerBytes(9, 1, 8)],
    ['too large', headerBytes(26, 1, 5000)],
    ['more bytes than it says', [...headerBytes(3, 1, 0), 1, 2, 3]],
    ['half a header', headerBytes(3, 1, 0).slice(0, 11)],
  ])('is not: %s', (_, bytes) => {
    expect(messagesOf([sendmsg(printString(bytes, 'xx'), bytes.length)])).toEqual([]);
  });
});

function numbers(message: VhostUserMessage | undefined): Readonly<Record<string, bigint>> {
  const members = Object.entries(message?.payload ?? {});
  return Object.fromEntries(
    members.map(([name, text]) => [name, BigInt(name === 'uuid' ? `0x${text}` : text)]),
  );
}

describe('a line with something behind it', () => {
  const line = '[pid  9970] ioctl(28, VHOST_SET_LOG_BASE, 0x7ffe1c3a5e58) = 0';

  it.each(['</p>', '<br/>', '^M', String.raw`\r`, '  |', '=20'])(
    'is read without "%s"',
    (remains) => {
      const { records, problems } = readLines([line + remains, `+++ exited with 0 +++${remains}`]);
      expect(records).toMatchObject([
        { request: 'VHOST_SET_LOG_BASE', result: '0' },
        { kind: 'chatter' },
      ]);
      expect(problems).toEqual([]);
    },
  );

  it.each(['.', '`'])('is told in front of "%s"', (remains) => {
    for (const above of [[], [line]]) {
      const { records, problems } = readLines([...above, line + remains]);
      expect(records.at(-1)).toMatchObject({ kind: 'gap' });
      expect(problems).toMatchObject([{ code: 'UNREAD_PROTOCOL' }]);
    }
  });
});

describe('pages of a migration, which `-s 4096` prints', () => {
  const quoting = fc.constantFrom(...quotings);

  it.each([
    [2, 4096],
    [40, 4096],
    [1000, 200],
  ])('are no damaged line: %i times %i bytes', (count, bytes) => {
    const page = fc.uint8Array({ minLength: bytes, maxLength: bytes });
    fc.assert(
      fc.property(page, page, quoting, fc.nat(3), (first, second, how, shift) => {
        const pieces = [first.subarray(shift), second].map(
          (part) => `{iov_base=${printString([...part], how)}..., iov_len=4096}`,
        );
        const list = Array.from({ length: count }, (_, i) => pieces[i % 2]).join(', ');
        const line = `7498  03:14:50.496085 sendmsg(30<socket:[1228597]>, {msg_name=NULL, msg_namelen=0, msg_iov=[${list}], msg_iovlen=${count}, msg_controllen=0, msg_flags=0}, 0) = 131333`;
        const { records, problems } = readLines([line]);
        expect(problems).toEqual([]);
        expect(records.filter(({ kind }) => kind === 'gap')).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });
});

describe('hostile strace', () => {
  it.each([
    ['brackets', `1 read(3${')'.repeat(500_000)}`],
    ['ends', `1 read(3${') = 1 ('.repeat(70_000)}`],
    ['half ends', `1 read(3${' <unfinished ...'.repeat(30_000)}`],
    ['blanks', `1 read(3${' '.repeat(500_000)}) = `],
    ['blanks behind brackets', `1 read(3${`)${' '.repeat(50)}`.repeat(10_000)}= x`],
    ['escapes', `read(3, "${'\\'.repeat(900_000)}", 3) = 3`],
    ['vectors', `readv(3, [${'{iov_base="'.repeat(80_000)}`],
    ['long strings', `sendmsg(3, {msg_iov=[{iov_base="${'\\x01'.repeat(200_000)}"}]}, 0) = 12`],
    ['paths', `1 ioctl(3${'<'.repeat(900_000)}, X, 0) = 0`],
    ['marks', `--- SIG${'A'.repeat(400_000)}${' ---x'.repeat(100_000)}`],
    ['stamps', '1.1 '.repeat(200_000)],
  ])('is read in time that does not explode: %s', (_, line) => {
    expectEveryLineOnce(readLines([line, line, 'x']));
  });
});
