/** A fact as a row of a block of facts: what it is and where it was seen are rows of their own. */
import type { Fact } from '../model/fact.js';
import { shortHex, sortableHex } from './hex.js';
import type { RowsBuffer } from './rows-buffer.js';
import { wellFormed } from './well-formed.js';

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

/** Adds a row. */
export function addFact(fact: Fact, shape: number, place: number, rows: RowsBuffer): void {
  const { line, value, vring, activation, result } = fact;
  rows.open();
  rows.number(line);
  rows.comma();
  rows.number(shape);
  rows.comma();
  rows.number(place);
  const isLong = vring !== undefined || activation !== undefined || result !== undefined;
  if (isLong || value !== undefined) addText(value, rows);
  if (isLong) {
    addNumber(vring, rows);
    addNumber(activation, rows);
  }
  if (result !== undefined) addText(result, rows);
  rows.close();
}

function addText(text: string | undefined, rows: RowsBuffer): void {
  rows.comma();
  if (text === undefined) rows.json('null');
  else rows.string(text);
}

function addNumber(number: number | undefined, rows: RowsBuffer): void {
  if (number === undefined || number < 0) rows.json(`,${number ?? null}`);
  else {
    rows.comma();
    rows.number(number);
  }
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
