import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  anyState,
  describe as describeState,
  relax,
  runningRings,
  step,
} from '../src/protocol/replay.js';
import type { DeviceState, Signal, Silent } from '../src/protocol/replay.js';
import {
  after,
  baseTable,
  FORBIDDEN,
  IGNORED,
  logTable,
  observe,
  runTable,
  vringTable,
} from '../src/protocol/tables.js';
import type { Cell, LogState, RunEvent, RunState, VringEvent } from '../src/protocol/tables.js';

type AnyTable = Readonly<Record<string, Readonly<Record<string, Cell<string>>>>>;
const tables: readonly [string, AnyTable][] = [
  ['run', runTable],
  ['log', logTable],
  ['base', baseTable],
  ['vring', vringTable],
];

describe.each(tables)('%s table', (_name, table) => {
  const states = Object.keys(table);
  const events = [...new Set(states.flatMap((state) => Object.keys(table[state] ?? {})))];

  test('every state can be left and reached', () => {
    for (const state of states) {
      const leaves = Object.values(table[state] ?? {}).some(
        (c) => typeof c === 'object' && c.to !== state,
      );
      const reached = states.some((other) =>
        Object.values(table[other] ?? {}).some((c) => typeof c === 'object' && c.to === state),
      );
      expect([state, leaves, reached]).toEqual([state, true, true]);
    }
  });

  test('every event is possible somewhere, and only leads to states of the table', () => {
    for (const event of events) {
      const left = after(table, event);
      expect(left.length).toBeGreaterThan(0);
      expect(states).toEqual(expect.arrayContaining([...left]));
    }
  });

  test('knowing less never gives fewer states', () => {
    const subset = fc.subarray(states);
    fc.assert(
      fc.property(subset, subset, fc.constantFrom(...events), (a, b, event) => {
        const both = observe(table, [...new Set([...a, ...b])], event);
        expect(both).toEqual(expect.arrayContaining([...observe(table, a, event)]));
      }),
    );
  });
});

/** A device whose true state is known, next to what replay makes of the part that was watched. */
interface Truth {
  run: RunState;
  log: LogState;
  ring: 'idle' | 'plain' | 'logged';
}

const NOTHING_SILENT: Silent = {
  closing: false,
  startStop: false,
  toggle: false,
  zeroing: false,
  ringStop: false,
  ringAddress: false,
  base: false,
};

type Act =
  | 'start'
  | 'succeed'
  | 'fail'
  | 'stop'
  | 'return'
  | 'toggle-on'
  | 'toggle-off'
  | 'address'
  | 'ring-stop'
  | 'zero';
const ACTS: readonly Act[] = [
  'start',
  'succeed',
  'fail',
  'stop',
  'return',
  'toggle-on',
  'toggle-off',
  'address',
  'ring-stop',
  'zero',
];

/** Does what QEMU does, when it can; returns the signals that a watched act gives. */
function act(truth: Truth, what: Act): readonly Signal[] | undefined {
  const run = (event: RunEvent): Signal => ({ machine: 'run', event });
  const ring = (event: VringEvent): Signal => ({ machine: 'vring', vring: 0, event });
  switch (what) {
    case 'start':
      if (truth.run !== 'stopped') return undefined;
      truth.run = 'starting';
      truth.ring = 'idle';
      return [run('start'), { machine: 'vrings', event: 'device-start' }];
    case 'succeed':
    case 'fail':
      if (truth.run !== 'starting') return undefined;
      truth.run = what === 'succeed' ? 'started' : 'stopped';
      if (what === 'fail') truth.ring = 'idle';
      return [];
    case 'stop':
      if (truth.run !== 'started') return undefined;
      truth.run = 'stopping';
      return [run('stop')];
    case 'return':
      if (truth.run !== 'stopping') return undefined;
      truth.run = 'stopped';
      truth.ring = 'idle';
      return [run('stop-returned'), { machine: 'vrings', event: 'stop' }];
    case 'toggle-on':
    case 'toggle-off': {
      if (truth.run === 'starting' || truth.run === 'stopping') return undefined;
      const on = what === 'toggle-on';
      truth.log = on ? 'on' : 'off';
      return [{ machine: 'log', event: on ? 'set-on' : 'set-off' }];
    }
    case 'address':
      if (truth.run !== 'starting' && truth.run !== 'started') return undefined;
      truth.ring = truth.log === 'on' ? 'logged' : 'plain';
      return [ring(truth.log === 'on' ? 'start-logged' : 'start-plain')];
    case 'ring-stop':
      if (truth.run !== 'started') return undefined;
      truth.ring = 'idle';
      return [ring('stop')];
    case 'zero':
      if (truth.run !== 'stopped') return undefined;
      truth.log = 'off';
      truth.ring = 'idle';
      return [
        run('zeroed'),
        { machine: 'log', event: 'zeroed' },
        { machine: 'vrings', event: 'stop' },
      ];
  }
}

