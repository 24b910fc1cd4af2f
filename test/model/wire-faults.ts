/**
 * Faults of what crosses the border to the backend: messages of vhost-user, requests to the kernel, what the
 * kernel writes to the log, and the trace events of vdpa; with the runs and the texts they are put into.
 */
import { KernelDevice } from './wire-kernel.js';
import type { Ioctl, KernelDefect, LogWrite, Refusal } from './wire-kernel.js';
import {
  kprobeRows,
  libvhostUserOf,
  messageEventsOf,
  straceOf,
  straceOfIoctls,
  TRACE_HEADER,
} from './wire-text.js';
import { UserDevice } from './wire-user.js';
import type { Packet, UserDefect, UserSetup } from './wire-user.js';
import { VdpaDevice } from './wire-vdpa.js';
import type { VdpaDefect } from './wire-vdpa.js';

/** One run in one text. */
export interface WireTrial {
  readonly scenario: string;
  readonly format: string;
  /** Why this text cannot show the fault in this run. */
  readonly reason: string | undefined;
  readonly legitimate: () => string;
  readonly faulty: () => string;
}

export interface WireFault {
  readonly name: string;
  /** Rules that are made for it: one of them must report it. */
  readonly rules: readonly string[];
  readonly trials: () => readonly WireTrial[];
}

const MAIN = 4697;
const VCPU = 4703;
const MIGRATION = 4784;

interface UserBuild {
  readonly name: string;
  readonly setup: UserSetup;
}

const FULL = { replyAck: true, logShmfd: true, status: true, memSlots: false };

const USER_BUILDS: readonly UserBuild[] = [
  { name: '5.1, 2 pairs', setup: { ...FULL, version: 501, pairs: 2 } },
  { name: '6.2, 2 pairs', setup: { ...FULL, version: 602, pairs: 2 } },
  { name: '7.2, 1 pair', setup: { ...FULL, version: 702, pairs: 1 } },
  { name: '8.0, 2 pairs', setup: { ...FULL, version: 800, pairs: 2 } },
  { name: '9.1, 2 pairs', setup: { ...FULL, version: 901, pairs: 2 } },
  {
    name: '9.1, 2 pairs, no REPLY_ACK',
    setup: { ...FULL, version: 901, pairs: 2, replyAck: false },
  },
  {
    name: '9.1, 2 pairs, no LOG_SHMFD',
    setup: { ...FULL, version: 901, pairs: 2, logShmfd: false },
  },
  { name: '9.1, 1 pair, no STATUS', setup: { ...FULL, version: 901, pairs: 1, status: false } },
  {
    name: '10.2, 3 pairs, memory slots',
    setup: { ...FULL, version: 1002, pairs: 3, memSlots: true },
  },
];

type UserStory =
  'log start and stop' | 'restart while logging' | 'log grows' | 'vring refused' | 'vring reset';

const USER_STORIES: Readonly<Record<UserStory, (device: UserDevice) => void>> = {
  'log start and stop': (device) => {
    device.logStart(MIGRATION);
    device.logStop(MAIN);
  },
  'restart while logging': (device) => {
    device.logStart(MIGRATION);
    device.stop(MAIN);
    device.start(MAIN);
    device.logStop(MAIN);
  },
  'log grows': (device) => {
    device.logStart(MIGRATION);
    device.resize(VCPU, 0x2_0000_0000n);
    device.logStop(MAIN);
  },
  'vring reset': (device) => {
    device.resetVring(VCPU, 0);
    device.logStart(MIGRATION);
    device.resetVring(VCPU, 1);
    device.logStop(MAIN);
  },
  'vring refused': (device) => {
    device.logStart(MIGRATION, 1);
    device.logStart(MIGRATION);
    device.logStop(MAIN);
  },
};

type UserFormat =
  | 'strace'
  | 'strace without -y'
  | 'strace of what is sent'
  | 'strace of the backend'
  | 'libvhost-user'
  | 'trace events';

/** The messages of a device, and how many of them come before the story. */
interface Exchange {
  readonly packets: readonly Packet[];
  readonly before: number;
}

const USER_TEXTS: Readonly<
  Record<UserFormat, (exchange: Exchange, setup: UserSetup) => readonly string[]>
