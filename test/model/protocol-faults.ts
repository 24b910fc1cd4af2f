/**
 * Faults of the protocol: each drops, moves or alters one step of a run, and says which rule is there
 * to find it and which others its consequences may break.
 */
import type { Defect, Mishap, Question, Step } from './execution.js';
import type { Arg, Frame } from './gdb-log.js';
import type { Qemu } from './qemu.js';
import type { Scenario } from './scenarios.js';
import type { Backend, VhostDev } from './vhost-backend.js';

type OpenIn = (scenario: Scenario) => string | undefined;

export interface ProtocolFault {
  readonly name: string;
  /** Rules that are made for it: one of them must report it. */
  readonly rules: readonly string[];
  /** Rules that may also report what comes of it. */
  readonly consequences?: readonly string[];
  /** Why no capture of calls can tell. */
  readonly undecidable?: string;
  /** Why no capture can tell in a scenario that comes to the step. */
  readonly openIn?: OpenIn;
  /** It is about what comes after a failure: put into runs in which a backend refuses. */
  readonly isOfRefusal?: boolean;
  readonly defect: (qemu: () => Qemu) => Defect;
}

type Matcher = string | RegExp;
type Condition = (step: Step, qemu: () => Qemu) => boolean;
type Happening = Mishap | ((step: Step, qemu: () => Qemu) => Mishap);

const SKIP: Mishap = { kind: 'skip' };
const TWICE: Mishap = { kind: 'twice' };
const REFUSED: Mishap = { kind: 'refused' };
const LOG_ALL = 0x4000000;

function op(name: string): RegExp {
  return new RegExp(`^vhost_(?:kernel|user|vdpa)_${name}$`);
}

function isCall(func: string, matcher: Matcher): boolean {
  return typeof matcher === 'string' ? func === matcher : matcher.test(func);
}

/** Every call of such a function for which the condition holds goes wrong. */
function at(
  matcher: Matcher,
  condition: Condition,
  happening: Happening,
): (qemu: () => Qemu) => Defect {
  return (qemu) => ({
    call: (step) => {
      if (!isCall(step.func, matcher) || !condition(step, qemu)) return undefined;
      return typeof happening === 'function' ? happening(step, qemu) : happening;
    },
  });
}

/** The same, but for the first call of each device with each log flag: that one shows that such calls are in sight. */
function again(
  matcher: Matcher,
  condition: Condition,
  happening: Mishap,
): (qemu: () => Qemu) => Defect {
  return (qemu) => {
    const seen = new Set<string>();
    return {
      call: (step) => {
        if (!isCall(step.func, matcher) || !condition(step, qemu)) return undefined;
        const flag = valueOf(step.args, 'enable_log');
        const key = `${String(deviceOf(step, qemu)?.address)} ${String(flag)}`;
        if (seen.has(key)) return happening;
        seen.add(key);
        return undefined;
      },
    };
  };
}

function answer(
  question: Question,
  decide: (value: boolean | number) => boolean | number,
): () => Defect {
  return () => ({ decide: (asked, value) => (asked === question ? decide(value) : undefined) });
}

function all(...conditions: readonly Condition[]): Condition {
  return (step, qemu) => conditions.every((holds) => holds(step, qemu));
}

function valueOf(args: readonly Arg[], name: string): Arg[1] | undefined {
  return args.find(([known]) => known === name)?.[1];
}

function frameOf(step: Step, func: string): Frame | undefined {
  return step.callers.findLast((frame) => frame.func === func);
}

function within(func: string): Condition {
  return (step) => frameOf(step, func) !== undefined;
}

function outside(func: string): Condition {
  return (step) => frameOf(step, func) === undefined;
}

function has(name: string, value: Arg[1]): Condition {
  return (step) => valueOf(step.args, name) === value;
}

function onRing(ring: number): Condition {
  return (step) => step.ring === ring;
}

/** Directly or not inside vhost_dev_set_log(enable). */
function settingLog(enable: boolean): Condition {
  return (step) => {
    const frame = frameOf(step, 'vhost_dev_set_log');
    return frame !== undefined && valueOf(frame.args, 'enable_log') === enable;
  };
}

function switching(enable: boolean): Condition {
  return within(enable ? 'vhost_log_global_start' : 'vhost_log_global_stop');
}

const inStart = within('vhost_dev_start');
const inStop: Condition = (step) =>
  frameOf(step, 'vhost_dev_stop') !== undefined || frameOf(step, 'do_vhost_dev_stop') !== undefined;
const inCommit = within('vhost_commit');
const always: Condition = () => true;

/** The vhost_dev that was registered last. */
const ofLastDevice: Condition = (step, qemu) => {
  const last = qemu().tracking.listeners.at(-1);
  if (last === undefined) return false;
  return step.args.some(
    ([name, value]) =>
      (name === 'listener' && value === last.address + 8n) ||
      ((name === 'dev' || name === 'hdev') && value === last.address),
  );
};

function deviceOf(step: Step, qemu: () => Qemu): VhostDev | undefined {
  const pointer = valueOf(step.args, 'dev') ?? valueOf(step.args, 'hdev');
  const listener = valueOf(step.args, 'listener');
  return qemu().tracking.listeners.find(
    (dev) => dev.address === pointer || dev.address + 8n === listener,
  );
}

/** Bits above 31 make it a number that `&` cannot take. */
function withoutLogAll(features: number): number {
  return Math.floor(features / LOG_ALL) % 2 === 1 ? features - LOG_ALL : features;
}

