import type { Activation } from '../flows/activations/activation.js';
import type { Run } from '../flows/run.js';
import type { Backend } from '../model/fact.js';
import { printedNumber, showsGivenLog } from './shared/calls/printed.js';
import { childrenOf, place } from './shared/calls/queries.js';
import { isFirstSight } from './shared/calls/stack-calls.js';
import { mark } from './shared/marks.js';
import type { Judgement, Mark, Rule } from './rule.js';

/** Only vhost-user backends get a log that is shared by file descriptor. */
export const stShare: Rule = {
  info: {
    id: 'ST-SHARE',
    title: 'only a vhost-user backend gets a log in shared memory',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'share= of vhost_log_get or vhost_log_alloc, and backend_type= (9.1 and later) or an op of the backend for the same device; or share= of both in one stack',
      'for a shared log without a file: print *log at the set_log_base op of vhost-user, and share= of the vhost_log_get before it',
    ],
    why: 'A kernel device that is given the log of vhost-user devices sets its dirty bits where QEMU does not look for them.',
    probes: ['vhost_log_get', 'op_set_log_base', 'members at op_set_log_base'],
    remedy: 'Look at vhost_dev_log_is_shared() and at the requires_shm_log op of that backend.',
    exceptions: ['share=false is legal for vhost-user too: a backend without LOG_SHMFD'],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_log_is_shared(), vhost_log_get()',
      'QEMU hw/virtio/vhost-user.c vhost_user_requires_shm_log()',
    ],
  },
  passesAtEntry: true,
  triggers: [],
  stack: {
    of: ['vhost_log_get', 'vhost_log_alloc'],
    *judge(step, run) {
      const shown = run.atStep[step.index] ?? [];
      for (const [i, { row, enable: share }] of step.calls.entries()) {
        if (row.kind !== 'vhost_log_get' && row.kind !== 'vhost_log_alloc') continue;
        const activation = shown[shown.length - step.calls.length + i];
        if (activation === undefined || share === undefined || !isFirstSight(step, run, i))
          continue;
        const given = shown.findLast((a) => a.call.backendType !== undefined)?.call.backendType;
        const backend = given ?? run.rings.backendOf(activation);
        const place = {
          device: activation.device,
          step: step.index,
          line: step.callLines[i] ?? step.line,
        };
        const what = `${activation.func}(share=${String(share)})`;
        const caller = step.calls[i - 1];
        if (
          row.kind === 'vhost_log_alloc' &&
          caller?.row.kind === 'vhost_log_get' &&
          caller.enable !== undefined &&
          caller.enable !== share
        ) {
          yield {
            verdict: 'violation',
            ...place,
            message: `${what} is called by ${caller.func}(share=${String(caller.enable)})`,
            expected: `share=${String(caller.enable)}`,
          };
          continue;
        }
        if (!share || backend === 'user') {
          yield {
            verdict: 'pass',
            ...place,
            message: `${what}, backend ${backend ?? 'not known'}`,
            seenAt: () => (given === undefined ? backendMarks(run, activation, backend) : []),
          };
        } else if (backend === undefined) {
          const missing = ['backend_type=, or a probe on an op of the backend'];
          const message = `${what} for a device of unknown backend`;
          yield { verdict: 'inconclusive', ...place, message, missing };
        } else {
          yield {
            verdict: 'violation',
            ...place,
            message: `${what} for a device of the ${backend} backend`,
            expected: 'share=false',
          };
        }
      }
    },
  },
  *sequence(context) {
    for (const op of context.of('op_set_log_base')) yield* withoutFile(op);
  },
};

/** Of a device that the stack does not tell the backend of. */
function backendMarks(
  { devices }: Run,
  { device, session }: Activation,
  backend: Backend | undefined,
): readonly Mark[] {
  const own = devices.find((one) => one.session === session && one.address === device);
  if (own?.backendLine === undefined || own.backend !== backend) return [];
  return mark({ line: own.backendLine }, `the device is of backend ${own.backend ?? ''}`);
}

/** A log in shared memory is a memfd, which goes to the backend with SET_LOG_BASE: without it there is nothing to map. */
function* withoutFile(op: Activation): Generator<Judgement> {
  const fd = printedNumber(op, 'fd');
  if (op.kind !== 'op_set_log_base' || op.backend !== 'user' || fd === undefined) return;
  if (fd >= 0n || op.parent === undefined || !showsGivenLog(op)) return;
  const get = childrenOf(op.parent, 'vhost_log_get').findLast(({ first }) => first < op.first);
  if (get?.enable !== true) return;
  yield {
    verdict: 'violation',
    ...place(op),
    message: `${op.func} gives a log that was asked for in shared memory, and has no file: fd=${fd}`,
    expected: 'the memfd of the log',
    evidence: [{ line: get.line, role: `${get.func}(share=true)` }],
  };
}
