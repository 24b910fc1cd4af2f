/** Two runs → where they differ, by step of the protocol. Pure. */
import { append } from '../base/append.js';
import { align } from '../base/align.js';
import type {
  DiffCounts,
  DiffGroup,
  DiffHunk,
  DiffLine,
  DiffStep,
  OneSided,
  SessionDiff,
} from '../model/diff.js';
import { ROUND, sideOf, watchedSilently, watchedThroughout } from './diff-steps.js';
import type { Side, Sighting } from './diff-steps.js';
import type { Run } from './run.js';

export interface DiffOptions {
  /** Count rounds and compare values as printed. */
  readonly exact: boolean;
  /** Equal steps to show around a difference. */
  readonly context: number;
}

/** Compares the sessions of the same number. */
export function diffRuns(a: Run, b: Run, options: DiffOptions): SessionDiff[] {
  const sessions = Math.min(a.sessions, b.sessions);
  return Array.from({ length: sessions }, (_, session) =>
    diffSession(sideOf(a, session, options.exact), sideOf(b, session, options.exact), options),
  );
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
  return { name: seen[0]?.fact.func ?? probe, count: seen.length, line: seen[0]?.fact.line ?? 0 };
}

/** Role of each device, by its key within its capture. */
interface DeviceNames {
  readonly a: ReadonlyMap<string, string>;
  readonly b: ReadonlyMap<string, string>;
}

interface Traits {
  readonly key: string;
  backend: string | undefined;
  name: string | undefined;
  readonly vrings: Set<number>;
}

/** Devices that can be the same are, in order of their appearance in what is compared. */
function nameDevices(a: Side, b: Side, compared: ReadonlySet<string>): DeviceNames {
  const [ofA, ofB] = [traitsOf(a, compared), traitsOf(b, compared)];
  const names = { a: new Map<string, string>(), b: new Map<string, string>() };
  const free = new Set(ofB);
  let ordinal = 0;
  for (const device of ofA) {
    const possible = [...free].filter((other) => mayBe(device, other));
    const match = possible.sort((x, y) => likeness(device, y) - likeness(device, x))[0];
    const label = labelOf(device, match, ++ordinal);
    names.a.set(device.key, label);
    if (match === undefined) continue;
    free.delete(match);
    names.b.set(match.key, label);
  }
  for (const device of free) names.b.set(device.key, labelOf(device, undefined, ++ordinal));
  return names;
}

function traitsOf({ run, session, sightings }: Side, compared: ReadonlySet<string>): Traits[] {
  const found = new Map<string, Traits>();
  const known = new Map(
    run.devices.filter((d) => d.session === session).map((d) => [d.address, d]),
  );
  for (const { fact, device, probe } of sightings) {
    if (device === undefined || !compared.has(probe)) continue;
    const traits = found.get(device) ?? {
      key: device,
      backend: fact.backend ?? known.get(fact.device ?? '')?.backend,
      name: known.get(fact.device ?? '')?.name,
      vrings: new Set<number>(),
    };
    found.set(device, traits);
    if (fact.vring !== undefined) traits.vrings.add(fact.vring);
  }
  return [...found.values()];
}

function mayBe(a: Traits, b: Traits): boolean {
  const differs = (x: string | undefined, y: string | undefined): boolean =>
    x !== undefined && y !== undefined && x !== y;
  return !differs(a.name, b.name);
}

/** How much speaks for two devices being the same one; the sort that asks is stable. */
function likeness(a: Traits, b: Traits): number {
  const hasRings = [...a.vrings].some((ring) => b.vrings.has(ring));
  return (a.backend === b.backend ? 2 : 0) + (hasRings ? 1 : 0);
}

function labelOf(a: Traits, b: Traits | undefined, ordinal: number): string {
  const backend = a.backend === b?.backend || b === undefined ? a.backend : undefined;
  const kind = a.name ?? b?.name ?? (backend === undefined ? 'device' : `vhost-${backend}`);
  return `${kind} #${ordinal}`;
}

/** What a step is compared by: only what both captures always show. */
interface Keys {
  key(sighting: Sighting, device: string | undefined): number;
}

function keysOf(a: Side, b: Side, compared: ReadonlySet<string>): Keys {
  const ids = new Map<string, number>();
  const uses = new Map<string, readonly boolean[]>();
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
        byPath === true ? path?.filter((caller) => compared.has(caller)).join('>') : '',
      ];
      const text = parts.join('|');
      let id = ids.get(text);
      if (id === undefined) ids.set(text, (id = ids.size));
      return id;
    },
  };
}

