/**
 * What QEMU itself reports to have failed: each message once. No rule judges them by themselves; they say what a capture
 * does not show that ends at a log start.
 *
 * Source: QEMU's hw/virtio/vhost.c, migration/savevm.c; formats/qemu/error-reports.ts reads the messages.
 */
import type { RefusedOperation } from '../facts/step.js';
import type { FailureReport } from '../model/report.js';

export type Reported = Omit<FailureReport, 'capture'>;

const LOST = 'or its connection was lost';

/** What an operation is there for. */
const MEANINGS: ReadonlyMap<string, string> = new Map([
  ['vhost_set_log_base', `the backend refused the dirty log, ${LOST}`],
  [
    'vhost_set_features',
    `the backend refused the features, which also tell it to log or no more, ${LOST}`,
  ],
  [
    'vhost_set_vring_addr',
    `the backend refused the addresses of a vring, which also tell it to log the used ring or no more, ${LOST}`,
  ],
  [
    'vhost: Failed to start logging',
    'the log start of a device failed: QEMU takes it back and ends the migration',
  ],
  [
    'vhost: Failed to stop logging',
    'the log stop of a device failed: its backend may go on logging',
  ],
  [
    'failed to save SaveStateEntry',
    'the migration ends here; so it is, too, where somebody cancels it',
  ],
  ['load of migration', 'of the destination: it ends the migration'],
]);

/** In the order of their first lines. Pure. */
export function findReported(refusals: readonly RefusedOperation[]): Reported[] {
  const found = new Map<string, Reported>();
  for (const { session, line, operation, message } of refusals) {
    const key = JSON.stringify([session, message]);
    const known = found.get(key);
    const means = MEANINGS.get(operation) ?? null;
    found.set(
      key,
      known === undefined
        ? { session, line, message, times: 1, means }
        : { ...known, times: known.times + 1 },
    );
  }
  return [...found.values()];
}
