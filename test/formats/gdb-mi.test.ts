/** The machine interface gives what the command line gives. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { buildRun } from '../../src/flows/run.js';
import { parse } from '../../src/grammar/gdb-mi.js';
import type { CaptureRecord, Frame, Reading } from '../../src/model/record.js';
import { check } from '../helpers/check.js';
import { frame } from '../helpers/printed-frames.js';
import {
  argsLine,
  consolePieces,
  printAsCli,
  printAsMi,
  quote,
  stackLine,
} from '../helpers/printed-mi.js';
import {
  besideRepository,
  caseFile,
  expectEveryLineOnce,
  readFile,
  readLines,
} from '../helpers/read-text.js';

const shared = besideRepository('shared/captures');
const stack = fc.array(frame, { minLength: 1, maxLength: 12 });

function kinds(records: readonly CaptureRecord[]): readonly string[] {
  return records.map(({ kind }) => kind).filter((kind) => kind !== 'chatter');
}

function framesOf(records: readonly CaptureRecord[]): readonly Frame[] {
  return records.flatMap((record) => (record.kind === 'backtrace' ? record.frames : []));
}

function run(reading: Reading) {
  return buildRun(reading, { assumeOrdered: false });
}

function factsOf(reading: Reading): readonly unknown[] {
  return run(reading).facts.map(({ kind, role, device, vring, enable, value }) =>
    [kind, role, device, vring, enable, value].join(' '),
  );
}

describe('a stack that the machine interface prints', () => {
  it('is read back equal, with the prompt and the command between frames and arguments', () => {
    fc.assert(
      fc.property(stack, fc.boolean(), (frames, typed) => {
        const command = typed ? ['-stack-list-arguments 1'] : [];
        const lines = [stackLine(frames), '(gdb) ', ...command, argsLine(frames), '(gdb) '];
        const reading = readLines(lines);
        expectEveryLineOnce(reading);
        expect(reading.formats).toEqual(['gdb-mi']);
        expect(kinds(reading.records)).toEqual(['backtrace']);
        const span = { first: 1, last: lines.length - 1 };
        expect(reading.records[0]).toMatchObject({ kind: 'backtrace', frames, span });
      }),
      { numRuns: 1000 },
    );
  });

  it('is read back equal when it comes through the console, however that was cut', () => {
    fc.assert(
      fc.property(stack, fc.array(fc.nat(10_000), { maxLength: 12 }), (frames, cuts) => {
        const reading = readLines([...consolePieces(frames, cuts), '^done']);
        expectEveryLineOnce(reading);
        expect(kinds(reading.records)).toEqual(['backtrace']);
        expect(reading.records[0]).toMatchObject({ frames, incomplete: false });
      }),
      { numRuns: 1000 },
    );
  });

  it('is one backtrace when the console repeats it', () => {
    fc.assert(
      fc.property(stack, (frames) => {
        const lines = [stackLine(frames), argsLine(frames), '(gdb) ', ...consolePieces(frames, [])];
        expect(kinds(readLines([...lines, '^done', '(gdb) ']).records)).toEqual(['backtrace']);
      }),
    );
  });
});

test('entities in a string are what the program has', () => {
  const args = String.raw`args=[{name="s",value="0x5 \"a &amp; b\""}]`;
  const stop = `*stopped,reason="breakpoint-hit",bkptno="2",frame={func="f",${args}},thread-id="1"`;
  expect(readLines([stop]).records).toMatchObject([
    { frame: { args: [{ value: '0x5 "a &amp; b"' }] } },
  ]);
});

test('arguments with a torn name are not known, and that is told', () => {
  const args = 'args=[{name="dev",value="0x5"},{name="return_v alue",value="1"}]';
  const stop = `*stopped,reason="breakpoint-hit",bkptno="2",frame={func="f",${args}},thread-id="1"`;
  const { records, problems } = readLines(['(gdb) ', stop]);
  expect(records.at(-1)).toMatchObject({ kind: 'stop', frame: { func: 'f', args: undefined } });
  expect(problems).toMatchObject([{ code: 'FRAME_UNREAD', span: { first: 2, last: 2 } }]);
});

describe('a string', () => {
  it('loses its escapes, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (text, octal) => {
        const line = parse(`~${quote(text, octal)}`);
        expect(line).toEqual({ type: 'stream', stream: '~', text });
      }),
    );
  });
});

describe('hostile input', () => {
  it.each([
    ['deep lists', `^done,stack=${'['.repeat(400_000)}`],
    ['deep tuples', `^done,a=${'{b='.repeat(200_000)}`],
    ['an open string', `^done,a="${'\\303'.repeat(200_000)}`],
    ['escapes', `~"${'\\\\'.repeat(400_000)}"`],
    ['many frames', `^done,stack=[${'frame={level="0",func="f"},'.repeat(30_000)}]`],
    ['many names', `=thread-created${',a="b"'.repeat(100_000)}`],
    ['glued pieces', `x${'*stopped,a="'.repeat(60_000)}`],
    ['a long command', `-data-write-memory-bytes 0x1 ${'00'.repeat(400_000)}`],
  ])('is read in time that does not explode: %s', (_, line) => {
    const reading = readLines(['=thread-group-added,id="i1"', '(gdb) ', line, '~"x', 'x']);
    expectEveryLineOnce(reading);
  });

  it('ends a console line that never ends', () => {
    const pieces = Array<string>(50_000).fill('~"0123456789"');
    const reading = readLines([...pieces, '~"\\n"', '~"#0  f () at x.c:1\\n"']);
    expectEveryLineOnce(reading);
    expect(framesOf(reading.records).map(({ func }) => func)).toEqual(['f']);
  });

  it('splits a trace of more frames than a record may hold', () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `~"#${i}  0x1 in f () at x.c:1\\n"`);
    const reading = readLines(lines);
    expectEveryLineOnce(reading);
    expect(kinds(reading.records)).toEqual(['backtrace', 'backtrace', 'backtrace']);
  });

  it('says that a stack was lost where its line was cut', () => {
    const line = stackLine(fc.sample(stack, { numRuns: 1, seed: 1 })[0]!);
    const reading = readLines([line.slice(0, -7), '(gdb) ']);
    expect(kinds(reading.records)).toEqual(['gap']);
  });
});

const stopped = (num: string, func: string, address: string): string =>
  `*stopped,reason="breakpoint-hit",disp="keep",bkptno="3",frame={addr="${address}",func="${func}",args=[{name="dev",value="0x10"}],file="x.c",line="7"},thread-id="${num}"`;
const frames = (address: string): string =>
  `^done,stack=[frame={level="0",addr="${address}",func="f"},frame={level="1",addr="0x2",func="start_thread"}]`;

describe('whose stack it is', () => {
  test('of the thread that was asked for', () => {
    const { records } = readLines([
      stopped('5', 'f', '0x1'),
      '1-stack-list-frames --thread 2',
      '2-stack-list-arguments --thread 2 1',
      `1${frames('0x9')}`,
      `2^done,stack-args=[frame={level="0",args=[{name="n",value="1"}]}]`,
    ]);
    expect(records).toMatchObject([
      { kind: 'stop', thread: { num: '5' } },
      { kind: 'command' },
      { kind: 'chatter' },
      { kind: 'backtrace', thread: { num: '2' }, frames: [{ args: [{ name: 'n' }] }, {}] },
    ]);
  });

  test('of the thread that stands there, in a log without commands; of none that is not known', () => {
    const threads = `^done,threads=[{id="2",name="IO mon",frame={level="0",addr="0x9"}}]`;
    const { records } = readLines([
      stopped('5', 'f', '0x1'),
      threads,
      frames('0x9'),
      frames('0x8'),
      frames('0x1'),
    ]);
    expect(records).toMatchObject([
      { kind: 'stop' },
      { kind: 'chatter' },
      { kind: 'backtrace', thread: { num: '2', name: 'IO mon' } },
      { kind: 'chatter' },
      { kind: 'backtrace', thread: undefined },
    ]);
  });

  test('arguments of another stack are not merged', () => {
    const other = `^done,stack-args=[frame={level="0",args=[{name="n",value="1"}]}]`;
    const { records } = readLines([stopped('5', 'f', '0x1'), frames('0x1'), other]);
    expect(framesOf(records)[0]?.args).toEqual([{ name: 'dev', value: '0x10', entry: undefined }]);
    expect(kinds(records)).toEqual(['stop', 'backtrace']);
  });
});

describe('commands', () => {
  const begin = ['=thread-group-added,id="i1"', '(gdb) '];
  const texts = (lines: readonly string[]): readonly string[] =>
    readLines([...begin, ...lines]).records.flatMap((record) =>
      record.kind === 'command' ? [`${record.span.first} ${record.text}`] : [],
    );

  test('count where they are answered when they were typed ahead', () => {
    const typed = ['-exec-next', '-exec-return', '-gdb-set var x=1', '-exec-jump f'];
    const answers = ['^running', '^done,frame={level="0"}', '^error,msg="No"', '^running'];
    expect(texts([...typed, ...answers])).toEqual([
      '3 -exec-next',
      '8 -exec-return',
      '10 -exec-jump f',
    ]);
  });

  test('are read above all that the debugger says', () => {
    const { records } = readLines([
      '-break-insert vhost_dev_start',
      '-exec-run',
      '=thread-group-added,id="i1"',
      '(gdb) ',
    ]);
    expect(kinds(records)).toEqual(['command']);
    expect(readLines(['-break', '-exec-things', '-list-of-things']).records).toEqual([
      { kind: 'prose', span: { first: 1, last: 3 }, human: false },
    ]);
  });

  test('are found by their token when answers are missing', () => {
    expect(texts(['1-exec-next', '2-exec-return', '3-exec-next', '3^running'])).toEqual([
      '3 1-exec-next',
      '6 3-exec-next',
    ]);
  });

  test('that an earlier debugger never answered do not hold up those of the next', () => {
    const cut = ['-exec-next', '^running', '-exec-continue'];
    expect(texts([...cut, '', ...begin, '-break-insert f', '^done'])).toEqual([
      '3 -exec-next',
      '5 -exec-continue',
      '9 -break-insert f',
    ]);
  });

  test('that a front end writes before the debugger starts are answered by it', () => {
    expect(texts(['1-gdb-set a on', '2-gdb-set b on', begin[0]!, '1^done', '2^done'])).toEqual([
      '3 1-gdb-set a on',
      '7 2-gdb-set b on',
    ]);
  });

  test('of the command line are told by their echo', () => {
    expect(texts(['condition 3 idx == 1', '&"condition 3 idx == 1\\n"', '^done'])).toEqual([
      '4 condition 3 idx == 1',
    ]);
    expect(texts(['&"warning: no symbols\\n"', '(gdb) ', '&"No frame selected.\\n"'])).toEqual([]);
  });

  test('alone do not make a session of a note', () => {
    const note = ['-exec-run hangs here', 'bt', '^done', '~"target: riscv"', '(gdb) ', '-device x'];
    expect(readLines(note).formats).toEqual([]);
  });

  test('end with the session: a command line may follow', () => {
    const { records } = readLines([...begin, '(gdb) p x', '$1 = 1', '(gdb) ', '-exec-run hangs']);
    expect(records.map(({ kind }) => kind)).toEqual([
      'chatter',
      'command',
      'chatter',
      'command',
      'prose',
    ]);
  });
});

/** A run of one breakpoint on vhost_dev_start, hit once; `lines` stand before the hit. */
function hit(...lines: readonly string[]) {
  const at = 'addr="0x1",func="vhost_dev_start",file="vhost.c",line="2009"';
  return run(
    readLines([
      '=thread-group-added,id="i1"',
      ...lines,
      `*stopped,reason="breakpoint-hit",disp="keep",bkptno="1",frame={${at},args=[{name="hdev",value="0x10"}]},thread-id="1"`,
      '(gdb) ',
    ]),
  );
}