> = {
  strace: ({ packets }) => straceOf(packets, { names: true }),
  'strace without -y': ({ packets }) => straceOf(packets),
  'strace of what is sent': ({ packets }) => straceOf(packets, { names: true, sendsOnly: true }),
  'strace of the backend': ({ packets }) => straceOf(packets, { names: true, ofBackend: true }),
  'libvhost-user': ({ packets }) => libvhostUserOf(packets),
  // Without LOG_SHMFD migration is blocked: then it is the dirty rate that is measured.
  'trace events': ({ packets, before }, { logShmfd }) =>
    messageEventsOf(packets).flatMap((line, i) => {
      const [stamp = ''] = /^\d+@[\d.]+:/.exec(line) ?? [];
      const isStart = logShmfd && i === before;
      return isStart ? [`${stamp}migrate_set_state new state setup`, line] : [line];
    }),
};

interface UserRun {
  readonly setup: UserSetup;
  readonly story: UserStory;
  readonly format: UserFormat;
}

function messagesOf({ setup, story }: UserRun, defect: UserDefect | undefined): Exchange {
  const packets: Packet[] = [];
  const device = new UserDevice(packets, 12, setup, defect);
  device.connect(MAIN);
  device.start(VCPU);
  const before = packets.length;
  USER_STORIES[story](device);
  device.stop(MAIN);
  return { packets, before };
}

function userTrials(
  defect: UserDefect,
  reasonOf: (run: UserRun) => string | undefined,
): readonly WireTrial[] {
  return USER_BUILDS.flatMap(({ name, setup }) =>
    keysOf(USER_STORIES).flatMap((story) =>
      keysOf(USER_TEXTS)
        // The events are there since 7.2.
        .filter((format) => format !== 'trace events' || setup.version >= 702)
        .map((format) => {
          const run = { setup, story, format };
          const textOf = (wrong?: UserDefect): string =>
            USER_TEXTS[format](messagesOf(run, wrong), setup).join('\n');
          return {
            scenario: `${story} (vhost-user ${name}; ${format})`,
            format,
            reason: reasonOf(run),
            legitimate: () => textOf(),
            faulty: () => textOf(defect),
          };
        }),
    ),
  );
}

function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(record) as Key[];
}

type ReasonOf = (run: UserRun) => string | undefined;

/** The format shows too little. */
function hiddenIn(reason: string, ...formats: readonly UserFormat[]): ReasonOf {
  return ({ format }) => (formats.includes(format) ? reason : undefined);
}

/** The first of several. */
function either(...reasons: readonly ReasonOf[]): ReasonOf {
  return (run) => reasons.map((reasonOf) => reasonOf(run)).find((reason) => reason !== undefined);
}

const noPayload = hiddenIn('the trace events show no payload', 'trace events');
const noReplies = hiddenIn('replies are not shown', 'strace of what is sent', 'libvhost-user');
const noConnection = hiddenIn('the text names no connection', 'libvhost-user');

/** From 7.2 on STATUS tells the version, from 8.2 on DEVICE_STATE. */
function noVersion(since: string, told: number): ReasonOf {
  return ({ setup: { status, version } }) =>
    status && version >= told ? undefined : `nothing shows QEMU ${since} or later`;
}

const OTHER_THREAD =
  'the protocol features were set by another thread, which may be of a QEMU with the same file descriptor';

/** The main thread greets the backend, and the migration thread begins to log. */
const unnamedSocket = hiddenIn(OTHER_THREAD, 'strace without -y');

/** What the main thread starts while logging is known to be of the QEMU that greeted. */
const unnamedSocketOfLogStart: ReasonOf = (run) =>
  run.story === 'restart while logging' ? undefined : unnamedSocket(run);

/** Without the name of the socket a start of the device by another thread may be that of another QEMU. */
const otherThread = hiddenIn('another thread started the device', 'strace without -y');

/** Only the backend sees what all threads of QEMU send. */
function otherMay(what: string): ReasonOf {
  return ({ format }) =>
    format === 'strace of the backend' ? undefined : `a thread that is not traced may have ${what}`;
}

const otherStop = otherMay('stopped logging');

/** Sent in the same device start it is known to be that of the backend. */
const oldMemory: ReasonOf = ({ setup, story, format }) =>
  format === 'strace of the backend' || (story === 'restart while logging' && !setup.memSlots)
    ? undefined
    : 'the memory table is older: a thread that is not traced may have sent a smaller one';

/** Nothing is sent between log start and log stop: QEMU resets no vring alone before 7.2. */
const takenBackNext: ReasonOf = ({ story, setup: { version } }) =>
  story === 'log start and stop' ||
  story === 'vring refused' ||
  (story === 'vring reset' && version < 702)
    ? 'a log start that fails takes the features back, too'
    : undefined;