/** Stories, by the beginning of their name, in which a fault cannot be told. */
function inStories(names: RegExp, why: string): OpenIn {
  return ({ name }) => (names.test(name) ? why : undefined);
}

/** Backends of which a fault cannot be told, or to which its rule does not apply. */
function ofBackend(why: Readonly<Partial<Record<Backend, string>>>): OpenIn {
  return ({ profile: { devices } }) => devices[0] && why[devices[0].backend];
}

const NOT_BY_LOG = 'vdpa: its shadow virtqueues mark memory dirty without the log';

/** Not the one that an op or vhost_log_get() belongs to. */
function anotherBackend({ func, args }: Step): Backend {
  const isVdpa = String(valueOf(args, 'backend_type')).endsWith('_VDPA') || func.includes('_vdpa_');
  return isVdpa ? 'kernel' : 'vdpa';
}

function alter(args: Readonly<Record<string, Arg[1]>>): Mishap {
  return { kind: 'alter', args };
}

function editing(from: RegExp, to: string): Mishap {
  return { kind: 'alter', struct: (struct) => struct.replace(from, to) };
}

/** The backend gets the index of the ring before. */
const ONE_LESS: Mishap = {
  kind: 'alter',
  struct: (struct) =>
    struct.replace(/index = (\d+)/, (_, index: string) => `index = ${Number(index) - 1}`),
};

function after(func: Matcher): Mishap {
  return { kind: 'after', func: typeof func === 'string' ? new RegExp(`^${func}$`) : func };
}

const NOTHING_TO_DO =
  'the devices do not run: a log start or stop sets their flag and does no more';

