/**
 * The vhost_dev, or the memory listener of one, that a call hands to another, as one stack shows it.
 *
 * What a function of hw/virtio/vhost.c calls there, or of a backend, is for its own device, and none changes the argument.
 * Only frames that stand next to each other are compared: between others a main loop may run, in which QEMU waits for a reply.
 */
import { netDevice } from '../../../facts/stacks/calls.js';
import type { Call } from '../../../facts/stacks/calls.js';
import { plainName } from '../../../facts/functions.js';
import type { Step } from '../../../facts/step.js';
import type { FactKind } from '../../../model/fact.js';
import type { Frame } from '../../../model/record.js';
import { reachable } from './callees.js';

/** A call that shows its device, below a caller that shows one as well. */
export interface HandedDevice {
  readonly caller: string;
  /** The device of the caller. */
  readonly handed: string;
  readonly call: Call;
  /** The device of the call. */
  readonly device: string;
  /** Of the call among those of the step. */
  readonly index: number;
}

/** Calls an op for the device that it is handed (hw/virtio/vhost.c); no rule asks for it otherwise. */
const WRAPPER = 'vhost_dev_set_vring_enable';

/** hw/net/vhost_net.c vhost_net_start_one(), vhost_net_stop_one(). */
const BY_NET: readonly FactKind[] = ['vhost_dev_start', 'vhost_dev_stop', 'op_net_set_backend'];

/** A listener that a callback hands on, as vhost_log_global_start() to vhost_migration_log(). */
export interface HandedListener {
  readonly caller: Call;
  readonly call: Call;
  /** What the caller has. */
  readonly handed: string;
  /** What the call is given. */
  readonly listener: string;
  /** Of the call among those of the step. */
  readonly index: number;
}

export function* handedListeners({ calls, frames }: Step): Generator<HandedListener> {
  for (const [index, call] of calls.entries()) {
    const caller = calls[index - 1];
    const [handed, listener] = [listenerIn(caller), listenerIn(call)];
    if (caller === undefined || handed === undefined || listener === undefined) continue;
    if (caller.frame !== callerFrame(frames, call) || !mayCall(caller, call)) continue;
    yield { caller, call, handed, listener, index };
  }
}

function listenerIn(call: Call | undefined): string | undefined {
  return call?.row.device === 'listener' && call.pointer !== '0x0' ? call.pointer : undefined;
}

/** A callback that shows its listener is left out: how far that is from its device is another question. */
export function* handedDevices(step: Step): Generator<HandedDevice> {
  for (const [index, call] of step.calls.entries()) {
    const device = deviceIn(call);
    if (device === undefined) continue;
    const found = handing(step, index);
    if (found !== undefined) yield { ...found, call, device, index };
  }
}

/** The nearest caller that shows its device, through those that do not. */
function handing(
  { calls, frames }: Step,
  index: number,
): Pick<HandedDevice, 'caller' | 'handed'> | undefined {
  let inner = calls[index];
  for (let i = index - 1; inner !== undefined; i--) {
    const frame = callerFrame(frames, inner);
    const net = frame && netDevice(frame);
    if (frame !== undefined && net !== undefined && BY_NET.includes(inner.row.kind))
      return { caller: plainName(frame.func), handed: net };
    const outer = calls[i];
    if (outer === undefined || outer.frame !== frame || !mayCall(outer, inner)) return undefined;
    if (outer.row.device === 'listener') return undefined;
    const handed = deviceIn(outer);
    if (handed !== undefined) return { caller: outer.func, handed };
    inner = outer;
  }
  return undefined;
}

function deviceIn({ row, pointer }: Call): string | undefined {
  return row.device === 'listener' || pointer === '0x0' ? undefined : pointer;
}

function callerFrame(frames: readonly Frame[], { frame }: Call): Frame | undefined {
  const at = frames.indexOf(frame) + 1;
  const next = frames[at];
  return next !== undefined && plainName(next.func) === WRAPPER ? frames[at + 1] : next;
}

/** Functions that QEMU has split are of one kind: do_vhost_dev_stop(), vhost_kernel_net_set_backend(). */
function mayCall(outer: Call, inner: Call): boolean {
  const { kind } = outer.row;
  return inner.row.kind === kind || reachable.get(kind)?.has(inner.row.kind) === true;
}
