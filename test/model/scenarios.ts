/** Stories that every protocol fault is put into, all of them legitimate without it. */
import type { Watch } from './gdb-log.js';
import { FUNCTIONS, RETURNING } from './functions.js';
import { PLAIN } from './machine.js';
import type { DeviceSpec, Profile } from './machine.js';
import { Qemu } from './qemu.js';
import type { Defect } from './execution.js';
import type { Backend, Version } from './vhost-backend.js';

export interface Scenario {
  readonly name: string;
  readonly profile: Profile;
  readonly actions: readonly string[];
}

/** Whatever a debugger can show of a run. */
const EVERYTHING: Watch = {
  functions: FUNCTIONS,
  backtrace: 'full',
  silent: false,
  declared: 'typed',
  trace: 'stamped',
  prints: true,
  returns: [...RETURNING, 'memory_global_dirty_log_do_start'],
};

type Shape = 'one' | 'two pairs' | 'two devices';

interface Story {
  readonly name: string;
  readonly actions: readonly string[];
  readonly shape?: Shape;
  readonly backends?: readonly Backend[];
  readonly since?: Version;
  readonly profile?: Partial<Profile>;
}

const STORIES: readonly Story[] = [
  { name: 'cancel', actions: ['boot', 'migrate', 'sync', 'sync', 'cancel', 'refresh'] },
  {
    name: 'cancel, then complete',
    actions: ['boot', 'migrate', 'sync', 'cancel', 'migrate', 'sync', 'complete'],
  },
  {
    name: 'two devices, cancel',
    shape: 'two devices',
    actions: ['boot 0', 'boot 1', 'migrate', 'sync', 'sync', 'cancel', 'refresh'],
  },
  {
    name: 'two pairs, complete',
    shape: 'two pairs',
    actions: ['boot 0 1', 'migrate', 'sync', 'complete'],
  },
  {
    name: 'driver reload while migrating',
    actions: ['boot', 'migrate', 'sync', 'driver-reset', 'boot', 'sync', 'cancel', 'stop', 'cont'],
  },
  {
    name: 'two devices, stop and cont while migrating',
    shape: 'two devices',
    actions: ['boot 0', 'boot 1', 'migrate', 'sync', 'stop', 'cont', 'sync', 'cancel'],
  },
  {
    name: 'failed switchover',
    actions: ['boot', 'migrate', 'sync', 'fail-switchover', 'refresh'],
  },
  { name: 'postcopy', actions: ['boot', 'migrate', 'sync', 'postcopy', 'complete'] },
  { name: 'paused machine', actions: ['boot', 'stop', 'migrate', 'sync', 'complete', 'cont'] },
  {
    name: 'dirty rate',
    since: 700,
    actions: ['boot', 'dirty-rate-start', 'dirty-rate-stop', 'refresh'],
  },
  { name: 'savevm', actions: ['boot', 'savevm', 'refresh'] },
  {
    name: 'log resize',
    actions: ['boot', 'migrate', 'sync', 'grow', 'sync', 'shrink', 'sync', 'cancel'],
  },
  {
    name: 'two devices, log resize',
    shape: 'two devices',
    actions: ['boot 0', 'boot 1', 'migrate', 'grow', 'sync', 'sync', 'complete'],
  },
  {
    name: 'two devices, the last refuses to log',
    shape: 'two devices',
    // The device of vdpa would refuse in the restart that switches to shadow virtqueues.
    backends: ['kernel', 'user'],
    since: 1001,
    actions: ['boot 0', 'boot 1', 'migrate-fault 1 1', 'refresh', 'migrate', 'sync', 'cancel'],
  },
  {
    name: 'reconnect while migrating',
    backends: ['user'],
    actions: ['boot', 'migrate', 'sync', 'close', 'sync', 'reconnect', 'sync', 'cancel'],
  },
  {
    name: 'ring reset while migrating',
    backends: ['kernel'],
    since: 702,
    actions: ['boot', 'migrate', 'sync', 'ring-reset', 'ring-restart', 'sync', 'cancel', 'stop'],
  },
  {
    name: 'hot unplug while measured',
    since: 700,
    actions: ['boot', 'dirty-rate-start', 'unplug', 'dirty-rate-stop', 'refresh'],
  },
];

