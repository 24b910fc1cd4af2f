/** Legitimate runs of the simulated QEMU under random observation, for fast-check. */
import fc from 'fast-check';
import { damaged } from './damage.js';
import type { Damage, Hole } from './damage.js';
import { ARGUMENTS, FUNCTIONS, RETURNING } from './functions.js';
import type { Watch } from './gdb-log.js';
import type { Profile } from './machine.js';
import { Qemu } from './qemu.js';

/** One run: what QEMU was, what happened to it, how it was watched and what is left of that. */
export interface Run {
  readonly profile: Profile;
  readonly actions: readonly string[];
  readonly watch: Watch;
  readonly damage: Damage;
}

export function textOf({ profile, actions, watch, damage }: Run): string {
  const qemu = new Qemu(profile, watch);
  for (const name of actions) qemu.act(name);
  return damaged(qemu.text(), damage);
}

/** One of each band between which vhost or the memory core changed. */
const VERSIONS = [
  212, 402, 501, 502, 601, 602, 700, 702, 800, 802, 900, 901, 1000, 1001, 1002, 1100, 1101,
];

/** Rare, but legitimate. */
const RARE = {
  mixesBackends: true,
  reusesAddresses: true,
  stopsLogWhileClosing: true,
  failsWhileLogging: true,
  failsLate: true,
};

