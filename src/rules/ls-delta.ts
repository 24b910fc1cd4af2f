import { callerOf } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { bigintOf } from '../model/values.js';
import { LOG_ALL } from '../model/constants.js';
import { bareFeatures } from './shared/wire/bare-features.js';
import type { BareFeatures } from './shared/wire/bare-features.js';
import { messagesOf } from './shared/wire/devices.js';
import {
  connectionsOf,
  isOfSameQemu,
  MESSAGES_RECIPE,
  missingEndpoint,
  nameOf,
} from './shared/wire/messages.js';
import type { Connection, Message } from './shared/wire/messages.js';
import { hasGap, hasStranger, place, unwatched } from './shared/calls/queries.js';
import { featuresSent } from './shared/calls/printed.js';
import { deviceIn, isOfOneQemu, missingStart, wirePasses } from './shared/wire/passes.js';
import type { WirePass } from './shared/wire/passes.js';
import { mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** Between two starts of a device the features word changes in one bit only. */
export const lsDelta: Rule = {
  info: {
    id: 'LS-DELTA',
    title: 'a log toggle changes VHOST_F_LOG_ALL and no other feature',
    severity: 'error',
    impact: 'crash',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'features= of the set_features op at the device start and at the log toggle',
      'probe vhost_dev_start: the next start may negotiate other features',
      'or the messages of a vhost-user connection since the device start: an strace -y of QEMU or of the backend',
    ],
    why: 'A backend that runs cannot take other features: DPDK refuses the word and closes the connection, a vdpa device refuses it, others change the layout of buffers in use.',
    probes: ['vhost_dev_start', 'op_set_features'],
    messageProbes: ['wire vhost_user_message', 'wire op_set_features'],
    remedy: 'Look for what changes dev->acked_features while the device runs.',
    exceptions: [
      'a new start of the device',
      'vdpa with shadow virtqueues changes the word inside the op: only the entry of the op shows it',
      'kernel devices of 10.2 and later get a pointer to the words: they have to be printed at the op',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_set_features()',
      'DPDK lib/vhost/vhost_user.c vhost_user_set_features()',
    ],
    bugs: [
      {
        where: 'DPDK 07f8db29b883 (18.02)',
        what: 'Any features were taken while the device ran; since then only VHOST_F_LOG_ALL may change, and a frontend that changes more is refused.',
        backend: 'user',
      },
    ],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    const words = new Map<string, Word>();
    for (const call of context.of(
      'op_set_features',
      'vhost_dev_start',
      'vhost_dev_init',
      'vhost_dev_cleanup',
    )) {
      if (call.device === undefined) words.clear();
      else if (call.kind !== 'op_set_features') words.delete(call.device);
      else {
        const word = wordOf(call);
        const before = words.get(call.device);
        if (word === undefined) continue;
        words.set(call.device, before ?? word);
        if (before !== undefined) yield judge(context, before, word);
      }
    }
    for (const pass of wirePasses(context)) {
      // The features of the others were judged before.
      if (pass.begin === pass.features) yield judgeWire(context, pass);
    }
    for (const bare of bareFeatures(context)) yield* judgeBare(context, bare);
    for (const connection of connectionsOf(context)) {
      for (const message of connection.messages) {
        const { refused } = message.payload;
        if (refused !== undefined && isOtherWord(message))
          yield judgeRefused(connection, message, refused);
      }
    }
  },
};

/** DPDK compares the words itself, but what it had before is not shown. */
function judgeRefused(connection: Connection, message: Message, refused: string): Judgement {
  return {
    verdict: 'inconclusive',
    endpoint: connection.endpoint,
    step: message.step,
    line: message.line,
    message: `the backend refused the features: ${refused}`,
    missing: [`the features words since the device start (${MESSAGES_RECIPE})`],
  };
}

interface Word {
  readonly call: Activation;
  readonly features: bigint;
}