const BUILDS: readonly (readonly [Backend, Version])[] = [
  ['kernel', 502],
  ['kernel', 901],
  ['kernel', 1002],
  ['user', 700],
  ['user', 900],
  ['user', 1000],
  ['vdpa', 502],
  ['vdpa', 700],
  ['vdpa', 802],
  ['vdpa', 901],
  ['vdpa', 1002],
];

function devicesOf(shape: Shape, backend: Backend): readonly DeviceSpec[] {
  if (shape === 'two pairs') return [{ backend, pairs: 2 }];
  const first = { backend, pairs: 1 };
  return shape === 'one' ? [first] : [first, { backend, pairs: backend === 'user' ? 0 : 1 }];
}

/** A backend that does not take a vring, which up to 10.1 ends the process behind the undoing. */
const REFUSAL_STORIES: readonly Story[] = [
  { name: 'vring 0 is refused', actions: ['boot', 'migrate-fault 0 1', 'refresh'] },
  {
    name: 'vring 1 is refused, and later taken',
    backends: ['kernel'],
    actions: ['boot', 'migrate-fault 0 2', 'refresh', 'migrate', 'sync', 'cancel'],
  },
  {
    name: 'a vring of the second pair is refused',
    shape: 'two pairs',
    actions: ['boot 0 1', 'migrate-fault 0 1', 'refresh'],
  },
  {
    name: 'two devices, the last refuses vring 1',
    shape: 'two devices',
    backends: ['kernel'],
    actions: ['boot 0', 'boot 1', 'migrate-fault 1 2', 'refresh'],
  },
  {
    name: 'disconnect at vring 1 of the log start',
    backends: ['user'],
    actions: ['boot', 'migrate-fault 0 2', 'refresh'],
  },
  {
    name: 'disconnect at vring 1 of the log stop',
    backends: ['user'],
    actions: ['boot', 'migrate', 'sync', 'cancel-fault 0 2', 'refresh'],
  },
];

/** All stories that such a QEMU can live through. */
export function scenariosOf(
  backend: Backend,
  version: Version,
  stories: readonly Story[] = STORIES,
): readonly Scenario[] {
  return stories
    .filter(({ backends, since = 0 }) => backends?.includes(backend) !== false && version >= since)
    .map(({ name, actions, shape = 'one', profile }) => ({
      name: `${name} (${backend} ${Math.floor(version / 100)}.${version % 100})`,
      actions,
      profile: { ...PLAIN, ...profile, version, devices: devicesOf(shape, backend) },
    }));
}

export const SCENARIOS: readonly Scenario[] = BUILDS.flatMap(([backend, version]) =>
  scenariosOf(backend, version),
);

/** For faults of the undoing alone: other faults are not to be told from the failure. */
export const REFUSALS: readonly Scenario[] = [...BUILDS, ['user', 1002] as const].flatMap(
  ([backend, version]) => scenariosOf(backend, version, REFUSAL_STORIES),
);

export interface Outcome {
  readonly text: string;
  /** Steps that went wrong. */
  readonly mishaps: number;
}

/** Plays a scenario under full observation, with a defect that may look at the machine it is in. */
export function play(
  { profile, actions }: Scenario,
  defect?: (qemu: () => Qemu) => Defect,
  watch: Watch = EVERYTHING,
): Outcome {
  const box: { qemu?: Qemu } = {};
  const theQemu = (): Qemu => {
    if (box.qemu === undefined) throw new Error('the machine is still being built');
    return box.qemu;
  };
  const qemu = new Qemu(profile, watch, defect?.(theQemu));
  box.qemu = qemu;
  for (const action of actions) qemu.act(action);
  const text = qemu.text();
  return { text, mishaps: qemu.machine.run.mishaps };
}
