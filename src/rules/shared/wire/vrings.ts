/** Which vrings a vhost-user backend is told of at a log start and at a log stop. */
import type { Judgement, Mark, SessionContext } from '../../rule.js';
import { mayReset, NOT_RESET } from './devices.js';
import type { WireDevice, WireVring } from './devices.js';
import { NAMED_SOCKET, nameOf } from './messages.js';
import type { Message } from './messages.js';
import { deviceIn, goesOn, missingFor, missingStart, wirePasses } from './passes.js';
import type { WirePass } from './passes.js';

type Vrings = ReadonlyMap<number, WireVring>;

/** What a log start or a log stop is to do. */
interface Aim {
  /** VHOST_VRING_F_LOG in the flags. */
  readonly flag: boolean;
  readonly what: string;
  /** The vrings of the device that it must reach. */
  readonly vringsOf: (device: WireDevice) => Vrings;
  /** Is a vring that gets the other flag wrong, where nothing is known of it? */
  readonly isCertain: boolean;
  readonly wrong: (vring: number) => string;
}

const AIMS: Readonly<Record<WirePass['kind'], Aim>> = {
  start: {
    flag: true,
    what: 'to log',
    vringsOf: ({ vrings }) => vrings,
    isCertain: true,
    wrong: (vring) =>
      `gets LOG_ALL, and vring ${vring} no VHOST_VRING_F_LOG: its used ring is not logged`,
  },
  stop: {
    flag: false,
    what: 'not to log',
    vringsOf: ({ vrings }) =>
      new Map([...vrings].filter(([, { address }]) => address.enable === true)),
    isCertain: false,
    wrong: (vring) =>
      `loses LOG_ALL, and vring ${vring} keeps VHOST_VRING_F_LOG: the backend goes on logging it`,
  },
};

/** What would show with what the connection goes on. */
function missingEnd({ connection, next }: WirePass): string {
  const isUnnamed = connection.endpoint?.startsWith('fd ') === true && !connection.isOneSocket;
  return next !== undefined && isUnnamed ? NAMED_SOCKET : 'what the connection goes on with';
}

/** Is each vring told to log at a log start, or each that logs not to at a log stop? Several judgements where several are not. */
export function* judgeWireVrings(
  context: SessionContext,
  kind: WirePass['kind'],
): Generator<Judgement> {
  for (const pass of wirePasses(context)) {
    if (pass.kind === kind) yield* judgePass(context, pass, AIMS[kind]);
  }
}

