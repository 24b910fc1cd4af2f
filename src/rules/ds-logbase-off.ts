import type { Activation } from '../flows/activations/activation.js';
import { known } from '../protocol/replay.js';
import { deviceCalls } from './shared/calls/device-calls.js';
import {
  below,
  childrenOf,
  doubts,
  endOf,
  hasGap,
  place,
  probeName,
  unwatched,
} from './shared/calls/queries.js';
import { endMark, mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** A device that does not log gets no log base. */
export const dsLogbaseOff: Rule = {
  info: {
    id: 'DS-LOGBASE-OFF',
    title: 'a device that does not log gets no log base',
    severity: 'error',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_dev_start, and enable_log= of its vhost_dev_set_features and vhost_virtqueue_set_addr calls',
      'for vhost_commit: the log state of the device, with probe vhost_migration_log since it became known',
      'probe on the set_log_base op',
    ],
    why: 'A log is made and handed out that nobody reads, and a backend that logs by the base alone (rust-vmm) begins to log.',
    probes: [
      'vhost_dev_start',
      'vhost_dev_set_features',
      'vhost_virtqueue_set_addr',
      'op_set_log_base',
    ],
    remedy:
      'Look at what guards the log base in vhost_dev_start() and the resize in vhost_commit(): both test hdev->log_enabled.',
    exceptions: [
      'features that were changed on their way (LS-WORD, DS-FLAG) while the vrings are told to log',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_start(), vhost_commit()'],
  },
  passesAtEntry: true,
  triggers: ['vhost_dev_start'],
  *sequence(context) {
    for (const { activation } of deviceCalls(context, 'vhost_dev_start')) {
      const judged = judgeStart(context, activation);
      if (judged !== undefined) yield judged;
    }
    for (const { activation, device } of deviceCalls(context, 'vhost_commit')) {
      const base = below(activation, 'op_set_log_base')[0];
      if (base === undefined) continue;
      // The rule has a subject only where logging is off; a resize of a live log is not its affair. Commits
      // whose entry is not reported look like one that goes on: at the base, too, logging must be off.
      const isOff = (at: Activation): boolean =>
        known(context.stateBefore(device, at.first).log) === 'off';
      if (!isOff(activation) || !isOff(base)) continue;
      yield violation(base, 'vhost_commit', [
        { line: activation.line, role: 'the memory topology is committed while logging is off' },
      ]);
    }
  },
};

function judgeStart(context: SessionContext, start: Activation): Judgement | undefined {
  const { run } = context;
  const features = childrenOf(start, 'vhost_dev_set_features')[0];
  const rings = below(start, 'vhost_virtqueue_set_addr');
  if (features?.enable !== false || rings.some((a) => a.enable !== false)) return undefined;
  const base = below(start, 'op_set_log_base')[0];
  const at = place(start);
  if (base === undefined) {
    const backend = run.rings.backendOf(start);
    const missing = [
      ...doubts(run, start),
      ...unwatched(run, 'op_set_log_base', start.first, endOf(run, start), backend),
    ];
    if (backend === undefined) missing.push(`probe ${probeName('op_set_log_base', undefined)}`);
    return missing.length > 0
      ? {
          verdict: 'inconclusive',
          ...at,
          message: 'whether the start without logging sends a log base is not seen',
          missing,
        }
      : {
          verdict: 'pass',
          ...at,
          message: 'the start without logging sends no log base',
          seenAt: () => [
            ...mark(features, 'the device starts with enable_log=false'),
            ...endMark(run, start),
          ],
        };
  }
  const missing: string[] = [];
  if (!start.entered) missing.push('the entry of vhost_dev_start');
  if (run.probes.watching('vhost_dev_start', start.first, base.first) === undefined)
    missing.push('probe vhost_dev_start');
  if (hasGap(run, start.first, base.first)) missing.push('an unbroken record of vhost_dev_start');
  const isOff = known(context.stateBefore(start.device ?? '', start.first).log) === 'off';
  if (rings.length === 0 && !isOff) missing.push('enable_log= of vhost_virtqueue_set_addr');
  return missing.length > 0
    ? {
        verdict: 'inconclusive',
        ...at,
        message: 'a log base is sent in a start that may not log',
        missing,
      }
    : violation(base, 'vhost_dev_start', [
        { line: features.line, role: 'the device starts with enable_log=false' },
      ]);
}

function violation(base: Activation, where: string, evidence: readonly Mark[]): Judgement {
  return {
    verdict: 'violation',
    ...place(base),
    message: `${base.func} is called in ${where} although logging is off`,
    expected: `no set_log_base op in a ${where} with logging off`,
    evidence,
  };
}
