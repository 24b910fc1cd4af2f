/** Devices of two runs → the names under which they are compared. */
import type { Side } from './steps.js';

/** Role of each device, by its key within its capture. */
export interface DeviceNames {
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
export function nameDevices(a: Side, b: Side, compared: ReadonlySet<string>): DeviceNames {
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
