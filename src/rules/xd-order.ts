import { cutStacks, globalPasses } from './shared/calls/global-passes.js';
import type { GlobalPass } from './shared/calls/global-passes.js';
import { hasGap } from '../flows/run.js';
import { mark } from './shared/marks.js';
import type { Mark, Rule, SessionContext } from './rule.js';

/** A log stop visits the devices in the opposite order of the log start. */
export const xdOrder: Rule = {
  info: {
    id: 'XD-ORDER',
    title: 'a log stop visits the devices in the opposite order of the log start before it',
    severity: 'note',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'probes vhost_log_global_start and vhost_log_global_stop with backtraces, for two devices or more',
    ],
    why: 'Nothing depends on it; another order says that listeners were registered anew in between, as a reconnect or a hotplug does it.',
    probes: ['vhost_log_global_start', 'stack of vhost_log_global_start', 'vhost_log_global_stop'],
    remedy: 'None. It helps to understand the capture.',
    exceptions: ['listeners that were registered anew between start and stop'],
    sources: ['QEMU system/memory.c MEMORY_LISTENER_CALL_GLOBAL()'],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    let start: GlobalPass | undefined;
    for (const pass of globalPasses(context)) {
      if (pass.enable) {
        start = pass;
        continue;
      }
      const [first] = pass.calls;
      const forward = start === undefined ? undefined : orderOf(start);
      const backward = orderOf(pass);
      if (start === undefined || first === undefined || !forward || !backward) continue;
      const { calls: starts, activation: begin } = start;
      const from = begin.first;
      start = undefined;
      const common = forward.filter((device) => backward.includes(device));
      if (common.length < 2 || hasGap(context.run, from, pass.activation.last)) continue;
      if (cutStacks(context, pass.activation).length > 0) continue;
      const visited = backward.filter((device) => common.includes(device));
      // That is known to be legal, and no news.
      if (isRegisteredAnew(context, common, from, pass.activation.last)) continue;
      const isReversed = common.toReversed().every((device, i) => device === visited[i]);
      const at = { step: first.first, line: first.line };
      yield isReversed
        ? {
            verdict: 'pass',
            ...at,
            message: 'the log stop goes backwards through the devices',
            seenAt: () => [...toggleMarks('start', starts), ...toggleMarks('stop', pass.calls)],
          }
        : {
            verdict: 'violation',
            ...at,
            message:
              'the log stop does not go backwards through the devices of the log start; legal where a device was registered anew in between',
            evidence: toggleMarks('stop', pass.calls),
          };
    }
  },
};

function toggleMarks(what: 'start' | 'stop', calls: GlobalPass['calls']): readonly Mark[] {
  return calls.flatMap((call) => mark(call, `log ${what} of ${call.device ?? 'a device'}`));
}

/** One of the devices was made or taken away in between, and its listener with it: vhost_dev_init(), vhost_dev_cleanup(). */
function isRegisteredAnew(
  context: SessionContext,
  devices: readonly string[],
  from: number,
  to: number,
): boolean {
  return context
    .of('vhost_dev_init', 'vhost_dev_cleanup')
    .some(
      ({ device, first }) =>
        first > from && first < to && (device === undefined || devices.includes(device)),
    );
}

/** Devices in the order of their calls; undefined where a call hides its device or a device comes twice. */
function orderOf({ calls, undone }: GlobalPass): string[] | undefined {
  const order = calls.map(({ device }) => device).filter((device) => device !== undefined);
  const isClear = order.length === calls.length && new Set(order).size === order.length;
  return isClear && undone.length === 0 ? order : undefined;
}
