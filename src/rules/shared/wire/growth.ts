/**
 * Memory that grows beyond the log, as a vhost-user backend is told of it.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_commit(): where the log is too small for the new memory, SET_LOG_BASE with a
 * larger one comes first, then the memory. A device start has the memory behind its features, and the log base at its
 * end.
 */
import { bigintOf } from '../../../model/values.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { MemoryTable } from './memory-table.js';
import type { Region } from './memory-table.js';
import {
  ALL_THREADS,
  BEHIND_FEATURES,
  eachGreeting,
  isOfSameQemu,
  MEMORY_REQUESTS,
  missingEndpoint,
  nameOf,
} from './messages.js';
import type { Connection, Message } from './messages.js';

/** Bytes of memory for each byte of the log: a bit for 4 KiB. */
const COVERED = 8n * 4096n;

/** A topology change that gives the backend memory above its log. */
interface Growth {
  readonly connection: Connection;
  readonly region: Region;
  /** SET_LOG_BASE in force, and LOG_ALL. */
  readonly base: Message;
  readonly features: Message;
  readonly covered: bigint;
  /** SET_LOG_BASE right behind the memory, which covers it. */
  readonly late: Message | undefined;
}

/** Is the log large enough where memory grows? `late`: those that are made so afterwards, else those that are not. */
export function* judgeWireGrowth(context: SessionContext, late: boolean): Generator<Judgement> {
  const growths = context.once('wire growths', () => eachGreeting(context, growthsOf));
  for (const growth of growths)
    if ((growth.late !== undefined) === late) yield judge(context, growth);
}

function* growthsOf(connection: Connection, requests: readonly Message[]): Generator<Growth> {
  const memory = new MemoryTable();
  const kicked = new Set<number | undefined>();
  let base: Message | undefined;
  let features: Message | undefined;
  let isStart = false;
  for (const [i, request] of requests.entries()) {
    const { name, vring } = request;
    if (name === 'SET_FEATURES') features = request;
    else if (name === 'SET_LOG_BASE') base = request;
    else if (name === 'SET_VRING_KICK') kicked.add(vring);
    else if (name === 'GET_VRING_BASE') kicked.delete(vring);
    else if (name === 'RESET_OWNER' || name === 'RESET_DEVICE') kicked.clear();
    const before = memory.highest;
    memory.follow(request);
    if (name === 'SET_FEATURES') isStart = true;
    else if (!BEHIND_FEATURES.has(name) && !MEMORY_REQUESTS.has(name)) isStart = false;
    const region = memory.highest;
    const size = bigintOf(base?.payload.mmap_size);
    if (!MEMORY_REQUESTS.has(name) || region?.from !== request || isStart) continue;
    if (base === undefined || size === undefined || kicked.size === 0) continue;
    if (features?.enable !== true || (before !== undefined && before.last >= region.last)) continue;
    const covered = size * COVERED;
    // What was too small before is VU-MMAPSIZE.
    if (region.last < covered || (before !== undefined && before.last >= covered)) continue;
    const next = requests.slice(i + 1).find((one) => !MEMORY_REQUESTS.has(one.name));
    const isLate =
      next?.name === 'SET_LOG_BASE' &&
      next.thread === request.thread &&
      (bigintOf(next.payload.mmap_size) ?? 0n) * COVERED > region.last;
    yield { connection, region, base, features, covered, late: isLate ? next : undefined };
  }
}

function judge(context: SessionContext, growth: Growth): Judgement {
  const { connection, region, base, features, covered, late } = growth;
  const { from, last } = region;
  const { endpoint } = connection;
  const at = { endpoint, step: from.step, line: from.line };
  const message = `${nameOf(connection)} gets memory up to 0x${last.toString(16)}, and its log ends at 0x${(covered - 1n).toString(16)}`;
  const missing = missingEndpoint(connection);
  // A thread that is not traced may have switched logging off.
  if (endpoint !== undefined && !connection.isOfBackend) missing.push(ALL_THREADS);
  if (![base, features].every((one) => isOfSameQemu(context, connection, one, from)))
    missing.push('an unbroken record since the log base');
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message: late === undefined ? message : `${message}: a larger one comes only behind the memory`,
    expected: `SET_LOG_BASE with mmap_size above ${last / COVERED} in front of it`,
    evidence: [
      { line: base.line, role: 'the log base in force' },
      { line: features.line, role: 'LOG_ALL is set' },
      ...(late === undefined ? [] : [{ line: late.line, role: 'the larger log' }]),
      ...(connection.alone ?? []),
    ],
  };
}
