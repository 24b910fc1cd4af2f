/** Where two captures differ, as text: what a reader needs first stands first. Pure. */
import { printable } from '../base/printable.js';
import type { DiffLine, DiffReport, DiffStep, OneSided, SessionDiff } from '../model/diff.js';
import { createColors } from './colors.js';
import type { Colors } from './colors.js';

/** Names of functions that only one capture watched, before the rest is counted. */
const NAMES_SHOWN = 8;

/** Text that ends with a newline. */
export function renderDiff(report: DiffReport, options: { readonly color: boolean }): string {
  const colors = createColors(options.color);
  const { a, b, sessions, reason } = report;
  if (reason !== null) return `${printable(`cannot compare: ${reason}`)}\n`;
  const paths = { a: printable(a.path), b: printable(b.path) };
  const lines = sessions.flatMap((session) => [
    ...(sessions.length > 1 ? [`QEMU process ${session.session + 1}`] : []),
    ...sessionLines(session, paths, colors),
  ]);
  if (a.sessions !== b.sessions) {
    lines.push(
      `${paths.a} shows ${a.sessions} QEMU processes and ${paths.b} ${b.sessions}: only the first ${sessions.length} were compared`,
    );
  }
  return `${lines.join('\n')}\n`;
}

interface Paths {
  readonly a: string;
  readonly b: string;
}

function sessionLines(diff: SessionDiff, paths: Paths, colors: Colors): string[] {
  const { counts, first } = diff;
  const lines: string[] = [];
  if (first === null) {
    lines.push(
      `no difference: ${plural(counts.same, 'step')}, of ${plural(diff.compared.length, 'function or event', 'functions and events')} that both watched`,
    );
  } else {
    lines.push(colors.bold(headline(first.at, paths)));
    lines.push(`  last step in both: ${first.last === null ? 'none' : placed(first.last, paths)}`);
    for (const group of diff.groups.slice(0, 12)) {
      const subject = [group.name, group.device, vringText(group.vring), group.detail].filter(
        (part) => part !== null,
      );
      lines.push(
        printable(`  ${group.mark}: ${subject.join(', ')} (${group.count} times)`).replace(
          ' (1 times)',
          '',
        ),
      );
    }
    if (diff.groups.length > 12)
      lines.push(`  and ${diff.groups.length - 12} more kinds of difference`);
    lines.push('', colors.red(`--- ${paths.a}`), colors.green(`+++ ${paths.b}`));
    for (const { stepA, stepB, lines: own } of diff.hunks) {
      lines.push(colors.cyan(`@@ step ${stepA} / ${stepB} @@`));
      for (const each of own) lines.push(...diffLines(each, colors));
    }
    lines.push('', summary(diff));
  }
  lines.push(...oneSided(diff.onlyA, paths.a), ...oneSided(diff.onlyB, paths.b));
  return lines;
}

function headline({ mark, a, b, moved, doubt }: DiffLine, paths: Paths): string {
  const place = (path: string, step: DiffStep): string => `${path}:${step.line}`;
  const end = doubt === null ? '' : ` (uncertain: ${doubt})`;
  const where = moved ? ' at this place' : '';
  if (mark === 'missing' && a !== null)
    return `${paths.b} lacks ${text(a)}${where}, which is at ${place(paths.a, a)}${end}`;
  if (mark === 'extra' && b !== null)
    return `${place(paths.b, b)}: ${text(b)} is not in ${paths.a}${where}${end}`;
  if (a === null || b === null) return '';
  return `${place(paths.b, b)}: ${text(b)}, but ${text(a)} at ${place(paths.a, a)}${end}`;
}

function placed({ a, b }: DiffLine, paths: Paths): string {
  if (a === null || b === null) {
    return a === null ? `${paths.b}:${b?.line ?? 0}` : `${paths.a}:${a.line}`;
  }
  return `${text(a)} (${paths.a}:${a.line}, ${paths.b}:${b.line})`;
}

/** `vhost_virtqueue_set_addr [virtio-net #1, vring 1] log on`. */
function text({ name, device, vring, detail, result }: DiffStep): string {
  const subject = [device, vringText(vring)].filter((part) => part !== null).join(', ');
  const parts = [name, subject === '' ? null : `[${subject}]`, detail];
  const shown = parts.filter((part) => part !== null).join(' ');
  return printable(result === null ? shown : `${shown} = ${result}`);
}

function vringText(vring: number | null): string | null {
  return vring === null ? null : `vring ${vring}`;
}

function diffLines({ mark, a, b, moved, doubt }: DiffLine, colors: Colors): string[] {
  const note = [moved ? 'moved' : null, doubt].filter((part) => part !== null).join('; ');
  const end = note === '' ? '' : `  (${note})`;
  const show = (sign: string, step: DiffStep): string => {
    const times = step.count > 1 ? `  ×${step.count}` : '';
    return `${sign}${'  '.repeat(step.depth)}${text(step)}${times}  :${step.line}`;
  };
  if (mark === 'same') {
    return a === null || b === null
      ? []
      : [`${show(' ', a).replace(/ {2}:\d+$/, '')}  :${a.line} :${b.line}`];
  }
  return [
    ...(a === null ? [] : [colors.red(`${show('-', a)}${end}`)]),
    ...(b === null ? [] : [colors.green(`${show('+', b)}${end}`)]),
  ];
}

function summary({ counts }: SessionDiff): string {
  const { missing, extra, moved, changed, same, doubtful } = counts;
  const end =
    doubtful > 0 ? `; ${doubtful} of the differences may be none, for the reason in brackets` : '';
  return `${missing} missing, ${extra} extra, ${moved} moved, ${changed} changed, ${same} equal${end}`;
}

function oneSided(functions: readonly OneSided[], path: string): string[] {
  if (functions.length === 0) return [];
  const shown = functions
    .slice(0, NAMES_SHOWN)
    .map(({ name, line }) => `${printable(name)} (line ${line})`);
  const rest = functions.length - shown.length;
  const end = rest > 0 ? ` and ${rest} more` : '';
  return [
    `not compared, because only ${path} is known to have watched them: ${shown.join(', ')}${end}`,
  ];
}

function plural(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
