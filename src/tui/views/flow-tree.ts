/** Rows of the flow tree. */
import { printable } from '../../base/printable.js';
import type { FlowArg, FlowNode } from '../../model/flow.js';
import type { Mark } from '../../model/flow-marks.js';
import type { FlowRow } from '../flow-rows.js';
import { markText, thousands } from '../style.js';
import type { Style } from '../style.js';

export function flowRow(row: FlowRow | undefined, marks: readonly Mark[], style: Style): string {
  if (row === undefined) return '';
  const { colors, signs } = style;
  const sign = row.hasChildren ? (row.isOpen ? signs.open : signs.closed) : signs.leaf;
  const indent = `${' '.repeat(row.depth)}${sign} `;
  if (row.node === undefined) {
    const process = row.flow.session === 0 ? '' : `, process ${row.flow.session + 1}`;
    return `${indent}${colors.bold(printable(row.flow.path))}${colors.dim(process)}`;
  }
  const line = colors.dim(String(row.node.line).padStart(6));
  // The sign stands in front: the end of a row may be cut.
  const violated = marks.map(({ severity }) => `${markText(severity, style)} `).join('');
  const rules = marks.map(({ rule }) => ` ${rule}`).join('');
  return `${line} ${colors.dim(indent)}${violated}${nodeText(row, style)}${colors.bold(rules)}`;
}

function nodeText({ node, above }: FlowRow, style: Style): string {
  if (node === undefined) return '';
  const { colors } = style;
  const turn = node.inTurn === true ? ' in turn' : '';
  const times =
    node.count > 1 ? colors.dim(` ${style.signs.times}${thousands(node.count)}${turn}`) : '';
  if (node.kind === 'migration' || node.kind === 'phase') {
    const outcome = node.result === null ? '' : `: ${printable(node.result)}`;
    return colors.bold(colors.magenta(node.name + outcome)) + times;
  }
  const isNewActor = node.actor !== null && node.actor !== above?.actor;
  const isNewDevice = node.deviceName !== null && node.deviceName !== above?.deviceName;
  return [
    isNewActor ? colors.dim(`${printable(node.actor)}: `) : '',
    colors.dim(callSiteText(node, above)),
    printable(node.name),
    argsText(node.args),
    node.vring === null ? '' : colors.yellow(` vring ${node.vring}`),
    isNewDevice ? colors.cyan(` ${printable(node.deviceName)}`) : '',
    node.result === null ? '' : ` = ${printable(node.result)}`,
    node.rolledBack === true ? colors.yellow(' (rolled back)') : '',
    times,
  ].join('');
}

/** `1081 `, a line of the source of the row above; a caller that is folded is shown in the detail. */
function callSiteText({ callSite, folded }: FlowNode, above: FlowNode | undefined): string {
  return callSite === null || above?.kind !== 'call' || folded.length > 0 ? '' : `${callSite} `;
}

/** What a value means stands for the value. */
export function argsText(args: readonly FlowArg[], show: 'named' | 'values' = 'named'): string {
  if (args.length === 0) return '';
  const texts = args.map(({ name, value, meaning }) => {
    const text = meaning ?? value;
    return show === 'named' ? `${name}=${text}` : text;
  });
  return `(${printable(texts.join(', '))})`;
}
