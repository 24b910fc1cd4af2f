/**
 * Calls in the kernel → requests to vhost and writes to its dirty log.
 *
 * Functions: Linux drivers/vhost/net.c, scsi.c, vsock.c, vdpa.c (their ioctl handlers), vhost.c (vhost_dev_ioctl(),
 * vhost_vring_ioctl(), log_write(), log_used(), vhost_log_write()). A tracer without arguments tells that they ran;
 * a kprobe tells the number of the request or the base of the log, and its kretprobe what was returned.
 */
import { detached } from '../../base/detached.js';
import type { FactKind } from '../../model/fact.js';
import type { KernelEvent } from '../../model/record.js';
import { bigintOf } from '../../model/values.js';
import { plainName } from '../functions.js';
import { isVhostIoctl } from './ioctls.js';
import type { CommandWords } from './ioctls.js';
import type { Report, Step, WireFact } from '../step.js';

/** Functions that take a request, or pass it on; QEMU's ioctl() is one call of each. */
const REQUESTS: ReadonlySet<string> = new Set([
  'vhost_net_ioctl',
  'vhost_scsi_ioctl',
  'vhost_vsock_dev_ioctl',
  'vhost_vdpa_unlocked_ioctl',
  'vhost_test_ioctl',
  'vhost_dev_ioctl',
  'vhost_vring_ioctl',
]);

const LOG_WRITES: ReadonlySet<string> = new Set(['log_write', 'vhost_log_write', 'log_used']);

/** What a call means, or undefined. Its return is no fact of its own, see {@link OpenCalls}. */
export function kernelFact(event: KernelEvent, words: CommandWords): WireFact | undefined {
  return event.what === 'call' ? factOf(event, words) : undefined;
}

/**
 * The return of a write to the log whose entry is not in the trace (only the kretprobe was set, or the trace
 * began in the call): that it was made, and what came of it, is known all the same. The return of a
 * request does not tell which one it was.
 */
export function lostEntryFact(event: KernelEvent, words: CommandWords): WireFact | undefined {
  if (event.address !== undefined) return undefined;
  return LOG_WRITES.has(plainName(event.func ?? event.name)) ? factOf(event, words) : undefined;
}

function factOf(event: KernelEvent, words: CommandWords): WireFact | undefined {
  const func = event.func === undefined ? event.name : plainName(event.func);
  // A program's own function is called as it likes.
  const isKernel = event.address === undefined;
  const kind = isKernel && LOG_WRITES.has(func) ? 'vhost_log_write' : undefined;
  const known = kind ?? (isKernel && REQUESTS.has(func) ? 'vhost_ioctl' : undefined);
  const request = kind === undefined ? requestOf(event, known !== undefined, words) : undefined;
  if (known === undefined && request === undefined) return undefined;
  return {
    kind: request?.kind ?? known ?? 'vhost_ioctl',
    func,
    endpoint: endpointOf(event),
    backend: func.startsWith('vhost_vdpa_') ? 'vdpa' : 'kernel',
    vring: undefined,
    enable: undefined,
    value: kind === undefined ? request?.value : event.args?.base,
    result: event.args?.ret,
  };
}

/**
 * The number of the request, by the names that people give it in a probe and by the kernel's own (`ioctl` of
 * vhost_net_ioctl(), `cmd` of ioctl()). Only the type byte tells whether an unknown probe, or ioctl()
 * itself, shows a vhost request.
 */
function requestOf(
  { args }: KernelEvent,
  isRequest: boolean,
  words: CommandWords,
): { readonly kind: FactKind; readonly value: string } | undefined {
  const text = args?.cmd ?? args?.ioctl;
  const number = bigintOf(text);
  if (text === undefined || number === undefined) return undefined;
  const row = words.rowOf(number);
  if (row !== undefined) return { kind: row.kind, value: row.name };
  return isRequest || isVhostIoctl(number) ? { kind: 'vhost_ioctl', value: text } : undefined;
}

/** First arguments of the functions of {@link REQUESTS}, as a probe or the kernel's source names them. */
const FILE_NAMES = ['file', 'f', 'filp', 'filep'];
const DEVICE_NAMES = ['dev', 'd'];

/**
 * What stands for the device: the open file or the vhost_dev where a probe shows it, else the file descriptor of
 * the process, else the process alone, which may have several devices. A vhost worker is named after the process
 * that it serves (vhost_worker_create()); of other threads the process is known only where the trace has its column.
 */
function endpointOf(event: KernelEvent): string | undefined {
  const { comm, pid, tgid, args, address } = event;
  if (address === undefined && REQUESTS.has(plainName(event.func ?? event.name))) {
    const file = addressIn(args, FILE_NAMES);
    if (file !== undefined) return `file ${file}`;
    const device = addressIn(args, DEVICE_NAMES);
    if (device !== undefined) return `vhost_dev ${device}`;
  }
  const owner = /^vhost-(\d+)$/.exec(comm ?? '')?.[1] ?? tgid ?? pid;
  if (owner === undefined) return undefined;
  const fd = bigintOf(args?.fd);
  return fd === undefined ? `pid ${owner}` : `pid ${owner} fd ${fd}`;
}

function addressIn(args: KernelEvent['args'], names: readonly string[]): string | undefined {
  for (const name of names) {
    const address = bigintOf(args?.[name]);
    if (address !== undefined) return `0x${BigInt.asUintN(64, address).toString(16)}`;
  }
  return undefined;
}

/** What shows the entry of a call: a step, or what was reported of one. */
type Entry = Step | Report;

/** Calls that have not returned yet: the return tells their result. */
export class OpenCalls {
  readonly #entries = new Map<string, Entry>();
  /** Those of calls that were open at a gap. */
  readonly #forgotten = new Set<string>();

  /** `settle` is told of entries that nothing changes any more. */
  constructor(private readonly settle: (entry: Entry) => void) {}

  /** Whether a return may change one of the steps. */
  get changeSteps(): boolean {
    return [...this.#entries.values()].some((entry) => 'index' in entry);
  }

  /** A function does not call itself here; a call whose return is missing gives way to the next. */
  open(event: KernelEvent, entry: Entry): void {
    const key = keyOf(event);
    const before = this.#entries.get(key);
    if (before !== undefined) this.settle(before);
    this.#forgotten.delete(key);
    this.#entries.set(key, entry);
  }

  /** False for the return of a call that is not open. */
  close(event: KernelEvent): boolean {
    const key = keyOf(event);
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    const result = event.args?.ret;
    this.#entries.delete(key);
    if (entry.wire !== undefined) {
      entry.wire = { ...entry.wire, result: result === undefined ? '?' : detached(result) };
    }
    this.settle(entry);
    return true;
  }

  /** Events are missing: the next return may be that of another call. */
  forget(): void {
    for (const [key, entry] of this.#entries) {
      this.settle(entry);
      this.#forgotten.add(key);
    }
    this.#entries.clear();
  }

  /** A return that is not closed: may its entry stand in front of the gap? Asked once for each. */
  mayHaveEntry(event: KernelEvent): boolean {
    return this.#forgotten.delete(keyOf(event));
  }
}

function keyOf({ pid, cpu, name, func }: KernelEvent): string {
  const task = pid === undefined ? `cpu ${cpu ?? '?'}` : `pid ${pid}`;
  return `${task} ${plainName(func ?? name)}`;
}