const LOG_START: readonly ProtocolFault[] = [
  {
    name: 'log start without log base',
    rules: ['LS-BASE-FIRST'],
    defect: at(op('set_log_base'), switching(true), SKIP),
  },
  {
    name: 'log base after features and rings',
    rules: ['LS-BASE-FIRST'],
    // A pass that fails may have given the log back by then.
    consequences: ['LG-REFCNT'],
    defect: at(op('set_log_base'), switching(true), after('vhost_dev_set_log')),
  },
  {
    name: 'features of a log start reach no backend',
    rules: ['LS-FEATURES'],
    // The undoing of one that fails does not reach it either.
    consequences: ['LS-UNIFORM'],
    defect: at(op('set_features'), settingLog(true), SKIP),
  },
  {
    name: 'log start goes on behind features that are refused',
    rules: ['LS-FEATURES'],
    consequences: ['MG-SYNC-OFF'],
    defect: at(op('set_features'), settingLog(true), REFUSED),
  },
  {
    name: 'a ring of a log start reaches no backend',
    rules: ['LS-ALL-RINGS'],
    defect: at(op('set_vring_addr'), all(settingLog(true), onRing(1)), SKIP),
  },
  {
    name: 'log start tells the backend nothing',
    rules: ['LS-FEATURES'],
    consequences: ['MG-SYNC-OFF', 'RZ-ELECT'],
    defect: at('vhost_dev_set_log', all(switching(true), has('enable_log', true)), SKIP),
  },
  {
    name: 'log start does nothing to a device',
    rules: ['LS-FEATURES'],
    // Its flag is not what it should be from then on.
    consequences: ['DS-FLAG', 'MG-SYNC-OFF', 'XD-PAIRS'],
    openIn: inStories(/^(?:paused machine|savevm)/, NOTHING_TO_DO),
    defect: at('vhost_migration_log', has('enable', true), SKIP),
  },
  {
    name: 'log start without LOG_ALL',
    rules: ['LS-FEATURES'],
    // Where the pass fails, its rollback lacks the features too.
    consequences: ['LS-UNIFORM'],
    defect: at('vhost_dev_set_features', settingLog(true), SKIP),
  },
  {
    name: 'log start skips ring 1',
    rules: ['LS-ALL-RINGS'],
    defect: at('vhost_virtqueue_set_addr', all(settingLog(true), onRing(1)), SKIP),
  },
  {
    name: 'log start addresses ring 1 without logging',
    rules: ['LS-UNIFORM', 'ST-ENABLE'],
    consequences: ['LS-ALL-RINGS', 'LS-FLAGBIT'],
    defect: at(
      'vhost_virtqueue_set_addr',
      all(settingLog(true), onRing(1), has('enable_log', true)),
      alter({ enable_log: false }),
    ),
  },
  {
    name: 'flag changes on its way to vhost_dev_set_log',
    rules: ['ST-ENABLE'],
    // The pass switches off what vhost_migration_log() takes to be on.
    consequences: ['LS-UNIFORM', 'MG-SYNC-OFF', 'DS-LOGBASE-OFF', 'LS-FEAT-BEFORE-VRING'],
    defect: at(
      'vhost_dev_set_log',
      all(switching(true), has('enable_log', true)),
      alter({ enable_log: false }),
    ),
  },
  {
    name: 'flag changes on its way to the features',
    // A rollback passes the other flag as well: the word alone tells.
    rules: ['ST-ENABLE', 'LS-WORD'],
    consequences: ['LS-FEATURES', 'LS-UNIFORM'],
    defect: at(
      'vhost_dev_set_features',
      all(settingLog(true), has('enable_log', true)),
      alter({ enable_log: false }),
    ),
  },
  {
    name: 'features word without LOG_ALL',
    rules: ['LS-WORD'],
    consequences: ['LS-FEATURES', 'MG-SYNC-OFF'],
    defect: at(op('set_features'), settingLog(true), (step) =>
      alter({ features: withoutLogAll(Number(valueOf(step.args, 'features'))) }),
    ),
  },
  {
    name: 'features word changes in another bit',
    rules: ['LS-DELTA'],
    defect: at(op('set_features'), settingLog(true), (step) =>
      alter({ features: Number(valueOf(step.args, 'features')) + 2 ** 34 }),
    ),
  },
  {
    name: 'ring address without F_LOG',
    rules: ['LS-FLAGBIT'],
    consequences: ['LS-ALL-RINGS'],
    defect: at(op('set_vring_addr'), settingLog(true), editing(/flags = 1/, 'flags = 0')),
  },
  {
    name: 'ring address moves at log start',
    rules: ['LS-ADDR-STABLE'],
    defect: at(
      op('set_vring_addr'),
      settingLog(true),
      editing(/used_user_addr = \d+/, 'used_user_addr = 140736011284480'),
    ),
  },
  {
    name: 'ring 1 is addressed as ring 0',
    rules: ['ST-IDX'],
    consequences: ['LS-ALL-RINGS', 'LE-CLEAR', 'LS-ADDR-STABLE', 'KV-IDX'],
    defect: at('vhost_virtqueue_set_addr', all(settingLog(true), onRing(1)), alter({ idx: 0 })),
  },
  {
    name: 'log start sends its base twice',
    rules: ['VU-LOGBASE-COUNT'],
    openIn: ofBackend({
      kernel: 'it stores the same address again',
      vdpa: 'it stores the same address again',
    }),
    defect: at(op('set_log_base'), within('vhost_dev_log_resize'), TWICE),
  },
  {
    name: 'log base is 0',
    rules: ['ST-NULLBASE'],
    consequences: ['ST-BASE-EQ', 'LG-SHARED'],
    defect: at(op('set_log_base'), switching(true), alter({ base: 0 })),
  },
  {
    name: 'log base 0 in a device start',
    rules: ['ST-NULLBASE'],
    consequences: ['ST-BASE-EQ', 'LG-SHARED'],
    defect: at(op('set_log_base'), inStart, alter({ base: 0 })),
  },
  {
    name: 'log base is not the bitmap',
    rules: ['ST-BASE-EQ'],
    consequences: ['LG-SHARED'],
    defect: at(op('set_log_base'), switching(true), (step) =>
      alter({ base: Number(valueOf(step.args, 'base')) + 0x1000 }),
    ),
  },
  {
    name: 'log size changes on the way down',
    rules: ['ST-SIZE'],
    consequences: ['LS-SIZE', 'LG-SHARED', 'RZ-COVER'],
    defect: at('vhost_log_get', switching(true), (step) =>
      alter({ size: Number(valueOf(step.args, 'size')) + 64 }),
    ),
  },
  {
    name: 'log size of a terabyte',
    rules: ['ST-SIZE-SANE'],
    consequences: ['LS-SIZE', 'LG-SHARED', 'ST-SYNCRANGE'],
    defect: answer('size of a new log', () => 2 ** 46),
  },
  {
    name: 'log smaller than memory',
    rules: ['LS-SIZE'],
    openIn: inStories(/^hot unplug/, 'no sync round shows the memory of the device'),
    consequences: ['RZ-COVER', 'LG-SHARED'],
    defect: answer('size of a new log', () => 100),
  },
  {
    name: 'shared log for a backend that cannot share',
    rules: ['ST-SHARE'],
    consequences: ['ST-BACKEND'],
    defect: at(
      /^vhost_log_(?:get|alloc)$/,
      all(switching(true), has('share', false)),
      alter({ share: true }),
    ),
  },
  {
    name: 'log of another backend type',
    rules: ['ST-BACKEND'],
    consequences: ['ST-SHARE'],
    defect: at(
      'vhost_log_get',
      (step) => step.args.some(([name]) => name === 'backend_type'),
      (step) => alter({ backend_type: `VHOST_BACKEND_TYPE_${anotherBackend(step).toUpperCase()}` }),
    ),
  },
  {
    name: 'log of no backend type',
    rules: ['ST-BACKEND'],
    defect: at(
      'vhost_log_get',
      (step) => step.args.some(([name]) => name === 'backend_type'),
      alter({ backend_type: 'VHOST_BACKEND_TYPE_NONE' }),
    ),
  },
  {
    name: 'an op of another backend',
    rules: ['ST-BACKEND'],
    consequences: ['LS-BASE-FIRST', 'LG-SHARED', 'ST-SHARE'],
    defect: at(op('set_log_base'), all(switching(true), ofLastDevice), (step) => ({
      kind: 'alter',
      func: `vhost_${anotherBackend(step)}_set_log_base`,
    })),
  },
  {
    name: 'listener of another device',
    rules: ['ST-LISTENER'],
    consequences: ['ST-CALLER', 'LS-BASE-FIRST', 'LG-SHARED', 'ST-BACKEND', 'LS-FEATURES'],
    defect: at('vhost_dev_log_resize', switching(true), (step) =>
      alter({ dev: BigInt(valueOf(step.args, 'dev') ?? 0n) + 0x40n }),
    ),
  },
  {
    name: 'rings before features',
    rules: ['LS-FEAT-BEFORE-VRING'],
    consequences: ['LS-UNIFORM', 'LS-FEATURES'],
    defect: at('vhost_dev_set_features', settingLog(true), after('vhost_virtqueue_set_addr')),
  },
  {
    name: 'log set twice',
    rules: ['LS-TWICE'],
    defect: at('vhost_dev_set_log', has('enable_log', true), TWICE),
  },
  {
    name: 'log start forgets a device',
    rules: ['LS-ALL-DEVICES'],
    consequences: ['MG-SYNC-OFF', 'XD-PAIRS', 'LE-ALL-DEVICES', 'LG-SHARED', 'DS-FLAG'],
    defect: at('vhost_log_global_start', all(outside('vhost_dev_init'), ofLastDevice), SKIP),
  },
  {
    name: 'registration does not tell of dirty tracking',
    rules: ['LS-ALL-DEVICES'],
    consequences: ['MG-SYNC-OFF', 'XD-PAIRS', 'LE-ALL-DEVICES', 'LG-SHARED'],
    defect: at('vhost_log_global_start', within('vhost_dev_init'), SKIP),
  },
  {
    name: 'log start works on a stopped device',
    rules: ['LS-EARLY-EXIT'],
    consequences: ['LS-ALL-RINGS', 'LG-BALANCE', 'DS-RING-AFTER-STOP', 'LE-PUT', 'ST-IDX'],
    defect: answer('log change has nothing to do', (isIdle) => (isIdle === true ? false : isIdle)),
  },
  {
    name: 'failed log start leaves others logging',
    rules: ['XD-ROLLBACK'],
    consequences: ['MG-LEFT-ON', 'XD-PAIRS', 'LS-TWICE'],
    defect: at('vhost_log_global_stop', within('memory_global_dirty_log_start'), SKIP),
  },
];

