/** libvhost-user's debug text and the log of DPDK's vhost library. */
import { describe, expect, it } from 'vitest';
import type { CaptureRecord } from '../../src/model/record.js';
import { buildSteps } from '../../src/facts/steps.js';
import { expectEveryLineOnce, readLines, readText } from '../helpers/read-text.js';

function read(lines: readonly string[]): readonly CaptureRecord[] {
  const reading = readLines(lines);
  expectEveryLineOnce(reading);
  return reading.records;
}

const banner = '================ Vhost user message ================';

describe('libvhost-user', () => {
  it.each(['testpmd> ', 'Port 0: queue state event'])('%j is no line that is lost', (own) => {
    const message = 'VHOST_CONFIG: (/run/vm/net.sock) read message VHOST_USER_SET_FEATURES';
    const { steps, gapAtEnd } = buildSteps(
      readText([message, '', own, message].join('\n')).records,
    );
    expect([...steps.map(({ gapBefore }) => gapBefore), gapAtEnd]).toEqual([false, false, false]);
  });

  function payloadOf(request: string, lines: readonly string[]): unknown {
    const [record, ...more] = read([banner, `Request: ${request}`, 'Flags:   0x9', ...lines]);
    expect(more).toEqual([]);
    expect(record).toMatchObject({ kind: 'message', sender: 'frontend', flags: 9 });
    return record?.kind === 'message' ? record.payload : undefined;
  }

  it.each([
    ['VHOST_USER_SET_FEATURES (2)', ['u64: 0x0000000174000000'], { u64: '0x0000000174000000' }],
    ['VHOST_USER_SET_VRING_KICK (12)', ['u64: 0x0000000000000101'], { index: '1', nofd: '1' }],
    [
      'VHOST_USER_SET_LOG_BASE (6)',
      ['Fds: 5', 'Log mmap_offset: 0', 'Log mmap_size:   8192'],
      { mmap_offset: '0', mmap_size: '8192' },
    ],
    [
      'VHOST_USER_SET_VRING_ENABLE (18)',
      ['State.index: 3', 'State.enable:   0'],
      { index: '3', num: '0' },
    ],
    [
      'VHOST_USER_SET_MEM_TABLE (5)',
      ['Nregions: 1', 'Region 0', '    guest_phys_addr: 0x0000000000000000', 'mmap_addr: 0x1'],
      { nregions: '1', 'regions[0].guest_phys_addr': '0x0000000000000000' },
    ],
    [
      'VHOST_USER_SET_MEM_TABLE (5)',
      ['Adding region 0', '  memory_size: 0x1', 'Adding region 1', '  memory_size: 0x2'],
      { 'regions[0].memory_size': '0x1', 'regions[1].memory_size': '0x2' },
    ],
    [
      'VHOST_USER_SET_INFLIGHT_FD (32)',
      ['set_inflight_fd mmap_size: 4224', 'set_inflight_fd num_queues: 1'],
      { mmap_size: '4224', num_queues: '1' },
    ],
    ['VHOST_USER_SET_OWNER (3)', [], undefined],
  ])('%s', (request, lines, payload) => {
    expect(payloadOf(request, lines)).toEqual(payload);
  });

  it.each([
    ['VHOST_USER_SET_SLAVE_REQ_FD (21)', 'SET_BACKEND_REQ_FD'],
    ['VHOST_USER_SET_BACKEND_REQ_FD (21)', 'SET_BACKEND_REQ_FD'],
    ['9', 'SET_VRING_ADDR'],
    ['unknown (99)', '99'],
  ])('names %s', (request, name) => {
    expect(read([banner, `Request: ${request}`])[0]).toMatchObject({ kind: 'message', name });
  });

  it('leaves a rule and lines that only look like its own alone', () => {
    for (const lines of [
      ['====================================='],
      ['u64: 0x0000000174000000'],
      ['Request: VHOST_USER_SET_OWNER (3)'],
      ['** (vhost-user-blk:2204): CRITICAL **: 07:20:46.077: Invalid vring_addr message'],
    ]) {
      expect(readLines(lines).formats).not.toContain('libvhost-user');
    }
  });

  it.each([
    'Logged dirty guest page: 10713',
    'Got kick_data: 0000000000000001 handler:(nil) idx:1',
  ])('knows "%s" below the packets of the backend, which are no words', (line) => {
    const packet =
      'TX:: 0030: 34 56 ff 02  00 00 00 00  00 00 00 00  00 00 00 00   4V..............';
    const { records } = readLines([
      banner,
      'Request: VHOST_USER_SET_OWNER (3)',
      packet,
      packet,
      packet,
      line,
    ]);
    expect(records.at(-1)).toMatchObject({ kind: 'chatter' });
    expect(records.filter((record) => record.kind === 'prose' && record.human)).toEqual([]);
    expect(readLines([packet, line]).formats).not.toContain('libvhost-user');
  });

  it('ends a message where a person goes on', () => {
    const records = read([banner, 'Request: VHOST_USER_SET_OWNER (3)', 'This is where it hangs.']);
    expect(records.map(({ kind }) => kind)).toEqual(['message', 'prose']);
  });

  it('bounds what one message holds', () => {
    const lines = Array<string>(10_000).fill('    guest_phys_addr: 0x1');
    const records = read([banner, 'Request: VHOST_USER_ADD_MEM_REG (37)', ...lines]);
    expect(records[0]?.span).toEqual({ first: 1, last: 4096 });
    expect(records.slice(1).map(({ kind }) => kind)).toEqual(['chatter', 'gap']);
  });
});

