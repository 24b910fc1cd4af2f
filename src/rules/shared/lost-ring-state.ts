/** Two ways in which a ring is fetched and its state is lost all the same. What DS-RINGBASE judges besides missing fetches. */
import { append } from '../../base/append.js';
import { firstIndex } from '../../base/search.js';
import { callerOf, hasFailed } from '../../flows/activations/activation.js';
import type { Activation } from '../../flows/activations/activation.js';
import type { Step } from '../../facts/step.js';
import { plainName } from '../../facts/functions.js';
import { boolOf, pointerOf } from '../../model/values.js';
import type { Judgement, SessionContext } from '../rule.js';
import { hasGap, place } from './calls/queries.js';

/** Names of these faults, for the known bugs that are of them. */
export const LOST_BACKEND = 'lost backend';
export const RESET_FIRST = 'reset before the fetch';

/** What runs after the VM is stopped for the switchover, and only then. */
const GOES_ON =
  /^(?:qemu_savevm_query_pending_final|qemu_savevm_state_complete_precopy|ram_save_complete)$/;

/**
 * The backend was lost at the switchover, and the migration goes on as if nothing had happened.
 * Up to 10.0 vhost_dev_stop() drops the error; since 10.1 the stop of the VM fails with it.
 */
export function* failedFetches(context: SessionContext): Generator<Judgement> {
  const { run } = context;
  for (const fetch of context.of('op_get_vring_base')) {
    // A vdpa device that cannot be suspended refuses by design.
    if (!hasFailed(fetch) || run.rings.backendOf(fetch) !== 'user') continue;
    const isSwitchover =
      callerOf(fetch, 'vhost_dev_stop') !== undefined &&
      callerOf(fetch, 'migration_completion') !== undefined;
    const next = isSwitchover ? goesOn(context, fetch) : undefined;
    if (next === undefined) continue;
    const vring = run.rings.ringOf(fetch);
    const ring = vring === undefined ? 'a vring' : `vring ${vring}`;
    yield {
      verdict: 'violation',
      severity: 'warning',
      ...place(fetch),
      vring,
      message: `${ring} could not be fetched at the switchover (${fetch.func} returned ${fetch.result?.value ?? ''}), and the migration goes on`,
      fault: LOST_BACKEND,
      expected:
        'a migration that fails when a backend is lost at the switchover (QEMU 10.1 and later)',
      evidence: [
        { line: fetch.result?.line ?? fetch.line, role: 'the backend does not answer' },
        { line: next.line, role: 'the migration sends the rest of the memory' },
      ],
    };
  }
}

/** The stack that shows the migration thread at work after the VM was stopped. */
function goesOn(context: SessionContext, fetch: Activation): Step | undefined {
  const steps = context.once('switchovers', () => stepsOfSwitchovers(context)).get(fetch.thread);
  if (steps === undefined) return undefined;
  const next = steps[firstIndex(steps.length, (i) => (steps[i]?.index ?? 0) > fetch.first)];
  // Behind a gap all later ones are, too.
  return next !== undefined && !hasGap(context.run, fetch.first, next.index) ? next : undefined;
}

/** By thread. */
function stepsOfSwitchovers({ steps }: SessionContext): Map<string | undefined, Step[]> {
  const found = new Map<string | undefined, Step[]>();
  for (const step of steps)
    if (step.frames.some(({ func }) => GOES_ON.test(plainName(func))))
      append(found, step.thread, step);
  return found;
}

/** Between a device stop and the fetch: where the device was reset, and whether anything started it since. */
interface Reset {
  readonly step: Step;
  readonly stop: Step;
}

/**
 * vhost-vdpa: the device is reset before its rings are fetched, so that it answers with the state
 * after the reset. The trace events show it: they are printed for what reaches the device, not for
 * rings that shadow virtqueues answer for. A start that fails undoes its rings without a device start:
 * it would be told by its features, so those must be traced too.
 */
export function* fetchesAfterReset(context: SessionContext): Generator<Judgement> {
  const stops = new Map<string, Step>();
  const resets = new Map<string, Reset>();
  // A guest that resets the device does not need the index any more.
  let isByVm = false;
  const events = context.events(
    'vm_state_notify',
    'vhost_vdpa',
    'op_dev_start',
    'op_set_features',
    'op_set_vring_addr',
    'op_get_vring_base',
  );
  const isTraced = events.some(({ event }) => event?.record.name === 'vhost_vdpa_set_features');
  for (const step of events) {
    const args = step.event?.record.args;
    const device = pointerOf(args?.dev);
    if (step.event?.row.kind === 'vm_state_notify') isByVm = isFalse(args?.running);
    if (device === undefined) continue;
    const stop = stops.get(device);
    const reset = resets.get(device);
    switch (step.event?.record.name) {
      case 'vhost_vdpa_dev_start':
        resets.delete(device);
        if (isFalse(args?.started)) stops.set(device, step);
        else stops.delete(device);
        break;
      case 'vhost_vdpa_reset_device':
        if (stop !== undefined) resets.set(device, { step, stop });
        break;
      case 'vhost_vdpa_add_status':
      case 'vhost_vdpa_suspend':
      case 'vhost_vdpa_get_vq_index':
        break;
      case 'vhost_vdpa_get_vring_base':
        if (reset === undefined || !isTraced || isTrue(args?.svq)) break;
        if (!hasGap(context.run, reset.stop.index, step.index))
          yield lostByReset(device, step, reset, isByVm);
        break;
      default:
        stops.delete(device);
        resets.delete(device);
    }
  }
}

function isTrue(text: string | undefined): boolean {
  return boolOf(text) === true;
}

function isFalse(text: string | undefined): boolean {
  return boolOf(text) === false;
}

function lostByReset(
  device: string,
  step: Step,
  { step: reset, stop }: Reset,
  isByVm: boolean,
): Judgement {
  const vring = Number(step.event?.record.args?.index ?? NaN);
  return {
    verdict: 'violation',
    ...(isByVm ? {} : { severity: 'warning' as const }),
    device,
    vring: Number.isInteger(vring) ? vring : undefined,
    step: step.index,
    line: step.line,
    message:
      'the vdpa device is reset before its vring is fetched: the index that it answers is that of a new device',
    fault: RESET_FIRST,
    expected: 'vhost_vdpa_get_vring_base before vhost_vdpa_reset_device',
    evidence: [
      { line: stop.line, role: 'the device stop begins' },
      { line: reset.line, role: 'the device is reset' },
    ],
  };
}