interface Item {
  readonly key: number;
  readonly probe: string;
  readonly step: DiffStep;
  readonly gaps: number;
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

/** The aligned steps, missing ones before extra ones, with what makes a difference doubtful. */
function linesOf(a: readonly Item[], b: readonly Item[], endA: boolean, endB: boolean): DiffLine[] {
  const pairs = align(keysOfItems(a), keysOfItems(b));
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  for (const [x, y] of [...pairs, [a.length, b.length] as const]) {
    const doubt = doubtOf({ a, b, i, j, x, y, endA, endB });
    lines.push(...block(a.slice(i, x), b.slice(j, y), doubt));
    const [own, other] = [a[x], b[y]];
    if (own !== undefined && other !== undefined) {
      const isSame = sameOutcome(own.step, other.step);
      lines.push(line(isSame ? 'same' : 'changed', own.step, other.step, isSame ? null : doubt));
    }
    [i, j] = [x + 1, y + 1];
  }
  return lines;
}

function keysOfItems(items: readonly Item[]): Int32Array {
  return Int32Array.from(items, ({ key }) => key);
}

function line(
  mark: DiffLine['mark'],
  a: DiffStep | null,
  b: DiffStep | null,
  doubt: string | null,
): DiffLine {
  return { mark, a, b, moved: false, doubt };
}

/** What only one capture shows of an argument is no difference; what both show is. */
function sameOutcome(a: DiffStep, b: DiffStep): boolean {
  const differs = (x: string | number | null, y: string | number | null): boolean =>
    x !== null && y !== null && x !== y;
  if (a.name === b.name && differs(a.detail, b.detail)) return false;
  if (differs(a.vring, b.vring)) return false;
  const failed = [a.result, b.result].filter((result) => result !== null).map(isFailure);
  return failed.length < 2 || failed[0] === failed[1];
}

function isFailure(result: string): boolean {
  return /^-\d|^false\b/.test(result);
}

/** Steps between two pairs; a call of the same function, device and ring in both is the same one, changed. */
function block(a: readonly Item[], b: readonly Item[], doubt: string | null): DiffLine[] {
  const waiting = new Map<string, Item[]>();
  for (const item of b) append(waiting, subjectOf(item), item);
  const taken = new Set<Item>();
  const lines = a.map((item) => {
    const other = waiting.get(subjectOf(item))?.shift();
    if (other === undefined || other.key === item.key)
      return line('missing', item.step, null, doubt);
    taken.add(other);
    return line('changed', item.step, other.step, doubt);
  });
  const extra = b.filter((item) => !taken.has(item));
  return [...lines, ...extra.map(({ step }) => line('extra', null, step, doubt))];
}

function subjectOf({ probe, step }: Item): string {
  return `${probe} ${step.device ?? ''} ${step.vring ?? ''} ${step.depth}`;
}

interface Between {
  readonly a: readonly Item[];
  readonly b: readonly Item[];
  readonly i: number;
  readonly j: number;
  readonly x: number;
  readonly y: number;
  readonly endA: boolean;
  readonly endB: boolean;
}

function doubtOf({ a, b, i, j, x, y, endA, endB }: Between): string | null {
  if (hasGap(a, i, x, endA)) return 'records are lost here in A';
  if (hasGap(b, j, y, endB)) return 'records are lost here in B';
  const [onlyA, onlyB] = [x > i && y === j, y > j && x === i];
  const [inA, inB] = [i === 0, j === 0];
  if (inA && inB && onlyA) return 'B begins later';
  if (inA && inB && onlyB) return 'A begins later';
  if (x === a.length && y === b.length && onlyA) return 'B ends here';
  if (x === a.length && y === b.length && onlyB) return 'A ends here';
  return null;
}

function hasGap(items: readonly Item[], from: number, to: number, atEnd: boolean): boolean {
  if (to >= items.length && atEnd) return true;
  const before = items[from - 1]?.gaps ?? 0;
  return (items[Math.min(to, items.length - 1)]?.gaps ?? before) > before;
}

/**
 * A step that is missing in one place and extra in another has changed its place. What runs inside of a
 * call goes with it: it has moved only where the call has.
 */
function markMoves(lines: readonly DiffLine[]): DiffLine[] {
  const outer = outerOf(lines);
  const moved = new Set<number>();
  match(lines, moved, (at) => outer[at] === undefined);
  match(lines, moved, (at) => moved.has(outer[at] ?? -1));
  return lines.map((each, at) => (moved.has(at) ? { ...each, moved: true } : each));
}

function match(
  lines: readonly DiffLine[],
  moved: Set<number>,
  counts: (at: number) => boolean,
): void {
  const extra = new Map<string, number[]>();
  for (const [at, { mark, b }] of lines.entries()) {
    if (mark === 'extra' && b !== null && counts(at)) append(extra, describe(b), at);
  }
  const found: number[] = [];
  for (const [at, { mark, a }] of lines.entries()) {
    if (mark !== 'missing' || a === null || !counts(at)) continue;
    const other = extra.get(describe(a))?.shift();
    if (other !== undefined) found.push(at, other);
  }
  for (const at of found) moved.add(at);
}

/** For each line the outermost call of the same mark that it runs in, if it is not that itself. */
function outerOf(lines: readonly DiffLine[]): (number | undefined)[] {
  let outer: { at: number; mark: DiffLine['mark']; depth: number } | undefined;
  return lines.map(({ mark, a, b }, at) => {
    const depth = (a ?? b)?.depth ?? 0;
    if (outer?.mark === mark && mark !== 'same' && depth > outer.depth) return outer.at;
    outer = { at, mark, depth };
    return undefined;
  });
}

function describe({ name, device, vring, detail, depth }: DiffStep): string {
  return JSON.stringify([name, device, vring, detail, depth]);
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