/** Which silent move hides an act; the end of a start and of a stop is never reported by itself. */
function hides(what: Act, silent: Silent): boolean {
  switch (what) {
    case 'start':
    case 'stop':
    case 'return':
      return silent.startStop;
    case 'toggle-on':
    case 'toggle-off':
      return silent.toggle;
    case 'address':
      return silent.ringAddress;
    case 'ring-stop':
      return silent.ringStop;
    case 'zero':
      return silent.zeroing;
    default:
      return false;
  }
}

describe('replay', () => {
  const anySilent: fc.Arbitrary<Silent> = fc.record({
    closing: fc.boolean(),
    startStop: fc.boolean(),
    toggle: fc.boolean(),
    zeroing: fc.boolean(),
    ringStop: fc.boolean(),
    ringAddress: fc.boolean(),
    base: fc.boolean(),
  });

  test('the true state is always among those that are left, whatever is unwatched', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...ACTS), { maxLength: 60 }),
        anySilent,
        (acts, silent) => {
          const truth: Truth = { run: 'stopped', log: 'off', ring: 'idle' };
          let state: DeviceState = anyState;
          for (const what of acts) {
            const signals = act(truth, what);
            if (signals === undefined) continue;
            if (!hides(what, silent))
              for (const signal of signals) state = step(state, signal, silent);
            const possible = relax(state, silent);
            expect(possible.run).toContain(truth.run);
            expect(possible.log).toContain(truth.log);
            expect(possible.contradiction).toBe(false);
            if (possible.vrings.has(0) && truth.run === 'started') {
              expect(possible.vrings.get(0)).toContain(truth.ring);
            }
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('a set never becomes empty', () => {
    const anySignal: fc.Arbitrary<Signal> = fc.oneof(
      fc
        .constantFrom<RunEvent>('zeroed', 'start', 'stop', 'stop-returned', 'seen-started')
        .map((event) => ({ machine: 'run' as const, event })),
      fc
        .constantFrom(
          'zeroed' as const,
          'set-on' as const,
          'set-off' as const,
          'seen-on' as const,
          'seen-off' as const,
        )
        .map((event) => ({ machine: 'log' as const, event })),
      fc
        .constantFrom('zeroed' as const, 'set' as const, 'put' as const)
        .map((event) => ({ machine: 'base' as const, event })),
      fc
        .constantFrom<VringEvent>('device-start', 'start-plain', 'toggle-logged', 'stop')
        .map((event) => ({ machine: 'vring' as const, vring: 1, event })),
    );
    fc.assert(
      fc.property(fc.array(anySignal, { maxLength: 40 }), anySilent, (signals, silent) => {
        let state = anyState;
        for (const signal of signals) state = step(state, signal, silent);
        for (const set of [state.run, state.log, state.base, ...state.vrings.values()])
          expect(set.length).toBeGreaterThan(0);
      }),
    );
  });

  test('a fully watched start makes its rings known, a stop makes them idle', () => {
    let state = step(anyState, { machine: 'run', event: 'start' }, NOTHING_SILENT);
    state = step(state, { machine: 'vring', vring: 0, event: 'start-plain' }, NOTHING_SILENT);
    expect(runningRings(state)).toEqual([0]);
    expect(describeState(state)).toBe(
      'run starting or started or stopped; log unknown; log base unknown; vrings 0 plain',
    );
    state = step(state, { machine: 'vrings', event: 'stop' }, NOTHING_SILENT);
    expect(runningRings(state)).toEqual([]);
  });

  test('what contradicts everything that is left is said to', () => {
    let state = step(anyState, { machine: 'log', event: 'set-off' }, NOTHING_SILENT);
    state = step(state, { machine: 'log', event: 'seen-on' }, NOTHING_SILENT);
    expect([state.contradiction, state.log]).toEqual([true, ['on']]);
  });
});

test('cells are of three kinds', () => {
  const kinds = new Set(
    tables.flatMap(([, table]) =>
      Object.values(table).flatMap((row) =>
        Object.values(row).map((c) => (typeof c === 'string' ? c : 'to')),
      ),
    ),
  );
  expect([...kinds].sort()).toEqual([FORBIDDEN, IGNORED, 'to'].sort());
});
