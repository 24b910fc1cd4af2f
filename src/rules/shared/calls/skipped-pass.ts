/** Log starts that leave out vhost_dev_set_log(): the backend is never told to log. All pure. */
import type { Activation } from '../../../flows/activations/activation.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { doubtsOfRunning } from '../closed-backends.js';
import { lifeAt } from '../device-lives.js';
import { logFlagAt } from './log-flag.js';
import { togglesOf } from './log-toggles.js';
import { bareWithin, below, doubts, endOf, place, unwatched, withoutCaller } from './queries.js';

/** What a pass does, for a compiler that has put vhost_dev_set_log() into its caller. */
const PASS = [
  'vhost_dev_set_log',
  'vhost_dev_set_features',
  'op_set_features',
  'vhost_virtqueue_set_addr',
  'op_set_vring_addr',
] as const;

/**
 * One judgement for each log start without a pass that needs one: it gives the backend a log base, or its device runs and
 * does not log. Both functions have to be watched; where they are not, nothing is said here.
 */
export function* skippedPasses(context: SessionContext): Generator<Judgement> {
  const devices = new Set(
    context.of('vhost_log_global_start', 'vhost_migration_log').map((a) => a.device),
  );
  for (const device of devices) {
    if (device === undefined) continue;
    for (const { activation, enable } of togglesOf(context, device)) {
      if (!enable || !activation.stackKnown) continue;
      // The callback itself may be unwatched; there is one vhost_migration_log() in it.
      const [inner] = activation.entered ? [] : below(activation, 'vhost_migration_log');
      yield* judgeToggle(context, device, inner ?? activation);
    }
  }
}

function* judgeToggle(
  context: SessionContext,
  device: string,
  toggle: Activation,
): Generator<Judgement> {
  const { run } = context;
  const end = endOf(run, toggle);
  const isWatched = (['vhost_dev_set_log', 'vhost_dev_set_features'] as const).every(
    (kind) => run.probes.watching(kind, toggle.first, end) !== undefined,
  );
  const isMade =
    below(toggle, ...PASS).length > 0 || bareWithin(context, toggle, ...PASS).length > 0;
  if (!isWatched || isMade) return;
  const [base] = below(toggle, 'vhost_dev_log_resize', 'op_set_log_base');
  if (base === undefined) {
    yield* judgeIdle(context, device, toggle);
    return;
  }
  // Either function may be part of its caller; what they come to in the end is called through a table.
  const backend = run.rings.backendOf(toggle);
  const missing = [
    ...doubts(run, toggle),
    ...unwatched(run, 'op_set_features', toggle.first, end, backend),
  ];
  if (backend === undefined) missing.push('the backend of the device');
  const message = `${toggle.func} gives the backend a log base, but never calls vhost_dev_set_log(true): the backend is not told to log`;
  if (missing.length > 0) {
    yield { verdict: 'inconclusive', ...place(toggle), message, missing };
    return;
  }
  yield {
    verdict: 'violation',
    ...place(toggle),
    message,
    expected: 'vhost_dev_set_log(enable_log=true) before the log start returns',
    evidence: [{ line: base.line, role: 'the log base' }],
  };
}

/** Neither a base nor a pass: right for a device that does not run, or logs already. */
function* judgeIdle(
  context: SessionContext,
  device: string,
  toggle: Activation,
): Generator<Judgement> {
  const { run } = context;
  const { first } = toggle;
  const life = lifeAt(context, 'calls', device, first);
  const flag = logFlagAt(context, device, first);
  if (life === undefined || flag === 'on') return;
  const end = endOf(run, toggle);
  const backend = run.rings.backendOf(toggle);
  const missing = [
    ...doubts(run, toggle),
    ...unwatched(run, 'op_set_features', first, end, backend),
    ...withoutCaller(context, toggle, 'vhost_dev_log_resize', 'op_set_log_base'),
  ];
  if (backend === undefined) missing.push('the backend of the device');
  if (flag === undefined) missing.push('the log start or stop before it');
  if (doubtsOfRunning(context, 'calls', life, first).length > 0)
    missing.push('a log base in the log start: the device may have been stopped unseen');
  if (missing.length > 0) {
    const message = `${toggle.func} does nothing to a device that seems to run and not to log`;
    yield { verdict: 'inconclusive', ...place(toggle), message, missing };
    return;
  }
  yield {
    verdict: 'violation',
    ...place(toggle),
    message: `${toggle.func} does nothing to a device that runs and does not log: the backend is not told to log`,
    expected: 'vhost_dev_set_log(enable_log=true) before the log start returns',
    evidence: [
      { line: life.start.line, role: 'the start of the device' },
      ...(life.next === undefined ? [] : [{ line: life.next.line, role: 'it runs up to here' }]),
    ],
  };
}
