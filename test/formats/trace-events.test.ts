import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventTable } from '../../src/facts/trace-events.js';
import { readDeclaration, readDeclarations } from '../../src/formats/qemu/event-declarations.js';
import { EventForm } from '../../src/formats/qemu/event-form.js';
import { printValue } from '../../src/formats/qemu/event-format.js';
import { builtInEvents, createEventTable } from '../../src/formats/qemu/event-table.js';
import { olderDeclarations } from '../../src/formats/qemu/qemu-events-older.js';
import { changedEvents, qemuEvents } from '../../src/formats/qemu/qemu-events.js';
import { readEventText, traceLine } from '../../src/formats/qemu/qemu-trace.js';
import { createReader } from '../../src/formats/reader.js';
import { parse } from '../../src/grammar/trace-events.js';
import { declaration, only, valueOf } from '../helpers/printed-events.js';
import { besideRepository, expectEveryLineOnce, readLines } from '../helpers/read-text.js';

function form(line: string): EventForm {
  return new EventForm(only(readDeclaration(line)));
}

describe('a declaration', () => {
  it.each([
    [
      'odd(void *dev, uint32_t flags)"dev: %p flags:0x%"PRIx32""',
      'dev: 0x5555 flags:0x9',
      { dev: '0x5555', flags: '0x9' },
    ],
    ['null(void *dev) "%p"', '(nil)', { dev: '(nil)' }],
    [
      'macro_last(uint64_t n) "dirty_pages %" PRIu64',
      'dirty_pages 18446744073709551615',
      { n: '18446744073709551615' },
    ],
    ['percent(unsigned n) "Completed %u%% of (all)"', 'Completed 7% of (all)', { n: '7' }],
    ['nothing(void) ""', '', {}],
    ['no_format(void)', '', {}],
    ['quoted(const char *f) "field \\"%s\\" failed"', 'field "a b" failed', { f: 'a b' }],
    ['disable off(int i) "%d"', '-5', { i: '-5' }],
    ['star(const char* s, char **x) "%s %p"', 'a b 0x1', { s: 'a b', x: '0x1' }],
    [
      'wide(int a, const char *s, int b) "%5d|%-6s|%08x"',
      '   -7|ab    |0000001f',
      { a: '-7', s: 'ab', b: '0000001f' },
    ],
    ['mac(uint8_t a, uint8_t b) "%02x%02x"', '0aff', { a: '0a', b: 'ff' }],
    ['counted(int width, uint32_t v) "value:0x%0*x"', 'value:0x00ff', { v: '0x00ff' }],
    ['lines(int a, int b) "first %d\\nsecond %d"', 'first 1', { a: '1' }],
    ['old(uint64_t a) "addr 0x%08" HWADDR_PRIx', 'addr 0x00000001', { a: '0x00000001' }],
  ])('%s', (line, text, args) => {
    expect(form(line).readText(text)).toEqual(args);
    expect(form(line).readText(`${text} and more`)).not.toEqual(args);
  });

  it.each([
    'odd',
    'vhost_commit(bool started',
    'f(int) "x"',
    'f(int a,) "x"',
    'f(void) "x',
    'f(void) %d',
    'nice f(void) ""',
    'f(void) "" "" x',
  ])('is not: %s', (line) => {
    expect(readDeclaration(line)).toBeUndefined();
  });

  it('gives two events for tcg, and a CPU for vcpu', () => {
    const line =
      'vcpu tcg guest_mem_before(TCGv vaddr, uint8_t info) "info=%d", "vaddr=0x%016"PRIx64" info=%d"';
    const [trans, exec] = readDeclaration(line) ?? [];
    expect(trans).toEqual({
      name: 'guest_mem_before_trans',
      args: [
        { type: 'void *', name: '__cpu' },
        { type: 'uint8_t', name: 'info' },
      ],
      format: 'cpu=%p info=%d',
    });
    expect(exec?.name).toBe('guest_mem_before_exec');
    const printed = exec && new EventForm(exec).print([0x5555n, 16n, 3n]);
    expect(printed?.text).toBe('cpu=0x5555 vaddr=0x0000000000000010 info=3');
    const bare = only(readDeclaration('vcpu guest_cpu_enter(void)'));
    expect(new EventForm(bare).readText('cpu=0x5555 ')).toEqual({ __cpu: '0x5555' });
  });

  it('counts as an event of its file even when it is not built', () => {
    const read = readDeclarations([
      '# a',
      '',
      'disable a(void) ""',
      '  # b',
      'tcg b(void) "", ""',
      'c(void) ""',
    ]);
    expect('lineNo' in read ? read : read.map(({ name }) => name)).toEqual([
      'a',
      'b_trans',
      'b_exec',
      'c',
    ]);
  });

  it('that is none is named by its line', () => {
    expect(readDeclarations(['a(void) ""', 'b(void ""'])).toEqual({ lineNo: 2, line: 'b(void ""' });
  });

  it('prints what it reads', () => {
    const event = declaration.chain((declared) =>
      fc.tuple(...declared.types.map(valueOf)).map((values) => ({ declared, values })),
    );
    fc.assert(
      fc.property(event, ({ declared, values }) => {
        const read = form(declared.line);
        const printed = read.print(values);
        expect(Object.keys(printed.args)).toEqual(values.map((_, i) => `a${i}`));
        expect(read.readText(printed.text)).toEqual(printed.args);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads any text without throwing, also one made for it', () => {
    const many = form('f(char *a, char *b, char *c, char *d, char *e) "%s:%s:%s:%s:%d"');
    expect(many.readText(':'.repeat(4096))).toBeUndefined();
    expect(many.readText('1:'.repeat(2048))).toBeUndefined();
    fc.assert(
      fc.property(declaration, fc.string({ unit: 'binary' }), ({ line }, text) => {
        form(line).readText(text);
      }),
    );
  });
});

describe('printf', () => {
  it.each([
    ['%d', 0xffff_ffff_ffff_fffbn, '-5'],
    ['%u', 0xffff_ffff_ffff_fffbn, '4294967291'],
    ['%lx', 0xffff_ffff_ffff_fffbn, 'fffffffffffffffb'],
    ['%hhd', 255n, '-1'],
    ['%hx', 0x12345n, '2345'],
    ['%p', 0n, '(nil)'],
    ['%p', 0x5555n, '0x5555'],
    ['%#x', 16n, '0x10'],
    ['%#x', 0n, '0'],
    ['%06d', -42n, '-00042'],
    ['%+d', 5n, '+5'],
    ['%-6d|', 5n, '5     |'],
    ['%.8x', 255n, '000000ff'],
    ['%08.3x', 255n, '     0ff'],
    ['%c', 65n, 'A'],
    ['%X', 255n, 'FF'],
    ['%o', 8n, '10'],
    ['%.2s', 'abc', 'ab'],
    ['%5s', 'abc', '  abc'],
    ['%05s', 'abc', '  abc'],
  ])('%s of %s', (format, value, text) => {
    const printed = parse(format, { startRule: 'Printf' }).map((piece) => {
      if ('text' in piece) return piece.text;
      const { width, precision } = piece;
      if (width === '*' || precision === '*') throw new Error('no numbers');
      return printValue({ ...piece, width, precision }, value);
    });
    expect(printed.join('')).toBe(text);
  });

  it('prints a number as it prints the same integer of 64 bits', () => {
    const conversion = fc.record({
      flags: fc.constantFrom('', '0', '-', '+', ' ', '#'),
      width: fc.option(fc.nat(20), { nil: undefined }),
      precision: fc.option(fc.nat(20), { nil: undefined }),
      size: fc.constantFrom('', 'hh', 'h', 'l', 'll', 'z'),
      kind: fc.constantFrom('d', 'i', 'u', 'x', 'X', 'o', 'p', 'c', 's'),
    });
    const number = fc.oneof(
      fc.maxSafeNat(),
      fc.nat(0x1_0000),
      fc.tuple(fc.nat(52), fc.integer({ min: -1, max: 1 })).map(([bit, by]) => 2 ** bit + by),
    );
    fc.assert(
      fc.property(conversion, number, (how, value) => {
        expect(printValue(how, value)).toBe(printValue(how, BigInt(value)));
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('the built-in table', () => {
  const lines = [qemuEvents, changedEvents, olderDeclarations().join('\n')]
    .flatMap((text) => text.split('\n'))
    .filter((line) => line !== '' && !line.startsWith('#'));

  it('declares each event with each format once', () => {
    expect(lines.length).toBeGreaterThan(500);
    expect(lines.filter((line) => readDeclaration(line)?.length !== 1)).toEqual([]);
    const forms = lines.map((line) => {
      const { name, args, format } = only(readDeclaration(line));
      return JSON.stringify([name, args.map((arg) => arg.name), format]);
    });
    expect(forms.filter((one, i) => forms.indexOf(one) !== i)).toEqual([]);
  });

  it('has each event either with all of its formats or among those that changed', () => {
    const changed = changedEvents.split('\n').map((line) => line.slice(0, line.indexOf('(')));
    const others = qemuEvents.split('\n').map((line) => line.slice(0, line.indexOf('(')));
    expect(changed.filter((name) => name !== '' && others.includes(name))).toEqual([]);
  });

  it.each([
    [
      'vhost_vdpa_dump_config dev: 0x5555 0x0010: 00 01',
      { dev: '0x5555', ofs: '0x0010', line: '00 01' },
    ],
    ['vhost_vdpa_dump_config dev: 0x5555 00000000: 00', { dev: '0x5555', line: '00000000: 00' }],
    ['vmstate_load_state_field cpu:regs exists=1', { name: 'cpu', field: 'regs', exists: '1' }],
    ['vmstate_load_state_field cpu:regs', { name: 'cpu', field: 'regs' }],
    ['multifd_recv_thread_start 3', { id: '3' }],
    ['ram_load_postcopy_loop @7f00 40', { addr: '7f00', flags: '40' }],
    ['virtio_iommu_device_reset reset!', {}],
  ])('types %s in every version', (line, args) => {
    const { records } = readLines([`1@1.000001:${line}`]);
    expect(records).toMatchObject([{ kind: 'event', args }]);
  });

  it.each([...eventTable])('gives the fact of %s its arguments', (name, row) => {
    const named = [row.device, row.enable, row.value, row.vring].filter((arg) => arg !== undefined);
    const forms = builtInEvents().forms(name);
    expect(forms.length).toBeGreaterThan(0);
    expect(builtInEvents().isComplete(name)).toBe(true);
    const declared = forms.map(({ args }) => args.map((arg) => arg.name));
    for (const arg of named) expect(declared.flat()).toContain(arg);
    // Nothing is renamed between versions: a form lacks an argument only where the event had fewer.
    const most = Math.max(...declared.map((args) => args.length));
    for (const args of declared.filter(({ length }) => length === most)) {
      expect(args).toEqual(expect.arrayContaining(named));
    }
  });

  const shared = besideRepository('shared/captures/qemu10-vhost-user/08h-trace-events-all');

  it.skipIf(shared === undefined)(
    'agrees with QEMU 10.0 (skipped where its declarations are not beside)',
    () => {
      const read = readDeclarations(
        readFileSync(shared ?? '', 'utf8')
          .trimEnd()
          .split('\n'),
      );
      if ('lineNo' in read) expect.fail(`line ${read.lineNo}`);
      expect(read.length).toBeGreaterThan(3500);
      for (const { name, args, format } of read) {
        if (!builtInEvents().has(name)) continue;
        const own = lines
          .map((line) => only(readDeclaration(line)))
          .filter((one) => one.name === name);
        const names = (list: typeof args): string => list.map((arg) => arg.name).join();
        expect(own.map((one) => [names(one.args), one.format])).toContainEqual([
          names(args),
          format,
        ]);
      }
      const missing = read.filter(({ name }) =>
        /^(?:vhost_|virtqueue_|savevm_|migrat|postcopy_)/.test(name),
      );
      expect(missing.filter(({ name }) => !builtInEvents().has(name))).toEqual([]);
    },
  );
});

describe('declarations of the user', () => {
  const read = readDeclarations([
    'qmp_enter(const char *json) "%s"',
    'vhost_commit(int a, int b, int c) "%d %d %d"',
  ]);
  const events = createEventTable('lineNo' in read ? [] : read);

  function records(...lines: string[]): unknown {
    const reader = createReader(events);
    for (const line of lines) reader.push(line);
    return reader.finish().records;
  }

  it('type events that the table does not know, and come before its own', () => {
    expect(
      records(
        '1@1795320809.223469:qmp_enter {}',
        '1@1795320809.223470:vhost_commit 1 2 3',
        '1@1795320809.223471:vhost_commit Started: 1 Changed: 0',
      ),
    ).toMatchObject([
      { args: { json: '{}' } },
      { args: { a: '1', b: '2', c: '3' } },
      { args: { started: '1', changed: '0' } },
    ]);
  });

  it('type simpletrace and LTTng too', () => {
    expect(
      records(
        "qmp_enter 0.000 pid=1 json=b'{}'",
        '[03:27:38.1] (+?.?) host qemu:qmp_enter: { cpu_id = 3 }, { json = "{}" }',
      ),
    ).toMatchObject([
      { args: { json: '{}' }, text: '{}' },
      { args: { json: '{}' }, text: '{}' },
    ]);
  });
});

describe('a text in another tool’s line', () => {
  const span = { first: 3, last: 3 };

  it('is an event with the stamp of that line', () => {
    expect(
      readEventText('vhost_commit Started: 1 Changed: 1', span, { tid: 7, time: '1.5' }),
    ).toEqual({
      kind: 'event',
      span,
      name: 'vhost_commit',
      args: { started: '1', changed: '1' },
      text: 'Started: 1 Changed: 1',
      tid: 7,
      time: '1.5',
    });
    expect(readEventText('savevm_state_cleanup', span)?.args).toEqual({});
  });

  it.each(['hello', 'vhost_commit is called', 'begin vhost_commit Started: 1 Changed: 1'])(
    'is none: %s',
    (text) => {
      expect(readEventText(text, span)).toBeUndefined();
    },
  );
});

it('an unknown format of an event that changed is kept, of any other it is damage', () => {
  const reading = readLines([
    '1@1795320809.223469:multifd_send_thread_start 0x5',
    '1@1795320809.223470:vhost_commit Begun: 1',
  ]);
  expect(reading.records.map(({ kind }) => kind)).toEqual(['event', 'gap']);
  expect(reading.problems.map(({ span }) => span.first)).toEqual([2]);
});

it.each([
  ['4242@1763782058123456789 vhost_commit Started: 1 Changed: 1', 'stap'],
  ['Nov  2 03:27:38 host qemu-kvm[4242]: vhost_commit Started: 1 Changed: 1', 'syslog'],
  ['2025-11-22T03:27:38.1Z vhost_commit Started: 1 Changed: 1', 'time'],
  ['Nov 22 03:27:38.123456 host qemu[42]: vhost_commit Started: 1 Changed: 1', 'syslog'],
  ['Sat 2025-11-22 03:27:38 UTC host qemu[42]: vhost_commit Started: 1 Changed: 1', 'syslog'],
  ['1763782058.123456 host qemu[42]: vhost_commit Started: 1 Changed: 1', 'syslog'],
  ['Nov 22 03:27:38 host qemu[42]: 7@1.5:vhost_commit Started: 1 Changed: 1', 'thread'],
  [
    'Nov 22 03:27:38 host qemu[42]: 2025-11-22T03:27:38.1Z vhost_commit Started: 1 Changed: 1',
    'time',
  ],
])('stamp of %s', (line, by) => {
  expect(traceLine(line)).toMatchObject({
    by,
    name: 'vhost_commit',
    text: 'Started: 1 Changed: 1',
  });
});

it('the list of the monitor and what was typed are no events', () => {
  const reading = readLines([
    '(qemu) info trace-events',
    'vhost_commit : state 1',
    'vhost_section : state 0',
  ]);
  expect(reading.records.filter(({ kind }) => kind === 'event')).toEqual([]);
});

it('a gap that was taken on the way is still one gap', () => {
  const reader = createReader();
  const records = [];
  for (const line of ['dropped 12 events', 'dropped 5 events', '', 'dropped 7 events']) {
    reader.push(line);
    records.push(...reader.take());
  }
  records.push(...reader.finish().records);
  expect(records.map(({ kind, span }) => [kind, span.first, span.last])).toEqual([
    ['gap', 1, 2],
    ['gap', 4, 4],
  ]);
});

describe('a line of simpletrace.py', () => {
  const whole = 'vhost_user_write 47.861 pid=18035 req=0x1 flags=0x1';

  it.each([
    'vhost_user_write 47.861 pid=18035 req=0x1 fla',
    'vhost_user_write 47.861 pid=18035 req=0x1 flags=0x1;',
    'vhost_user_write 47.861 pid=18035 request=0x1 flags=0x1',
    'vhost_user_write 47.861 pid=18035',
    'vhost_user_write 47.8',
    'Dropped_Event 47.861 pid=18035 num_events_dropped=',
  ])('that does not fit is told, and a gap: %s', (line) => {
    const reading = readLines([whole, line, whole]);
    expect(reading.records.map(({ kind }) => kind)).toEqual(['event', 'gap', 'event']);
    expect(reading.problems).toMatchObject([{ code: 'EVENT_UNREAD', span: { first: 2 } }]);
  });

  it.each([
    '    ',
    '> ',
    '| ',
    '// ',
    '10:11:12 ',
    'qemu-1  | ',
    '2024-03-05T10:11:12.123456Z ',
    'Mar  5 10:11:12 host qemu-system-x86_64[4242]: ',
    '2026-11-26T12:00:00.123456789Z stdout F ',
  ])('is read behind "%s", and is no text of the log backend there', (margin) => {
    const lines = [whole, "vhost_section 86.429 pid=18035 name=b'mem' r=0x1", whole];
    const { records, formats, problems } = readLines(lines.map((line) => margin + line));
    expect(formats).toEqual(['simpletrace']);
    expect(records).toMatchObject([
      { name: 'vhost_user_write', args: { flags: '0x1' }, pid: 18035 },
      { name: 'vhost_section', args: { name: 'mem' } },
      { name: 'vhost_user_write' },
    ]);
    expect(problems).toEqual([]);
  });

  it('is not what the log backend prints of an event without arguments', () => {
    const reading = readLines([whole, 'savevm_state_cleanup ']);
    expect(reading.records.map(({ kind }) => kind)).toEqual(['event', 'event']);
    expect(reading.problems).toEqual([]);
  });
});

it('a line behind a hole in the numbers of grep -n is read, and the gap stands in front of it', () => {
  const reading = readLines([
    '118:27074@1795320809.223469:vhost_dev_start 0x55dd89df5c68:virtio-blk vrings:1',
    '561:27074@1795320809.423470:vhost_dev_stop 0x55dd89df5c68:virtio-blk vrings:1',
  ]);
  expectEveryLineOnce(reading);
  expect(reading.records).toMatchObject([
    { kind: 'event', name: 'vhost_dev_start' },
    { kind: 'gap', span: { first: 2, last: 1 }, reach: { from: 2 } },
    { kind: 'event', name: 'vhost_dev_stop', span: { first: 2, last: 2 } },
  ]);
});

it('an event behind the prompt of the monitor', () => {
  const text = '(qemu) migrate -d tcp:0:4444\n(qemu) vhost_commit Started: 1 Changed: 0\n(qemu) ';
  expect(readLines(text.split('\n')).records).toMatchObject([
    { kind: 'prose' },
    { name: 'vhost_commit', args: { started: '1' }, span: { first: 2, last: 2 } },
    { kind: 'prose' },
  ]);
});

describe('an event in an object', () => {
  const event = '27074@1795320809.223469:migrate_set_state new state active';

  it.each([
    [
      'whose first member is that of the Elastic Common Schema',
      `{"@timestamp": "x", "message": "${event}"}`,
    ],
    ['that nobody knows ends with its quote', `{"name": "${event}"}`],
    ['with others behind it ends there, too', `{"name": ["${event}","b"]}`],
  ])('%s', (_, line) => {
    expect(readLines([line]).records).toMatchObject([
      { name: 'migrate_set_state', args: { new_state: 'active' }, text: 'new state active' },
    ]);
  });

  it('keeps a quote that does not end it', () => {
    const line = `${event.replace('active', '"a"')}"}`;
    expect(readLines([line]).records).toMatchObject([{ text: 'new state "a""}' }]);
  });
});

it('frames of gdb stand in such objects, too', () => {
  const line = '{"@timestamp":"x","log.level":"info","message":"#0  main () at main.c:7"}';
  expect(readLines([line]).records).toMatchObject([{ kind: 'backtrace' }]);
});

describe('a single word beside events', () => {
  const event = '27074@1795320809.223469:vhost_user_read req:1 flags:0x5';
  const gapsOf = (...lines: readonly string[]): number =>
    readLines([event, ...lines]).records.filter(({ kind }) => kind === 'gap').length;

  it.each([
    [['', 'f5b22d06fb05']],
    [['', 'Fixed by', 'f5b22d06fb05ac1234567890abcdef1234567890']],
    [['', '-- ', 'dev2']],
    [['', 'The version is', 'v10.0.13']],
  ])('is of whoever wrote the words above: %j', (lines) => {
    expect(gapsOf(...lines)).toBe(0);
    expect(gapsOf(...lines, '', event)).toBe(0);
  });

  it.each(['f5b22d06fb05', '22610', '2025-11-22T03:27', 'vhost_user_re'])(
    'is a piece of one directly below: %s',
    (word) => {
      expect(gapsOf(word, event)).toBe(1);
    },
  );

  it('is a piece where it has a stamp', () => {
    expect(gapsOf('', 'words of a person', '22610@1795323', event)).toBe(1);
  });
});
