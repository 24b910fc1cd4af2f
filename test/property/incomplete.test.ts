/**
 * The principle for incomplete captures, as a property: whatever part of a legitimate run was
 * captured, nothing is reported.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alarms as alarmsIn } from '../helpers/alarms.js';
import { ownersOf, unwatch } from '../helpers/capture-edit.js';
import { runsOf, shareOf } from '../helpers/share.js';
import { loseArguments } from '../model/damage.js';

const project = join(import.meta.dirname, '..', '..');
const rulesFolder = join(project, 'fixtures', 'rules');
const sharedFolder = join(project, '..', 'shared', 'captures');
const ARGUMENTS = [
  'dev',
  'hdev',
  'listener',
  'vq',
  'idx',
  'enable',
  'enable_log',
  'sync',
  'add',
  'size',
  'base',
  'features',
];

interface Capture {
  readonly name: string;
  readonly lines: readonly string[];
}

function load(name: string, path: string): Capture {
  return { name, lines: readFileSync(path, 'utf8').split('\n') };
}

/** Every legitimate gdb log: pass cases of rules, and the shared clean captures where they are. */
function legitimate(): Capture[] {
  const texts = new Map<string, Capture>();
  for (const rule of readdirSync(rulesFolder)) {
    for (const name of readdirSync(join(rulesFolder, rule))) {
      if (!name.startsWith('pass-')) continue;
      const capture = load(`${rule}/${name}`, join(rulesFolder, rule, name, 'input.txt'));
      texts.set(capture.lines.join('\n'), capture);
    }
  }
  const found = [...texts.values()];
  if (!existsSync(join(sharedFolder, 'truth.json'))) return found;
  const truth = JSON.parse(readFileSync(join(sharedFolder, 'truth.json'), 'utf8')) as {
    captures: { file: string; kind: string }[];
  };
  for (const { file, kind } of truth.captures) {
    if ((kind === 'clean' || kind === 'rollback') && /gdb.*\.txt$/.test(file)) {
      found.push(load(file, join(sharedFolder, file)));
    }
  }
  return found;
}

function alarms(lines: readonly string[]): string[] {
  return alarmsIn(lines.join('\n'));
}

/** What gdb prints when it starts a program. */
const STARTS_AGAIN = [
  '[Thread debugging using libthread_db enabled]',
  'Using host libthread_db library "/lib/x86_64-linux-gnu/libthread_db.so.1".',
];

/**
 * Accepted limitation: nothing stands behind the last value of a uprobe's row, so that digits which are cut off there are not
 * missed, but where all rows end in one column.
 */
function isInValue(line: string, cut: number): boolean {
  return /: \([0-9a-f]+(?: <- [0-9a-f]+)?\) .*=\S*$/.test(line.slice(0, cut));
}