function userFault(
  name: string,
  rules: string | readonly string[],
  defect: UserDefect,
  ...reasons: readonly ReasonOf[]
): WireFault {
  return { name, rules: [rules].flat(), trials: () => userTrials(defect, either(...reasons)) };
}

/** The trace events show it where the other requests are acknowledged. */
const noAckAtAll: ReasonOf = ({ format, setup }) =>
  format === 'trace events' && !setup.replyAck ? 'the trace events show no payload' : undefined;

const notAtAll: ReasonOf = ({ setup }) =>
  setup.version < 602 ? 'QEMU before 6.2 never waits' : undefined;

/** The backend may have had its regions before. */
const notAllSlots: ReasonOf = (run) =>
  run.setup.memSlots ? otherMay('sent the regions')(run) : undefined;

const USER_FAULTS: readonly WireFault[] = [
  userFault(
    'logging is asked for without an acknowledgement',
    'VU-ACK',
    'ack-not-asked',
    noPayload,
    noConnection,
    noVersion('6.2', 702),
    unnamedSocketOfLogStart,
  ),
  userFault(
    'the first vring is told to log without an acknowledgement',
    'VU-ACK',
    'ack-of-vring-not-asked',
    noAckAtAll,
    noConnection,
    notAtAll,
  ),
  userFault(
    'the acknowledgement of logging is not awaited',
    'VU-ACK',
    'ack-not-awaited',
    noReplies,
  ),
  userFault(
    'the reply to the log base is not awaited',
    'VU-LOGBASE-REPLY',
    'reply-not-awaited',
    noReplies,
    unnamedSocket,
  ),
  userFault(
    'each queue pair sends the log base',
    'VU-LOGBASE-COUNT',
    'base-per-pair',
    noPayload,
    noConnection,
    noVersion('8.0', 802),
    unnamedSocket,
  ),
  userFault(
    'the log base is sent twice in a row',
    'VU-LOGBASE-COUNT',
    'base-twice',
    noPayload,
    noConnection,
    noVersion('8.0', 802),
    unnamedSocket,
  ),
  userFault(
    'mmap_size counts chunks',
    'VU-MMAPSIZE',
    'size-in-chunks',
    noPayload,
    noConnection,
    oldMemory,
  ),
  userFault('mmap_size is no number of chunks', 'VU-MMAPSIZE', 'size-odd', noPayload),
  userFault(
    'mmap_size is too small for memory',
    'VU-MMAPSIZE',
    'size-too-small',
    noPayload,
    noConnection,
    oldMemory,
  ),
  userFault('the log begins inside of the file', 'VU-MMAPSIZE', 'offset', noPayload),
  userFault(
    'the log base comes without the log',
    'VU-MMAPSIZE',
    'file-left-out',
    hiddenIn('the text does not show files', 'libvhost-user', 'trace events'),
    ({ setup: { logShmfd } }) =>
      logShmfd
        ? undefined
        : 'without LOG_SHMFD no file goes along, and only dirty rates are measured',
    unnamedSocketOfLogStart,
  ),
  userFault(
    'a log start leaves the log base out',
    'LS-BASE-FIRST',
    'base-left-out',
    noPayload,
    noConnection,
    otherThread,
  ),
  userFault(
    'a log start gives the log base behind LOG_ALL',
    'LS-BASE-FIRST',
    'base-behind-features',
    noPayload,
    noConnection,
    otherThread,
  ),
  userFault(
    'a log start gives the log base last',
    'LS-BASE-FIRST',
    'base-behind-vrings',
    noPayload,
    noConnection,
    otherThread,
  ),
  userFault(
    'a log start leaves LOG_ALL out',
    // Trace events show no features: there it is features that are not acknowledged, while the vrings behind them are.
    ['LS-FEATURES', 'VU-ACK'],
    'features-left-out',
    noPayload,
    noConnection,
  ),
  userFault(
    'a log start gives the log base and no more',
    'LS-FEATURES',
    'base-alone',
    noPayload,
    noConnection,
    otherMay('started logging'),
  ),
  userFault(
    'a device that logs is told to log once more',
    'LS-TWICE',
    'logged-twice',
    noPayload,
    noConnection,
    otherMay('ended logging'),
  ),
  userFault(
    'a log start addresses a vring without F_LOG',
    'LS-ALL-RINGS',
    'vring-not-told',
    noPayload,
    noConnection,
  ),
  userFault(
    'a log start passes over the last vring',
    'LS-ALL-RINGS',
    'vring-left-out',
    noPayload,
    noConnection,
    otherThread,
  ),
  userFault(
    'a log start passes over all vrings',
    'LS-ALL-RINGS',
    'vrings-left-out',
    noPayload,
    noConnection,
    otherMay('told the vrings'),
    takenBackNext,
  ),
  userFault(
    'a device that starts while logging starts a vring without F_LOG',
    'DS-FLAG',
    'start-vring-not-told',
    noPayload,
    noConnection,
  ),
  userFault(
    'a device that starts while logging does so without LOG_ALL',
    'LS-FEATURES',
    'start-features-not-told',
    noPayload,
    noConnection,
  ),
  userFault(
    'a device that starts while logging gets no log base',
    'DS-LOGBASE',
    'start-base-left-out',
    noPayload,
    noConnection,
  ),
  userFault(
    'a log start changes another feature',
    'LS-DELTA',
    'features-changed',
    noPayload,
    noConnection,
    otherThread,
  ),
  userFault(
    'a log start moves a vring',
    'LS-ADDR-STABLE',
    'vring-moved',
    noPayload,
    noConnection,
    otherThread,
  ),
  userFault(
    'the log does not grow with the memory',
    'RZ-COVER',
    'log-not-grown',
    noPayload,
    noConnection,
    otherStop,
  ),
  userFault(
    'the log grows only behind the memory',
    'RZ-TABLE',
    'log-grown-late',
    noPayload,
    noConnection,
    otherStop,
  ),
  userFault(
    'a log stop keeps LOG_ALL',
    // Of trace events, whose addresses behind acknowledged features are not acknowledged.
    ['LE-CLEAR', 'VU-ACK'],
    'stop-keeps-features',
    noPayload,
    noConnection,
    otherThread,
  ),
  userFault(
    'a log stop leaves the features out',
    'LE-CLEAR',
    'stop-leaves-features-out',
    noPayload,
    noConnection,
    otherThread,
  ),
  userFault(
    'a log stop addresses a vring with F_LOG',
    'LE-CLEAR',
    'stop-vring-not-told',
    noPayload,
    noConnection,
    otherThread,
  ),
  userFault(
    'a log stop passes over the last vring',
    'LE-CLEAR',
    'stop-vring-left-out',
    noPayload,
    noConnection,
    otherThread,
  ),
  userFault(
    'a vring is told to log behind its stop',
    'DS-RING-AFTER-STOP',
    'stopped-vring-told',
    noPayload,
    noConnection,
    otherMay('started the device'),
  ),
  userFault(
    'a vring is kicked before it is addressed',
    'DS-ORDER',
    'kick-before-address',
    noPayload,
    noConnection,
  ),
  userFault('a vring is not kicked', 'DS-ORDER', 'kick-left-out', noPayload, noConnection),
  userFault('a vring is not addressed', 'DS-ORDER', 'address-left-out', noPayload, noConnection),
  userFault('a vring gets no size', 'DS-ORDER', 'size-left-out', noPayload, noConnection),
  userFault('a vring gets no index', 'DS-ORDER', 'index-left-out', noPayload, noConnection),
  userFault(
    'a device start goes on behind a vring that the backend refuses',
    'DS-ORDER',
    'start-refusal-ignored',
    noPayload,
    noConnection,
    noReplies,
  ),
  userFault(
    'a log start goes on behind a vring that the backend refuses',
    'VU-ACK',
    'refusal-ignored',
    noPayload,
    noConnection,
    noReplies,
  ),
  userFault(
    'a device start sends memory behind the vrings',
    'DS-ORDER',
    'memory-behind-vrings',
    noPayload,
    noConnection,
    notAllSlots,
  ),
  userFault(
    'a device start sends no memory',
    'DS-ORDER',
    'memory-left-out',
    noPayload,
    noConnection,
    ({ setup: { memSlots } }) =>
      memSlots ? 'of memory that is not shared no region is sent' : undefined,
    otherThread,
  ),
  userFault(
    'a device start gives the log base before the vrings',
    'DS-ORDER',
    'base-before-vrings',
    noPayload,
    noConnection,
  ),
  userFault(
    'a device start sends no features',
    'DS-ORDER',
    'no-features',
    noPayload,
    noConnection,
    otherMay('sent the features'),
  ),
  userFault(
    'a device that runs is started once more',
    'DS-DOUBLE',
    'started-twice',
    noPayload,
    noConnection,
    otherMay('stopped the device'),
  ),
];

