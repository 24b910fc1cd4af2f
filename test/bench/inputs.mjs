/**
 * Inputs of any size for the benchmark, made from the captures of fixtures/: no two processes share a heap
 * or stack address, and no two migrations of a process what they allocate. A file that is one capture
 * again and again would measure how well repetitions are remembered.
 */
import {
  closeSync,
  createReadStream,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createInterface } from 'node:readline';
import { changedEvents, qemuEvents } from '../../dist/formats/qemu/qemu-events.js';
import { createReader } from '../../dist/formats/reader.js';

const captures = new URL('../../fixtures/captures/', import.meta.url);
const formats = new URL('../../fixtures/formats/', import.meta.url);
const GDB = [
  'log-resize-loses-memory.gdb.txt',
  'reset-during-migration.gdb.txt',
  'vring-never-logged.gdb.txt',
];

function textOf(name) {
  return readFileSync(new URL(name, captures), 'utf8');
}

/** Writes pieces until the file has `bytes`; gives how many it has. */
function fill(path, bytes, piece) {
  const file = openSync(path, 'w');
  let written = 0;
  for (let i = 0; written < bytes; i++) written += writeSync(file, piece(i));
  closeSync(file);
  return written;
}

/** gdb runs programs without address randomisation: code stays, what is allocated moves. */
const HEAP_OR_STACK = /0x(?:0000)?(?:55555[6-9a-f]|7fff[0-9a-e])[0-9a-f]{6}\b/g;

/** Text between the starts of migrations. */
function migrationsOf(text) {
  return text.split(/(?=^Thread [^\n]* hit Breakpoint \d+, vhost_log_global_start )/m);
}

/** gdb logs of many processes one after the other. */
export function writeGdbLog(path, bytes) {
  const logs = GDB.map((name) => migrationsOf(textOf(name)));
  return fill(path, bytes, (process) => {
    const moved = new Map();
    let shift = BigInt(process + 1) * 0x1_0000n;
    return logs[process % logs.length]
      .map((part) => {
        shift += 0x40n;
        return part.replace(HEAP_OR_STACK, (address) => {
          const known = moved.get(address);
          if (known !== undefined) return known;
          const now = `0x${(BigInt(address) + shift).toString(16).padStart(address.length - 2, '0')}`;
          moved.set(address, now);
          return now;
        });
      })
      .join('');
  });
}

const POINTER = /0x(?:55|7f)[0-9a-f]{10}\b/g;

/** QEMU's log backend: one process after the other, with a clock that goes on. */
export function writeTraceLog(path, bytes) {
  const lines = textOf('cancelled-migration.trace.log').trimEnd().split('\n');
  let clock = 1_795_320_000_000_000;
  return fill(path, bytes, (process) => {
    const shift = BigInt(process + 1) * 0x1_0000n;
    const moved = lines.map((line) => {
      clock += 17;
      const stamp = `${10_000 + process}@${Math.floor(clock / 1e6)}.${String(clock % 1e6).padStart(6, '0')}:`;
      return line
        .replace(/^\d+@[\d.]+:/, stamp)
        .replace(POINTER, (address) => `0x${(BigInt(address) + shift).toString(16)}`);
    });
    return `${moved.join('\n')}\n`;
  });
}

/** Lines of a tracer, for one process after the other, with a clock that goes on. */
function writeTracer(path, bytes, text, stamped, timeOf) {
  let clock = 1_000_000_000;
  return fill(path, bytes, (process) => {
    const shift = BigInt(process + 1) * 0x1000n;
    return text
      .replace(stamped, (...found) => {
        clock += 23;
        const { head, pid, gap } = found.at(-1);
        return `${head}${(Number(pid) + process) % 4_000_000}${gap}${timeOf(clock)}`;
      })
      .replace(/0x7f[0-9a-f]{10}\b/g, (address) => `0x${(BigInt(address) + shift).toString(16)}`);
  });
}

const sinceBoot = (microseconds) => (microseconds / 1e6).toFixed(6);
const timeOfDay = (microseconds) =>
  new Date(microseconds / 1e3).toISOString().slice(11, 23) + '000';

/** strace -f -tt of vhost-net, and of a vhost-user socket. */
export function writeStrace(path, bytes) {
  const names = ['vhost-net-log-on-and-off', 'messages-in-two-reads'];
  const text = names
    .map((name) => readFileSync(new URL(`strace/${name}/input.txt`, formats), 'utf8'))
    .join('');
  const stamped = /^(?<head>)(?<pid>\d+)(?<gap> +)\d\d:\d\d:\d\d\.\d{6}/gm;
  return writeTracer(path, bytes, text, stamped, timeOfDay);
}

/** Kprobes of the vhost module, as /sys/kernel/tracing/trace has them. */
export function writeKernelTrace(path, bytes) {
  const text = readFileSync(new URL('ftrace/kprobes-of-vhost/input.txt', formats), 'utf8');
  const stamped = /^(?<head> .{15}-)(?<pid>\d+)(?<gap> +\[\d+\] \S+ +)\d+\.\d{6}/gm;
  return writeTracer(path, bytes, text, stamped, sinceBoot);
}

