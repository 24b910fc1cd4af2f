/**
 * Pointers → pointers of a process that never was.
 *
 * All pointers of a zone move by one distance, so that what the protocol reads from them stays: which are
 * equal, which one stands inside which object, and their order. The first pointer of a zone lands on the
 * zone's anchor; a capture that was scrubbed before therefore stays as it is. What lies outside of the
 * zones (sizes, feature words, guest addresses, flags) is no pointer.
 */

interface Zone {
  readonly name: string;
  readonly first: bigint;
  /** Bytes of the zone: a power of two. */
  readonly size: bigint;
  /** Where its first pointer lands; a multiple of the page size. */
  readonly anchor: bigint;
}

const PAGE = 4096n;

/** Where Linux puts things. Source: kernel Documentation/arch/x86/x86_64/mm.rst, arm64/memory.rst. */
const ZONES: readonly Zone[] = [
  { name: 'program and heap', first: 0x5n << 44n, size: 1n << 44n, anchor: 0x555555550000n },
  { name: 'libraries and stacks', first: 0x7n << 44n, size: 1n << 44n, anchor: 0x7e8000000000n },
  { name: 'program (arm64)', first: 0xaan << 40n, size: 1n << 40n, anchor: 0xaa8000000000n },
  { name: 'libraries (arm64)', first: 0xfn << 44n, size: 1n << 44n, anchor: 0xfe0000000000n },
  {
    name: 'kernel memory',
    first: 0xffff800000000000n,
    size: 1n << 46n,
    anchor: 0xffff888000000000n,
  },
  {
    name: 'kernel mappings',
    first: 0xffffc00000000000n,
    size: 1n << 45n,
    anchor: 0xffffc90000000000n,
  },
  {
    name: 'kernel text',
    first: 0xffffffff80000000n,
    size: 1n << 30n,
    anchor: 0xffffffff9a000000n,
  },
];

/** A limit such as 0x7fffffffffff or a mask such as 0xfffffffff000, in hex digits. */
const MASK = /^[137]?f+$|^f+[8ce]?0*$/;

/** Moves pointers; one object serves one capture. */
export class PointerMap {
  private readonly shifts = new Map<Zone, bigint>();
  private readonly seen = new Set<bigint>();

  /** How many different pointers were moved. */
  get size(): number {
    return this.seen.size;
  }

  /** By what the pointers of each zone were moved, as hex. */
  get moved(): Record<string, string> {
    return Object.fromEntries(
      Array.from(this.shifts, ([{ name }, by]) => [
        name,
        by < 0n ? `-0x${(-by).toString(16)}` : `0x${by.toString(16)}`,
      ]),
    );
  }

  /** The pseudonym of a value; undefined where it is no pointer. */
  move(value: bigint): bigint | undefined {
    const zone = ZONES.find(({ first, size }) => value >= first && value < first + size);
    if (zone === undefined || MASK.test(value.toString(16))) return undefined;
    let shift = this.shifts.get(zone);
    if (shift === undefined) {
      shift = zone.anchor - (value / PAGE) * PAGE;
      this.shifts.set(zone, shift);
    }
    this.seen.add(value);
    const offset = (value - zone.first + shift) % zone.size;
    return zone.first + (offset < 0n ? offset + zone.size : offset);
  }

  /** Hex digits without 0x, in the same width and case. */
  moveHex(digits: string): string | undefined {
    const moved = this.move(BigInt(`0x${digits}`));
    if (moved === undefined) return undefined;
    const text = moved.toString(16).padStart(digits.length, '0');
    return /[A-F]/.test(digits) ? text.toUpperCase() : text;
  }
}