/** vhost_dev_set_log() at its err_vq: the flag is no longer that of the pass. */
function undoing(enable: boolean): Condition {
  return all(settingLog(enable), has('enable_log', !enable));
}

/** Below a call of the undoing. */
function inUndoing(func: string): Condition {
  return (step) => {
    const frame = frameOf(step, func);
    const isUndoing = frame !== undefined && valueOf(frame.args, 'enable_log') === false;
    return isUndoing && frameOf(step, 'vhost_dev_set_log') !== undefined;
  };
}

function undoFault(
  name: string,
  matcher: Matcher,
  condition: Condition,
  happening: Mishap = SKIP,
  consequences: readonly string[] = [],
): ProtocolFault {
  return {
    name,
    rules: ['LS-UNIFORM'],
    consequences,
    isOfRefusal: true,
    defect: at(matcher, condition, happening),
  };
}

const SET_BACK = /^(?:vhost_virtqueue_set_addr|vhost_dev_set_features)$/;

const UNDOING: readonly ProtocolFault[] = [
  undoFault(
    'failed log start leaves ring 0 logging',
    'vhost_virtqueue_set_addr',
    all(undoing(true), onRing(0)),
  ),
  undoFault(
    'failed log start leaves ring 1 logging',
    'vhost_virtqueue_set_addr',
    all(undoing(true), onRing(1)),
  ),
  undoFault('failed log start undoes no ring', 'vhost_virtqueue_set_addr', undoing(true)),
  undoFault('failed log start leaves LOG_ALL set', 'vhost_dev_set_features', undoing(true)),
  undoFault(
    'the undoing of ring 0 reaches no backend',
    op('set_vring_addr'),
    all(settingLog(true), inUndoing('vhost_virtqueue_set_addr'), onRing(0)),
  ),
  undoFault(
    'the undoing of LOG_ALL reaches no backend',
    op('set_features'),
    all(settingLog(true), inUndoing('vhost_dev_set_features')),
  ),
  undoFault('failed log start undoes nothing', SET_BACK, undoing(true)),
  undoFault(
    'failed log start addresses ring 0 with logging again',
    'vhost_virtqueue_set_addr',
    all(undoing(true), onRing(0)),
    alter({ enable_log: true }),
    ['LS-FLAGBIT'],
  ),
  undoFault('failed log stop undoes no ring', 'vhost_virtqueue_set_addr', undoing(false)),
  undoFault('failed log stop leaves LOG_ALL cleared', 'vhost_dev_set_features', undoing(false)),
  undoFault('failed log stop undoes nothing', SET_BACK, undoing(false)),
];

