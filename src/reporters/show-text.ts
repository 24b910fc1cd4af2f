/** What `vhtrace show` prints for people. */
import { printable } from '../base/printable.js';
import type { Shown } from '../model/show.js';
import { nodeText } from './flow/text.js';
import { displayPath } from './text.js';

/** One block a thing. Pure. */
export function renderShown(shown: readonly Shown[]): string {
  return shown.map(block).join('\n');
}

function block(shown: Shown): string {
  const { path, lines } = shown;
  const width = String(lines.at(-1)?.line ?? 0).length;
  const quoted = lines.flatMap(({ line, text, role }) => [
    `${String(line).padStart(width)} | ${printable(text ?? '(not at hand)')}`,
    ...(role === null ? [] : [`${' '.repeat(width)} | ^ ${printable(role)}`]),
  ]);
  return [...heading(shown), `in ${displayPath(path)}`, ...quoted, ''].join('\n');
}

function heading(shown: Shown): string[] {
  switch (shown.kind) {
    case 'finding': {
      const { rule, verdict, severity, message, fingerprint, device, vring, missing } =
        shown.finding;
      const subject = [
        device === null ? '' : `device ${device}`,
        vring === null ? '' : `vring ${vring}`,
        `fingerprint ${fingerprint}`,
      ].filter(Boolean);
      return [
        `${rule}: ${verdict}${verdict === 'violation' ? ` (${severity})` : ''}`,
        printable(message),
        subject.join(', '),
        ...missing.map((what) => `missing: ${printable(what)}`),
      ];
    }
    case 'node': {
      const { node } = shown;
      const facts = [
        node.lane,
        node.actor ?? '',
        node.deviceName ?? '',
        node.vring === null ? '' : `vring ${node.vring}`,
      ].filter(Boolean);
      return [`#${node.id} ${printable(nodeText(node))}`, printable(facts.join(', '))];
    }
    case 'record':
      return [`record: ${shown.record.kind}`];
  }
}
