import {
  childrenOf,
  doubts,
  endOf,
  passes,
  place,
  successOf,
  unwatched,
  unseenPasses,
} from './shared/queries.js';
import type { Rule } from './rule.js';

/** A log start that addresses rings must also set VHOST_F_LOG_ALL. */
export const lsFeatures: Rule = {
  info: {
    id: 'LS-FEATURES',
    title: 'VHOST_F_LOG_ALL is set when the vrings are told to log',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user'],
    versions: '2.12 - 10.2',
    needs: [
      'the entry and the successful end of vhost_dev_set_log(true)',
      'probe vhost_dev_set_features',
    ],
    probes: [
      'vhost_dev_set_log',
      'vhost_dev_set_features',
      'vhost_virtqueue_set_addr',
      'op_set_vring_addr',
      'return of vhost_dev_set_log',
    ],
    why: 'The rings log their used area, but nothing logs the guest buffers that the backend fills: received data is stale on the destination.',
    remedy: 'Look at the start of vhost_dev_set_log() of that QEMU.',
    exceptions: ['a pass that fails or is cut off by a disconnect', 'vdpa'],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_set_log()'],
  },
  triggers: [
    'vhost_dev_set_log',
    'vhost_migration_log',
    'vhost_log_global_start',
    'global_dirty_changed',
  ],
  *sequence(context) {
    yield* unseenPasses(context, true);
    const { run } = context;
    for (const pass of passes(context, true)) {
      const { activation } = pass;
      const at = place(activation);
      const features = [...pass.features, ...childrenOf(activation, 'op_set_features')].find(
        (a) => a.enable !== false,
      );
      if (features !== undefined) {
        yield {
          verdict: 'pass',
          ...at,
          message: 'the features word is sent in the pass',
          evidence: [{ line: features.line, role: 'features' }],
        };
        continue;
      }
      const backend = run.rings.backendOf(activation);
      const missing = [
        ...doubts(run, activation),
        ...unwatched(run, 'vhost_dev_set_features', activation.first, endOf(run, activation)),
      ];
      const success = successOf(run, pass);
      if (success === undefined) missing.push('proof that the pass succeeded');
      if (backend === undefined || backend === 'vdpa')
        missing.push('a kernel or vhost-user backend');
      const address = pass.addresses[0];
      if (missing.length > 0 || address === undefined) {
        yield {
          verdict: 'inconclusive',
          ...at,
          message: 'vhost_dev_set_log(true) is not seen to send features',
          missing: missing.length > 0 ? missing : ['a vring'],
        };
        continue;
      }
      yield {
        verdict: 'violation',
        ...at,
        message:
          'vhost_dev_set_log(true) tells the vrings to log but never calls vhost_dev_set_features(true)',
        expected:
          'vhost_dev_set_features(enable_log=true) before the first vhost_virtqueue_set_addr',
        evidence: [
          { line: address.line, role: 'a vring is told to log' },
          ...(success === undefined ? [] : [success]),
        ],
      };
    }
  },
};