const START_AND_STOP: readonly ProtocolFault[] = [
  {
    name: 'restart forgets logging',
    rules: ['DS-FLAG'],
    consequences: ['DS-STOP-LOGFLAG', 'MG-SYNC-OFF', 'XD-PAIRS'],
    defect: answer('log flag of a start', () => false),
  },
  {
    name: 'restart sets no features',
    rules: ['DS-FLAG'],
    defect: at('vhost_dev_set_features', all(inStart, has('enable_log', true)), SKIP),
  },
  {
    name: 'restart with features that do not log',
    rules: ['DS-FLAG'],
    consequences: ['DS-STOP-LOGFLAG', 'LS-WORD', 'LS-DELTA', 'MG-SYNC-OFF', 'DS-LOGBASE-OFF'],
    defect: at(
      'vhost_dev_set_features',
      all(inStart, has('enable_log', true)),
      alter({ enable_log: false }),
    ),
  },
  {
    name: 'restart with a ring that does not log',
    rules: ['DS-FLAG'],
    consequences: ['LS-FLAGBIT'],
    defect: at(
      'vhost_virtqueue_set_addr',
      all(inStart, onRing(1), has('enable_log', true)),
      alter({ enable_log: false }),
    ),
  },
  {
    name: 'reset ring restarts without logging',
    rules: ['DS-FLAG'],
    consequences: ['LS-FLAGBIT'],
    defect: at(
      'vhost_virtqueue_set_addr',
      all(within('vhost_net_virtqueue_restart'), has('enable_log', true)),
      alter({ enable_log: false }),
    ),
  },
  {
    name: 'ring is reset while attached',
    rules: ['DS-DETACH'],
    defect: at(op('net_set_backend'), within('vhost_net_virtqueue_reset'), SKIP),
  },
  {
    name: 'restart with features that reach no backend',
    rules: ['DS-FLAG'],
    defect: at(op('set_features'), all(inStart, isLogging), SKIP),
  },
  {
    name: 'restart with a ring that reaches no backend',
    rules: ['DS-FLAG'],
    defect: at(op('set_vring_addr'), all(inStart, onRing(1), isLogging), SKIP),
  },
  {
    name: 'restart does not elect the device',
    rules: ['MG-LOGGER'],
    consequences: ['RZ-ELECT'],
    openIn: ofBackend({ vdpa: NOT_BY_LOG }),
    // Another device shows that the election of a start is in sight.
    defect: at(
      'vhost_dev_elect_mem_logger',
      all(inStart, has('add', true), (step, qemu) => !ofLastDevice(step, qemu)),
      SKIP,
    ),
  },
  {
    name: 'restart without log base',
    rules: ['DS-LOGBASE'],
    defect: at(op('set_log_base'), inStart, SKIP),
  },
  {
    name: 'log base at a start without logging',
    rules: ['DS-LOGBASE-OFF'],
    consequences: ['LG-BALANCE', 'LG-SHARED', 'MG-LOGGER'],
    defect: answer('log base at a start', () => true),
  },
  {
    name: 'start never sends the features',
    rules: ['DS-ORDER'],
    defect: again('vhost_dev_set_features', all(inStart, has('enable_log', false)), SKIP),
  },
  {
    name: 'start never sends the memory table',
    rules: ['DS-ORDER'],
    defect: again(op('set_mem_table'), inStart, SKIP),
  },
  {
    name: 'start with features that reach no backend',
    rules: ['DS-ORDER'],
    defect: again(op('set_features'), all(inStart, isNotLogging), SKIP),
  },
  {
    name: 'start with a ring that reaches no backend',
    rules: ['DS-ORDER'],
    defect: again(op('set_vring_addr'), all(inStart, onRing(1), isNotLogging), SKIP),
  },
  ...[0, 1].map((ring) => ({
    name: `start leaves out ring ${ring}`,
    rules: ['DS-ORDER'],
    openIn: inStories(/^reconnect/, 'a device that comes back may have other rings'),
    defect: again('vhost_virtqueue_start', all(inStart, onRing(ring)), SKIP),
  })),
  {
    name: 'start never addresses ring 1',
    rules: ['DS-ORDER'],
    defect: again('vhost_virtqueue_set_addr', all(inStart, onRing(1)), SKIP),
  },
  ...(['num', 'base', 'kick'] as const).map((what) => ({
    name: `start never sets the ${what} of ring 0`,
    rules: ['DS-ORDER'],
    defect: again(op(`set_vring_${what}`), all(inStart, onRing(0)), SKIP),
  })),
  {
    name: 'memory table after a ring',
    rules: ['DS-ORDER'],
    defect: at(op('set_mem_table'), inStart, after('vhost_virtqueue_start')),
  },
  {
    name: 'features after the memory table',
    rules: ['DS-ORDER'],
    defect: at('vhost_dev_set_features', inStart, after(op('set_mem_table'))),
  },
  {
    name: 'ring address after the kick',
    rules: ['DS-ORDER'],
    defect: at('vhost_virtqueue_set_addr', inStart, after(op('set_vring_kick'))),
  },
  {
    name: 'log base before the last ring',
    rules: ['DS-ORDER'],
    defect: at(
      'vhost_virtqueue_start',
      (step, qemu) => inStart(step, qemu) && onRing(1)(step, qemu) && isLogging(step, qemu),
      after(op('set_log_base')),
    ),
  },
  {
    name: 'start of a started device',
    rules: ['DS-DOUBLE'],
    consequences: ['LG-BALANCE', 'DS-RING-AFTER-STOP'],
    openIn: ofBackend({ user: 'its socket may have been closed, which stops it unseen' }),
    defect: at('vhost_dev_start', always, TWICE),
  },
  {
    name: 'stop of a stopped device',
    rules: ['DS-STOP-UNSTARTED'],
    consequences: ['DS-PUT', 'DS-RINGBASE'],
    openIn: ofBackend({
      user: 'handlers of a closed socket stop a device that is stopped',
      vdpa: 'a switch to shadow virtqueues that fails leaves the device to be stopped once more',
    }),
    defect: at('vhost_dev_stop', always, TWICE),
  },
  {
    name: 'stop leaves ring 1 running',
    rules: ['DS-RINGBASE'],
    openIn: inStories(
      /^(?:hot unplug|reconnect)/,
      'a guest that loses the device may have taken the ring away before',
    ),
    defect: at(op('get_vring_base'), all(inStop, onRing(1)), SKIP),
  },
  {
    name: 'log is given back before ring 1 is fetched',
    rules: ['DS-RINGBASE'],
    consequences: ['DS-FINALSYNC'],
    defect: at(/^(?:do_)?vhost_virtqueue_stop$/, all(inStop, onRing(1)), after('vhost_log_put')),
  },
  {
    name: 'ring stopped under another index',
    rules: ['ST-IDX'],
    consequences: ['DS-RINGBASE'],
    defect: at(/^(?:do_)?vhost_virtqueue_stop$/, all(inStop, onRing(1)), (step) => ({
      kind: 'alter',
      args: { idx: Number(valueOf(step.args, 'idx')) - 1 },
    })),
  },
  {
    name: 'ring 0 is fetched twice',
    rules: ['ST-IDX', 'DS-RINGBASE'],
    openIn: inStories(
      /^(?:hot unplug|reconnect)/,
      'a guest that loses the device may have taken the ring away before',
    ),
    defect: at(op('get_vring_base'), all(inStop, onRing(1)), ONE_LESS),
  },
  {
    name: 'backend gets ring 1 under the index of ring 0',
    rules: ['ST-IDX'],
    consequences: ['LS-ADDR-STABLE'],
    defect: at(op('set_vring_addr'), onRing(1), ONE_LESS),
  },
  {
    name: 'ring addressed after its stop',
    rules: ['DS-RING-AFTER-STOP'],
    consequences: ['ST-CALLER', 'DS-ORDER', 'ST-IDX', 'LS-FLAGBIT'],
    defect: at(op('get_vring_base'), all(inStop, onRing(0)), (step, qemu) => ({
      kind: 'behind',
      run: () => {
        const dev = deviceOf(step, qemu);
        if (dev !== undefined) qemu().machine.vhost.setAddress(step.thread, dev, 0, dev.logEnabled);
      },
    })),
  },
  {
    name: 'tap detached after the stop',
    rules: ['DS-DETACH'],
    consequences: ['DS-ORDER'],
    defect: at(op('net_set_backend'), within('vhost_net_stop_one'), after('vhost_dev_stop')),
  },
  {
    name: 'tap is taken away from ring 0 twice',
    rules: ['DS-DETACH'],
    defect: at(
      op('net_set_backend'),
      all(within('vhost_net_stop_one'), onRing(1)),
      editing(/index = 1/, 'index = 0'),
    ),
  },
  {
    name: 'tap is not taken away, and the stop goes on',
    rules: ['DS-DETACH'],
    defect: at(op('net_set_backend'), within('vhost_net_stop_one'), REFUSED),
  },
  {
    name: 'tap is not taken away, and the ring is reset',
    rules: ['DS-DETACH'],
    defect: at(op('net_set_backend'), within('vhost_net_virtqueue_reset'), REFUSED),
  },
  {
    name: 'another ring is detached than is reset',
    rules: ['DS-DETACH'],
    defect: at(
      op('net_set_backend'),
      within('vhost_net_virtqueue_reset'),
      editing(/index = 0/, 'index = 1'),
    ),
  },
  {
    name: 'stop keeps the log',
    rules: ['DS-PUT'],
    consequences: ['DS-FINALSYNC', 'LG-BALANCE', 'LG-REFCNT', 'LG-SHARED', 'LS-EARLY-EXIT'],
    defect: at('vhost_log_put', all(inStop, holdsLog), SKIP),
  },
  {
    name: 'stop puts the log without a sync',
    rules: ['ST-PUTSYNC'],
    consequences: ['DS-PUT', 'DS-FINALSYNC'],
    defect: at('vhost_log_put', inStop, alter({ sync: false })),
  },
  {
    name: 'last put reads nothing',
    rules: ['DS-FINALSYNC'],
    defect: answer('put reads the log', () => false),
  },
];

