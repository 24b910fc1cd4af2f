/** Device starts that go on although one of their steps has failed. */
import { hasFailed, hasSucceeded, isInside } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { FactKind } from '../../../model/fact.js';
import type { Judgement, Mark, SessionContext } from '../../rule.js';
import { below, hasGap, place, unwatched } from './queries.js';

/** Whatever of these fails ends vhost_dev_start() and vhost_virtqueue_start() (QEMU hw/virtio/vhost.c). */
const STEPS = [
  'vhost_dev_set_features',
  'op_set_features',
  'op_set_mem_table',
  'vhost_virtqueue_start',
  'op_set_vring_num',
  'op_set_vring_base',
  'vhost_virtqueue_set_addr',
  'op_set_vring_addr',
  'op_set_vring_kick',
  'op_set_log_base',
] as const satisfies readonly FactKind[];

/** At most one judgement: the first step of a start that fails and is not the last. */
export function* ignoredFailure(context: SessionContext, start: Activation): Generator<Judgement> {
  const { run } = context;
  const steps = below(start, ...STEPS).filter(({ device }) => device === start.device);
  const failed = steps.find(hasFailed);
  const next = failed === undefined ? undefined : goesOn(start, failed, steps);
  if (failed?.result === undefined || next === undefined || !start.entered) return;
  const missing = unwatched(run, start.kind, start.first, next.step);
  if (hasGap(run, start.first, next.step)) missing.push(`an unbroken record of ${start.func}`);
  if (failed.altered || start.altered) missing.push('a run that the debugger did not alter');
  const at = { ...place(failed), vring: run.rings.ringOf(failed) };
  const message = `${failed.func} returns ${failed.result.value}, and ${start.func} goes on`;
  if (missing.length > 0) {
    yield { verdict: 'inconclusive', ...at, message, missing };
    return;
  }
  yield {
    verdict: 'violation',
    ...at,
    message,
    expected: `${start.func} undoes what it did, and returns the error`,
    evidence: [{ line: failed.result.line, role: 'the step fails' }, next.mark],
  };
}

/** What shows that the start did not end with the step. */
function goesOn(
  start: Activation,
  failed: Activation,
  steps: readonly Activation[],
): { readonly step: number; readonly mark: Mark } | undefined {
  const ops = below(start, 'op_set_vring_enable', 'op_dev_start').filter(
    ({ device, enable }) => device === start.device && enable === true,
  );
  const next = [...steps, ...ops].find((a) => a.first > failed.last && !isInside(a, failed));
  if (next !== undefined)
    return { step: next.first, mark: { line: next.line, role: 'the next step' } };
  if (!hasSucceeded(start) || start.result === undefined) return undefined;
  return { step: start.last, mark: { line: start.result.line, role: 'the start succeeds' } };
}
