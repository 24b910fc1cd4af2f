/**
 * How fast `vhtrace ingest` is, beside other programs that read the same files in the same minutes.
 *
 *   node test/bench/ingest.mjs [--sizes 10,200] [--runs 3] [--trace FILE] [--flamegraph FILE] [--simpletrace FILE]
 *
 * Sizes in MB; 1000 takes minutes and some gigabytes of disk. `--trace`: a trace log to be used instead of
 * the one that is made, and its events as a simple trace, too. `--flamegraph`: FlameGraph's stackcollapse-gdb.pl, `--simpletrace`: scripts/simpletrace.py
 * of a QEMU source tree, as peers more. Needs perl, python3, sqlite3 and GNU time.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  writeGdbLog,
  writeKernelTrace,
  writeSimpleOf,
  writeSimpleTrace,
  writeStrace,
  writeTraceLog,
} from './inputs.mjs';

const { values: flags } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10,200' },
    runs: { type: 'string', default: '3' },
    trace: { type: 'string' },
    flamegraph: { type: 'string' },
    simpletrace: { type: 'string' },
  },
});
const sizes = flags.sizes.split(',').map(Number);
const runs = Number(flags.runs);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vhtrace-bench-'));
const database = join(folder, 'bench.db');
const csv = join(folder, 'events.csv');
const declarations = join(folder, 'trace-events-all');

const vhtrace = (...args) => [process.execPath, here('../../bin/run.js'), ...args];
const shell = (script, ...args) => ['/bin/sh', '-c', script, 'sh', ...args];
const ingest = {
  name: 'vhtrace ingest',
  command: (file) => vhtrace('ingest', file, '--db', database),
};
const IMPORT = `printf '%s\\n' 'CREATE TABLE event (name, time, pid, args);' '.mode tabs' ".import $1 event" |
  sqlite3 -cmd 'PRAGMA journal_mode=WAL' "$2"`;

/** A program that is somewhere else, if it is told where. */
function peer(script, name, commandOf) {
  return script === undefined ? [] : [{ name, command: (file) => commandOf(script, file) }];
}

/** Who, when, which call, its arguments and its result. */
const STRACE = String.raw`(\d+) +([\d:.]+) (?:<\.\.\. )?(\w+)(?: resumed>|\()(.*?)(?:\) += (\S+)| <unfinished)`;
const KERNEL_TRACE = String.raw`\s*\S+-(\d+)\s+\[(\d+)\] \S+ +([\d:.]+): (\w+): \(([^)]*)\) ?(.*)`;

const FORMATS = [
  {
    name: 'gdb log',
    write: writeGdbLog,
    peers: [
      {
        name: 'collapse.pl, names only',
        command: (file) => ['perl', here('peers/collapse.pl'), file],
      },
      ...peer(flags.flamegraph, 'stackcollapse-gdb.pl', (script, file) => ['perl', script, file]),
    ],
  },
  {
    name: 'trace log',
    ...(flags.trace === undefined
      ? { write: writeTraceLog }
      : { write: (file) => copy(flags.trace, file), isOneSize: true }),
    peers: [
      {
        name: 'python, one regex',
        command: (file) => ['python3', here('peers/read_log.py'), file],
      },
      {
        name: 'sqlite3 .import, same rows',
        prepare: (file) => shell('python3 "$1" "$2" > "$3"', here('peers/read_log.py'), file, csv),
        command: () => shell(IMPORT, csv, database),
      },
    ],
  },
  ...[
    ['strace', writeStrace, STRACE],
    ['kernel trace', writeKernelTrace, KERNEL_TRACE],
  ].map(([name, write, pattern]) => ({
    name,
    write,
    peers: [
      {
        name: 'python, one regex',
        command: (file) => ['python3', here('peers/read_lines.py'), pattern, file],
      },
    ],
  })),
  ...[
    ['simple trace', (file, bytes) => writeSimpleTrace(file, bytes, declarations)],
    ...(flags.trace === undefined
      ? []
      : [['simple trace of the log', (file) => writeSimpleOf(file, flags.trace, declarations)]]),
  ].map(([name, write]) => ({
    name,
    write,
    isOneSize: write.length === 1,
    peers: [
      {
        name: 'python, struct.unpack',
        command: (file) => ['python3', here('peers/read_simple.py'), declarations, file],
      },
      ...peer(flags.simpletrace, 'QEMU simpletrace.py', (script, file) => [
        'python3',
        script,
        declarations,
        file,
      ]),
    ],
  })),
];

