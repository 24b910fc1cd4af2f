/**
 * Log stops of a vhost-user backend whose text does not print the vring and the flags of SET_VRING_ADDR, as that of DPDK.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_set_log(): features without LOG_ALL, and the address of each vring behind them.
 */
import type { Judgement, SessionContext } from '../../rule.js';
import { bareFeatures } from './bare-features.js';
import { eachGreeting, MESSAGES_RECIPE, nameOf } from './messages.js';
import type { Connection, Message } from './messages.js';
import { beforeOf, nextOf } from './passes.js';
import { startsByFeatures } from './starts.js';

const FLAGS = `the flags of SET_VRING_ADDR (${MESSAGES_RECIPE})`;

/** Log stops that may leave vrings, or LOG_ALL: nothing here is proven. */
export function* judgeHiddenStops(context: SessionContext): Generator<Judgement> {
  yield* withoutVrings(context);
  yield* eachGreeting(context, withLogAll);
}

/** Of a queue pair without a vring another one is told next. */
function* withoutVrings(context: SessionContext): Generator<Judgement> {
  for (const bare of bareFeatures(context)) {
    const { connection, features, before, devices, mayStart, next } = bare;
    if (features.enable !== false || before?.enable !== true || mayStart) continue;
    const addresses = devices.flatMap(({ vrings }) => [...vrings.values()]);
    const isHidden = addresses.some(({ address }) => address.enable === undefined);
    if (!isHidden || next?.name === 'SET_FEATURES') continue;
    yield {
      verdict: 'inconclusive',
      endpoint: connection.endpoint,
      step: features.step,
      line: features.line,
      message: `${nameOf(connection)} loses LOG_ALL, and none of its vrings is addressed behind it`,
      evidence: [{ line: before.line, role: 'LOG_ALL is set' }],
      missing: [
        next === undefined ? 'what the connection goes on with' : `whether a vring logs: ${FLAGS}`,
      ],
    };
  }
}

/** More vrings than run are addressed with LOG_ALL, or some again, and no log base is given for it. */
function* withLogAll(connection: Connection, requests: readonly Message[]): Generator<Judgement> {
  const starts = [...startsByFeatures(connection, requests).values()];
  const ofStarts = new Set(starts.map(({ base }) => base));
  const running = new Set<number>();
  let word: Message | undefined;
  let told = 0;
  for (const [i, request] of requests.entries()) {
    const { name, vring } = request;
    if (name === 'SET_VRING_KICK' && vring !== undefined) running.add(vring);
    else if (name === 'GET_VRING_BASE' && vring !== undefined) running.delete(vring);
    else if (name === 'SET_LOG_BASE') told = 0;
    if (name !== 'SET_FEATURES') continue;
    const before = word;
    word = request;
    if (request.enable !== true) told = 0;
    const count = countOfHidden(requests, i);
    if (count === 0 || request.enable !== true) continue;
    told += count;
    const last = beforeOf(requests, i);
    if (before?.enable !== true || last === undefined) continue;
    const isOfLogStart = last.name === 'SET_LOG_BASE' && !ofStarts.has(last);
    // The next queue pair.
    const isNextPair = PASS.has(last.name) && told <= Math.max(running.size, count);
    if (isOfLogStart || isNextPair) continue;
    yield {
      verdict: 'inconclusive',
      endpoint: connection.endpoint,
      step: request.step,
      line: request.line,
      message: `${nameOf(connection)} has LOG_ALL, gets it again, and vrings are addressed: it may be a log stop that keeps it`,
      evidence: [{ line: before.line, role: 'LOG_ALL is set' }],
      missing: [`whether the vrings are told not to log: ${FLAGS}`],
    };
  }
}

const PASS: ReadonlySet<string> = new Set(['SET_FEATURES', 'SET_VRING_ADDR']);

/** How many vrings are addressed behind features, each without its flags. */
function countOfHidden(requests: readonly Message[], features: number): number {
  const first = nextOf(requests, features);
  if (first?.name !== 'SET_VRING_ADDR') return 0;
  const begin = requests.indexOf(first, features);
  let end = begin;
  while (isHidden(requests[end])) end++;
  return end - begin;
}

function isHidden(request: Message | undefined): boolean {
  return request?.name === 'SET_VRING_ADDR' && request.enable === undefined;
}
