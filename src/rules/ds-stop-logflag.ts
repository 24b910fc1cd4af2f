import type { Activation } from '../flows/activations/activation.js';
import { known } from '../protocol/replay.js';
import {
  callsOf,
  deviceCalls,
  missingLogFlag,
  unseenBetween,
} from './shared/calls/device-calls.js';
import { expectedLog } from './shared/calls/expected-log.js';
import { unwatchedToggles } from './shared/calls/log-toggles.js';
import { below, childrenOf, hasStranger, lastBefore, place } from './shared/calls/queries.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** Stop and start do not touch `log_enabled`. */
export const dsStopLogflag: Rule = {
  info: {
    id: 'DS-STOP-LOGFLAG',
    title: 'a device stop leaves the log flag as it is for the next start',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the log state before the stop: enable_log= of the start before it, and probe vhost_migration_log since then',
      'probe vhost_dev_init or vhost_dev_cleanup between stop and start',
      'enable_log= of the next start',
    ],
    why: 'A stop that clears the flag makes the restarted device write guest memory that nobody marks dirty. One that sets it makes the device log for nobody.',
    probes: [
      'vhost_dev_init',
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_dev_set_features',
      'vhost_migration_log',
    ],
    remedy:
      'Look at what vhost_dev_stop() and the stop handler of the virtio device do to hdev->log_enabled: nothing may.',
    exceptions: [
      'a log start or stop between the two, even with the device stopped',
      'vhost_dev_init() of a reconnecting device clears the flag',
      'where the last log start or stop is seen, DS-FLAG judges the start',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_stop(), vhost_migration_log()'],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    for (const { activation, device } of deviceCalls(context, 'vhost_dev_start')) {
      const judged = judge(context, activation, device);
      if (judged !== undefined) yield judged;
    }
  },
};

function judge(context: SessionContext, start: Activation, device: string): Judgement | undefined {
  const inner = lastBefore(callsOf(context, device, 'vhost_dev_stop'), start.first);
  const stop = inner?.parent?.kind === 'vhost_dev_stop' ? inner.parent : inner;
  const shown = [
    ...childrenOf(start, 'vhost_dev_set_features'),
    ...below(start, 'vhost_virtqueue_set_addr'),
  ].find((a) => a.enable !== undefined);
  if (stop === undefined || shown?.enable === undefined || !start.entered) return undefined;
  const at = place(start);
  const flag = known(context.stateBefore(device, stop.first).log);
  const missing = missingBetween(context, device, stop, start);
  if (missing === undefined) return undefined;
  if (flag === undefined) missing.unshift(...missingLogFlag(context, device, stop.first));
  if (missing.length > 0)
    return {
      verdict: 'inconclusive',
      ...at,
      message: 'whether the stop keeps the log flag is not seen',
      missing,
    };
  const evidence = [{ line: stop.line, role: `the device stops with log_enabled=${String(flag)}` }];
  if (flag === (shown.enable ? 'on' : 'off'))
    return {
      verdict: 'pass',
      ...at,
      message: `the log flag is ${flag} before the stop and after it`,
      evidence,
    };
  // One fault, one report.
  if (expectedLog(context, device, start).flag !== undefined) return undefined;
  return {
    verdict: 'violation',
    ...at,
    step: shown.first,
    line: shown.line,
    message: `the device stops with the log flag ${String(flag)} and starts with enable_log=${String(shown.enable)}, and no log start or stop comes between`,
    expected: `${shown.func}(enable_log=${String(flag === 'on')})`,
    evidence,
  };
}

const TOGGLES = ['vhost_log_global_start', 'vhost_log_global_stop', 'vhost_migration_log'] as const;

/** Undefined when something between them changes the flag rightly. */
function missingBetween(
  context: SessionContext,
  device: string,
  stop: Activation,
  start: Activation,
): string[] | undefined {
  const isBetween = (a: Activation): boolean => a.first > stop.first && a.first < start.first;
  const isToggled = callsOf(context, device, ...TOGGLES).some(isBetween);
  const isZeroed = callsOf(context, device, 'vhost_dev_init', 'vhost_dev_cleanup').some(isBetween);
  if (isToggled || isZeroed) return undefined;
  const { run } = context;
  const missing = [
    ...unwatchedToggles(context, stop.first, start.first),
    ...unseenBetween(context, stop.first, start.first, 'vhost_dev_start', 'vhost_dev_stop'),
  ];
  if (hasStranger(context, stop.first, start.first, ...TOGGLES))
    missing.push('listener= of every log start and log stop');
  const isWatched = (['vhost_dev_init', 'vhost_dev_cleanup'] as const).some(
    (kind) => run.probes.watching(kind, stop.first, start.first) !== undefined,
  );
  if (!isWatched) missing.push('probe vhost_dev_init');
  if (stop.altered || start.altered) missing.push('a run that the debugger did not alter');
  return missing;
}