type KernelEvents = readonly (Ioctl | LogWrite)[];
type KernelFormat =
  'strace' | 'strace named' | 'kprobes' | 'kprobes, nested' | 'kprobes without returns';

const KERNEL_TEXTS: Readonly<Record<KernelFormat, (events: KernelEvents) => readonly string[]>> = {
  strace: (events) => straceOfIoctls(events.filter((event) => 'fd' in event)),
  'strace named': (events) =>
    straceOfIoctls(
      events.filter((event) => 'fd' in event),
      '</dev/vhost-net>',
    ),
  kprobes: (events) => probed(events, { inner: false, nested: false, returns: true }),
  'kprobes, nested': (events) => probed(events, { inner: true, nested: true, returns: true }),
  'kprobes without returns': (events) =>
    probed(events, { inner: false, nested: false, returns: false }),
};

function probed(events: KernelEvents, options: Parameters<typeof kprobeRows>[1]): string[] {
  return [...TRACE_HEADER, ...kprobeRows(events, options)];
}

type KernelStory = (device: KernelDevice) => void;

interface KernelRun {
  readonly name: string;
  /** As it has to be; where only the device is wrong, the same as the other. */
  readonly legitimate: KernelStory;
  readonly faulty: KernelStory;
  readonly reason?: string | undefined;
}

