import { bigintOf } from '../model/values.js';
import { CHUNK_BYTES, MOST_CHUNKS } from '../model/constants.js';
import { BY_QEMU, isOfAnotherFrontEnd } from './shared/wire/front-ends.js';
import { withoutFile } from './shared/wire/log-file.js';
import { MemoryTable } from './shared/wire/memory-table.js';
import type { Region } from './shared/wire/memory-table.js';
import {
  connectionsOf,
  hasSeveral,
  isOfSameQemu,
  MEMORY_REQUESTS,
  MESSAGES_RECIPE,
  missingEndpoint,
  nameOf,
  VRING_REQUESTS,
} from './shared/wire/messages.js';
import type { Connection, Message } from './shared/wire/messages.js';
import { mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** Bytes of the log for one chunk, an unsigned long of 64 bits. */
const CHUNK_LOG_BYTES = 8n;

const MOST_LOG_BYTES = MOST_CHUNKS * CHUNK_LOG_BYTES;

/** Bytes of the log for one chunk where an unsigned long has 32 bits, and bytes of memory. */
const NARROW_LOG_BYTES = 4n;
const NARROW_BYTES = CHUNK_BYTES / 2n;

/** The backend is told the log's size in bytes, and that it begins at the front of the file. */
export const vuMmapsize: Rule = {
  info: {
    id: 'VU-MMAPSIZE',
    title:
      'SET_LOG_BASE brings the log, with mmap_size in bytes that covers the memory table, and offset 0',
    severity: 'error',
    impact: 'corrupt',
    backends: ['user'],
    versions: '2.12 - 11.1',
    needs: [
      'SET_LOG_BASE with its payload: an strace, or the log of libvhost-user or DPDK',
      'for the size: SET_MEM_TABLE or ADD_MEM_REG of the same connection with the regions (vhtrace probes strace), and an unbroken record since then',
      'for the log: the file descriptors that go along (vhtrace probes strace), and SET_PROTOCOL_FEATURES with LOG_SHMFD of the same connection, or another SET_LOG_BASE with the file',
      'for a size that is too small in a log start, not a device start: the log of the backend with the connection, or an strace -y of it',
    ],
    why: 'Without the file the backend has nothing to map: it takes the message for a broken one, or logs into its own memory, which QEMU does not see. The backend maps that many bytes and checks each write against them: pages above are not logged, and stale on the destination. Some backends write beyond the mapping and crash.',
    probes: ['wire vhost_user_message', 'wire op_set_log_base', 'wire op_set_mem_table'],
    remedy:
      'Look at vhost_user_set_log_base(): mmap_size is log->size, which counts chunks, times sizeof(*log->log), and log->fd goes along.',
    exceptions: [
      'a log larger than the memory table asks for: it leaves room to grow, and up to 5.1 it covers the used rings',
      'a backend without LOG_SHMFD gets no file: migration is blocked, a dirty rate may be measured all the same',
      'size 0, where QEMU has no memory region yet',
      'a front end that is no QEMU, and counts in bytes',
      'a QEMU of 32 bits, whose chunks are 4 bytes for 128 KiB of memory',
    ],
    sources: [
      'QEMU hw/virtio/vhost-user.c vhost_user_set_log_base(), vhost_user_requires_shm_log()',
      'QEMU subprojects/libvhost-user/libvhost-user.c vu_set_log_base_exec()',
      'QEMU hw/virtio/vhost.c vhost_get_log_size()',
    ],
    bugs: [
      {
        where: 'QEMU 48854f57ce3e (2.5), after 2b8819c6ee',
        what: 'mmap_size was given in the wrong unit: the backend mapped a part of the log',
      },
      {
        where: 'DPDK 3ae4beb079ce (20.05, CVE-2020-10722)',
        what: 'size and offset of the log were used unchecked; QEMU itself never sends an offset',
      },
    ],
  },
  triggers: [],
  *sequence(context) {
    for (const connection of connectionsOf(context)) yield* judgeConnection(context, connection);
  },
};

function* judgeConnection(context: SessionContext, connection: Connection): Generator<Judgement> {
  const memory = new MemoryTable();
  let start: DeviceStart | undefined;
  for (const message of connection.messages) {
    if (message.sender !== 'frontend') continue;
    if (message.name === 'SET_LOG_BASE') {
      const lost = withoutFile(context, connection, message);
      const found = [...judge(context, connection, message, memory, start)];
      const isLost =
        lost?.verdict === 'violation' || !found.some(({ verdict }) => verdict === 'violation');
      for (const judged of lost !== undefined && isLost ? [lost] : found)
        yield ofQemu(context, connection, unlessRefused(message, judged));
    } else memory.follow(message);
    start = continued(start, message);
  }
}

/** A log that the backend could not map is not what it should be, or was not asked of this backend. */
function unlessRefused({ payload: { refused } }: Message, judged: Judgement): Judgement {
  if (refused === undefined || judged.verdict !== 'pass') return judged;
  const message = `the backend could not use the log: ${refused}`;
  return { ...judged, verdict: 'inconclusive', message, missing: [WHY_REFUSED] };
}

/** Another front end may count its log in bytes, each for eight pages (Cloud Hypervisor update_log_base()). */
function ofQemu(context: SessionContext, connection: Connection, judged: Judgement): Judgement {
  const isOther = judged.verdict === 'violation' && isOfAnotherFrontEnd(context, connection);
  return isOther ? { ...judged, verdict: 'inconclusive', missing: [BY_QEMU] } : judged;
}

const WHY_REFUSED = 'why the backend refused it (its mmap() in an strace)';

/** What a thread has sent of a device start, from its memory table on. */
interface DeviceStart {
  readonly thread: string | undefined;
  readonly step: number;
  /** A vring was told to log: then the log base follows. */
  readonly logs: boolean;
}

function continued(
  start: DeviceStart | undefined,
  { name, thread, step, enable }: Message,
): DeviceStart | undefined {
  if (MEMORY_REQUESTS.has(name)) {
    const isSame = start !== undefined && start.thread === thread && !start.logs;
    return isSame ? start : { thread, step, logs: false };
  }
  // Without REPLY_ACK QEMU waits with GET_FEATURES for a vring that logs.
  const isOfStart = name === 'GET_FEATURES' || VRING_REQUESTS.has(name);
  if (start?.thread !== thread || !isOfStart) return undefined;
  return name === 'SET_VRING_ADDR' && enable === true && start !== undefined
    ? { ...start, logs: true }
    : start;
}

function* judge(
  context: SessionContext,
  connection: Connection,
  base: Message,
  memory: MemoryTable,
  start: DeviceStart | undefined,
): Generator<Judgement> {
  const { endpoint } = connection;
  const size = bigintOf(base.payload.mmap_size);
  const offset = bigintOf(base.payload.mmap_offset);
  const who = nameOf(connection);
  const at = { endpoint, step: base.step, line: base.line };
  const violation = (message: string, expected: string): Judgement => ({
    verdict: 'violation',
    ...at,
    message: `SET_LOG_BASE to ${who}: ${message}`,
    expected,
  });
  if (offset !== undefined && offset !== 0n) {
    yield { ...violation(`mmap_offset ${offset}`, 'mmap_offset 0'), alone: true };
    return;
  }
  const undecided = (message: string, ...missing: string[]): Judgement => ({
    verdict: 'inconclusive',
    ...at,
    message: `SET_LOG_BASE to ${who}: ${message}`,
    missing,
  });
  if (size === undefined || offset === undefined) {
    const given = size === undefined ? 'no mmap_size' : `mmap_size ${size}, no mmap_offset`;
    yield undecided(`${given} is shown`, `the whole payload, 16 bytes (${MESSAGES_RECIPE})`);
    return;
  }
  const several = missingEndpoint(connection);
  const { highest, wide, unread } = memory;
  const isWide = wide !== undefined && isOfSameQemu(context, connection, wide.from, base);
  const isNarrow = size % CHUNK_LOG_BYTES !== 0n;
  if (size % NARROW_LOG_BYTES !== 0n || (isNarrow && isWide && several.length === 0)) {
    yield {
      ...violation(
        `mmap_size ${size} is no number of whole chunks`,
        `a multiple of ${isWide ? CHUNK_LOG_BYTES : NARROW_LOG_BYTES} bytes`,
      ),
      evidence: isWide
        ? [{ line: wide.from.line, role: `${wide.from.name}: an address of more than 32 bits` }]
        : [],
    };
    return;
  }
  if (highest === undefined) {
    yield undecided(
      `mmap_size ${size}, for which memory is not seen`,
      `the memory table of the same connection (${MESSAGES_RECIPE})`,
    );
    return;
  }
  const needed = isNarrow
    ? (highest.last / NARROW_BYTES + 1n) * NARROW_LOG_BYTES
    : (highest.last / CHUNK_BYTES + 1n) * CHUNK_LOG_BYTES;
  const covers = `mmap_size ${size} for memory up to 0x${highest.last.toString(16)}`;
  if (size > MOST_LOG_BYTES) {
    yield undecided(`mmap_size ${size}, for more memory than any guest has`, 'see ST-SIZE-SANE');
    return;
  }
  if (size >= needed && hasSeveral(connection)) {
    yield undecided(covers, ...several);
    return;
  }
  if (size >= needed && unread === undefined) {
    const message = `SET_LOG_BASE to ${who}: ${covers}`;
    yield { verdict: 'pass', ...at, message, seenAt: () => memoryMarks(highest) };
    return;
  }
  if (size >= needed) {
    yield undecided(
      `${covers}, and the backend may have more`,
      `all regions of ${unread?.name} (${MESSAGES_RECIPE})`,
    );
    return;
  }
  const isOneStart =
    start?.logs === true && start.thread === base.thread && start.step <= highest.from.step;
  const missing = doubts(context, connection, base, highest, isOneStart);
  if (missing.length > 0) {
    yield undecided(covers, ...missing);
    return;
  }
  const isCount = size * CHUNK_LOG_BYTES === needed && unread === undefined;
  const unit = isCount ? ': chunks are counted, not bytes' : '';
  yield {
    ...violation(
      `${covers}, which needs ${needed} bytes${unit}`,
      `mmap_size of at least ${needed}`,
    ),
    evidence: [...memoryMarks(highest), ...(connection.alone ?? [])],
  };
}

function memoryMarks({ from }: Region): readonly Mark[] {
  return mark(from, `${from.name} gives this memory`);
}

/**
 * The memory table and the log base of one device start belong together. For a log start the table is older: it
 * may have become smaller unseen, by a thread that is not traced or in another QEMU with the same file
 * descriptor.
 */
function doubts(
  context: SessionContext,
  connection: Connection,
  base: Message,
  { from }: Region,
  isOneStart: boolean,
): string[] {
  const several = missingEndpoint(connection);
  if (several.length > 0) return several;
  if (!connection.isOfBackend && !isOneStart) {
    return [
      'a device start with logging on, which sends memory table and log base one behind the other; or the log of the backend, or an strace -y of it',
    ];
  }
  const isOfSame = isOfSameQemu(context, connection, from, base);
  return isOfSame ? [] : ['an unbroken record since the memory table'];
}
