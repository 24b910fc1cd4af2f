/** Frames → calls: which known QEMU function a frame is, and the arguments that rules use. Pure. */
import type { Backend } from '../../model/fact.js';
import type { Frame } from '../../model/record.js';
import { argText, bigintOf, boolOf, pointerOf } from '../../model/values.js';
import { functionTable, plainName } from '../functions.js';
import type { FunctionRow } from '../functions.js';
import { isOfOtherProgram } from './other-programs.js';

/** One frame of a known function. Undefined members were not printed or are not definite. */
export interface Call {
  readonly row: FunctionRow;
  /** Plain name, without compiler clone suffixes. */
  readonly func: string;
  readonly frame: Frame;
  /** The pointer that names the device, lower-case hex; for `listener` still the listener's address. */
  readonly pointer: string | undefined;
  readonly enable: boolean | undefined;
  /** Canonical decimal text of the row's value argument. */
  readonly value: string | undefined;
  readonly idx: number | undefined;
  /** `struct vhost_virtqueue *`, lower-case hex. */
  readonly vq: string | undefined;
  readonly backendType: Backend | undefined;
}

/** False for a function whose frames show neither a call nor a {@link netDevice}. */
export function isOfCalls(func: string): boolean {
  const name = plainName(func);
  return functionTable.has(name) || NET_START.test(name);
}

/** The call that a frame shows, or undefined when no rule knows its function. */
export function makeCall(frame: Frame): Call | undefined {
  if (frame.kind !== 'call') return undefined;
  const func = plainName(frame.func);
  const row = functionTable.get(func);
  if (row === undefined || isOfOtherProgram(frame)) return undefined;
  return {
    row,
    func,
    frame,
    pointer: devicePointer(frame, row),
    enable: row.enable === undefined ? undefined : boolOf(argText(frame, row.enable)),
    value: row.value === undefined ? undefined : bigintOf(argText(frame, row.value))?.toString(),
    idx: row.idx === undefined ? undefined : indexOf(argText(frame, 'idx')),
    vq: pointerOf(argText(frame, 'vq')),
    backendType: row.backend ?? backendTypeOf(argText(frame, 'backend_type')),
  };
}

/** The same function may name its device `dev` in one version and `hdev` in another. */
function devicePointer(frame: Frame, row: FunctionRow): string | undefined {
  if (row.device === undefined) return undefined;
  if (row.device === 'listener') return pointerOf(argText(frame, 'listener'));
  return (
    pointerOf(argText(frame, row.device)) ??
    pointerOf(argText(frame, row.device === 'dev' ? 'hdev' : 'dev'))
  );
}

function indexOf(text: string | undefined): number | undefined {
  const number = bigintOf(text);
  return number === undefined || number < 0n || number > 65535n ? undefined : Number(number);
}

/** By name, or as a probe fetches it: by number (include/hw/virtio/vhost-backend.h). */
function backendTypeOf(text: string | undefined): Backend | undefined {
  const number = bigintOf(text);
  if (number !== undefined) return BACKENDS[Number(number)];
  if (text === 'VHOST_BACKEND_TYPE_KERNEL') return 'kernel';
  if (text === 'VHOST_BACKEND_TYPE_USER') return 'user';
  if (text === 'VHOST_BACKEND_TYPE_VDPA') return 'vdpa';
  return undefined;
}

const BACKENDS: Readonly<Record<number, Backend>> = { 1: 'kernel', 2: 'user', 3: 'vdpa' };

/** vhost_net_start_one() and vhost_net_stop_one(): `net` is the vhost_dev, `dev` the VirtIODevice. */
export function netDevice(frame: Frame): string | undefined {
  return NET_START.test(plainName(frame.func)) ? pointerOf(argText(frame, 'net')) : undefined;
}

const NET_START = /^vhost_net_(start|stop)_one$/;
