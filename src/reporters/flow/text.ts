/** How nodes of a flow are worded, in whatever format. */
import { printable } from '../../base/printable.js';
import type { Flow, FlowArg, FlowNode } from '../../model/flow.js';
import { walk } from '../../model/flow-marks.js';
import type { Mark } from '../../model/flow-marks.js';
import { excerptText, thousands } from '../text.js';

/** `(enable_log=true, features=LOG_ALL VERSION_1)`; empty without arguments. What a value means stands for the value. */
export function argsText(args: readonly FlowArg[]): string {
  if (args.length === 0) return '';
  const texts = args.map(({ name, value, meaning }) => `${name}=${meaning ?? value}`);
  return `(${printable(texts.join(', '))})`;
}

/** One line without colours: `vhost_virtqueue_set_addr(enable_log=true) vring 0 vhost-user #1 = -22 ×2`. */
export function nodeText(node: FlowNode): string {
  return [
    printable(node.name),
    argsText(node.args),
    node.vring === null ? '' : ` vring ${node.vring}`,
    node.deviceName === null ? '' : ` ${printable(node.deviceName)}`,
    node.result === null
      ? ''
      : `${node.kind === 'migration' ? ': ' : ' = '}${printable(node.result)}`,
    rolledBackText(node),
    timesText(node),
  ].join('');
}

/** ` (rolled back)` for a log start that is; else empty. */
function rolledBackText({ rolledBack }: Pick<FlowNode, 'rolledBack'>): string {
  return rolledBack === true ? ' (rolled back)' : '';
}

/** ` ×6` for what happened several times in a row, ` ×6 in turn` where its neighbours did in between; else empty. */
export function timesText({ count, inTurn }: Pick<FlowNode, 'count' | 'inTurn'>): string {
  return count > 1 ? ` ×${thousands(count)}${inTurn === true ? ' in turn' : ''}` : '';
}

/** Names made of templates go on and on. */
const LONGEST_CALLER = 40;

/** `vhost_user_blk_start:188` where the caller is folded, `188` where it is the node above; undefined where it is not printed. */
export function callSiteText({ callSite, folded }: FlowNode, above?: FlowNode): string | undefined {
  if (callSite === null || above?.kind !== 'call') return undefined;
  const [caller] = folded;
  return caller === undefined
    ? String(callSite)
    : `${excerptText(caller.func, LONGEST_CALLER)}:${callSite}`;
}

/** ` ✗ LS-ALL-RINGS`; empty where nothing is violated. */
export function marksText(marks: readonly Mark[] = []): string {
  return marks.map(({ text }) => ` ${text}`).join('');
}

/** `vhost-user #1 = 0x5555570162c8, vhost-user #2 = 0x5555562b1f00`: which pointer a device is; empty without one. */
export function deviceLegend({ nodes }: Pick<Flow, 'nodes'>): string {
  const devices = new Map<string, string>();
  for (const { node } of walk(nodes)) {
    if (node.device !== null && node.deviceName !== null) devices.set(node.deviceName, node.device);
  }
  return [...devices]
    .sort(([a], [b]) => numberOf(a) - numberOf(b))
    .map(([name, device]) => `${printable(name)} = ${device}`)
    .join(', ');
}

/** `vhost-user #2` → 2. */
function numberOf(deviceName: string): number {
  return Number(/#(\d+)$/.exec(deviceName)?.[1] ?? 0);
}