function bkpt(...more: readonly string[]): string {
  const fields = [
    'number="1"',
    'type="breakpoint"',
    'disp="keep"',
    'func="vhost_dev_start"',
    ...more,
  ];
  return `bkpt={${fields.join(',')},original-location="vhost_dev_start"}`;
}

describe('a breakpoint watches its function', () => {
  const isWatched = (...lines: readonly string[]): boolean =>
    hit(...lines).probes.watching('vhost_dev_start', 0, 0) !== undefined;

  it.each([
    ['set', [`^done,${bkpt('enabled="y"')}`]],
    ['hit again', [`^done,${bkpt('enabled="y"')}`, `=breakpoint-modified,${bkpt('times="1"')}`]],
  ])('when %s', (_, lines) => {
    expect(isWatched(...lines)).toBe(true);
  });

  it.each([
    ['with a condition', [`^done,${bkpt('cond="x"')}`]],
    ['with an ignore count', [`^done,${bkpt('ignore="3"')}`]],
    ['for one thread', [`^done,${bkpt('thread="3"')}`]],
    ['switched off', [`^done,${bkpt('enabled="n"')}`]],
    ['by a typed condition', ['1-break-insert -c "x > 1" vhost_dev_start']],
    ['narrowed later', [`^done,${bkpt()}`, `=breakpoint-modified,${bkpt('cond="x"')}`]],
    ['deleted', [`^done,${bkpt()}`, '=breakpoint-deleted,id="1"']],
    ['deleted by a command', [`^done,${bkpt()}`, '1-break-delete 1']],
    ['disabled by a command', [`^done,${bkpt()}`, '1-break-disable 1']],
    ['given a condition by a command', [`^done,${bkpt()}`, '1-break-condition 1 x > 1']],
    ['made to skip by a command', [`^done,${bkpt()}`, '1-break-after 1 2']],
  ])('but not when %s', (_, lines) => {
    expect(isWatched(...lines)).toBe(false);
  });
});

