/** Notes: each backtrace for itself, in the order of the file, which says nothing of the order in which they happened. */
import type { Call } from '../../facts/stacks/calls.js';
import { deviceOf } from '../../facts/stacks/device.js';
import type { Fact } from '../../model/fact.js';
import { actorOf } from './actors.js';
import { deviceNames } from './device-names.js';
import { callArgs, tellingOf } from './flow-args.js';
import { draft } from './flow-nodes.js';
import type { Draft } from './flow-nodes.js';
import { callSite, framesBetween } from './folded-frames.js';
import { laneOf } from './lane-of.js';
import type { Run } from '../run.js';

/** One node for each backtrace of a session that shows known functions; inside, its calls from the outermost one. */
export function snippetsOf(run: Run, session: number): Draft[] {
  const names = deviceNames(run, session);
  return run.steps
    .filter((step) => step.session === session && step.calls.length > 0)
    .map((step) => {
      const snippet = draft({ kind: 'snippet', name: 'backtrace', line: step.line });
      let siblings = snippet.children;
      let above: Call | undefined;
      for (const [i, call] of step.calls.entries()) {
        if (call.row.kind === above?.row.kind || call.row.kind === 'migration_thread') continue;
        const device = deviceOf(call, run.listenerOffset);
        const fact = factOf(call);
        const actor = actorOf(step.frames) ?? null;
        const node = draft({
          kind: 'call',
          name: call.func,
          line: step.callLines[i] ?? step.line,
          lane: laneOf(fact, actor, step.frames),
          actor,
          device: device ?? null,
          deviceName: names.get(device ?? '') ?? null,
          args: callArgs(fact, call),
          telling: tellingOf(fact),
          callSite: callSite(step, call.frame),
          folded: framesBetween(step, call.frame, above?.frame),
        });
        siblings.push(node);
        siblings = node.children;
        above = call;
      }
      return snippet;
    });
}

/** What the call of one backtrace says by itself. */
function factOf({
  row,
  func,
  enable,
  value,
}: Call): Pick<Fact, 'kind' | 'role' | 'func' | 'enable' | 'value'> {
  return { kind: row.kind, role: 'caller', func, enable, value };
}