function* judgePass(context: SessionContext, pass: WirePass, aim: Aim): Generator<Judgement> {
  const { connection, features, begin, addresses, next } = pass;
  const who = nameOf(connection);
  const at = { endpoint: connection.endpoint, step: begin.step, line: begin.line };
  const missing = missingFor(context, pass);
  const device = missing.length === 0 ? deviceIn(context, pass) : undefined;
  const vrings = device && aim.vringsOf(device);
  // A log stop of a device that does not log.
  if (vrings?.size === 0) return;
  // Of a log start that failed the features would be next.
  const isBare = begin !== features;
  if (isBare && !goesOn(context, pass)) missing.push(missingEnd(pass));
  if (vrings !== undefined && features.enable !== aim.flag && missing.length === 0) {
    yield {
      verdict: 'violation',
      ...at,
      message: `${who} is told not to log its vrings, and keeps LOG_ALL: it goes on logging what it writes`,
      expected: 'SET_FEATURES without LOG_ALL (bit 26)',
      evidence: [
        ...(isBare ? [{ line: features.line, role: 'the features in force' }] : []),
        ...addresses.slice(0, 1).flatMap((address) => {
          const before = vrings.get(address.vring ?? -1)?.address;
          return before === undefined ? [] : [markOf(before), markOf(address)];
        }),
        ...(isBare && next !== undefined ? [{ line: next.line, role: 'QEMU goes on' }] : []),
      ],
    };
    return;
  }
  const missed = missing.length === 0 && !isBare ? missedVrings(context, pass, aim, device) : [];
  for (const vring of missed) {
    yield {
      verdict: 'violation',
      ...at,
      vring,
      message: `${who} ${aim.wrong(vring)}`,
      expected: `SET_VRING_ADDR of vring ${vring} with flags ${aim.flag ? '0x1' : '0x0'}`,
      evidence: evidenceFor(pass, aim, vrings, vring),
    };
  }
  if (missed.length > 0) return;
  if (addresses.some(({ enable }) => enable !== undefined && enable !== aim.flag))
    missing.push(`a log ${pass.kind} that is not undone`);
  if (vrings === undefined) missing.push(missingStart(pass));
  const numbers = [...(vrings?.keys() ?? [])];
  const untold = numbers.filter((vring) => !addresses.some((one) => one.vring === vring));
  const before = untold.find((vring) => vrings?.get(vring)?.address.enable === aim.flag);
  const isLast = untold.length === 0;
  if (missing.length === 0 && before !== undefined)
    missing.push(
      `whether vring ${before} is passed over, which has VHOST_VRING_F_LOG already: probe vhost_virtqueue_set_addr`,
    );
  if (missing.length === 0 && !isLast)
    missing.push(device !== undefined && mayReset(device) ? NOT_RESET : missingEnd(pass));
  const message =
    missing.length > 0
      ? `whether ${who} is told ${aim.what} each vring is not shown`
      : `${who} is told ${aim.what} vrings ${numbers.join(', ')}`;
  if (missing.length > 0)
    yield { verdict: 'inconclusive', ...at, message, missing: [...new Set(missing)] };
  else yield { verdict: 'pass', ...at, message, seenAt: () => addresses.map(markOf) };
}

/** Vrings that are told the opposite, or nothing, where none of it undoes a pass that failed. */
function missedVrings(
  context: SessionContext,
  pass: WirePass,
  { flag, isCertain, vringsOf }: Aim,
  device: WireDevice | undefined,
): readonly number[] {
  const { addresses } = pass;
  const vrings = device && vringsOf(device);
  const told = new Set<number>();
  const wrong = new Set<number>();
  for (const { vring = -1, enable } of addresses) {
    if (enable === flag) told.add(vring);
    else if (!told.has(vring) && (isCertain || vrings?.has(vring) === true)) wrong.add(vring);
  }
  const isUndone = addresses.some(({ vring = -1, enable }) => enable !== flag && told.has(vring));
  const silent = [...(vrings ?? [])]
    .filter(([vring, { address }]) => !told.has(vring) && address.enable !== flag)
    .map(([vring]) => vring)
    .filter((vring) => !wrong.has(vring));
  const lastTold = Math.max(...told);
  // A later one proves that it was passed over, else that QEMU goes on.
  const isOver = !isUndone && goesOn(context, pass);
  const passedOver =
    device === undefined || mayReset(device)
      ? []
      : silent.filter((vring) => vring < lastTold || isOver);
  return [...wrong, ...passedOver].sort((a, b) => a - b);
}

function evidenceFor(
  { addresses, next }: WirePass,
  { flag }: Aim,
  vrings: Vrings | undefined,
  missed: number,
): Mark[] {
  const marks = addresses.map(markOf);
  const { kick, address } = vrings?.get(missed) ?? {};
  // One that is to stop logging had to be told to log.
  if (!flag && address !== undefined)
    marks.unshift({ line: address.line, role: `vring ${missed} was told to log` });
  if (addresses.some(({ vring }) => vring === missed)) return marks;
  if (flag && kick !== undefined)
    marks.unshift({ line: kick.line, role: `vring ${missed} is set going` });
  const isPassedOver = addresses.some(({ vring = -1 }) => vring > missed);
  if (!isPassedOver && next !== undefined) marks.push({ line: next.line, role: 'QEMU goes on' });
  return marks;
}

function markOf({ line, vring = -1, enable }: Message): Mark {
  return { line, role: `vring ${vring} is told ${enable === true ? '' : 'not '}to log` };
}
