/** Device starts that tell vrings to log and leave out the features. */
import type { Activation } from '../../../flows/activations/activation.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { below, doubts, place, unwatched, withoutCaller } from './queries.js';

const FEATURES = ['vhost_dev_set_features', 'op_set_features'] as const;

/**
 * At most one judgement: vhost_dev_start() sets the features before it starts the first vring (QEMU hw/virtio/vhost.c).
 * Either function may be part of its caller, so that both have to be watched; and where no call with logging is seen at
 * all, a condition of the breakpoint may leave them out.
 *
 * @param rings the vhost_virtqueue_set_addr() calls of the start whose flag is shown
 */
export function* skippedFeatures(
  context: SessionContext,
  start: Activation,
  rings: readonly Activation[],
): Generator<Judgement> {
  const { run } = context;
  const ring = rings.find(({ enable }) => enable === true);
  // What came before the first sight of a start is not known.
  if (ring === undefined || !start.entered || below(start, ...FEATURES).length > 0) return;
  if (run.probes.watching('vhost_dev_set_features', start.first, ring.first) === undefined) return;
  const backend = run.rings.backendOf(start);
  const missing = [
    ...doubts(run, start, ring.first),
    ...unwatched(run, 'op_set_features', start.first, ring.first, backend),
    ...withoutCaller(context, start, ...FEATURES),
  ];
  if (backend === undefined) missing.push('the backend of the device');
  const isInSight = context
    .of('vhost_dev_set_features')
    .some(({ device, enable, entered }) => entered && enable === true && device === start.device);
  if (!isInSight)
    missing.push('a vhost_dev_set_features(true) of the device, which shows that it is watched');
  const at = place(start);
  const message = `${start.func} tells vrings to log, and never sets the features: the backend has no LOG_ALL`;
  if (missing.length > 0) {
    yield { verdict: 'inconclusive', ...at, message, missing };
    return;
  }
  yield {
    verdict: 'violation',
    ...at,
    message,
    expected: 'vhost_dev_set_features(enable_log=true) before the first vring',
    evidence: [{ line: ring.line, role: 'a vring is started with enable_log=true' }],
  };
}