/** The stops stay, some of their backtraces go: the debugger was sent on before it was asked. */
function dropStacks(lines: readonly string[], fates: Iterable<boolean>): string[] {
  const fate = fates[Symbol.iterator]();
  let isKept = true;
  return lines.filter((line) => {
    if (/hit (?:Temporary )?[Bb]reakpoint /.test(line)) isKept = fate.next().value !== false;
    return isKept || !/^#\d+ /.test(line);
  });
}
/** Each stack has the next fate: as it is, its first frames only, or every third frame lost but the outermost. */
function shortenStacks(
  lines: readonly string[],
  depth: number,
  fates: Iterator<string>,
): readonly string[] {
  const left: string[] = [];
  let fate = 'whole';
  for (const [i, line] of lines.entries()) {
    const level = Number(/^#(\d+)/.exec(line)?.[1] ?? Number.NaN);
    if (level === 0) fate = String(fates.next().value);
    const isInside = lines[i + 1]?.startsWith('#') === true;
    if (fate === 'cut' && level === depth) left.push('(More stack frames follow...)');
    const isLost =
      (fate === 'cut' && level >= depth) || (fate === 'torn' && level % 3 === 2 && isInside);
    if (!isLost) left.push(line);
  }
  return left;
}

const captures = legitimate();
/** By name, so that a counterexample is readable. */
const anyCapture = fc.constantFrom(...captures.map(({ name }) => name));

function linesOf(name: string): readonly string[] {
  return captures.find((capture) => capture.name === name)?.lines ?? [];
}

/** A capture and a set of the functions that it watches. */
const captureWithFunctions = anyCapture.chain((capture) => {
  const functions = [...new Set(ownersOf(linesOf(capture)).filter((f) => f !== undefined))];
  return fc.record({ capture: fc.constant(capture), gone: fc.subarray(functions) });
});

describe('an incomplete capture of a legitimate run has no violation', () => {
  test.each(captures)('$name, functions unwatched one by one', ({ name, lines }) => {
    const functions = [...new Set(ownersOf(lines).filter((f) => f !== undefined))];
    for (const func of shareOf(functions, name.length, 6)) {
      expect(alarms(unwatch(lines, new Set([func]))), `without ${func}`).toEqual([]);
    }
  });

  test('any set of functions unwatched', () => {
    fc.assert(
      fc.property(captureWithFunctions, ({ capture, gone }) => {
        expect(alarms(unwatch(linesOf(capture), new Set(gone)))).toEqual([]);
      }),
      { numRuns: runsOf(150), endOnFailure: true },
    );
  });

  test('cut at any byte, head or tail, with any set of functions unwatched', () => {
    fc.assert(
      fc.property(captureWithFunctions, fc.nat(), fc.nat(), ({ capture, gone }, a, b) => {
        const text = unwatch(linesOf(capture), new Set(gone)).join('\n');
        const [from, to] = [a % (text.length + 1), b % (text.length + 1)].sort((x, y) => x - y);
        expect(alarms(text.slice(0, to).split('\n'))).toEqual([]);
        expect(alarms(text.slice(from).split('\n'))).toEqual([]);
        expect(alarms(text.slice(from, to).split('\n'))).toEqual([]);
      }),
      { numRuns: runsOf(100), endOnFailure: true },
    );
  });

  test('any arguments lost, on any lines', () => {
    fc.assert(
      fc.property(
        anyCapture,
        fc.subarray(ARGUMENTS),
        fc.infiniteStream(fc.boolean()),
        (capture, names, coin) => {
          const lost = new Set(names);
          const left = linesOf(capture).map((line) =>
            coin.next().value ? loseArguments(line, lost) : line,
          );
          expect(alarms(left)).toEqual([]);
        },
      ),
      { numRuns: runsOf(100), endOnFailure: true },
    );
  });

  test('records lost in marked gaps anywhere', () => {
    fc.assert(
      fc.property(
        anyCapture,
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 80 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (capture, holes) => {
          const left = [...linesOf(capture)];
          for (const [at, size] of holes) {
            // What gdb leaves when the pager is answered with q.
            left.splice(
              at % left.length,
              size,
              '--Type <RET> for more, q to quit, c to continue without paging--q',
              'Quit',
              '',
            );
          }
          expect(alarms(left)).toEqual([]);
        },
      ),
      {
        numRuns: runsOf(100),
        endOnFailure: true,
        examples: [
          // The stop line of another thread is lost, its stack is not.
          ['DS-LOGBASE/pass-reset-during-migration', [[1196647576, 65]]],
          // Two device starts look like one: the first without logging, the second without the log base.
          [
            'DS-DOUBLE/pass-reset-during-migration',
            [
              [1705935910, 69],
              [2092432859, 74],
              [1186477644, 35],
              [783385109, 24],
            ],
          ],
        ],
      },
    );
  });

  test('lines that lost their head or their tail', () => {
    fc.assert(
      fc.property(
        anyCapture,
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 1, maxLength: 4 }),
        (capture, cuts) => {
          const left = [...linesOf(capture)];
          for (const [at, column, isTail] of cuts) {
            const line = left[at % left.length] ?? '';
            const cut = column % (line.length + 1);
            if (isTail && isInValue(line, cut)) continue;
            left[at % left.length] = isTail ? line.slice(0, cut) : line.slice(cut);
          }
          expect(alarms(left)).toEqual([]);
        },
      ),
      {
        numRuns: runsOf(150),
        endOnFailure: true,
        examples: [
          // The row of a uprobe ends in its address: the op below vhost_virtqueue_set_addr() is not missing.
          [
            'DS-FLAG/pass-uprobes',
            [
              [525635773, 1471950326, false],
              [1969809704, 925007080, true],
              [984245112, 1505070629, true],
              [1877074375, 796896732, false],
            ],
          ],
          // A uprobe's row ends within its name.
          [
            'LE-CLEAR/pass-uprobes',
            [
              [1152329842, 984825344, false],
              [2147483626, 486804182, false],
              [1040508177, 2147483621, true],
              [90672591, 2147483635, true],
            ],
          ],
          // A features word ends after its first digits.
          [
            'LE-CLEAR/pass-uprobes',
            [
              [739998697, 1600248221, true],
              [1049485192, 655153904, true],
              [1343405331, 1759721445, false],
              [565710834, 158466966, true],
            ],
          ],
          // The flags of the last vring are lost: the features of this log stop come behind it.
          [
            'LS-ADDR-STABLE/pass-messages-no-log-address',
            [
              [1520621510, 1464212604, true],
              [1117167609, 1009730372, false],
            ],
          ],
          // The stop of another thread lost its tail, its number, and all of its head.
          ['MG-SYNC-OFF/pass-entered-below', [[368, 76, true]]],
          ['MG-SYNC-OFF/pass-entered-below', [[617, 40, false]]],
          // The first event of its kind, without the head of its name.
          ['MG-SYNC-EVERY/pass-two-devices-trace', [[17, 29, false]]],
          // The beginning of a call that is resumed below, under what is left of its stamp as a thread.
          ['DS-FLAG/pass-messages', [[28, 17, false]]],
        ],
      },
    );
  });

  test('lines that lost the end of line between them', () => {
    fc.assert(
      fc.property(
        anyCapture,
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        (capture, places) => {
          const left = [...linesOf(capture)];
          for (const place of places) {
            const at = place % Math.max(1, left.length - 1);
            left.splice(at, 2, `${left[at] ?? ''}${left[at + 1] ?? ''}`);
          }
          expect(alarms(left)).toEqual([]);
        },
      ),
      {
        numRuns: runsOf(150),
        endOnFailure: true,
        examples: [
          // Two rows of uprobes, whose arguments are those of one.
          ['LS-ALL-RINGS/pass-uprobes', [1008906388, 1748511399]],
          // An event and its answer, whose names are one argument.
          ['MG-DEVSTOP/pass-complete-trace-11.1', [662118671, 961726901]],
          // A log base, and an answer to it; a vring that is addressed with logging; what undoes a failed log start.
          ['LS-BASE-FIRST/pass-messages', [25]],
          ['LS-BASE-FIRST/pass-messages', [31]],
          ['KV-ERR/pass-rollback', [24]],
          ['KV-ERR/pass-rollback', [25]],
        ],
      },
    );
  });

  test('some stacks cut short by bt N, or with frames lost inside', () => {
    fc.assert(
      fc.property(
        anyCapture,
        fc.integer({ min: 1, max: 6 }),
        fc.infiniteStream(fc.constantFrom('whole', 'cut', 'cut', 'torn')),
        (capture, depth, fates) => {
          expect(alarms(shortenStacks(linesOf(capture), depth, fates))).toEqual([]);
        },
      ),
      { numRuns: runsOf(200), endOnFailure: true },
    );
  });

  test('some stops that print no stack', () => {
    fc.assert(
      fc.property(
        anyCapture,
        fc.infiniteStream(fc.constantFrom(true, true, true, false)),
        (capture, fates) => {
          expect(alarms(dropStacks(linesOf(capture), fates))).toEqual([]);
        },
      ),
      { numRuns: runsOf(200), endOnFailure: true },
    );
  });

  test('two logs in one file, the first one cut anywhere', () => {
    fc.assert(
      fc.property(anyCapture, anyCapture, fc.nat(), (first, second, at) => {
        const whole = linesOf(first);
        const head = whole.slice(0, at % (whole.length + 1));
        // What a recipe declares is of the log below it: nothing tells that this is another one.
        fc.pre(head.length === 0 || !head.every((line) => line.startsWith('vhtrace-probes ')));
        const left = [...head, ...STARTS_AGAIN, ...linesOf(second)];
        expect(alarms(left)).toEqual([]);
      }),
      { numRuns: runsOf(100), endOnFailure: true },
    );
  });
});
