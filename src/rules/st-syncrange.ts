import type { Activation } from '../flows/activations/activation.js';
import type { Step } from '../facts/step.js';
import { CHUNK_BYTES } from '../model/constants.js';
import { argText, bigintOf } from '../model/values.js';
import { sizeOfRead } from './shared/calls/put-size.js';
import { place } from './shared/calls/queries.js';
import { nestedPairs } from './shared/calls/stack-calls.js';
import type { CallPair } from './shared/calls/stack-calls.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** `~0`: no limit. */
const WHOLE = (1n << 64n) - 1n;

/** Guest bytes of one chunk of the log where `unsigned long` has 32 bits. */
const SMALL_CHUNK = CHUNK_BYTES / 2n;

/** The part of guest memory that a read of the log covers. */
export const stSyncrange: Rule = {
  info: {
    id: 'ST-SYNCRANGE',
    title: 'a read of the log covers the log, and no more',
    severity: 'warning',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'first= and last= of vhost_sync_dirty_bitmap, and its caller vhost_log_sync, vhost_log_sync_range or vhost_log_put',
      'for a log that is given back, its size: `print *dev->log` in vhost_log_put, or size= of the vhost_dev_log_resize or vhost_log_get that gave it to the device',
    ],
    why: 'Behind the end of the log QEMU reads foreign memory, or stops at an assertion; in front of it the last dirty bits are not read, and those pages are stale on the destination.',
    probes: [
      'vhost_sync_dirty_bitmap',
      'stack of vhost_sync_dirty_bitmap',
      'vhost_log_put',
      'members at vhost_log_put',
    ],
    remedy:
      'A sync round reads everything (0 up to ~0); a log that is given back is read up to dev->log_size chunks.',
    exceptions: ['a host of 32 bits, where a chunk is 131072 bytes of guest memory'],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_log_sync(), vhost_log_sync_range(), vhost_log_put(), vhost_sync_dirty_bitmap()',
    ],
    bugs: [
      {
        where: 'QEMU e314672a8a95 (1.1)',
        what: 'A resize read the old log without a limit: where the memory had grown, that was past its end, and an assertion ended QEMU.',
      },
    ],
  },
  passesAtEntry: true,
  triggers: [],
  stack: {
    of: ['vhost_sync_dirty_bitmap'],
    *judge(step, run) {
      for (const pair of nestedPairs(step, run)) {
        const judged = judgeStack(step, pair);
        // Where the order is not known, neither is the log that a put reads.
        if (
          judged !== undefined &&
          (!isOfPut(pair) || judged.verdict === 'violation' || !run.ordered)
        )
          yield judged;
      }
    },
  },
  *sequence(context) {
    for (const read of context.of('vhost_sync_dirty_bitmap')) {
      const judged = judgeEnd(context, read);
      if (judged !== undefined) yield judged;
    }
  },
};

function rangeOf({ frame }: CallPair['inner']): { first: bigint; last: bigint } | undefined {
  const first = bigintOf(argText(frame, 'first'));
  const last = bigintOf(argText(frame, 'last'));
  return first === undefined || last === undefined ? undefined : { first, last };
}

function isOfPut({ outer: { row } }: CallPair): boolean {
  return row.kind === 'vhost_log_sync_range' || row.kind === 'vhost_log_put';
}

/** No log has an end such as this one. */
function isOdd({ first, last }: { first: bigint; last: bigint }): boolean {
  return first !== 0n || last === WHOLE || (last + 1n) % SMALL_CHUNK !== 0n;
}

/** What one stack shows: all of a sync round, and whether the end of another read may be that of a log. */
function judgeStack(step: Step, pair: CallPair): Judgement | undefined {
  const { outer, inner, line, evidence } = pair;
  const range = inner.row.kind === 'vhost_sync_dirty_bitmap' ? rangeOf(inner) : undefined;
  const isRound = outer.row.kind === 'vhost_log_sync';
  if (range === undefined || (!isRound && !isOfPut(pair))) return undefined;
  const { first, last } = range;
  const at = { device: inner.pointer, step: step.index, line, evidence };
  const message = `${outer.func} reads the log from ${first.toString()} to ${last === WHOLE ? '~0' : last.toString()}`;
  if (isRound && first === 0n && last === WHOLE) return { verdict: 'pass', ...at, message };
  if (!isRound && !isOdd(range))
    return {
      verdict: 'inconclusive',
      ...at,
      message: `${message}; the size of the log is not shown`,
      missing: ['the size of the log, in a capture whose order is known'],
    };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected: isRound
      ? 'first=0 and last=18446744073709551615'
      : 'first=0 and last= the size of the old log in chunks, times 262144, less 1',
  };
}

/** Does the read of a log that is given back end with the log? */
function judgeEnd(context: SessionContext, read: Activation): Judgement | undefined {
  const { parent, call, altered } = read;
  const range = rangeOf(call);
  if (parent?.kind !== 'vhost_log_sync_range' && parent?.kind !== 'vhost_log_put') return undefined;
  if (range === undefined || isOdd(range)) return undefined;
  const { last } = range;
  const at = place(read);
  const message = `${parent.func} reads the log up to ${last.toString()}`;
  const known = sizeOfRead(context, read);
  const missing = 'missing' in known ? [...known.missing] : [];
  if (altered) missing.push('a run that the debugger did not alter');
  if ('missing' in known || missing.length > 0)
    return {
      verdict: 'inconclusive',
      ...at,
      message: `${message}; the size of the log is not shown`,
      missing,
    };
  const { size, mark } = known;
  const ends = chunksOf(read).map((bytes) => size * bytes - 1n);
  const evidence = [mark];
  if (ends.includes(last))
    return { verdict: 'pass', ...at, message: `${message}, its end`, evidence };
  return {
    verdict: 'violation',
    ...at,
    message: `${message}, but the log of ${size.toString()} chunks ends at ${String(ends[0])}`,
    expected: `last=${String(ends[0])}`,
    evidence,
  };
}

/** Guest bytes that a chunk may stand for: an address of more than 32 bits proves a host of 64. */
function chunksOf({ call: { pointer } }: Activation): readonly bigint[] {
  const is64 = pointer !== undefined && BigInt(pointer) > 0xffffffffn;
  return is64 ? [CHUNK_BYTES] : [CHUNK_BYTES, SMALL_CHUNK];
}