/** What a start or a log toggle sends; vhost_dev_prepare_inflight() comes before the start. */
function wordOf(call: Activation): Word | undefined {
  // vhost_vdpa_set_features() clears VHOST_F_LOG_ALL in its own argument.
  if (call.call.row.backend === 'vdpa' && !call.entered) return undefined;
  const sender = callerOf(call, 'vhost_dev_start', 'vhost_dev_set_log', 'vhost_migration_log');
  // Of two words the first alone was printed.
  if (call.printed?.has('[0]') === true && !call.printed.has('[1]')) return undefined;
  const features = featuresSent(call);
  return sender === undefined || features === undefined ? undefined : { call, features };
}

function judge(context: SessionContext, before: Word, now: Word): Judgement {
  const { run } = context;
  const changed = (before.features ^ now.features) & ~LOG_ALL;
  const at = place(now.call);
  const evidence = mark(before.call, BEFORE);
  if (changed === 0n) return stable(at, evidence);
  const [from, to] = [before.call.first, now.call.first];
  const message = `${now.call.func} changes the features 0x${changed.toString(16)} of a started device`;
  const missing = unwatched(run, 'vhost_dev_start', from, to);
  if (hasGap(run, from, to)) missing.push('an unbroken record since the device start');
  if (hasStranger(context, from, to, 'vhost_dev_start')) missing.push('hdev= of vhost_dev_start');
  if (isPartOf(now.features, before.features) || isPartOf(before.features, now.features))
    missing.push('the whole features word: one begins as the other does');
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected: expectedFor(before.features),
    evidence,
  };
}

/** `features=0x144` at the end of a row that lost its tail, of 0x144000000. */
function isPartOf(part: bigint, word: bigint): boolean {
  const text = part.toString(16);
  return [word, word ^ LOG_ALL].some((whole) => {
    const digits = whole.toString(16);
    return digits.length > text.length && digits.startsWith(text);
  });
}

function stable(
  at: Pick<Judgement, 'device' | 'endpoint' | 'step' | 'line'>,
  before: readonly Mark[],
): Judgement {
  const message = 'only VHOST_F_LOG_ALL changes, if anything';
  return { verdict: 'pass', ...at, message, seenAt: () => before };
}

const BEFORE = 'the features word before';

function expectedFor(before: bigint): string {
  return `features 0x${(before & ~LOG_ALL).toString(16)}, with or without bit 26`;
}

function judgeWire(context: SessionContext, pass: WirePass): Judgement {
  const { connection, features } = pass;
  const at = { endpoint: connection.endpoint, step: features.step, line: features.line };
  const start = deviceIn(context, pass)?.features;
  const before = bigintOf(start?.payload.u64);
  const now = bigintOf(features.payload.u64);
  const isShown = start !== undefined && isOfSameQemu(context, connection, start, features);
  if (!isShown || before === undefined || now === undefined) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: `whether the log ${pass.kind} changes the features of ${nameOf(connection)} is not shown`,
      missing: [missingStart(pass, 'the messages since the device start')],
    };
  }
  const changed = (before ^ now) & ~LOG_ALL;
  const [who, evidence] = [nameOf(connection), mark(start, BEFORE)];
  return judgeChange({ at, sender: `the log ${pass.kind}`, who, changed, word: before, evidence });
}

