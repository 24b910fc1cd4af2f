/**
 * Stacks in which QEMU waits: for a backend, or for the lock that a thread holds which waits for one; and calls to a backend
 * that have not returned where an strace ends. No rule judges them: a wait may be short. They say what a QEMU that hangs hangs in.
 *
 * Source: QEMU hw/virtio/vhost-user.c (vhost_user_read(), vhost_user_write()), hw/virtio/vhost-backend.c
 * (vhost_kernel_call()), hw/virtio/vhost-vdpa.c (vhost_vdpa_call()), system/cpus.c (bql_lock_impl(),
 * qemu_mutex_lock_iothread_impl() up to 8.1); glibc and GLib for what stands below them.
 */
import { plainName } from '../facts/functions.js';
import { requestTable } from '../facts/wire/requests.js';
import type { CallWait, Step } from '../facts/step.js';
import type { Frame } from '../model/record.js';
import type { WaitSummary } from '../model/report.js';
import type { Activation } from './activations/activation.js';
import { actorOf } from './tree/actors.js';

export type Wait = Omit<WaitSummary, 'capture'>;

/** What a system call waits for where the capture ends. Pure. */
export function callWaits(waits: readonly CallWait[]): Wait[] {
  return waits.map(({ session, line, awaits, func, endpoint, request, pid, comm }) => ({
    session,
    line,
    awaits,
    func,
    request,
    stack: [],
    device: null,
    endpoint,
    thread: pid === undefined ? null : `thread ${pid}${comm === undefined ? '' : ` (${comm})`}`,
    times: 1,
  }));
}

/** What waits, by the function that does nothing else. */
const PLACES: readonly { readonly awaits: Wait['awaits']; readonly func: RegExp }[] = [
  { awaits: 'reply', func: /^vhost_user_read(?:_header)?$/ },
  { awaits: 'socket', func: /^vhost_user_write$/ },
  { awaits: 'kernel', func: /^vhost_(?:kernel|vdpa)_call$/ },
  { awaits: 'lock', func: /^(?:bql_lock|qemu_mutex_lock_iothread)(?:_impl)?$/ },
];

/** System calls that may sleep, without glibc's prefixes; `??` is the C library without symbols. */
const SLEEPS =
  /^(?:\?\?|p?poll|epoll_p?wait|p?select|recv(?:msg)?|readv?|send(?:msg)?|writev?|ioctl|(?:clock_)?nanosleep|lll_lock_wait|futex_wait|syscall)(?:_\w+|64)?$/;

/** What stands between one and the place: a main loop that runs nothing, channels, mutexes, and QEMU's own wrappers. */
const MACHINERY =
  /^(?:g_main_\w+|g_poll|g_usleep|usleep|qemu_poll_ns|q?io_channel_\w+|qemu_chr_\w+|tcp_chr_\w+|(?:internal_)?syscall_cancel\w*|lll_\w+|futex_\w+|(?:pthread_)?mutex_lock\w*|qemu_mutex_lock_impl|vhost_(?:user_[gs]et_u64|set_vring|user_write_sync))$/;

const GLIBC_PREFIX = /^_+(?:GI_+)?(?:libc_)?/;

/** A wait of each thread at each place once, in order. Pure. */
export function findWaits(
  steps: readonly Step[],
  atStep: readonly (readonly Activation[])[],
): Wait[] {
  const found = new Map<string, Wait>();
  for (const step of steps) {
    const wait = waitOf(step, atStep[step.index] ?? []);
    if (wait === undefined) continue;
    const { session, thread, awaits, func, stack, device } = wait;
    // Threads that show no call of the protocol wait alike.
    const who = stack.length === 0 ? undefined : step.thread;
    const key = JSON.stringify([session, who, thread, awaits, func, device]);
    const before = found.get(key);
    found.set(key, before === undefined ? wait : { ...before, times: before.times + 1 });
  }
  const waits = [...found.values()];
  const isOfProtocol = new Set(
    waits.filter(({ stack }) => stack.length > 0).map(({ session }) => session),
  );
  return waits.filter(({ session }) => isOfProtocol.has(session));
}

function waitOf(step: Step, open: readonly Activation[]): Wait | undefined {
  const { session, line, frames, frameLines, calls, breakpoint, entry, partial, altered } = step;
  const [innermost] = frames;
  const isStopped = breakpoint !== undefined || entry || partial || altered !== undefined;
  if (isStopped || innermost === undefined || !SLEEPS.test(nameOf(innermost))) return undefined;
  let awaits: Wait['awaits'] | undefined;
  let at = 0;
  for (; at < frames.length; at++) {
    const name = nameOf(frames[at] ?? innermost);
    const place = PLACES.find(({ func }) => func.test(name));
    awaits ??= place?.awaits;
    if (place === undefined && !SLEEPS.test(name) && !MACHINERY.test(name)) break;
  }
  const frame = frames[at];
  if (awaits === undefined || frame === undefined) return undefined;
  const func = plainName(frame.func);
  return {
    session,
    line: frameLines[at] ?? line,
    awaits,
    func,
    request: awaits === 'reply' || awaits === 'socket' ? requestOf(func) : null,
    stack: calls.map((call) => call.func).reverse(),
    device: open.findLast(({ device }) => device !== undefined)?.device ?? null,
    thread: actorOf(frames) ?? null,
    times: 1,
  };
}

function nameOf({ func }: Frame): string {
  return plainName(func).replace(GLIBC_PREFIX, '').replace(/@.*/, '');
}

/** `GET_VRING_BASE` of vhost_user_get_vring_base(); null where the function is not named like a request. */
function requestOf(func: string): string | null {
  const name = func.replace(/^vhost_user_/, '').toUpperCase();
  return Object.hasOwn(requestTable, name) ? name : null;
}
