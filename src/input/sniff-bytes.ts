/**
 * Tells text from what only looks like a file of text, from the first bytes of an input.
 *
 * A capture may hold a few NULs (a crashed host leaves a run of them at the end of a log), so one
 * NUL does not make a file binary.
 */

/** Bytes that are looked at before the first line is read. */
export const SNIFF_BYTES = 64 * 1024;

/** What a capture may be compressed with. */
export type Packing = 'gzip' | 'zstd' | 'xz';

/** What an input is: text in some encoding, packed text, or nothing that can be read. */
export type Sniffed =
  | { readonly kind: 'text'; readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be' }
  | { readonly kind: 'packed'; readonly by: Packing }
  | { readonly kind: 'binary'; readonly what: string; readonly hint: string };

interface Magic {
  readonly bytes: readonly number[];
  readonly what: string;
  readonly hint: string;
}

const MAGICS: readonly Magic[] = [
  {
    bytes: ascii('SQLite format 3\0'),
    what: 'a SQLite database, not a capture',
    hint: 'vhtrace check --db FILE checks what a store holds',
  },
  {
    // header_event_id = ~0, then header_magic 0xf2b177cb0aa429b4, both little endian.
    // Source: QEMU trace/simple.c, st_set_trace_file_enabled().
    bytes: [...Array<number>(8).fill(0xff), 0xb4, 0x29, 0xa4, 0x0a, 0xcb, 0x77, 0xb1, 0xf2],
    what: 'a binary trace of QEMU\'s "simple" backend',
    hint: 'print it with scripts/simpletrace.py of that QEMU and check its output',
  },
  {
    bytes: ascii('BZh'),
    what: 'compressed with bzip2',
    hint: 'bzip2 -dc FILE | vhtrace check -',
  },
  {
    bytes: [0x7f, ...ascii('ELF')],
    what: 'a program or a core dump',
    hint: 'open it in gdb and save what "thread apply all bt" prints',
  },
];

const PACKINGS: readonly { readonly by: Packing; readonly bytes: readonly number[] }[] = [
  { by: 'gzip', bytes: [0x1f, 0x8b] },
  { by: 'xz', bytes: [0xfd, ...ascii('7zXZ'), 0] },
  { by: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
];

/** Judges the first {@link SNIFF_BYTES} of an input, or all of it when it is shorter. */
export function sniffBytes(head: Uint8Array): Sniffed {
  const by = packingOf(head);
  if (by !== undefined) return { kind: 'packed', by };
  if (startsWith(head, [0xff, 0xfe])) return { kind: 'text', encoding: 'utf-16le' };
  if (startsWith(head, [0xfe, 0xff])) return { kind: 'text', encoding: 'utf-16be' };
  const magic = MAGICS.find(({ bytes }) => startsWith(head, bytes));
  if (magic !== undefined) return { kind: 'binary', what: magic.what, hint: magic.hint };
  if (!looksBinary(head)) return { kind: 'text', encoding: 'utf-8' };
  return {
    kind: 'binary',
    what: 'binary, not text',
    hint: "if it is a log with garbage in it: tr -d '\\000-\\010' < FILE | vhtrace check -",
  };
}

function packingOf(head: Uint8Array): Packing | undefined {
  // pzstd begins with a frame to be skipped: 0x184D2A50 to 0x184D2A5F, little endian.
  const [first = 0] = head;
  if (first >> 4 === 5 && startsWith(head.subarray(1), [0x2a, 0x4d, 0x18])) return 'zstd';
  return PACKINGS.find(({ bytes }) => startsWith(head, bytes))?.by;
}

function looksBinary(head: Uint8Array): boolean {
  // NULs at the end are what a crash leaves of the blocks that were not written yet.
  const end = head.findLastIndex((byte) => byte !== 0) + 1;
  if (end === 0) return head.length > 0;
  let nul = 0;
  let control = 0;
  for (let i = 0; i < end; i++) {
    const byte = head[i] ?? 0;
    if (byte === 0) nul++;
    else if (isOddControl(byte)) control++;
  }
  // Random bytes have 9 % of odd controls; serial consoles in a log stay far below 5 %.
  return nul > end / 10 || control > end / 20;
}

/** C0 characters that no terminal session leaves in a log: all but BEL, BS, TAB, LF, VT, FF, CR and ESC. */
function isOddControl(byte: number): boolean {
  return byte < 0x07 || (byte > 0x0d && byte < 0x20 && byte !== 0x1b);
}

function startsWith(head: Uint8Array, bytes: readonly number[]): boolean {
  return head.length >= bytes.length && bytes.every((byte, i) => head[i] === byte);
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
