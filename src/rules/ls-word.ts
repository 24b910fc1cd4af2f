import type { Call } from '../facts/stacks/calls.js';
import type { Step } from '../facts/step.js';
import type { Activation } from '../flows/activations/activation.js';
import { hasGap } from '../flows/run.js';
import type { Run } from '../flows/run.js';
import { LOG_ALL } from '../model/constants.js';
import { featuresSent } from './shared/calls/printed.js';
import { nestedPairs } from './shared/calls/stack-calls.js';
import { mark } from './shared/marks.js';
import type { Rule } from './rule.js';

/** The features word must carry VHOST_F_LOG_ALL exactly when enable_log says so. */
export const lsWord: Rule = {
  info: {
    id: 'LS-WORD',
    title: 'VHOST_F_LOG_ALL is in the features word exactly when logging is on',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'enable_log= of vhost_dev_set_features and features= of the op in one backtrace, or in that of its entry; or its watched return',
    ],
    probes: ['vhost_dev_set_features', 'op_set_features', 'members at op_set_features'],
    why: 'Without bit 26 (0x4000000) the backend does not log its writes to guest buffers: those pages are stale on the destination.',
    remedy: 'Look at what changes the word between vhost_dev_set_features() and the backend op.',
    exceptions: [
      'vdpa with shadow virtqueues strips the bit inside the op: only the entry of the op shows the word',
      'kernel devices of 10.2 and later get a pointer to the words: they have to be printed at the op',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_set_features()'],
  },
  triggers: [],
  stack: {
    of: ['op_set_features'],
    *judge(step, run) {
      for (const pair of nestedPairs(step, run)) {
        const { outer, inner, caller, called, line, evidence: shown } = pair;
        if (outer.row.kind !== 'vhost_dev_set_features' || inner.row.kind !== 'op_set_features')
          continue;
        const word = called && featuresSent(called);
        const enable = outer.enable ?? enableAtEntry(run, caller, step);
        if (enable === undefined || inner.value === undefined) continue;
        const isVdpa = inner.row.backend === 'vdpa';
        if (isVdpa && !isEntryOf(step, inner)) continue;
        const place = { device: inner.pointer, step: step.index, line };
        if (word === undefined) {
          const message = `${inner.func} gets features=${inner.value}, which is no features word`;
          const missing = [hidesAddresses(step) ? `${WORDS}, with ${ADDRESSES}` : WORDS];
          yield { verdict: 'inconclusive', ...place, message, missing };
          continue;
        }
        const isSet = (word & LOG_ALL) !== 0n;
        const message = `${inner.func} gets features 0x${word.toString(16)}, VHOST_F_LOG_ALL ${isSet ? 'set' : 'not set'}, for enable_log=${String(enable)}`;
        const isTold = outer.enable === undefined && caller !== undefined;
        const evidence = isTold ? mark(caller, 'enable_log at its entry') : shown;
        if (isSet === enable) yield { verdict: 'pass', ...place, message, seenAt: () => evidence };
        else if (isVdpa && !isNamed(step, run))
          yield { verdict: 'inconclusive', ...place, message, missing: [ENTRY] };
        else {
          const expected = `bit 26 ${enable ? 'set' : 'clear'}`;
          yield { verdict: 'violation', ...place, message, expected, evidence };
        }
      }
    },
  },
};

/** Further inside the compiler may have no more use for enable_log, and gdb shows it as optimized out. */
function enableAtEntry(
  run: Run,
  call: Activation | undefined,
  { index }: Step,
): boolean | undefined {
  if (call?.entered !== true || call.altered || hasGap(run, call.first, index)) return undefined;
  return call.enable;
}

/** The recipe of `vhtrace probes gdb` prints them; whose they are is known by its breakpoint or by the command. */
const WORDS = 'print features[0]@2 at its entry, as vhtrace probes gdb does';
/** What the recipe prints in a copy of the op that is inlined is not what it was given; without addresses any may be one. */
const ADDRESSES = 'the addresses of the frames (set print address on)';
const ENTRY = 'break vhost_vdpa_set_features, by its name, in the log';

function hidesAddresses({ frames }: Step): boolean {
  return frames.length > 1 && frames.every(({ address }) => address === undefined);
}

/** The stop is known to be at the beginning: one at a line further down may come after the bit was cleared. */
function isNamed({ index }: Step, { probes }: Run): boolean {
  return probes.watching('op_set_features', index, index, 'vdpa')?.line !== undefined;
}

/** vhost_vdpa_set_features() clears the bit in its own argument. */
function isEntryOf(step: Step, call: Call): boolean {
  return step.entry && step.calls.at(-1) === call;
}
