/** A fact as a row of a block of facts: what it is and where it was seen are rows of their own. */
import type { Fact } from '../model/fact.js';
import { shortHex, sortableHex } from './hex.js';
import { textJson, wellFormed } from './well-formed.js';

/** What a fact is: a row of `fact_shape`. */
export type FactShape = Pick<Fact, 'kind' | 'func' | 'role' | 'backend' | 'enable'>;
/** Where it was seen: a row of `fact_place`. */
export type FactPlace = Pick<Fact, 'session' | 'thread' | 'device' | 'incarnation' | 'endpoint'>;

type Optional<Value> = Value | null;

/** A row after JSON; it ends where all that follows is null. The views of migrations/ read the positions. */
export type EncodedFact = readonly [
  line: number,
  shape: number,
  place: number,
  value?: Optional<string>,
  vring?: Optional<number>,
  activation?: Optional<number>,
  result?: Optional<string>,
];

/** JSON text of a row. */
export function encodeFact(fact: Fact, shape: number, place: number): string {
  const { line, value, vring, activation, result } = fact;
  const head = `[${line},${shape},${place}`;
  const isLong = vring !== undefined || activation !== undefined || result !== undefined;
  if (!isLong) return value === undefined ? `${head}]` : `${head},${textJson(value)}]`;
  const last = result === undefined ? '' : `,${textJson(result)}`;
  return `${head},${valueJson(value)},${vring ?? null},${activation ?? null}${last}]`;
}

function valueJson(value: string | undefined): string {
  return value === undefined ? 'null' : textJson(value);
}

export function decodeFact(
  seq: number,
  [line, , , value, vring, activation, result]: EncodedFact,
  { kind, func, role, backend, enable }: FactShape,
  { session, thread, device, incarnation, endpoint }: FactPlace,
): Fact {
  return {
    seq,
    line,
    session,
    thread,
    kind,
    func,
    role,
    activation: activation ?? undefined,
    device,
    incarnation,
    backend,
    vring: vring ?? undefined,
    enable,
    value: value ?? undefined,
    endpoint,
    result: result ?? undefined,
  };
}

/** A row of `fact_shape` without its id, in the order of the columns. */
export type ShapeRow = readonly [
  kind: Fact['kind'],
  func: string,
  role: Fact['role'],
  backend: Optional<NonNullable<Fact['backend']>>,
  enable: Optional<0 | 1>,
];

export function shapeRow({ kind, func, role, backend, enable }: FactShape): ShapeRow {
  const flag = enable === undefined ? null : enable ? 1 : 0;
  return [kind, wellFormed(func), role, backend ?? null, flag];
}

export function shapeOfRow([kind, func, role, backend, enable]: ShapeRow): FactShape {
  return {
    kind,
    func,
    role,
    backend: backend ?? undefined,
    enable: enable === null ? undefined : enable === 1,
  };
}

/** A row of `fact_place` without capture and id, in the order of the columns. */
export type PlaceRow = readonly [
  session: number,
  thread: Optional<string>,
  device: Optional<string>,
  incarnation: Optional<number>,
  endpoint: Optional<string>,
];

export function placeRow({ session, thread, device, incarnation, endpoint }: FactPlace): PlaceRow {
  return [
    session,
    thread === undefined ? null : wellFormed(thread),
    device === undefined ? null : sortableHex(wellFormed(device)),
    incarnation ?? null,
    endpoint === undefined ? null : wellFormed(endpoint),
  ];
}

export function placeOfRow([session, thread, device, incarnation, endpoint]: PlaceRow): FactPlace {
  return {
    session,
    thread: thread ?? undefined,
    device: device === null ? undefined : shortHex(device),
    incarnation: incarnation ?? undefined,
    endpoint: endpoint ?? undefined,
  };
}