describe('the hand of the debugger', () => {
  const altered = (...commands: readonly string[]): readonly (string | undefined)[] =>
    hit(
      `*stopped,reason="breakpoint-hit",bkptno="2",frame={addr="0x5",func="vhost_dev_stop",args=[]},thread-id="1"`,
      '(gdb) ',
      ...commands,
    ).steps.map((step) => step.altered?.command);

  it.each([
    '-exec-return',
    '7-exec-jump vhost.c:12',
    '-gdb-set var enable_log=false',
    '-gdb-set $rax = 1',
    '-var-assign v1 3',
    '-data-write-memory-bytes 0x10 00',
    '-data-evaluate-expression x=1',
    '-data-evaluate-expression --thread 1 "x = 1"',
    '-interpreter-exec console "set var x=1"',
  ])('alters: %s', (command) => {
    expect(altered(command)).toEqual([command, undefined]);
  });

  test('alters, typed at the console: return', () => {
    expect(altered('&"return\\n"')).toEqual(['return', undefined]);
  });

  it.each([
    '-gdb-set pagination off',
    '-data-evaluate-expression "x == 1"',
    '-exec-next',
    '-interpreter-exec console "p x"',
    '-stack-list-frames',
  ])('does not: %s', (command) => {
    expect(altered(command)).toEqual([undefined, undefined]);
  });

  test('may lie in a command list', () => {
    const script = `=breakpoint-modified,${bkpt('script={"silent","return 0"}')}`;
    expect(hit(`^done,${bkpt()}`, script).steps[0]?.altered?.command).toBe('return 0');
  });
});

