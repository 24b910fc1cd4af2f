/**
 * Tells text from what only looks like a file of text, from the first bytes of an input.
 *
 * A capture may hold a few NULs (a crashed host leaves a run of them at the end of a log), so one
 * NUL does not make a file binary.
 */

/** Bytes that are looked at before the first line is read. */
export const SNIFF_BYTES = 64 * 1024;

/** Bytes that tell whether, and by what, it is packed. */
export const MAGIC_BYTES = 8;

/** What a capture may be compressed with. */
export type Packing = 'gzip' | 'zstd' | 'xz';

/** What an input is: text in some encoding, packed text, or nothing that can be read. */
export type Sniffed =
  | { readonly kind: 'text'; readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be' }
  | { readonly kind: 'packed'; readonly by: Packing }
  /** A trace file of QEMU's "simple" backend. */
  | { readonly kind: 'simple-file' }
  | { readonly kind: 'binary'; readonly what: string; readonly hint: string };

interface Magic {
  readonly bytes: readonly number[];
  /** Where they stand, if not at the beginning. */
  readonly at?: number;
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
    bytes: ascii('BZh'),
    what: 'compressed with bzip2',
    hint: 'bzip2 -dc FILE | vhtrace check -',
  },
  {
    bytes: [0x7f, ...ascii('ELF')],
    what: 'a program or a core dump',
    hint: 'open it in gdb and save what "thread apply all bt" prints',
  },
  {
    bytes: [...ascii('PK'), 3, 4],
    what: 'a zip archive',
    hint: 'unzip it and check what is in it, or: unzip -p FILE NAME | vhtrace check -',
  },
  {
    bytes: ascii('ustar'),
    at: 257,
    what: 'a tar archive',
    hint: 'unpack it and check what is in it, or: tar -xOf FILE NAME | vhtrace check -',
  },
  {
    bytes: [0x17, 0x08, 0x44, ...ascii('tracing')],
    what: 'a binary trace of trace-cmd',
    hint: 'trace-cmd report FILE | vhtrace check -',
  },
  {
    bytes: ascii('PERFILE2'),
    what: 'a recording of perf',
    hint: 'perf script -i FILE | vhtrace check -',
  },
  {
    bytes: ascii('LPKSHHRH'),
    what: 'a file of the systemd journal',
    hint: 'journalctl --file FILE | vhtrace check -',
  },
  {
    bytes: ascii('KDUMP   '),
    what: 'a crash dump of a kernel',
    hint: 'open it in crash and save what "foreach bt" prints',
  },
];

const PACKINGS: readonly { readonly by: Packing; readonly bytes: readonly number[] }[] = [
  { by: 'gzip', bytes: [0x1f, 0x8b] },
  { by: 'xz', bytes: [0xfd, ...ascii('7zXZ'), 0] },
  { by: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
];

const LF = 0x0a;
const CR = 0x0d;

/** True of the beginning of a text whose lines end with CR alone, as on the Mac before OS X; editors keep them. */
export function endsLinesWithCr(head: Uint8Array): boolean {
  return head.includes(CR) && !head.includes(LF);
}

/** Judges the first {@link SNIFF_BYTES} of an input, or all of it when it is shorter. */
export function sniffBytes(head: Uint8Array): Sniffed {
  const by = packingOf(head);
  if (by !== undefined) return { kind: 'packed', by };
  if (startsWith(head, [0xff, 0xfe])) return { kind: 'text', encoding: 'utf-16le' };
  if (startsWith(head, [0xfe, 0xff])) return { kind: 'text', encoding: 'utf-16be' };
  const version = simpleFileVersion(head);
  if (version !== undefined) return sniffSimpleFile(version);
  if (isTerminalRecording(head)) {
    return {
      kind: 'binary',
      what: 'a recording of asciinema, not the text on the screen',
      hint: 'asciinema convert -f txt FILE log.txt',
    };
  }
  const magic = MAGICS.find(({ bytes, at }) => startsWith(head.subarray(at), bytes));
  if (magic !== undefined) return { kind: 'binary', what: magic.what, hint: magic.hint };
  if (!looksBinary(head)) return { kind: 'text', encoding: 'utf-8' };
  return {
    kind: 'binary',
    what: 'binary, not text',
    hint: "if it is a log with garbage in it: tr -d '\\000-\\010' < FILE | vhtrace check -",
  };
}

/** asciicast 1 to 3. Source: asciinema's documentation of its formats. */
function isTerminalRecording(head: Uint8Array): boolean {
  const text = Buffer.from(head.subarray(0, 128)).toString('latin1');
  return /^\{\s*"version": ?[123],\s*"(?:width|height|term|timestamp|duration)"/.test(text);
}

/** header_magic 0xf2b177cb0aa429b4, little endian. Source: QEMU trace/simple.c, st_set_trace_file_enabled(). */
const SIMPLE_MAGIC = [0xb4, 0x29, 0xa4, 0x0a, 0xcb, 0x77, 0xb1, 0xf2];

/** The version behind header_event_id = ~0 and the magic, both in either byte order; undefined for other files. */
function simpleFileVersion(head: Uint8Array): bigint | undefined {
  if (!startsWith(head, Array<number>(8).fill(0xff))) return undefined;
  const isLittle = startsWith(head.subarray(8), SIMPLE_MAGIC);
  if (!isLittle && !startsWith(head.subarray(8), [...SIMPLE_MAGIC].reverse())) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  // A file that ends in its header has nothing to be read wrong.
  return head.length < 24 ? 4n : view.getBigUint64(16, isLittle);
}

function sniffSimpleFile(version: bigint): Sniffed {
  if ([0n, 2n, 3n, 4n].includes(version)) return { kind: 'simple-file' };
  return {
    kind: 'binary',
    what: `a trace of QEMU's "simple" backend of version ${version}, which is not known`,
    hint: 'print it with scripts/simpletrace.py of that QEMU and check its output',
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
  // UTF-16 without a mark is half NULs; the strings of a program that somebody pasted have one behind each.
  return nul > end / 4 || control > end / 20;
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
