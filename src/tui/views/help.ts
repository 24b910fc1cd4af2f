/** The help overlay, printed from the table of keys. */
import { GROUPS, keyTable } from '../keys.js';
import { LIMITS } from '../../model/report.js';
import { wrapWords } from '../style.js';
import type { Style } from '../style.js';

export function helpRows(width: number, style: Style): string[] {
  const { colors, signs } = style;
  const keys = GROUPS.flatMap((group) => [
    colors.bold(group),
    ...keyTable
      .filter((row) => row.group === group)
      .flatMap((row) => {
        const names = row.keys.join(' ').padEnd(18);
        const [first = '', ...rest] = wrapWords(row.help, Math.max(16, width - 22));
        return [
          `  ${colors.cyan(names)} ${first}`,
          ...rest.map((more) => `${' '.repeat(21)}${more}`),
        ];
      }),
    '',
  ]);
  const lanes = [
    colors.bold('States of the devices'),
    ...[
      `LOG dirty log on; off; >on, >off while it is switched; ? unknown`,
      `${signs.logged} vring with VHOST_VRING_F_LOG, ${signs.plain} without`,
      `${signs.error} violation, ${signs.warning} warning, ${signs.note} note, ? inconclusive: the capture does not show enough`,
      `${signs.cut} records are missing here or above, by what the capture shows`,
      LIMITS,
    ].flatMap((text) => wrapWords(text, width - 4).map((row) => `  ${row}`)),
  ];
  return [...keys, ...lanes];
}