describe('finish', () => {
  const finish = (back: string): string =>
    `*stopped,reason="function-finished",frame={addr="${back}",func="g",args=[]},gdb-result-var="$1",return-value="-22",thread-id="5"`;
  const returned = (...lines: readonly string[]): readonly unknown[] =>
    readLines([stopped('5', 'f', '0x1'), ...lines]).records.filter(({ kind }) => kind === 'return');

  test('names the function where the debugger stood', () => {
    const span = { first: 3, last: 3 };
    expect(returned('^running', finish('0x2'))).toEqual([
      { kind: 'return', span, func: 'f', value: '-22' },
    ]);
  });

  test('names the function that was called from where it came back', () => {
    const three = `^done,stack=[frame={level="0",addr="0x1",func="f"},frame={level="1",addr="0x2",func="g"},frame={level="2",addr="0x3",func="main"}]`;
    expect(returned(three, '^running', finish('0x3'))).toMatchObject([{ func: 'g' }]);
    expect(returned(three, '^running', finish('0x4'))).toEqual([]);
  });

  test('names none when another frame may have been selected', () => {
    expect(returned('-stack-select-frame 1', '^done', '^running', finish('0x2'))).toEqual([]);
  });
});

test('a silent command list stops for each call', () => {
  const reading = readFile(caseFile('gdb-mi/silent-command-lists', 'input.txt'));
  const stops = reading.records.filter(({ kind }) => kind === 'stop' || kind === 'backtrace');
  expect(stops.slice(0, 4).map(({ kind }) => kind)).toEqual([
    'stop',
    'backtrace',
    'stop',
    'backtrace',
  ]);
});

