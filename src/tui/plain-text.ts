/** Things as text without colours, to be copied and searched. */
import type { BrowseRow } from '../model/browse.js';
import type { FlowNode } from '../model/flow.js';
import type { Finding } from '../model/report.js';
import { printable } from '../base/printable.js';
import type { Subject } from './detail-entries.js';
import { argsText } from './views/flow-tree.js';
import { callText } from './views/timeline.js';

export const plainText = {
  row: (row: BrowseRow): string => printable(callText(row)),

  node: ({ name, args, deviceName, vring, actor }: FlowNode): string =>
    printable(
      [name + argsText(args), vring === null ? '' : `vring ${vring}`, deviceName ?? '', actor ?? '']
        .filter((part) => part !== '')
        .join(' '),
    ),

  finding: ({ rule, at, message, expected }: Finding): string =>
    [`${at.path}:${at.line}: ${rule}: ${message}`, ...(expected === undefined ? [] : [expected])]
      .map(printable)
      .join('\n'),

  /** A backtrace as gdb prints it, where there is one. */
  subject(subject: Subject | undefined): string {
    switch (subject?.kind) {
      case undefined:
        return '';
      case 'finding':
        return plainText.finding(subject.finding);
      case 'node':
        return plainText.node(subject.node);
      case 'row': {
        const frames = subject.detail?.frames ?? [];
        const lines = frames.map(
          ({ func, args, at }, i) =>
            `#${i} ${func} ${argsText(args) || '()'}${at === null ? '' : ` at ${at}`}`,
        );
        return [plainText.row(subject.row), ...lines.map(printable)].join('\n');
      }
    }
  },
};