const LOG_STOP: readonly ProtocolFault[] = [
  {
    name: 'log stop tells the backend nothing',
    rules: ['LE-SKIP'],
    consequences: ['MG-LEFT-ON', 'LE-CLEAR'],
    defect: at('vhost_dev_set_log', has('enable_log', false), SKIP),
  },
  {
    name: 'log stop does nothing to a device',
    rules: ['MG-LEFT-ON'],
    // After a rollback the next log start finds the flag on. The trace events show a log stop that switches nothing off.
    consequences: ['DS-FLAG', 'LS-FEATURES', 'XD-PAIRS', 'LE-SKIP'],
    openIn: inStories(/^(?:paused machine|savevm)/, NOTHING_TO_DO),
    defect: at('vhost_migration_log', has('enable', false), SKIP),
  },
  {
    name: 'log stop puts the log before the backend is told',
    rules: ['LE-SKIP'],
    defect: at('vhost_dev_set_log', has('enable_log', false), after('vhost_log_put')),
  },
  {
    name: 'log stop leaves ring 1 logging',
    rules: ['LE-CLEAR'],
    defect: at('vhost_virtqueue_set_addr', all(settingLog(false), onRing(1)), SKIP),
  },
  {
    name: 'log stop keeps LOG_ALL',
    rules: ['LE-CLEAR'],
    defect: at('vhost_dev_set_features', settingLog(false), SKIP),
  },
  {
    name: 'log stop goes on behind features that are refused',
    rules: ['LE-CLEAR'],
    defect: at(op('set_features'), settingLog(false), REFUSED),
  },
  {
    name: 'log stop keeps the log',
    rules: ['LE-PUT'],
    consequences: ['LG-BALANCE', 'LG-REFCNT', 'LG-SHARED'],
    defect: at('vhost_log_put', switching(false), SKIP),
  },
  {
    name: 'log stop puts the log with a sync',
    rules: ['ST-PUTSYNC'],
    defect: at('vhost_log_put', switching(false), alter({ sync: true })),
  },
  {
    name: 'log stop forgets a device',
    rules: ['LE-ALL-DEVICES'],
    consequences: ['MG-LEFT-ON', 'XD-PAIRS', 'LE-SKIP'],
    defect: at('vhost_log_global_stop', ofLastDevice, SKIP),
  },
  {
    name: 'log never stopped',
    rules: ['MG-LEFT-ON'],
    consequences: ['LE-ALL-DEVICES'],
    openIn: inStories(
      /^(?:dirty rate|hot unplug|reconnect)/,
      'a measurement that is over names no function that would stop the log, and a device that came back was told to log by its registration',
    ),
    defect: at('memory_global_dirty_log_stop', (_, qemu) => qemu().machine.isRunning, SKIP),
  },
  {
    name: 'log stopped while the migration copies',
    rules: ['MG-STOPPED-EARLY'],
    consequences: ['MG-SYNC-OFF', 'LG-SHARED', 'TH-OVERLAP'],
    defect: at(
      'migration_bitmap_sync',
      all(within('migration_iteration_run'), (_, qemu) => qemu().machine.isRunning),
      (step, qemu) => ({
        kind: 'before',
        run: () => {
          qemu().tracking.stop(step.thread, 'migration');
        },
      }),
    ),
  },
];

