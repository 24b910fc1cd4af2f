/**
 * Inputs of any size for the benchmark, made from the captures of fixtures/: no two processes share a heap
 * or stack address, and no two migrations of a process what they allocate. A file that is one capture
 * again and again would measure how well repetitions are remembered.
 */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';

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
const EVENTS = DECLARATIONS.map((line) => line.slice(0, line.indexOf('(')));

/** What {@link writeSimpleTrace} holds, for programs that need to be told. */
export function writeDeclarations(path) {
  writeFileSync(path, `${DECLARATIONS.join('\n')}\n`);
}

/** QEMU's "simple" backend, header version 4: one file of records with two or three numbers each. */
export function writeSimpleTrace(path, bytes) {
  const head = Buffer.alloc(24);
  head.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 0);
  head.writeBigUInt64LE(0xf2b1_77cb_0aa4_29b4n, 8);
  head.writeBigUInt64LE(4n, 16);
  const names = EVENTS.map((name, id) => {
    const mapping = Buffer.alloc(20 + name.length);
    mapping.writeBigUInt64LE(BigInt(id), 8);
    mapping.writeUInt32LE(name.length, 16);
    mapping.write(name, 20);
    return mapping;
  });
  const start = Buffer.concat([head, ...names]);
  const size = [40, 40, 48, 40];
  let clock = 1_000_000_000n;
  return fill(path, bytes, (n) => {
    if (n === 0) return start;
    const records = Array.from({ length: 4096 }, (_, i) => {
      const id = i % 16 === 0 ? 2 : i % 16 === 1 ? 3 : i % 2;
      const length = size[id];
      const record = Buffer.alloc(8 + length);
      clock += 1700n;
      record.writeBigUInt64LE(1n, 0);
      record.writeBigUInt64LE(BigInt(id), 8);
      record.writeBigUInt64LE(clock, 16);
      record.writeUInt32LE(length, 24);
      record.writeUInt32LE(4242, 28);
      for (let at = 32; at < record.length; at += 8) record.writeBigUInt64LE(BigInt(i % 40), at);
      return record;
    });
    return Buffer.concat(records);
  });
}