describe('DPDK', () => {
  it("leaves testpmd's own lines between those of the library to no person", () => {
    const own = [
      'testpmd> start',
      'EAL: Physical addresses are unavailable, selecting IOVA as VA mode.',
      'VHOST: Rx csum will be done in SW, may impact performance.',
      'Vhost device 0 created',
      'Port 0: queue state event',
      'vring0 is enabled',
      'Port statistics ====================================',
      '  ######################## NIC statistics for port 0  ########################',
      '  RX-packets: 12         RX-missed: 0          RX-bytes:  840',
      '  Throughput (since last show)',
      `  ${'#'.repeat(76)}`,
      '  ------- Forward Stats for RX Port= 0/Queue= 0 -> TX Port= 0/Queue= 0 -------',
      `  ${'-'.repeat(76)}`,
      '  +++++++++++++++ Accumulated forward statistics for all ports+++++++++++++++',
      `  ${'+'.repeat(76)}`,
      'Waiting for lcores to finish...',
      'Done.',
    ];
    const message = 'VHOST_CONFIG: (/run/vm/net.sock) read message VHOST_USER_SET_FEATURES';
    const records = read([message, ...own, message]);
    expect(records.filter((record) => record.kind === 'prose' && record.human)).toEqual([]);
  });

  function payloadOf(request: string, lines: readonly string[]): unknown {
    const [record, ...more] = read([`VHOST_CONFIG: read message ${request}`, ...lines]);
    expect(more).toEqual([]);
    return record?.kind === 'message' ? record.payload : undefined;
  }

  it.each([
    ['SET_FEATURES', 'negotiated Virtio features: 0x174000000', { u64: '0x174000000' }],
    ['SET_PROTOCOL_FEATURES', 'negotiated Vhost-user protocol features: 0xcbf', { u64: '0xcbf' }],
    ['SET_VRING_KICK', 'vring kick idx:0 file:43', { index: '0', fd: '43' }],
    ['SET_VRING_CALL', 'vring call idx:1 file:-1', { index: '1', fd: '-1' }],
    ['GET_VRING_BASE', 'vring base idx:0 file:256', { index: '0', num: '256' }],
    ['SET_VRING_ENABLE', 'set queue enable: 1 to qp idx: 2', { index: '2', num: '1' }],
    ['SET_LOG_BASE', 'log mmap size: 28672, offset: 0', { mmap_size: '28672', mmap_offset: '0' }],
    [
      'SET_VRING_BASE',
      'vring base idx:0 last_used_idx:7 last_avail_idx:8.',
      { index: '0', last_used_idx: '7', last_avail_idx: '8' },
    ],
    ['SET_VRING_ADDR', 'log_guest_addr: 3f5d000', { log_guest_addr: '0x3f5d000' }],
    ['ADD_MEM_REG', 'guest memory region size: 0x1000', { memory_size: '0x1000' }],
  ])('%s: %s', (request, text, payload) => {
    expect(payloadOf(`VHOST_USER_${request}`, [`VHOST_CONFIG: ${text}`])).toEqual(payload);
  });

  it.each([
    '',
    '00:18:17.716  ',
    '[  12.345678] ',
    '[2026-02-20 05:55:03.166000] ',
    '2026-02-20T05:55:03.166Z|00051|dpdk|INFO|',
    '2026-02-20T05:55:03,166000+01:00: ',
    'Nov 22 03:00:00 host1 ovs-vswitchd[123]: ',
  ])('behind "%s"', (prefix) => {
    const [record] = read([
      `${prefix}VHOST_CONFIG: (/tmp/v.sock) read message VHOST_USER_SET_OWNER`,
    ]);
    expect(record).toMatchObject({ kind: 'message', name: 'SET_OWNER', channel: '/tmp/v.sock' });
    const time = record?.kind === 'message' ? record.time : undefined;
    expect(prefix).toContain(time ?? '');
    expect(time === undefined).toBe(prefix === '');
  });

  const said = (text: string): string => `VHOST_CONFIG: (/tmp/s) ${text}`;
  const features = { kind: 'message', name: 'SET_FEATURES', payload: { u64: '0x4000000' } };
  const withFeatures = [
    said('read message VHOST_USER_SET_FEATURES'),
    said('negotiated Virtio features: 0x4000000'),
  ];

  it.each(['</p>', '<br/>', '^M', String.raw`\r`, '  |', '=20', '</p>^M'])(
    'in front of "%s"',
    (remains) => {
      const reading = readLines(withFeatures.map((line) => line + remains));
      expect(reading.records).toMatchObject([features]);
      expect(reading.problems).toEqual([]);
    },
  );

  it.each(['.', '`', ', 0', 'testpmd> ', 'VHOST: x'])('is told in front of "%s"', (remains) => {
    const { records, problems } = readLines([
      `${said('read message VHOST_USER_SET_FEATURES')}${remains}`,
    ]);
    expect(records).toMatchObject([{ kind: 'gap' }]);
    expect(problems).toEqual([
      {
        code: 'UNREAD_PROTOCOL',
        message:
          'a line looks like one of DPDK, but is cut, or has something around it that is not known',
        span: { first: 1, last: 1 },
      },
    ]);
  });

  it('is read behind a tabulator that is written as in a string', () => {
    const lines = withFeatures.map((line) => String.raw`\t` + line);
    expect(read(lines)).toMatchObject([features]);
  });

  it.each([
    ['a message', said('set queue enable: 1') + said('read message VHOST_USER_SET_LOG_BASE')],
    ['more', `${said('connected')}[ 12.5] ${withFeatures.join('')}`],
    ['any, behind what is not known', `=> ${withFeatures[1] ?? ''}${withFeatures.join('')}`],
  ])('tells lines that are glued to one with %s', (_, line) => {
    const { records, problems } = readLines([line]);
    expect(records).toMatchObject([{ kind: 'gap' }]);
    expect(problems).toMatchObject([{ code: 'UNREAD_PROTOCOL', span: { first: 1 } }]);
  });

  it('does not mix connections or requests', () => {
    const records = read([
      'VHOST_CONFIG: (/tmp/a.sock) read message VHOST_USER_SET_FEATURES',
      'VHOST_CONFIG: (/tmp/b.sock) negotiated Virtio features: 0x4000000',
      'VHOST_CONFIG: (/tmp/a.sock) read message VHOST_USER_SET_LOG_BASE',
      'VHOST_CONFIG: (/tmp/a.sock) negotiated Virtio features: 0x4000000',
    ]);
    expect(records.map(({ kind }) => kind)).toEqual(['message', 'log', 'message', 'gap', 'log']);
    expect(
      records.some((record) => record.kind === 'message' && record.payload !== undefined),
    ).toBe(false);
  });

  it('finds the values of a log line', () => {
    expect(read(['VHOST_CONFIG: (/v) vhost-user server: socket created, fd: 12'])[0]).toEqual({
      kind: 'log',
      span: { first: 1, last: 1 },
      source: 'backend',
      text: '(/v) vhost-user server: socket created, fd: 12',
      values: { fd: '12' },
      socket: { channel: '/v', what: 'server' },
    });
  });

  it.each([
    'Our VHOST_CONFIG: read message VHOST_USER_SET_FEATURES came late.',
    'VHOST_CONFIG is the log type',
    '\t guest physical addr: 0x0',
    '#define VHOST_CONFIG: x',
  ])('is not %s', (line) => {
    expect(readLines([line]).formats).not.toContain('dpdk');
  });

  it.each([
    ['names', `VHOST_CONFIG: ${'a-'.repeat(900)}`],
    ['values', `VHOST_CONFIG: ${'a: '.repeat(600)}`],
    ['long', `VHOST_CONFIG: ${'x'.repeat(900_000)}`],
    ['clocks', `${'['.repeat(900_000)}VHOST_CONFIG: x`],
  ])('is read in time that does not explode: %s', (_, line) => {
    read(Array<string>(500).fill(line));
  });
});