const RESIZE: readonly ProtocolFault[] = [
  {
    name: 'old log put before the new base',
    rules: ['RZ-ORDER'],
    defect: at(op('set_log_base'), inCommit, after('vhost_log_put')),
  },
  {
    name: 'log resize keeps the old log',
    rules: ['RZ-ORDER'],
    defect: at('vhost_log_put', inCommit, SKIP),
  },
  {
    name: 'log grows after the memory table',
    rules: ['RZ-TABLE'],
    consequences: ['RZ-COVER'],
    defect: at(
      'vhost_dev_log_resize',
      all(inCommit, (step, qemu) => grows(step, qemu)),
      after(op('set_mem_table')),
    ),
  },
  {
    name: 'log shrinks before the memory table',
    rules: ['RZ-TABLE'],
    consequences: ['RZ-COVER'],
    defect: at(
      op('set_mem_table'),
      (step, qemu) => {
        const { size = 0 } = deviceOf(step, qemu)?.log ?? {};
        return inCommit(step, qemu) && size > qemu().machine.vhost.memory + 170;
      },
      after('vhost_dev_log_resize'),
    ),
  },
  {
    name: 'log does not grow',
    rules: ['RZ-COVER'],
    consequences: ['LS-SIZE'],
    defect: answer('log must grow', () => false),
  },
  {
    name: 'resize leaves nobody elected',
    rules: ['RZ-ELECT'],
    consequences: ['MG-LOGGER'],
    openIn: ofBackend({ vdpa: NOT_BY_LOG }),
    defect: answer('elects after a resize', () => false),
  },
  {
    name: 'log start elects nobody',
    rules: ['MG-LOGGER'],
    consequences: ['RZ-ELECT'],
    openIn: ofBackend({ vdpa: NOT_BY_LOG }),
    defect: at('vhost_dev_elect_mem_logger', all(settingLog(true), has('add', true)), SKIP),
  },
];

const ROUNDS: readonly ProtocolFault[] = [
  {
    name: 'a sync round misses a device',
    rules: ['MG-SYNC-EVERY'],
    defect: at('vhost_log_sync', all(within('migration_bitmap_sync'), ofLastDevice), SKIP),
  },
  {
    name: 'a sync reads a part of memory',
    rules: ['ST-SYNCRANGE'],
    defect: at('vhost_sync_dirty_bitmap', within('vhost_log_sync'), alter({ last: '4095' })),
  },
  {
    name: 'a device runs during the last sync',
    rules: ['MG-DEVSTOP'],
    consequences: ['DS-DOUBLE', 'MG-SYNC-OFF', 'LG-BALANCE'],
    defect: at('virtio_vmstate_change', within('migration_completion'), SKIP),
  },
  {
    name: 'log without holders',
    rules: ['LG-REFCNT'],
    defect: at(op('set_log_base'), always, editing(/refcnt = \d+/, 'refcnt = 0')),
  },
  {
    name: 'a freed log is given again',
    rules: ['LG-REFCNT'],
    openIn: inStories(
      /^(?:driver reload|two devices, stop and cont|failed switchover|reconnect)/,
      'the log is made by a log start and given by a device start, which may have a vhost_log_alloc of its own inlined',
    ),
    defect: answer('a freed log is given again', () => true),
  },
  {
    name: 'two devices of one kind with two logs',
    rules: ['LG-SHARED'],
    openIn: inStories(
      /log resize/,
      'logs of other sizes are made in between, which replace the shared one for good',
    ),
    defect: at(op('set_log_base'), all(switching(true), isLastOfSeveral), (step) => {
      const base = Number(valueOf(step.args, 'base')) + 0x200000;
      const log = BigInt(valueOf(step.args, 'log') ?? 0n) + 0x200000n;
      return {
        kind: 'alter',
        args: { base, log },
        struct: (text) => text.replace(/log = \w+/, `log = 0x${base.toString(16)}`),
      };
    }),
  },
  {
    name: 'ring address sent by a sync',
    rules: ['ST-CALLER'],
    consequences: ['DS-RING-AFTER-STOP', 'ST-IDX', 'LS-UNIFORM'],
    defect: at('vhost_sync_dirty_bitmap', within('migration_iteration_run'), (step, qemu) => ({
      kind: 'before',
      run: () => {
        const dev = deviceOf(step, qemu);
        if (dev !== undefined) qemu().machine.vhost.setAddress(step.thread, dev, 0, dev.logEnabled);
      },
    })),
  },
  {
    name: 'a commit in the middle of a start',
    rules: ['TH-OVERLAP'],
    consequences: ['DS-ORDER', 'LG-SHARED'],
    defect: at(op('set_mem_table'), all(inStart, isOnVcpu), (_, qemu) => ({
      kind: 'behind',
      run: () => {
        const { machine, tracking } = qemu();
        tracking.commitAll(machine.main, true);
      },
    })),
  },
  {
    name: 'log messages do not wait for their replies',
    rules: ['VU-LOGBASE-REPLY', 'VU-ACK'],
    defect: answer('log messages wait for a reply', () => false),
  },
];