const profile: fc.Arbitrary<Omit<Profile, 'refusesLogBase'>> = fc
  .record({
    version: fc.constantFrom(...VERSIONS),
    devices: fc.array(
      fc.record({
        backend: fc.constantFrom('kernel', 'user', 'vdpa'),
        pairs: fc.constantFrom(1, 0, 1, 0, 2),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    quits: fc.boolean(),
    interleaves: fc.constantFrom(0, 0, 3, 7),
  })
  .map((made) => ({ ...made, ...RARE, losesLogger: false }));

function action(...names: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...names), fc.nat(2), fc.nat(7))
    .map(([name, a, b]) => `${name} ${a} ${b}`);
}

/** What may happen at any time, in the order in which it makes sense. */
const incident = fc.oneof(
  fc.tuple(action('system-reset', 'driver-reset'), action('boot', 'fail-start'), action('status')),
  fc.tuple(action('stop'), action('cont')),
  fc.tuple(action('close'), action('reconnect')),
  fc.tuple(action('ring-reset'), action('ring-restart')),
  fc.tuple(action('unplug'), action('plug-kernel', 'plug-user'), action('boot')),
  fc.tuple(action('stop', 'cont', 'close', 'reconnect', 'ring-reset', 'ring-restart')),
  fc.tuple(action('sync', 'grow', 'shrink', 'boot', 'refresh')),
  fc.tuple(action('grow', 'shrink'), action('sync'), action('grow', 'shrink'), action('sync')),
  fc.tuple(action('dirty-rate-start', 'dirty-rate-stop', 'dirty-limit-start', 'dirty-limit-stop')),
  fc.tuple(action('savevm', 'background-snapshot')),
);
const incidents = fc.array(incident, { maxLength: 2 }).map((list) => list.flat());
const migration = fc
  .tuple(
    action('migrate', 'migrate', 'migrate', 'migrate-fault', 'fail-before-setup'),
    incidents,
    fc.oneof(
      { arbitrary: fc.constant('sync 0 0'), weight: 4 },
      { arbitrary: action('postcopy', 'colo'), weight: 1 },
    ),
    fc.oneof(
      incidents,
      action('checkpoint').map((name) => [name]),
    ),
    incidents,
    action('cancel', 'cancel', 'complete', 'fail-switchover', 'cancel-fault'),
  )
  .map((parts) => parts.flat());

/** Mostly short: what a rule gets wrong takes few steps, and a long run is checked slowly. */
const actions: fc.Arbitrary<string[]> = fc.oneof(
  {
    arbitrary: fc.tuple(action('boot'), migration).map((parts) => parts.flat()),
    weight: 3,
  },
  {
    arbitrary: fc.tuple(action('boot'), incidents, incidents).map((parts) => parts.flat()),
    weight: 1,
  },
  {
    arbitrary: fc
      .tuple(action('boot'), incidents, fc.array(fc.oneof(migration, incident), { maxLength: 3 }))
      .map(([boot, before, rest]) => [boot, ...before, ...rest.flat()]),
    weight: 1,
  },
);

/** All functions, all but a few, some, or none. */
const functions: fc.Arbitrary<string[]> = fc.oneof(
  fc.constant<string[]>([...FUNCTIONS]),
  fc.subarray([...FUNCTIONS], { maxLength: 12 }).map(allBut),
  fc.subarray([...FUNCTIONS]),
  fc.subarray([...FUNCTIONS], { minLength: 1, maxLength: 20 }),
);

function allBut(gone: readonly string[]): string[] {
  return FUNCTIONS.filter((name) => !gone.includes(name));
}

const watch: fc.Arbitrary<Watch> = fc.oneof(
  {
    // perf or tracefs, by hand or by the recipe.
    arbitrary: fc.record({
      functions,
      backtrace: fc.constant<Watch['backtrace']>('none'),
      silent: fc.constant(false),
      declared: fc.constantFrom('no', 'recipe'),
      returns: fc.oneof(
        fc.constantFrom<NonNullable<Watch['returns']>[]>(false, true, 'outer', RETURNING),
        fc.subarray([...FUNCTIONS]),
      ),
      uprobes: fc.constantFrom<NonNullable<Watch['uprobes']>[]>('perf', 'tracefs'),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      functions,
      // Stop lines alone leave most to conclude.
      backtrace: fc.oneof(
        { arbitrary: fc.constant<Watch['backtrace']>('full'), weight: 3 },
        { arbitrary: fc.constant<Watch['backtrace']>('none'), weight: 3 },
        { arbitrary: fc.constantFrom<Watch['backtrace'][]>(1, 2, 3, 6), weight: 4 },
      ),
      silent: fc.constant(false),
      declared: fc.constantFrom('no', 'places', 'typed', 'recipe'),
      trace: fc.constantFrom<NonNullable<Watch['trace']>[]>('none', 'none', 'plain', 'stamped'),
      prints: fc.boolean(),
      returns: fc.constantFrom<NonNullable<Watch['returns']>[]>(
        false,
        false,
        true,
        'outer',
        RETURNING,
      ),
    }),
    weight: 8,
  },
  {
    // `silent`, and the backtrace alone tells of the stop.
    arbitrary: fc.record({
      functions,
      backtrace: fc.constantFrom<Watch['backtrace'][]>('full', 7, 3),
      silent: fc.constant(true),
      declared: fc.constantFrom('no', 'places', 'typed'),
    }),
    weight: 2,
  },
  {
    arbitrary: fc.record({
      functions: fc.constant([]),
      backtrace: fc.constant<Watch['backtrace']>('none'),
      silent: fc.constant(false),
      declared: fc.constant('no'),
      trace: fc.constantFrom<NonNullable<Watch['trace']>[]>('plain', 'stamped'),
    }),
    weight: 2,
  },
);

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const hole: fc.Arbitrary<Hole> = fc.record({
  kind: fc.constantFrom('pager', 'stack', 'line', 'value', 'entry'),
  at: fraction,
  size: fc.integer({ min: 1, max: 80 }),
});
const damage: fc.Arbitrary<Damage> = fc.record({
  kept: fc.oneof(
    { arbitrary: fc.constant<[number, number]>([0, 1]), weight: 2 },
    { arbitrary: fc.tuple(fraction, fraction), weight: 1 },
    { arbitrary: fc.tuple(fc.constant(0), fraction), weight: 1 },
    { arbitrary: fc.tuple(fraction, fc.constant(1)), weight: 1 },
  ),
  holes: fc.oneof(fc.constant([]), fc.array(hole, { maxLength: 3 })),
  lost: fc.oneof(fc.constant([]), fc.subarray([...ARGUMENTS])),
  coin: fc.nat(),
});

/** Any legitimate run, wholly or in part. */
export const anyRun: fc.Arbitrary<Run> = fc
  .record({ profile, actions, watch, damage })
  .map((run) => {
    // That a log base is refused and logging goes on is what QEMU does, and worth a warning where it is seen.
    const refusesLogBase = (run.watch.returns ?? false) === false;
    return { ...run, profile: { ...run.profile, refusesLogBase } };
  });
