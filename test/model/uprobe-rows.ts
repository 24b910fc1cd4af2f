/**
 * What perf script and the text of tracefs show of uprobes on a simulated QEMU: one row for a call and one for its return.
 * Looks are those of perf 6.1 and Linux 6.18, with `perf probe -x qemu 'f $params'` and `f%return $retval`.
 */
import type { Arg, Thread } from './gdb-log.js';

export type UprobeForm = 'perf' | 'tracefs';

/** Where the program lies; functions begin at multiples of 16. */
const IMAGE = 0x55e9a1b00000;

export class UprobeRows {
  private clock = 100_000_000;
  private readonly places = new Map<string, number>();

  constructor(private readonly form: UprobeForm) {}

  call(thread: Thread, func: string, args: readonly Arg[]): string {
    const at = this.placeOf(func);
    return this.row(
      thread,
      func,
      at,
      args.map(([name, value]) => `${name}=${textOf(value)}`),
    );
  }

  /** Of functions that return nothing, the register holds what was left in it. */
  returned(thread: Thread, func: string, result: unknown): string {
    const begin = this.placeOf(func);
    const caller = hex(IMAGE + 0x90000 + (this.clock % 977));
    const pair = this.form === 'perf' ? `${begin} <- ${caller}` : `0x${caller} <- 0x${begin}`;
    const value =
      typeof result === 'bigint' ? textOf(result) : result === false ? '0x7f00ffffffea' : '0x0';
    return this.row(thread, `${func}__return`, pair, [`arg1=${value}`]);
  }

  private row({ name, lwp }: Thread, event: string, at: string, args: readonly string[]): string {
    this.clock += 137;
    const time = `${Math.floor(this.clock / 1e6)}.${String(this.clock % 1e6).padStart(6, '0')}`;
    const text = args.map((arg) => ` ${arg}`).join('');
    if (this.form === 'perf') {
      return `${name.padStart(16)} ${lwp} [001] ${time}: probe_qemu:${event}: (${at})${text}`;
    }
    const place = at.includes('<-') ? at : `0x${at}`;
    return `${name.padStart(16)}-${lwp}     [001] DBZff ${time}: ${event}: (${place})${text}`;
  }

  private placeOf(func: string): string {
    let place = this.places.get(func);
    if (place === undefined) this.places.set(func, (place = 0x1000 * this.places.size));
    return hex(IMAGE + place);
  }
}

function hex(address: number): string {
  return address.toString(16);
}

/** Numbers of a typed argument are hexadecimal; of an enumeration the names are not printed. */
function textOf(value: Arg[1]): string {
  if (typeof value !== 'string') return `0x${BigInt(value).toString(16)}`;
  if (/^(?:0x[0-9a-f]+|\d+)$/.test(value)) return textOf(BigInt(value));
  return `0x${Math.max(0, BACKENDS.indexOf(value)).toString(16)}`;
}

const BACKENDS = ['NONE', 'KERNEL', 'USER', 'VDPA'].map((name) => `VHOST_BACKEND_TYPE_${name}`);