/** As a trace-events file of QEMU declares them. */
const DECLARATIONS = [
  'vhost_user_write(uint32_t req, uint32_t flags) "req:%d flags:0x%"PRIx32""',
  'vhost_user_read(uint32_t req, uint32_t flags) "req:%d flags:0x%"PRIx32""',
  'vhost_vdpa_set_vring_num(void *dev, unsigned int index, unsigned int num) "dev: %p index: %u num: %u"',
  'vhost_commit(bool started, bool changed) "Started: %d Changed: %d"',
];

/** Header of QEMU's "simple" backend, version 4. */
function simpleHead() {
  const head = Buffer.alloc(24);
  head.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 0);
  head.writeBigUInt64LE(0xf2b1_77cb_0aa4_29b4n, 8);
  head.writeBigUInt64LE(4n, 16);
  return head;
}

/** Which number an event has in this file. */
function simpleMapping(id, declaration) {
  const name = declaration.slice(0, declaration.indexOf('('));
  const mapping = Buffer.alloc(20 + name.length);
  mapping.writeBigUInt64LE(BigInt(id), 8);
  mapping.writeUInt32LE(name.length, 16);
  mapping.write(name, 20);
  return mapping;
}

/** One event; `values`: of each argument, BigInt or text; `time` in nanoseconds. */
function simpleRecord(id, time, pid, values) {
  const parts = values.map((value) => {
    const isText = typeof value === 'string';
    const part = Buffer.alloc(isText ? 4 + Buffer.byteLength(value) : 8);
    if (isText) {
      part.writeUInt32LE(part.length - 4, 0);
      part.write(value, 4);
    } else part.writeBigUInt64LE(BigInt.asUintN(64, value), 0);
    return part;
  });
  const head = Buffer.alloc(32);
  head.writeBigUInt64LE(1n, 0);
  head.writeBigUInt64LE(BigInt(id), 8);
  head.writeBigUInt64LE(time, 16);
  head.writeUInt32LE(24 + parts.reduce((sum, { length }) => sum + length, 0), 24);
  head.writeUInt32LE(pid, 28);
  return Buffer.concat([head, ...parts]);
}

/** A simple trace of records with two or three numbers each, and at `declarations` what they are. */
export function writeSimpleTrace(path, bytes, declarations) {
  writeFileSync(declarations, `${DECLARATIONS.join('\n')}\n`);
  const start = Buffer.concat([
    simpleHead(),
    ...DECLARATIONS.map((line, id) => simpleMapping(id, line)),
  ]);
  let clock = 1_000_000_000n;
  return fill(path, bytes, (n) => {
    if (n === 0) return start;
    const records = Array.from({ length: 4096 }, (_, i) => {
      const id = i % 16 === 0 ? 2 : i % 16 === 1 ? 3 : i % 2;
      clock += 1700n;
      return simpleRecord(id, clock, 4242, Array(id === 2 ? 3 : 2).fill(BigInt(i % 40)));
    });
    return Buffer.concat(records);
  });
}

/** The events of a trace log as the "simple" backend would have written them; gives how many bytes that is. */
export async function writeSimpleOf(path, log, declarations) {
  const declared = new Map();
  for (const line of `${qemuEvents}\n${changedEvents}`.split('\n')) {
    const [, name, args] = /^(\w+)\((.*?)\) "/.exec(line) ?? [];
    if (name === undefined) continue;
    const isText = args.split(',').map((arg) => arg.includes('char'));
    const key = `${name} ${args.trim() === 'void' ? 0 : isText.length}`;
    if (!declared.has(key)) declared.set(key, { line, isText });
  }
  const ids = new Map();
  const file = openSync(path, 'w');
  let written = writeSync(file, simpleHead());
  let parts = [];
  const flush = () => {
    written += writeSync(file, Buffer.concat(parts));
    parts = [];
  };
  // Its clock counts from boot.
  let boot;
  const add = ({ kind, name, args = {}, time, tid }) => {
    const texts = Object.values(args);
    const key = `${name} ${texts.length}`;
    const { line, isText } = declared.get(key) ?? {};
    if (kind !== 'event' || line === undefined) return;
    if (!ids.has(key)) parts.push(simpleMapping(ids.size, line));
    if (!ids.has(key)) ids.set(key, ids.size);
    const values = texts.map((text, i) => (isText[i] ? text : BigInt(text)));
    const clock = BigInt(time.replace('.', '')) * 1000n;
    boot ??= clock - 1_000_000_000_000n;
    parts.push(simpleRecord(ids.get(key), clock - boot, tid, values));
    if (parts.length > 4096) flush();
  };
  const reader = createReader();
  let lines = 0;
  for await (const line of createInterface({ input: createReadStream(log) })) {
    reader.push(line);
    if (++lines % 4096 === 0) reader.take().forEach(add);
  }
  reader.finish().records.forEach(add);
  flush();
  closeSync(file);
  const names = [...ids.keys()].map((key) => declared.get(key).line);
  writeFileSync(declarations, `${names.join('\n')}\n`);
  return written;
}