it('a request named like a member of every object is a message as any other', () => {
  const said = (text: string): string => `VHOST_CONFIG: (/tmp/s) ${text}`;
  const names = ['constructor', 'toString', '__proto__'];
  const lines = names.flatMap((name) => [
    said(`read message ${name}`),
    said('mmap log base failed!'),
  ]);
  expect(() => read(lines)).not.toThrow();
});

it('what syslog writes once of a line that came several times is told as such', () => {
  const stamp = 'Nov 22 03:00:01 host ';
  const address = 'VHOST_CONFIG: (/tmp/s) read message VHOST_USER_SET_VRING_ADDR';
  const whyOf = (...lines: readonly string[]): unknown[] => {
    const { records, problems } = readLines(lines.map((line) => stamp + line));
    expect(problems).toEqual([]);
    return records.flatMap((record) => (record.kind === 'gap' ? [record.why] : []));
  };
  const why = 'a line came 2 times more, says syslog';
  expect(whyOf(`ovs[1]: message repeated 2 times: [ ${address}]`)).toEqual([why]);
  expect(
    whyOf(
      'systemd[1]: x',
      'qemu[1]: message repeated 2 times: [ vhost_commit Started: 1 Changed: 0]',
    ),
  ).toEqual([why]);
  expect(whyOf(`ovs[1]: ${address}`, 'last message repeated 2 times')).toEqual([why]);
  expect(whyOf(`ovs[1]: ${address}`, 'systemd[1]: message repeated 2 times: [ x]')).toEqual([]);
});

it('what testpmd says while a frontend connects stands between the lines of the library', () => {
  const said = (text: string): string => `VHOST_CONFIG: (/tmp/s) ${text}`;
  const log = [
    said('vhost-user server: socket created, fd: 20'),
    'Checking link statuses...',
    `testpmd> ${said('new vhost user connection is 23')}`,
    said('read message VHOST_USER_SET_VRING_BASE'),
    'Done',
    said('vring base idx:0 last_used_idx:0 last_avail_idx:0.'),
    said('read message VHOST_USER_SET_OWNER'),
    'Done',
  ];
  const records = read(log);
  expect(records.map(({ kind }) => kind)).toEqual(['log', 'log', 'log', 'message', 'message']);
  expect(records[2]).toMatchObject({ socket: { channel: '/tmp/s', what: 'open' } });
  expect(read(['Done']).map(({ kind }) => kind)).toEqual(['prose']);
});
