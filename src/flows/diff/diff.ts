/** Two runs → where they differ, by step of the protocol. Pure. */
import type {
  DiffCounts,
  DiffGroup,
  DiffHunk,
  DiffLine,
  DiffStep,
  OneSided,
  SessionDiff,
} from '../../model/diff.js';
import { nameDevices } from './devices.js';
import { linesOf, markMoves, outerOf } from './lines.js';
import type { Item } from './lines.js';
import { ROUND, sidesOf, watchedSilently, watchedThroughout } from './steps.js';
import type { Side, Sighting } from './steps.js';
import type { Run } from '../run.js';

export interface DiffOptions {
  /** Count rounds and compare values as printed. */
  readonly exact: boolean;
  /** Equal steps to show around a difference. */
  readonly context: number;
}

/** Compares the sessions of the same number. */
export function diffRuns(a: Run, b: Run, options: DiffOptions): SessionDiff[] {
  const [ofA, ofB] = [sidesOf(a, options.exact), sidesOf(b, options.exact)];
  return ofA.flatMap((side, session) => {
    const other = ofB[session];
    return other === undefined ? [] : [diffSession(side, other, options)];
  });
}

function diffSession(a: Side, b: Side, { exact, context }: DiffOptions): SessionDiff {
  const { compared, onlyA, onlyB } = splitProbes(a, b);
  const names = nameDevices(a, b, compared);
  const keys = keysOf(a, b, compared);
  const [left, right] = [
    itemsOf(a, compared, names.a, keys, exact),
    itemsOf(b, compared, names.b, keys, exact),
  ];
  const lines = markMoves(linesOf(left, right, a.run.gapAtEnd, b.run.gapAtEnd));
  return {
    session: a.session,
    compared: [...compared],
    onlyA,
    onlyB,
    counts: countLines(lines),
    first: firstOf(lines),
    groups: groupsOf(lines),
    hunks: hunksOf(lines, context),
  };
}

/** The first difference that is one for certain; where there is none, the first of all. */
function firstOf(lines: readonly DiffLine[]): SessionDiff['first'] {
  const certain = lines.findIndex(({ mark, doubt }) => mark !== 'same' && doubt === null);
  const at = certain < 0 ? lines.findIndex(({ mark }) => mark !== 'same') : certain;
  const line = lines[at];
  if (line === undefined) return null;
  const last = lines.slice(0, at).findLast(({ mark }) => mark === 'same');
  return { last: last ?? null, at: line };
}

function splitProbes(
  a: Side,
  b: Side,
): { compared: ReadonlySet<string>; onlyA: OneSided[]; onlyB: OneSided[] } {
  const compared = new Set<string>();
  const onlyA: OneSided[] = [];
  const onlyB: OneSided[] = [];
  for (const probe of new Set([...a.byProbe.keys(), ...b.byProbe.keys()])) {
    const inA = isKnown(a, b, probe);
    const inB = isKnown(b, a, probe);
    if (inA && inB) compared.add(probe);
    else if (inA) onlyA.push(oneSided(a, probe));
    else if (inB) onlyB.push(oneSided(b, probe));
  }
  return { compared, onlyA, onlyB };
}

function isKnown(side: Side, other: Side, probe: string): boolean {
  return side.byProbe.has(probe)
    ? watchedThroughout(side, probe)
    : watchedSilently(side, other, probe);
}

function oneSided(side: Side, probe: string): OneSided {
  const seen = side.byProbe.get(probe) ?? [];
  const { func = probe, line = 0 } = seen[0]?.fact ?? {};
  return { name: probe.startsWith(`${func} `) ? probe : func, count: seen.length, line };
}

/** What a step is compared by: only what both captures always show. */
interface Keys {
  key(sighting: Sighting, device: string | undefined): number;
}

function keysOf(a: Side, b: Side, compared: ReadonlySet<string>): Keys {
  const ids = new Map<string, number>();
  const uses = new Map<string, readonly boolean[]>();
  const [ofA, ofB] = [callersOf(a, compared), callersOf(b, compared)];
  for (const probe of compared) {
    const all = [...(a.byProbe.get(probe) ?? []), ...(b.byProbe.get(probe) ?? [])];
    uses.set(probe, [
      all.every(({ device }) => device !== undefined),
      all.every(({ fact }) => fact.vring !== undefined),
      all.every(({ detail }) => detail !== undefined),
      all.every(({ path }) => path !== undefined),
    ]);
  }
  return {
    key({ probe, fact, detail, path }, device) {
      const [byDevice, byRing, byDetail, byPath] = uses.get(probe) ?? [];
      const parts = [
        probe,
        byDevice === true ? device : '',
        byRing === true ? fact.vring : '',
        byDetail === true ? detail : '',
        byPath === true
          ? path?.filter((caller) => ofA.has(caller) && ofB.has(caller)).join('>')
          : '',
      ];
      const text = parts.join('|');
      let id = ids.get(text);
      if (id === undefined) ids.set(text, (id = ids.size));
      return id;
    },
  };
}