/** Seconds, seconds of processor and peak megabytes of one run. */
function measure([program, ...args]) {
  const run = spawnSync('/usr/bin/time', ['-f', '@ %e %U %S %M', program, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  const [, wall, user, system, peak] = /@ ([\d.]+) ([\d.]+) ([\d.]+) (\d+)/.exec(run.stderr) ?? [];
  if (run.status !== 0 || wall === undefined) throw new Error(`${program}: ${run.stderr}`);
  return { wall: Number(wall), cpu: Number(user) + Number(system), peak: Number(peak) / 1024 };
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function copy(from, to) {
  copyFileSync(from, to);
  return statSync(to).size;
}

function removeDatabase() {
  for (const end of ['', '-wal', '-shm']) rmSync(database + end, { force: true });
}

/** The programs in turn, `times` times: what else the machine does falls on all of them. */
function compare(programs, file, times) {
  for (const { prepare } of programs) if (prepare !== undefined) measure(prepare(file));
  const measured = programs.map(() => []);
  let stored = 0;
  for (let i = 0; i < times; i++) {
    for (const [p, program] of programs.entries()) {
      removeDatabase();
      measured[p].push(measure(program.command(file)));
      if (program === ingest) stored = statSync(database).size;
    }
  }
  removeDatabase();
  const of = (results, key) => median(results.map((result) => result[key]));
  return {
    stored,
    results: measured.map((results) => ({
      wall: of(results, 'wall'),
      cpu: of(results, 'cpu'),
      peak: of(results, 'peak'),
    })),
  };
}

const row = (...cells) =>
  console.log(cells.map((cell, i) => (i === 2 ? cell.padEnd(28) : cell.padStart(9))).join(' '));

console.log(
  `${cpus()[0]?.model.trim()} x ${cpus().length}, Node ${process.version}; medians; ratio: vhtrace = 1, above 1 is slower`,
);
try {
  const file = join(folder, 'input');
  for (const { name, write, isOneSize = false, peers } of FORMATS) {
    for (const size of isOneSize ? sizes.slice(0, 1) : sizes) {
      const bytes = await write(file, size * 1e6);
      const programs = [ingest, ...peers];
      const { stored, results } = compare(programs, file, size >= 1000 ? 1 : runs);
      const base = results[0];
      console.log(
        `\n${name}, ${(bytes / 1e6).toFixed(0)} MB; ${(stored / bytes).toFixed(2)} bytes stored a byte`,
      );
      row('ratio', 'cpu', 'program', 'MB/s', 'seconds', 'cpu s', 'peak MB');
      for (const [i, result] of results.entries()) {
        row(
          (result.wall / base.wall).toFixed(2),
          (result.cpu / base.cpu).toFixed(2),
          programs[i].name,
          (bytes / 1e6 / result.wall).toFixed(1),
          result.wall.toFixed(2),
          result.cpu.toFixed(2),
          result.peak.toFixed(0),
        );
      }
    }
  }
  console.log();
  for (const [name, args] of [
    ['--version', ['--version']],
    ['check of 178 kB', ['check', here('../../fixtures/captures/vring-never-logged.gdb.txt')]],
  ]) {
    // Violations end with 1.
    const times = Array.from({ length: 5 }, () =>
      measure(shell('"$@" || [ $? -eq 1 ]', ...vhtrace(...args))),
    );
    console.log(`${name.padEnd(16)} ${median(times.map(({ wall }) => wall)).toFixed(2)} s`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
