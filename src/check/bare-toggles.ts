/**
 * Log starts and log stops that a capture shows by what reaches the backend alone: vring addresses that no vring is
 * set up for. What there was to judge is known by them, also where the log base or LOG_ALL is what was left out.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_set_log(): the features, then the address of each vring;
 * vhost_virtqueue_start(): the size and the base of a vring in front of its address.
 */
import { append } from '../base/append.js';
import type { Subject } from '../flows/distinct-facts.js';
import { LOG_ALL } from '../model/constants.js';
import type { Backend, FactKind } from '../model/fact.js';
import { featuresOf } from '../model/values.js';
import { messageEvents } from '../rules/shared/traced/message-events.js';
import { kernelRequests } from '../rules/shared/wire/kernel-requests.js';
import { connectionsOf } from '../rules/shared/wire/messages.js';
import type { Session } from './session.js';

export interface BareToggle {
  readonly line: number;
  readonly role: Subject['role'];
  readonly backend: Backend | undefined;
  /** Undefined where neither its words nor a log base in front of it tell. */
  readonly enable: boolean | undefined;
}

interface Request extends BareToggle {
  readonly step: number;
  /** `SET_VRING_ADDR` */
  readonly name: string;
}

/** The first of each role and direction, in order of the capture. */
export function bareToggles(context: Session): readonly BareToggle[] {
  return context.once('bare toggles', () => {
    const found = new Map<string, Request>();
    const toggles = requestsByThread(context).flatMap(togglesOf);
    for (const toggle of toggles.sort((a, b) => a.step - b.step)) {
      const key = `${toggle.role} ${String(toggle.backend)} ${String(toggle.enable)}`;
      if (!found.has(key)) found.set(key, toggle);
    }
    return [...found.values()];
  });
}

/** May stand between the features and an address, and between two addresses. */
const BETWEEN: ReadonlySet<string> = new Set([
  'GET_BACKEND_FEATURES',
  'SET_BACKEND_FEATURES',
  'GET_FEATURES',
  'GET_STATUS',
  'SET_STATUS',
  'ADD_STATUS',
  'GET_VQ_INDEX',
]);

/** What stands in front of the address of a vring that starts, however much of it is traced. */
const SETS_UP: ReadonlySet<string> = new Set([
  'SET_MEM_TABLE',
  'SET_VRING_NUM',
  'SET_VRING_BASE',
  'SET_DEV_VRING_BASE',
  'SET_VRING_ENDIAN',
  'SET_VRING_KICK',
  'SET_VRING_CALL',
]);

/** The log starts and log stops among what one thread sends to one backend, each by its first address. */
function togglesOf(thread: readonly Request[]): Request[] {
  return thread.flatMap((address, i) => {
    const [before, next] = [thread[i - 1], thread[i + 1]];
    if (address.name !== 'SET_VRING_ADDR' || before?.name === 'SET_VRING_ADDR') return [];
    if (before !== undefined && SETS_UP.has(before.name)) return [];
    // What stood in front of the first request of all is not known.
    if (before === undefined && next?.name !== 'SET_VRING_ADDR') return [];
    const features = before?.name === 'SET_FEATURES' ? before : undefined;
    const isBehindBase = features !== undefined && thread[i - 2]?.name === 'SET_LOG_BASE';
    const enable = isBehindBase ? true : (features?.enable ?? address.enable);
    return [{ ...address, line: features?.line ?? address.line, enable }];
  });
}

/** QEMU makes those of one log start or log stop in one thread, without letting it go. */
function requestsByThread(context: Session): readonly (readonly Request[])[] {
  const threads = new Map<string, Request[]>();
  const add = (to: string, { thread }: { thread: string | undefined }, request: Request): void => {
    if (!BETWEEN.has(request.name)) append(threads, `${thread ?? ''} ${to}`, request);
  };
  for (const request of kernelRequests(context)) {
    const { step, line, kind, endpoint } = request;
    const { backend = 'kernel' } = context.run.steps[step]?.wire ?? {};
    // VHOST_SET_FEATURES, VHOST_SET_FEATURES_ARRAY
    const name = kind === 'op_set_features' ? 'SET_FEATURES' : request.name;
    const plain = name.replace(/^VHOST_(?:VDPA_)?/, '');
    const own = { step, line, name: plain, role: 'wire', backend, enable: undefined } as const;
    add(`fd ${endpoint ?? ''}`, request, own);
  }
  for (const { endpoint, messages } of connectionsOf(context)) {
    for (const message of messages.filter(({ sender }) => sender === 'frontend')) {
      const { step, line, name, enable } = message;
      const own = { step, line, name, role: 'wire', backend: 'user', enable } as const;
      add(`socket ${endpoint ?? ''}`, message, own);
    }
  }
  for (const event of messageEvents(context).filter(({ sender }) => sender === 'frontend')) {
    const { step, line, name } = event;
    add('any socket', event, {
      ...{ step, line, name, role: 'event', backend: 'user', enable: undefined },
    });
  }
  for (const event of context.events(...VDPA)) {
    const { index, line, event: traced } = event;
    const { name = '', args = {} } = traced?.record ?? {};
    const plain = name.replace('vhost_vdpa_', '').toUpperCase();
    const word = plain === 'SET_FEATURES' ? featuresOf(args.features) : undefined;
    const enable = word === undefined ? undefined : (word & LOG_ALL) !== 0n;
    const own = { step: index, line, name: plain, role: 'event', backend: 'vdpa', enable } as const;
    add(`device ${args.dev ?? ''}`, event, own);
  }
  for (const call of context.of(...OPS)) {
    if (!call.entered || call.stackKnown || call.parent !== undefined) continue;
    const { first, line, kind, backend, device } = call;
    const name = kind.replace('op_', '').toUpperCase();
    const word = kind === 'op_set_features' ? featuresOf(call.value) : undefined;
    const enable = word === undefined ? undefined : (word & LOG_ALL) !== 0n;
    const own = { step: first, line, name, role: 'entry', backend, enable } as const;
    add(`device ${device ?? ''}`, call, own);
  }
  return [...threads.values()];
}

const VDPA: readonly FactKind[] = [
  'op_set_features',
  'op_set_vring_addr',
  'op_set_log_base',
  'op_set_mem_table',
  'vhost_vdpa',
];

const OPS: readonly FactKind[] = [
  'op_set_features',
  'op_set_vring_addr',
  'op_set_log_base',
  'op_set_mem_table',
  'op_set_vring_num',
  'op_set_vring_base',
];
