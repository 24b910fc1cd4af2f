/** What `vhtrace show` prints for people. */
import { printable } from '../base/printable.js';
import type { Finding } from '../model/report.js';
import type { Shown } from '../model/show.js';
import { nodeText } from './flow/text.js';
import { displayPath, thousands } from './text.js';

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

const VERDICTS = {
  inconclusive: 'inconclusive',
  pass: 'pass',
  'not-exercised': 'nothing to judge',
} as const;

/** Whom a finding is about, and how often it was made; of a rule without a finding there is nothing to say. */
function subjectOf({ verdict, fingerprint, device, vring, count }: Finding): string[] {
  if (verdict === 'not-exercised') return [];
  const subject = [
    device === null ? '' : `device ${device}`,
    vring === null ? '' : `vring ${vring}`,
    count > 1 ? `${thousands(count)} times, first at the lines below` : '',
    `fingerprint ${fingerprint}`,
  ];
  return [subject.filter(Boolean).join(', ')];
}

function heading(shown: Shown): string[] {
  switch (shown.kind) {
    case 'finding': {
      const { rule, verdict, severity, message, missing } = shown.finding;
      const name = { ...VERDICTS, violation: `violation (${severity})` }[verdict];
      return [
        `${rule}: ${name}`,
        printable(message),
        ...subjectOf(shown.finding),
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
