import { argText, bigintOf } from '../model/values.js';
import { nestedPairs } from './shared/calls/stack-calls.js';
import type { Rule } from './rule.js';

/** `~0`: no limit. */
const WHOLE = (1n << 64n) - 1n;

/** Guest bytes of one chunk of the log where `unsigned long` has 32 bits: every log size is a multiple of that. */
const SMALLEST_CHUNK = 131072n;

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
    ],
    why: 'Behind the end of the log QEMU reads foreign memory, or stops at an assertion; in front of it the last dirty bits are not read, and those pages are stale on the destination.',
    probes: ['vhost_sync_dirty_bitmap', 'stack of vhost_sync_dirty_bitmap'],
    remedy:
      'A sync round reads everything (0 up to ~0); a log that is given back is read up to dev->log_size chunks.',
    exceptions: ['how many chunks the log has is not judged here'],
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
  triggers: [],
  stack: {
    of: ['vhost_sync_dirty_bitmap'],
    *judge(step, run) {
      for (const { outer, inner, line, evidence } of nestedPairs(step, run)) {
        if (inner.row.kind !== 'vhost_sync_dirty_bitmap') continue;
        const first = bigintOf(argText(inner.frame, 'first'));
        const last = bigintOf(argText(inner.frame, 'last'));
        const isRound = outer.row.kind === 'vhost_log_sync';
        const isPut =
          outer.row.kind === 'vhost_log_sync_range' || outer.row.kind === 'vhost_log_put';
        if (first === undefined || last === undefined || (!isRound && !isPut)) continue;
        const isWhole = last === WHOLE;
        const isRight =
          first === 0n && (isRound ? isWhole : !isWhole && (last + 1n) % SMALLEST_CHUNK === 0n);
        const place = { device: inner.pointer, step: step.index, line, evidence };
        const message = `${outer.func} reads the log from ${first.toString()} to ${isWhole ? '~0' : last.toString()}`;
        yield isRight
          ? { verdict: 'pass', ...place, message }
          : {
              verdict: 'violation',
              ...place,
              message,
              expected: isRound
                ? 'first=0 and last=18446744073709551615'
                : 'first=0 and last= the size of the old log in chunks, times 262144, less 1',
            };
      }
    },
  },
};