describe('a capture of the command line, printed by the machine interface', () => {
  const path = fileURLToPath(
    new URL('../../fixtures/captures/reset-during-migration.gdb.txt', import.meta.url),
  );
  const cli = readFile(path);
  const lines = printAsMi(cli.records);
  const mi = readLines(lines);

  it('gives the same frames and facts', () => {
    expectEveryLineOnce(mi);
    expect(framesOf(mi.records)).toEqual(framesOf(cli.records));
    expect(factsOf(mi)).toEqual(factsOf(cli));
  });

  it('gets the same verdicts', () => {
    const verdicts = (text: string): readonly string[] =>
      check('x', text).findings.map(({ rule, verdict, device, vring }) =>
        [rule, verdict, device, vring].join(' '),
      );
    const expected = verdicts(readFileSync(path, 'utf8'));
    expect(expected.some((line) => line.includes('pass'))).toBe(true);
    expect(verdicts(lines.join('\n'))).toEqual(expected);
  });
});

describe.runIf(shared)('real captures (skipped without ../shared/captures)', () => {
  const path = join(shared ?? '', 'qemu10-vhost-user/07h-gdb-mi.txt');

  it('give the facts that their command line twins give', () => {
    const mi = readFile(path);
    expectEveryLineOnce(mi);
    const cli = readLines(printAsCli(mi.records));
    expect(cli.formats).toEqual(['gdb']);
    expect(factsOf(mi).length).toBeGreaterThan(30);
    expect(factsOf(mi)).toEqual(factsOf(cli));
    const devices = (reading: Reading): unknown =>
      run(reading).devices.map((device) => ({ ...device, backendLine: undefined }));
    expect(devices(mi)).toEqual(devices(cli));
    expect(run(mi).migrations.length).toBe(run(cli).migrations.length);
  });

  it('are timelines, in which all that can be decided is right', () => {
    const { findings } = check(path, readFileSync(path, 'utf8'));
    const rulesOf = (verdict: string): string[] => [
      ...new Set(findings.filter((f) => f.verdict === verdict).map((f) => f.rule)),
    ];
    expect(rulesOf('violation')).toEqual([]);
    expect(findings.filter((f) => f.verdict === 'inconclusive' && f.missing.length === 0)).toEqual(
      [],
    );
    expect(rulesOf('pass').length).toBeGreaterThan(20);
  });

  it.each(['qemu10-vhost-user/07h-gdb-mi.txt', 'gdb-samples/mi2.txt'])(
    '%s is read to its last line',
    (name) => {
      const reading = readFile(join(shared ?? '', name));
      expectEveryLineOnce(reading);
      expect(reading.formats).toEqual(['gdb-mi']);
      expect(reading.problems).toEqual([]);
      expect(reading.records.filter(({ kind }) => kind === 'prose' || kind === 'gap')).toEqual([]);
    },
  );
});