function kernelTrials(runs: readonly KernelRun[], defect?: KernelDefect): readonly WireTrial[] {
  return runs.flatMap(({ name, legitimate, faulty, reason }) =>
    keysOf(KERNEL_TEXTS).map((format) => ({
      scenario: `${name} (vhost-net; ${format})`,
      format,
      reason: format === 'kprobes without returns' ? 'what was returned is not shown' : reason,
      legitimate: () => KERNEL_TEXTS[format](requestsOf(legitimate)).join('\n'),
      faulty: () => KERNEL_TEXTS[format](requestsOf(faulty, defect)).join('\n'),
    })),
  );
}

function requestsOf(story: KernelStory, defect?: KernelDefect): KernelEvents {
  const events: (Ioctl | LogWrite)[] = [];
  const device = new KernelDevice(events, MAIN, 13, defect);
  device.open(MAIN);
  device.start(VCPU);
  story(device);
  return events;
}

function refusedAt(
  at: Refusal['at'],
  vring = 0,
  errno = 'EFAULT',
  stopper = MIGRATION,
): KernelStory {
  return (device) => {
    device.logStart(MIGRATION, { at, vring, errno });
    device.stop(stopper);
  };
}

/** A log start, and the guest's traffic. */
function logged(errno?: string): KernelStory {
  return (device) => {
    device.logStart(MIGRATION);
    for (let i = 0; i < 3; i++) device.traffic(errno);
    device.stop(MIGRATION);
  };
}

const VRINGS = [0, 1] as const;

const NOT_OF_THREAD = 'the thread shows no log start or log stop before it';

/** The log start is shown in the thread of the device stop, or another thread is that of the stop. */
function detachFault(): WireFault {
  const story =
    (stopper: number, hasLogStop: boolean): KernelStory =>
    (device) => {
      device.logStart(MIGRATION);
      if (hasLogStop) device.logStop(MAIN);
      device.stop(stopper);
    };
  const run = (
    name: string,
    stopper: number,
    hasLogStop: boolean,
    format: KernelFormat,
  ): WireTrial => {
    const told = story(stopper, hasLogStop);
    const isShown = stopper === (hasLogStop ? MAIN : MIGRATION);
    return {
      scenario: `${name} (vhost-net; ${format})`,
      format,
      reason: isShown ? unnamedDevice(format) : NOT_OF_THREAD,
      legitimate: () => KERNEL_TEXTS[format](requestsOf(told)).join('\n'),
      faulty: () => KERNEL_TEXTS[format](requestsOf(told, 'not-detached')).join('\n'),
    };
  };
  return {
    name: 'a device stop leaves the tap to the kernel',
    rules: ['DS-DETACH'],
    trials: () =>
      keysOf(KERNEL_TEXTS).flatMap((format) => [
        run('log start, device stop', MIGRATION, false, format),
        run('log stop, device stop', MAIN, true, format),
        run('log start, device stop by another thread', MAIN, false, format),
      ]),
  };
}

