import { place } from './shared/calls/queries.js';
import { SLACK, sizeEvents, sizeMarks } from './shared/calls/log-size.js';
import type { Rule } from './rule.js';

/** A log is resized only when that is worth it. */
export const rzThrash: Rule = {
  info: {
    id: 'RZ-THRASH',
    title: 'the log is resized only by more than its slack of 170 chunks',
    severity: 'note',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the sizes of two logs of the device in a row: probe vhost_dev_log_resize, and vhost_log_get or vhost_dev_start',
    ],
    why: 'Legal, but not what QEMU does: it grows a log by 170 chunks more than it needs, and shrinks it only when that saves more than 170. Each resize leaks a bitmap and costs a full scan.',
    probes: ['vhost_dev_log_resize', 'vhost_log_get'],
    remedy: 'Compare vhost_commit() of that QEMU with upstream.',
    exceptions: ['a 32-bit host, where chunk and slack have other sizes'],
    sources: ['QEMU hw/virtio/vhost.c vhost_commit(), VHOST_LOG_BUFFER'],
  },
  triggers: [],
  *sequence(context) {
    for (const event of sizeEvents(context)) {
      const { device, activation, size, before, inCommit, isKept } = event;
      if (!inCommit || isKept) continue;
      const at = { ...place(activation), device };
      if (before === undefined) {
        yield {
          verdict: 'inconclusive',
          ...at,
          message: `the log is resized to ${size} chunks, from which size is not seen`,
          missing: ['the log start, with probes vhost_dev_log_resize and vhost_log_get'],
        };
        continue;
      }
      const by = size > before ? size - before : before - size;
      // Backtraces that are cut may show one resize again.
      if (by === 0n && !activation.entered) continue;
      const what = `from ${before} to ${size} chunks`;
      yield by > SLACK
        ? {
            verdict: 'pass',
            ...at,
            message: `the log is resized ${what}`,
            seenAt: () => sizeMarks(context, event),
          }
        : {
            verdict: 'violation',
            ...at,
            message: `the log is resized ${what}, which is within the slack of ${SLACK}: legal, but needless`,
          };
    }
  },
};
