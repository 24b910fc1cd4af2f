/** The last row: a prompt, a message, or which key to press next. */
import { printable } from '../../base/printable.js';
import type { CheckReport } from '../../model/report.js';
import type { State } from '../state.js';
import { fit, justify, widthOf } from '../style.js';
import type { Style } from '../style.js';

const QUESTIONS = { search: '/', filter: 'filter: ' } as const;

export interface FooterOptions {
  readonly state: State;
  readonly report: CheckReport | undefined;
  readonly style: Style;
}

export function footerRow({ state, report, style }: FooterOptions): string {
  const { colors } = style;
  const width = state.size.columns;
  if (state.prompt !== undefined) {
    const { kind, text } = state.prompt;
    const shown = printable(text);
    const question = QUESTIONS[kind];
    // The end of a long text is where one types.
    const room = width - question.length - 2;
    return fit(
      ` ${colors.bold(question)}${shown.slice(-room + 1)}${colors.inverse(' ')}`,
      width,
      style,
    );
  }
  if (state.message !== undefined) {
    return fit(` ${colors.yellow(printable(state.message))}`, width, style);
  }
  const always = state.isHelpOpen ? 'Esc q back ' : '? help  q quit ';
  const left = whole(hints(state, report, style), width - always.length - 3);
  return justify(` ${left}`, colors.dim(always), width, style);
}

/** As many as there is room for; half of a hint is none. */
function whole(texts: readonly string[], room: number): string {
  let row = '';
  for (const text of texts) {
    const next = row === '' ? text : `${row}  ${text}`;
    if (widthOf(next) > room) break;
    row = next;
  }
  return row;
}

function hints(state: State, report: CheckReport | undefined, { colors }: Style): string[] {
  const hint = (key: string, text: string): string => `${colors.cyan(key)} ${text}`;
  if (state.isHelpOpen) return [];
  const violations = report?.summary.violations;
  const jump =
    violations === undefined
      ? ''
      : violations.error > 0
        ? hint('e', 'next violation')
        : violations.warning > 0
          ? hint('w', 'next warning')
          : '';
  return [jump, ...paneHints(state, hint)].filter((text) => text !== '');
}

function paneHints(state: State, hint: (key: string, text: string) => string): string[] {
  const panes = hint('Tab', 'panes');
  if (state.focus === 'findings') return [hint('Enter', 'its line'), hint('y', 'copy'), panes];
  if (state.focus === 'detail')
    return [hint('o', 'open in editor'), hint('Enter', 'unfold'), panes];
  return state.view === 'timeline'
    ? [panes, hint('t', 'flow'), hint('/', 'search'), hint('f', 'filter')]
    : [hint('Enter', 'fold'), hint('t', 'timeline'), hint('/', 'search'), panes];
}