function unnamedDevice(format: KernelFormat): string | undefined {
  return format === 'strace named' ? undefined : 'the text does not name the device';
}

/** What shows that the log start is over is a request of its thread. */
function undoFault(name: string, defect: KernelDefect): WireFault {
  const runs = VRINGS.flatMap((vring): KernelRun[] => {
    const run = (stopper: number): Pick<KernelRun, 'legitimate' | 'faulty'> => {
      const story = refusedAt('address', vring, 'EFAULT', stopper);
      return { legitimate: story, faulty: story };
    };
    const reason =
      defect === 'undoes-no-vring' || defect === 'undoes-one-vring'
        ? undefined
        : 'the thread does no more, and another may be of a QEMU with the same file descriptor';
    return [
      { name: `vring ${vring} is refused`, ...run(MIGRATION) },
      { name: `vring ${vring} is refused, another thread goes on`, ...run(MAIN), reason },
    ];
  });
  return { name, rules: ['KV-ERR'], trials: () => kernelTrials(runs, defect) };
}

const KERNEL_FAULTS: readonly WireFault[] = [
  {
    name: 'the kernel refuses the log base, and the log start goes on',
    rules: ['KV-ERR'],
    trials: () =>
      kernelTrials([
        { name: 'log base is refused', legitimate: logged(), faulty: refusedAt('base') },
      ]),
  },
  {
    name: 'the kernel refuses the features, and the log start goes on',
    rules: ['KV-ERR'],
    trials: () => {
      const story = refusedAt('features');
      return kernelTrials(
        [{ name: 'features are refused', legitimate: story, faulty: story }],
        'goes-on',
      );
    },
  },
  undoFault('the kernel refuses a vring, and the log start goes on', 'goes-on'),
  undoFault('the kernel refuses a vring, and nothing is undone', 'undoes-nothing'),
  undoFault('the kernel refuses a vring, and no vring is undone', 'undoes-no-vring'),
  undoFault('the kernel refuses a vring, and one is not undone', 'undoes-one-vring'),
  undoFault('the kernel refuses a vring, and the features stay', 'keeps-features'),
  detachFault(),
  {
    name: 'a vring that the kernel does not have is addressed',
    rules: ['KV-IDX'],
    trials: () =>
      kernelTrials(
        VRINGS.map((vring) => ({
          name: `vring ${vring} is not there`,
          legitimate: logged(),
          faulty: refusedAt('address', vring, 'ENOBUFS'),
        })),
      ),
  },
  {
    name: 'the kernel cannot write to the log',
    rules: ['KV-LOGWRITE'],
    trials: () =>
      kernelTrials([{ name: 'traffic', legitimate: logged(), faulty: logged('EFAULT') }]),
  },
];

function vdpaFault(name: string, rule: string, defect: VdpaDefect, isShadowed: boolean): WireFault {
  const textOf = (wrong?: VdpaDefect): string => {
    const lines: string[] = [];
    const device = new VdpaDevice(lines, '0x55d5', wrong);
    device.start(isShadowed);
    device.toggleLog(true);
    device.stop();
    return lines.join('\n');
  };
  const format = 'trace events of vdpa';
  return {
    name,
    rules: [rule],
    trials: () => [
      {
        scenario: `log start${isShadowed ? ' with shadow virtqueues' : ''} (${format})`,
        format,
        reason: undefined,
        legitimate: () => textOf(),
        faulty: () => textOf(defect),
      },
    ],
  };
}

const VDPA_FAULTS: readonly WireFault[] = [
  vdpaFault('a device with shadow virtqueues gets a log base', 'VD-SVQ', 'log-base', true),
  vdpaFault('a device with shadow virtqueues gets LOG_ALL', 'VD-SVQ', 'features', true),
  vdpaFault('a device with shadow virtqueues gets F_LOG', 'VD-SVQ', 'address', true),
  vdpaFault('a vdpa device gets log base 0', 'ST-NULLBASE', 'null-base', false),
  vdpaFault('a vdpa device gets a log of 2^46 chunks', 'ST-SIZE-SANE', 'huge-log', false),
  vdpaFault('a log start moves a vring of a vdpa device', 'LS-ADDR-STABLE', 'vring-moved', false),
];

export const WIRE_FAULTS: readonly WireFault[] = [...USER_FAULTS, ...KERNEL_FAULTS, ...VDPA_FAULTS];
