/**
 * Rows of frames. What calls from one place have in common is a row of `shape`; a frame adds the values of
 * its arguments and its address. Equal frames have one row, which is found by a digest: an index of the values
 * themselves would be as large as they are.
 */
import { beside } from '../base/beside.js';
import { sharedTail } from '../base/shared-tail.js';
import type { CaptureRecord, Frame } from '../model/record.js';
import type { Database } from './database.js';
import { storedNames, storedValues } from './frame-args.js';
import { FrameSites } from './frame-sites.js';
import type { Site } from './frame-sites.js';
import { wellFormedJson } from './well-formed.js';

/** The row of a frame; `id` is 0 until it has one. */
interface Row {
  readonly of: object;
  id: number;
}

const rowOf = beside<Frame, Row>();

/** A frame on its way into the store. */
interface Draft {
  readonly frame: Frame;
  readonly site: Site;
  /** JSON array of the values; empty without argument list. */
  readonly args: string;
  readonly digest: number;
  /** Row of the text of its address. */
  address: number;
  readonly row: Row;
}

type TextId = (text: string | undefined) => number;

/** Bits that tell digests apart which were not seen; one byte has eight of them. */
const SEEN_BYTES = 1 << 20;

export class FrameRows {
  /** Tells rows of this store from those of others. */
  private readonly own = {};
  private readonly sites = new FrameSites();
  private readonly firstShape: number;
  /** Digests of frames that were written, by some of their bits. */
  private readonly seen = new Uint8Array(SEEN_BYTES);
  private drafts: Draft[] = [];
  private before: readonly Frame[] = [];

  constructor(
    private readonly database: Database,
    private nextFrame: number,
    private nextShape: number,
  ) {
    this.firstShape = nextShape;
  }

  /** The row of a frame; undefined before it was written. */
  find(frame: Frame): number | undefined {
    const row = rowOf.get(frame);
    return row?.of === this.own ? row.id : undefined;
  }

  /** Begins a batch; gives the texts that {@link write} will ask for. */
  prepare(records: readonly CaptureRecord[]): Iterable<string> {
    this.drafts = [];
    for (const record of records) {
      if (record.kind === 'stop' && record.frame !== undefined) this.draft(record.frame);
      else if (record.kind === 'backtrace') this.draftStack(record.frames);
    }
    return textsOf(this.drafts);
  }

  private draftStack(frames: readonly Frame[]): void {
    const inner = frames.length - sharedTail(frames, this.before);
    for (let i = 0; i < inner; i++) {
      const frame = frames[i];
      if (frame !== undefined) this.draft(frame);
    }
    this.before = frames;
  }

  private draft(frame: Frame): void {
    if (this.find(frame) !== undefined) return;
    const row = { of: this.own, id: 0 };
    rowOf.set(frame, row);
    const args = frame.args === undefined ? '' : wellFormedJson(storedValues(frame.args));
    const digest = digestOf((frame.address ?? '') + args);
    this.drafts.push({ frame, site: this.sites.of(frame), args, digest, address: 0, row });
  }

  /** Writes the frames of the batch, and their shapes. */
  async write(text: TextId): Promise<void> {
    const { drafts } = this;
    this.drafts = [];
    await this.writeShapes(new Set(drafts.map(({ site }) => site)), text);
    for (const draft of drafts) {
      const { frame, site } = draft;
      draft.address = frame.address === site.address ? site.addressText : text(frame.address);
    }
    const distinct = distinctOf(drafts);
    await this.findRows(distinct.filter((draft) => this.mayBeStored(draft)));
    const missing: string[] = [];
    for (const draft of distinct) {
      if (draft.row.id !== 0) continue;
      draft.row.id = this.nextFrame++;
      this.markSeen(draft.digest);
      missing.push(`[${draft.row.id},${contentOf(draft)}]`);
    }
    for (const { frame, site, address } of drafts) {
      site.address = frame.address;
      site.addressText = address;
    }
    await this.database.bulkJson(
      `INSERT INTO frame (id, shape, digest, address, args)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)`,
      missing,
    );
  }

  private async findRows(drafts: readonly Draft[]): Promise<void> {
    const found = await this.database.bulkJson<{ at: number; id: number }>(
      `SELECT j.key AS at, f.id FROM json_each(?) j
       CROSS JOIN frame f ON f.shape = j.value ->> 0 AND f.digest = j.value ->> 1
       WHERE f.address = j.value ->> 2 AND f.args = j.value ->> 3`,
      drafts.map((draft) => `[${contentOf(draft)}]`),
    );
    for (const { at, id } of found) known(drafts[at]).row.id = id;
  }

