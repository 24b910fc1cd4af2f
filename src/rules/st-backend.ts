import type { Activation } from '../flows/activations/activation.js';
import type { Backend } from '../model/fact.js';
import { argText, bigintOf } from '../model/values.js';
import { hasGap, place } from './shared/calls/queries.js';
import { isFirstSight } from './shared/calls/stack-calls.js';
import { mark } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** What one device does in one go concerns one backend. */
export const stBackend: Rule = {
  info: {
    id: 'ST-BACKEND',
    title: 'one device calls the ops of one backend',
    severity: 'error',
    impact: 'crash',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'two ops of one device below the same entered call, or backend_type= of vhost_log_get (9.1 and later) and an op',
      'for a log of no backend: backend_type= of vhost_log_get alone',
    ],
    why: 'The state of one backend is used as that of another: a file descriptor of the wrong kind, or memory of the wrong type.',
    probes: [
      'vhost_dev_start',
      'op_set_features',
      'vhost_log_get',
      'op_set_log_base',
      'vhost_log_global_start',
    ],
    remedy: 'Look at what overwrites dev->vhost_ops, or frees the vhost_dev while it is in use.',
    exceptions: [
      'an address that is used again by a device of another backend, after a cleanup',
      'what another device does in between, in a nested main loop',
    ],
    sources: [
      'QEMU hw/virtio/vhost-backend.c vhost_set_backend_type()',
      'QEMU hw/virtio/vhost.c vhost_log_get()',
    ],
  },
  passesAtEntry: true,
  triggers: [],
  stack: {
    of: ['vhost_log_get'],
    *judge(step, run) {
      for (const [i, { row, frame }] of step.calls.entries()) {
        if (row.kind !== 'vhost_log_get' || !isFirstSight(step, run, i)) continue;
        if (!isNoBackend(argText(frame, 'backend_type'))) continue;
        yield {
          verdict: 'violation',
          device: run.atStep[step.index]?.at(i - step.calls.length)?.device,
          step: step.index,
          line: step.callLines[i] ?? step.line,
          message: 'vhost_log_get is asked for the log of no backend: VHOST_BACKEND_TYPE_NONE',
          expected: 'backend_type= of the ops of the device: vhost_log_get asserts that it is one',
        };
      }
    },
  },
  *sequence(context) {
    const witnesses = new Map<Activation, Witness>();
    for (const call of context.activations) {
      const { backend } = call;
      const root = rootOf(call);
      if (backend === undefined || call.device === undefined || root === call) continue;
      const first = witnesses.get(root);
      if (first === undefined) witnesses.set(root, { call, backend });
      else yield judge(context, root, first, call, backend);
    }
  },
};

/** By name, or as a probe fetches it: by number. */
function isNoBackend(text: string | undefined): boolean {
  return text === 'VHOST_BACKEND_TYPE_NONE' || bigintOf(text) === 0n;
}

interface Witness {
  readonly call: Activation;
  readonly backend: Backend;
}

/** The outermost call that is about the same device. */
function rootOf(call: Activation): Activation {
  let root = call;
  while (root.parent !== undefined && root.parent.device === call.device) root = root.parent;
  return root;
}

function judge(
  { run }: SessionContext,
  root: Activation,
  first: Witness,
  call: Activation,
  backend: Backend,
): Judgement {
  const at = place(call);
  if (first.backend === backend) {
    const message = `${first.call.func} and ${call.func} are both of backend ${backend}`;
    return { verdict: 'pass', ...at, message, seenAt: () => mark(first.call, first.call.func) };
  }
  const what = `${root.func} calls ${first.call.func} (${first.backend}) and ${call.func} (${backend}) for one device`;
  const missing: string[] = [];
  if (!root.entered) missing.push(`the entry of ${root.func}`);
  if (hasGap(run, root.first, call.first)) missing.push(`an unbroken record of ${root.func}`);
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message: what, missing };
  return {
    verdict: 'violation',
    ...at,
    message: what,
    expected: `ops of the ${first.backend} backend only`,
    evidence: [{ line: first.call.line, role: `the backend is ${first.backend} here` }],
  };
}
