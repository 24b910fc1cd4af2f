/** What becomes of a log between the terminal and the one who reads it: nothing that hides without a trace. */

export interface Damage {
  /** The part that is kept, as fractions of the text. */
  readonly kept: readonly [from: number, to: number];
  readonly holes: readonly Hole[];
  /** Arguments that the compiler did not keep, on some of the lines that show them. */
  readonly lost: readonly string[];
  /** Chooses the lines that lose arguments. */
  readonly coin: number;
}

export interface Hole {
  readonly kind: 'pager' | 'stack' | 'line' | 'value' | 'entry';
  /** Where, as a fraction of the lines. */
  readonly at: number;
  /** Lines that are gone. */
  readonly size: number;
}

export const NO_DAMAGE: Damage = { kept: [0, 1], holes: [], lost: [], coin: 0 };

/** What gdb leaves when the pager is answered with q. */
const QUIT = ['--Type <RET> for more, q to quit, c to continue without paging--q', 'Quit', ''];

export function damaged(text: string, { kept, holes, lost, coin }: Damage): string {
  let lines = text.split('\n');
  if (lost.length > 0) lines = loseOnSome(lines, new Set(lost), coin);
  for (const hole of holes) tear(lines, hole);
  const left = lines.join('\n');
  const [from, to] = [...kept].sort((a, b) => a - b);
  const part = left.slice(
    Math.floor((from ?? 0) * left.length),
    Math.floor((to ?? 1) * left.length),
  );
  const entries = holes.filter(({ kind }) => kind === 'entry');
  return entries.length === 0 ? part : withoutEntries(part.split('\n'), entries).join('\n');
}

/** Calls that are not shown, and whose returns are: without these nothing would tell that they were made. */
function withoutEntries(lines: readonly string[], holes: readonly Hole[]): string[] {
  const left = [...lines];
  for (const { at } of holes) {
    const first = left.findIndex((_, i) => i >= at * left.length && hasReturn(left, i));
    if (first < 0) continue;
    const rest = left.slice(first + 1).findIndex((line) => !isOfStop(line));
    left.splice(first, UPROBE.test(left[first] ?? '') ? 1 : rest < 0 ? left.length : rest + 1);
  }
  return left;
}

/** The row of a call, with its thread and its function. */
const UPROBE = /(?<tid>\d+) +\[\d+\] .*?(?:probe_qemu:|: )(?<func>\w+?): \((?:0x)?[0-9a-f]+\)/;
const STOP = /^Thread (?<thread>\d+) "[^"]*" hit Breakpoint \d+, (?<func>\w+) /;

function hasReturn(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? '';
  const { tid, thread, func = '' } = { ...UPROBE.exec(line)?.groups, ...STOP.exec(line)?.groups };
  if (tid !== undefined) {
    const row = new RegExp(`\\b${tid} +\\[.*\\b${func}__return: `);
    return lines.some((other, i) => i > at && row.test(other));
  }
  const told = `vhtrace-probes 1 return ${func} thread ${thread ?? ''}`;
  return thread !== undefined && lines.some((other, i) => i > at && isReturn(other, told));
}

function isReturn(line: string, told: string): boolean {
  return line.startsWith(`${told} `) || line === `${told}.`;
}

/** What stands below the stop line of the same stop. */
function isOfStop(line: string): boolean {
  return /^(?:#|\d|\$|\(More)/.test(line);
}

function tear(lines: string[], { kind, at, size }: Hole): void {
  const first = Math.floor(at * lines.length);
  switch (kind) {
    case 'pager':
      lines.splice(first, size, ...QUIT);
      return;
    case 'stack': {
      // A backtrace that was asked for fewer frames than there are.
      const from = lines.findIndex((line, i) => i >= first && /^#[1-9]/.test(line));
      if (from < 0) return;
      const frames = lines.slice(from).findIndex((line) => !/^#[1-9]/.test(line));
      lines.splice(from, frames < 0 ? 1 : frames, '(More stack frames follow...)');
      return;
    }
    case 'line': {
      const line = lines[first];
      if (line !== undefined) lines[first] = line.slice(0, size);
      return;
    }
    // Of what is kept.
    case 'entry':
      return;
    case 'value': {
      const value = lines.findIndex((line, i) => i >= first && line.startsWith('Value returned'));
      if (value >= 0) lines.splice(value, 1);
      return;
    }
  }
}

function loseOnSome(lines: readonly string[], lost: ReadonlySet<string>, coin: number): string[] {
  let state = coin;
  return lines.map((line) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    return (state >>> 16) % 2 === 0 ? line : loseArguments(line, lost);
  });
}

/** Arguments that rules read, as gdb prints them when their value is gone. */
export function loseArguments(line: string, names: ReadonlySet<string>): string {
  return line.replace(/\b(\w+)=[^,)=]+(?=[,)])/g, (text, name: string) =>
    names.has(name) ? `${name}=<optimized out>` : text,
  );
}