/** The call, and not what comes of it, is for another device than its caller. */
function forAnother(matcher: Matcher, condition: Condition): (qemu: () => Qemu) => Defect {
  return at(matcher, all(condition, hasAnother), (step, qemu) => {
    const [other] = othersOf(step, qemu);
    const name = valueOf(step.args, 'hdev') === undefined ? 'dev' : 'hdev';
    return alter({ [name]: other?.address ?? 0n });
  });
}

const hasAnother: Condition = (step, qemu) => othersOf(step, qemu).length > 0;

function othersOf(step: Step, qemu: () => Qemu): readonly VhostDev[] {
  const own = deviceOf(step, qemu);
  return qemu().tracking.listeners.filter((dev) => own !== undefined && dev !== own);
}

const ANOTHER_DEVICE: readonly ProtocolFault[] = [
  {
    name: 'features of a log toggle for another device',
    rules: ['ST-LISTENER'],
    consequences: ['LS-FEATURES', 'LE-CLEAR', 'LS-UNIFORM'],
    defect: forAnother('vhost_dev_set_features', within('vhost_dev_set_log')),
  },
  {
    name: 'a device start sets another device up',
    rules: ['ST-LISTENER'],
    defect: forAnother(op('(?:set_mem_table|set_vring_(?:num|base|kick))'), inStart),
  },
  {
    name: 'a device stop fetches the vrings of another device',
    rules: ['ST-LISTENER'],
    consequences: ['DS-RINGBASE'],
    defect: forAnother(op('get_vring_base'), inStop),
  },
  {
    name: 'a device stop stops vrings of another device',
    rules: ['ST-LISTENER'],
    defect: forAnother(/^(?:do_)?vhost_virtqueue_stop$/, inStop),
  },
  {
    name: 'a device stop puts the log of another device',
    rules: ['ST-LISTENER'],
    consequences: ['DS-PUT', 'DS-FINALSYNC'],
    defect: forAnother('vhost_log_put', inStop),
  },
  {
    name: 'the last put reads another device',
    rules: ['ST-LISTENER'],
    defect: forAnother('vhost_log_sync_range', within('vhost_log_put')),
  },
];

/** Steps that no rule misses, because nothing in the protocol of vhost hangs on seeing them. */
const OPEN: readonly ProtocolFault[] = [
  {
    name: 'no sync round at the switchover',
    rules: [],
    undecidable: 'the devices are stopped by then: what they wrote was read when they put the log',
    defect: at('migration_bitmap_sync', within('migration_completion'), SKIP),
  },
  {
    name: 'a sync leaves out a used ring',
    rules: [],
    undecidable:
      'a ring whose used area the guest never set up is left out too, and its address is not shown',
    defect: at(
      'vhost_dev_sync_region',
      (step) => within('vhost_log_sync')(step, neverAsked) && valueOf(step.args, 'rfirst') !== 0,
      SKIP,
    ),
  },
];

function neverAsked(): never {
  throw new Error('this condition looks at calls alone');
}

function isLogging(step: Step, qemu: () => Qemu): boolean {
  return deviceOf(step, qemu)?.logEnabled === true;
}

function isNotLogging(step: Step, qemu: () => Qemu): boolean {
  return !isLogging(step, qemu);
}

function holdsLog(step: Step, qemu: () => Qemu): boolean {
  return deviceOf(step, qemu)?.log !== undefined;
}

function grows(step: Step, qemu: () => Qemu): boolean {
  return Number(valueOf(step.args, 'size')) > (deviceOf(step, qemu)?.log?.size ?? 0);
}

function isLastOfSeveral(step: Step, qemu: () => Qemu): boolean {
  return qemu().tracking.listeners.length > 1 && ofLastDevice(step, qemu);
}

function isOnVcpu(step: Step, qemu: () => Qemu): boolean {
  return step.thread === qemu().machine.vcpu;
}

export const FAULTS: readonly ProtocolFault[] = [
  ...LOG_START,
  ...UNDOING,
  ...START_AND_STOP,
  ...LOG_STOP,
  ...RESIZE,
  ...ROUNDS,
  ...ANOTHER_DEVICE,
  ...OPEN,
];
