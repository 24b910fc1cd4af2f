import { passes, unseenPasses } from './shared/calls/log-passes.js';
import { endOf, hasGap, place, unwatched } from './shared/calls/queries.js';
import type { Pass } from './shared/calls/log-passes.js';
import { mark } from './shared/marks.js';
import { judgeEarlyAddresses } from './shared/wire/early-addresses.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** A pass of vhost_dev_set_log() sends the features word first, then the rings. */
export const lsFeatBeforeVring: Rule = {
  info: {
    id: 'LS-FEAT-BEFORE-VRING',
    title: 'the features word is sent before the ring addresses',
    severity: 'error',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_dev_set_log, and its vhost_dev_set_features and vhost_virtqueue_set_addr calls with enable_log=',
      'or the messages of a vhost-user log start, from the log base on: an strace -y of QEMU or of the backend',
    ],
    why: 'A backend may check the ring flags against the features word: it refuses them, or logs the used rings while it does not yet log the buffers.',
    probes: ['vhost_dev_set_log', 'vhost_dev_set_features', 'vhost_virtqueue_set_addr'],
    messageProbes: ['wire op_set_log_base', 'wire op_set_features', 'wire op_set_vring_addr'],
    remedy: 'Compare vhost_dev_set_log() of that QEMU with upstream.',
    exceptions: ['the undoing of a failed pass: addresses first, then the features word'],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_set_log()'],
  },
  passesAtEntry: true,
  triggers: ['vhost_dev_set_log', 'vhost_migration_log'],
  *sequence(context) {
    yield* unseenPasses(context, true);
    yield* unseenPasses(context, false);
    for (const pass of [...passes(context, true), ...passes(context, false)]) {
      const judged = judge(context, pass);
      if (judged !== undefined) yield judged;
    }
    yield* judgeEarlyAddresses(context);
  },
};

function judge({ run }: SessionContext, pass: Pass): Judgement | undefined {
  const { activation, enable, addresses, features } = pass;
  const address = addresses.find((a) => a.enable === enable);
  const words = features.filter((a) => a.enable === enable);
  const [word] = words;
  if (address === undefined || word === undefined) return undefined;
  const at = place(address);
  if (word.first < address.first) {
    const message = 'the features word is sent before the first ring address';
    return { verdict: 'pass', ...at, message, seenAt: () => mark(word, 'the features word') };
  }
  const message = `vhost_dev_set_log(${String(enable)}) sends a ring address before the features word`;
  const missing: string[] = [];
  if (!activation.entered) missing.push('the entry of vhost_dev_set_log');
  if (address.parent !== activation) missing.push('the backtrace at vhost_virtqueue_set_addr');
  if (hasGap(run, activation.first, word.first)) missing.push('an unbroken record of the pass');
  missing.push(
    ...unwatched(run, 'vhost_dev_set_features', activation.first, endOf(run, activation)),
  );
  if (features.some((a) => a.enable === undefined)) {
    missing.push('enable_log= of vhost_dev_set_features');
  }
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    vring: run.rings.ringOf(address),
    message,
    expected: `vhost_dev_set_features(enable_log=${String(enable)}) before the first vhost_virtqueue_set_addr`,
    evidence: [{ line: word.line, role: 'the features word comes only here' }],
  };
}