/** A log toggle that ends with its features, as it does where the backend refuses them; or features that are no toggle. */
function* judgeBare(context: SessionContext, bare: BareFeatures): Generator<Judgement> {
  const { connection, features, devices, before, mayStart } = bare;
  const now = bigintOf(features.payload.u64);
  if (now === undefined) {
    yield* judgeUnknown(bare);
    return;
  }
  // The connection is that of all of them, and each is toggled by itself.
  const own = devices.find((device) => device.features?.enable === !features.enable) ?? devices[0];
  const last = own?.features ?? before;
  const isToggle = last === undefined ? features.enable : last.enable !== features.enable;
  const words = devices.map((device) => bigintOf(device.features?.payload.u64));
  // Of several devices it may be for any of them.
  const isSame = words.some((word) => word !== undefined && ((word ^ now) & ~LOG_ALL) === 0n);
  if (isToggle === true) {
    if (mayStart && (isSame || devices.length === 0)) return;
  } else if (mayStart || isSame || words.length === 0 || words.includes(undefined)) return;
  const who = nameOf(connection);
  const at = { endpoint: connection.endpoint, step: features.step, line: features.line };
  const start = own?.features;
  const word = bigintOf(start?.payload.u64);
  const missing = missingOfBare(context, bare);
  // What a log of DPDK shows of features it has taken; a message has its header, too.
  if (!isSame && features.flags === undefined) missing.push(TAKEN);
  if (isToggle !== true) missing.push(WHY);
  const sender =
    isToggle === true ? `the log ${features.enable === true ? 'start' : 'stop'}` : features.name;
  if (missing.length > 0 || word === undefined) {
    const whether = `whether ${sender} changes the features of ${who}`;
    const message = isToggle === true ? whether : `${whether}, which runs, as no log toggle does,`;
    yield { verdict: 'inconclusive', ...at, message: `${message} is not shown`, missing };
  } else {
    const changed = isSame ? 0n : (word ^ now) & ~LOG_ALL;
    yield judgeChange({ at, sender, who, changed, word, evidence: mark(start, BEFORE) });
  }
}

const TAKEN = `that the device ran: DPDK takes other features of one that does not (${MESSAGES_RECIPE})`;

/** A device that runs gets features by log toggles alone; whether these are for it, and are features at all, the sender knows. */
const WHY = 'what sends them: probe vhost_dev_set_features, with its backtrace';

/** DPDK does not print a word that it refuses, nor one that changes nothing. */
function* judgeUnknown({ connection, features, devices, mayStart, next }: BareFeatures) {
  const { refused } = features.payload;
  if (mayStart || devices.length === 0 || isOtherWord(features)) return;
  if (refused !== undefined) yield judgeRefused(connection, features, refused);
  else if (next === undefined) {
    const message = `whether ${features.name} changes the features of ${nameOf(connection)} is not shown`;
    yield { ...judgeRefused(connection, features, ''), message };
  }
}

/** DPDK itself says so. */
function isOtherWord({ name, payload }: Message): boolean {
  return name === 'SET_FEATURES' && payload.refused?.startsWith('features changed') === true;
}

function missingOfBare(context: SessionContext, bare: BareFeatures): string[] {
  const { connection, features, devices, stop, mayStart } = bare;
  const starts = devices.map((device) => device.features);
  const isShown = [...starts, ...devices.flatMap(messagesOf)].every(
    (message) => message !== undefined && isOfSameQemu(context, connection, message, features),
  );
  const missing: string[] = [];
  if (!isShown || devices.length === 0 || !isOfOneQemu(connection))
    missing.push(`the messages since the device start (${MESSAGES_RECIPE})`);
  else missing.push(...missingEndpoint(connection));
  if (mayStart) missing.push('whether it is of a log toggle, or of a device start');
  if (stop !== undefined && starts.some((start) => start !== undefined && start.step < stop.step))
    missing.push('whether the device was stopped: GET_VRING_BASE of all its vrings');
  return missing;
}

interface Change {
  readonly at: Pick<Judgement, 'endpoint' | 'step' | 'line'>;
  /** What changes them, `the log start`. */
  readonly sender: string;
  readonly who: string;
  /** Bits other than VHOST_F_LOG_ALL. */
  readonly changed: bigint;
  /** The features of the device start. */
  readonly word: bigint;
  readonly evidence: readonly Mark[];
}

function judgeChange({ at, sender, who, changed, word, evidence }: Change): Judgement {
  if (changed === 0n) return stable(at, evidence);
  const message = `${sender} changes the features 0x${changed.toString(16)} of ${who}, which runs`;
  return { verdict: 'violation', ...at, message, expected: expectedFor(word), evidence };
}