/**
 * Functions that stand around others. One that does so on one side alone tells of the version of QEMU, or of a compiler that
 * made a jump of its last call (vhost_log_sync(), vm_stop_force_state()), and not of another order.
 */
function callersOf({ sightings }: Side, compared: ReadonlySet<string>): Set<string> {
  const known = sightings.filter(({ probe }) => compared.has(probe));
  return new Set(known.flatMap(({ path = [] }) => path).filter((caller) => compared.has(caller)));
}

/** Comparable steps in order; a run of sync calls is one round, however many there were. */
function itemsOf(
  { sightings }: Side,
  compared: ReadonlySet<string>,
  names: ReadonlyMap<string, string>,
  keys: Keys,
  exact: boolean,
): Item[] {
  const items: Item[] = [];
  let round = new Map<number, { item: Item; count: number }>();
  const flush = (): void => {
    const own = [...round.values()].sort((x, y) => x.item.key - y.item.key);
    for (const { item, count } of own) items.push({ ...item, step: { ...item.step, count } });
    round = new Map();
  };
  for (const sighting of sightings) {
    const { probe, fact, gaps } = sighting;
    if (!compared.has(probe)) continue;
    const device = names.get(sighting.device ?? '');
    const key = keys.key(sighting, device);
    const item = { key, probe, gaps, step: stepOf(sighting, device, compared) };
    if (exact || !ROUND.has(fact.kind)) {
      flush();
      items.push(item);
      continue;
    }
    const known = round.get(key);
    if (known === undefined) round.set(key, { item, count: 1 });
    else known.count++;
  }
  flush();
  return items;
}

function stepOf(
  { fact, detail, callers, result }: Sighting,
  device: string | undefined,
  compared: ReadonlySet<string>,
): DiffStep {
  return {
    name: fact.func,
    device: device ?? null,
    vring: fact.vring ?? null,
    detail: detail ?? null,
    result: result ?? null,
    depth: callers.filter((caller) => compared.has(caller)).length,
    line: fact.line,
    count: 1,
  };
}

function countLines(lines: readonly DiffLine[]): DiffCounts {
  const count = (is: (line: DiffLine) => boolean): number => lines.filter(is).length;
  return {
    same: count(({ mark }) => mark === 'same'),
    missing: count(({ mark, moved }) => mark === 'missing' && !moved),
    extra: count(({ mark, moved }) => mark === 'extra' && !moved),
    moved: count(({ mark, moved }) => mark === 'missing' && moved),
    changed: count(({ mark }) => mark === 'changed'),
    doubtful: count(({ mark, doubt }) => mark !== 'same' && doubt !== null),
  };
}

function groupsOf(lines: readonly DiffLine[]): DiffGroup[] {
  const groups = new Map<string, DiffGroup & { count: number }>();
  const outer = outerOf(lines);
  for (const [at, { mark, a, b, moved }] of lines.entries()) {
    const step = a ?? b;
    // What runs inside of a call goes without saying.
    if (outer[at] !== undefined) continue;
    if (mark === 'same' || step === null || (moved && mark === 'extra')) continue;
    const { name, device, vring, detail } = step;
    const kind = moved ? 'moved' : mark;
    const key = JSON.stringify([kind, name, device, vring, detail]);
    const group = groups.get(key) ?? { mark: kind, name, device, vring, detail, count: 0 };
    group.count++;
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Differences with the equal lines around them; those that are near each other in one hunk. */
function hunksOf(lines: readonly DiffLine[], context: number): DiffHunk[] {
  const hunks: DiffHunk[] = [];
  const ahead = { a: 1, b: 1 };
  let open: { hunk: DiffHunk & { lines: DiffLine[] }; quiet: number } | undefined;
  for (const [at, each] of lines.entries()) {
    if (each.mark !== 'same') {
      if (open === undefined) {
        const before = lines.slice(Math.max(0, at - context), at);
        const own = { stepA: ahead.a - before.length, stepB: ahead.b - before.length };
        open = { hunk: { ...own, lines: [...before] }, quiet: 0 };
        hunks.push(open.hunk);
      }
      open.quiet = 0;
    } else if (open !== undefined) open.quiet++;
    if (open !== undefined) open.hunk.lines.push(each);
    if (each.a !== null) ahead.a++;
    if (each.b !== null) ahead.b++;
    if (open === undefined || open.quiet <= 2 * context) continue;
    open.hunk.lines.splice(open.hunk.lines.length - open.quiet + context);
    open = undefined;
  }
  if (open !== undefined && open.quiet > context)
    open.hunk.lines.splice(open.hunk.lines.length - open.quiet + context);
  return hunks;
}
