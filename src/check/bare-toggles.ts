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
  /** By what it goes together with others: thread and backend. */
  readonly of: string;
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
  for (const source of [kernel, sockets, sent, vdpa, stops]) {
    for (const request of source(context))
      if (!BETWEEN.has(request.name)) append(threads, request.of, request);
  }
  return [...threads.values()];
}

/** System calls, and the same in the kernel. */
function* kernel(context: Session): Generator<Request> {
  for (const { step, line, kind, endpoint, thread, name: whole } of kernelRequests(context)) {
    const { backend = 'kernel' } = context.run.steps[step]?.wire ?? {};
    // VHOST_SET_FEATURES, VHOST_SET_FEATURES_ARRAY
    const name =
      kind === 'op_set_features' ? 'SET_FEATURES' : whole.replace(/^VHOST_(?:VDPA_)?/, '');
    const of = `fd ${endpoint ?? ''} ${thread ?? ''}`;
    yield { of, step, line, name, role: 'wire', backend, enable: undefined };
  }
}

/** Messages, whoever shows them. */
function* sockets(context: Session): Generator<Request> {
  for (const { endpoint, messages } of connectionsOf(context)) {
    for (const { sender, step, line, name, thread, enable } of messages) {
      const of = `socket ${endpoint ?? ''} ${thread ?? ''}`;
      if (sender === 'frontend')
        yield { of, step, line, name, role: 'wire', backend: 'user', enable };
    }
  }
}

/** vhost_user_write: neither device nor payload. */
function* sent(context: Session): Generator<Request> {
  const common = { role: 'event', backend: 'user', enable: undefined } as const;
  for (const { sender, step, line, name, thread } of messageEvents(context))
    if (sender === 'frontend') yield { of: `sent ${thread ?? ''}`, step, line, name, ...common };
}

/** The trace events of vhost-vdpa. */
function* vdpa(context: Session): Generator<Request> {
  for (const { index: step, line, thread, event } of context.events(...VDPA)) {
    const { name: whole = '', args = {} } = event?.record ?? {};
    const name = whole.replace('vhost_vdpa_', '').toUpperCase();
    const of = `vdpa ${args.dev ?? ''} ${thread ?? ''}`;
    const enable = name === 'SET_FEATURES' ? asksForLogging(args.features) : undefined;
    yield { of, step, line, name, role: 'event', backend: 'vdpa', enable };
  }
}

/** Ops at which the debugger stopped, with no stack. */
function* stops(context: Session): Generator<Request> {
  for (const call of context.of(...OPS)) {
    if (!call.entered || call.stackKnown || call.parent !== undefined) continue;
    const { first: step, line, kind, backend, device, thread, value } = call;
    const of = `op ${device ?? ''} ${thread ?? ''}`;
    const enable = kind === 'op_set_features' ? asksForLogging(value) : undefined;
    yield {
      of,
      step,
      line,
      name: kind.replace('op_', '').toUpperCase(),
      role: 'entry',
      backend,
      enable,
    };
  }
}

function asksForLogging(features: string | undefined): boolean | undefined {
  const word = featuresOf(features);
  return word === undefined ? undefined : (word & LOG_ALL) !== 0n;
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