  /** False only where no row can be equal: all frames of a new shape are of this run. */
  private mayBeStored({ site, digest }: Draft): boolean {
    if (site.shape < this.firstShape) return true;
    return (known(this.seen[byteOf(digest)]) & bitOf(digest)) !== 0;
  }

  private markSeen(digest: number): void {
    const byte = byteOf(digest);
    this.seen[byte] = known(this.seen[byte]) | bitOf(digest);
  }

  /** Gives each of the sites its row of `shape`. */
  private async writeShapes(sites: Iterable<Site>, text: TextId): Promise<void> {
    const byRow = new Map<string, number>();
    const fresh: { readonly site: Site; readonly row: string }[] = [];
    for (const site of sites) {
      if (site.shape !== 0) continue;
      const row = JSON.stringify(shapeRow(site.frame, text));
      fresh.push({ site, row });
      byRow.set(row, 0);
    }
    const rows = [...byRow.keys()];
    const match = SHAPE_COLUMNS.split(', ').map((name, i) => `s.${name} = j.value ->> ${i}`);
    const found = await this.database.bulkJson<{ at: number; id: number }>(
      `SELECT j.key AS at, s.id FROM json_each(?) j CROSS JOIN shape s ON ${match.join(' AND ')}`,
      rows,
    );
    for (const { at, id } of found) byRow.set(known(rows[at]), id);
    const missing: string[] = [];
    for (const row of rows) {
      if (byRow.get(row) !== 0) continue;
      const id = this.nextShape++;
      byRow.set(row, id);
      missing.push(`[${id},${row.slice(1)}`);
    }
    await this.database.bulkJson(
      `INSERT INTO shape (id, ${SHAPE_COLUMNS})
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
       FROM json_each(?)`,
      missing,
    );
    for (const { site, row } of fresh) site.shape = known(byRow.get(row));
  }
}

function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('a row that this batch has');
  return value;
}

function textsOf(drafts: readonly Draft[]): string[] {
  const texts: string[] = [];
  const sites = new Set<Site>();
  for (const { frame, site } of drafts) {
    if (frame.address !== undefined && frame.address !== site.address) texts.push(frame.address);
    if (site.shape === 0) sites.add(site);
  }
  for (const { frame } of sites) {
    for (const text of [frame.func, namesOf(frame), frame.file, frame.lib]) {
      if (text !== undefined) texts.push(text);
    }
  }
  return texts;
}

/** JSON array; undefined without argument list. */
function namesOf({ args }: Frame): string | undefined {
  return args && wellFormedJson(storedNames(args));
}

const SHAPE_COLUMNS = 'func, names, file, line, kind, lib';

/** Values of {@link SHAPE_COLUMNS}. */
function shapeRow(frame: Frame, text: TextId): readonly (string | number)[] {
  const { func, file, line, kind, lib } = frame;
  return [text(func), text(namesOf(frame)), text(file), line ?? -1, kind, text(lib)];
}

/** The values of shape, digest, address and args, as JSON; the row of `args` is a text, whatever it looks like. */
function contentOf({ site, digest, address, args }: Draft): string {
  return `${site.shape},${digest},${address},${args === '' ? '""' : args}`;
}

/** Of equal frames the first; the others get its row. */
function distinctOf(drafts: readonly Draft[]): Draft[] {
  const distinct: Draft[] = [];
  const byDigest = new Map<number, Draft[]>();
  for (const draft of drafts) {
    const { digest, site, address, args } = draft;
    const alike = byDigest.get(digest);
    const twin = alike?.find(
      (other) =>
        other.site.shape === site.shape && other.address === address && other.args === args,
    );
    if (twin !== undefined) {
      rowOf.set(draft.frame, twin.row);
      continue;
    }
    distinct.push(draft);
    if (alike === undefined) byDigest.set(digest, [draft]);
    else alike.push(draft);
  }
  return distinct;
}

/** The same as in migrations/003-shapes.ts: of each character 31 times what came before, plus its code. */
function digestOf(text: string): number {
  let digest = 0;
  for (let i = 0; i < text.length; i++) digest = (digest * 31 + text.charCodeAt(i)) & 0x7fff_ffff;
  return digest;
}

function byteOf(digest: number): number {
  return (digest >> 3) & (SEEN_BYTES - 1);
}

function bitOf(digest: number): number {
  return 1 << (digest & 7);
}
