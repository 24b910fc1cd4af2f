/**
 * A file that another program appends to, read as `tail -F` does.
 *
 * It is looked at again and again: notifications of the system do not come from every file system,
 * and a look costs next to nothing. What is cut off and written anew to its old length between two
 * looks is taken for a file that has grown; `tail` does so too.
 */
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { VhtraceError } from '../base/errors.js';
import { explainFailure } from './open-bytes.js';
import { sniffBytes } from './sniff-bytes.js';

/** What became of the file since it was read to its end. */
export type Change = 'grown' | 'truncated' | 'replaced' | 'stopped';

/** Milliseconds. */
export interface Pace {
  /** Between two looks. */
  readonly poll: number;
  /** Without growth, until a moment is quiet. */
  readonly quiet: number;
  /** After which a file that is never quiet has been read for long enough. */
  readonly longest: number;
}

const PACE: Pace = { poll: 100, quiet: 1000, longest: 30_000 };

const CHUNK = 1 << 18;

export class GrowingFile {
  /** Bytes given by the read() at work, or by the last one. */
  #position = 0;
  /** How long the last read() took to catch up with the file, and its reader to be done with it. */
  #cost = 0;
  #caughtUpIn = 0;
  #endedAt = 0;
  #isLast = false;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly stop: AbortSignal,
    private readonly pace: Pace,
  ) {}

  /**
   * Opens the file that has this name now; `stop` makes its end of that moment the end of all.
   *
   * Errors: those of the system in words, USAGE for anything but a regular file.
   */
  static async open(path: string, stop: AbortSignal, pace = PACE): Promise<GrowingFile> {
    try {
      // To open a pipe would wait for its writer.
      const found = await stat(path);
      if (!found.isFile() && !found.isDirectory()) throw refusal('is no regular file');
      return new GrowingFile(path, await open(path), stop, pace);
    } catch (error) {
      throw explainFailure(path, error);
    }
  }

  /**
   * The bytes from the first one on, and what is added while they are read. Ends where the file is
   * quiet, truncated or replaced, or has never been quiet for long, and where `stop` said so.
   *
   * A reader is final, so after a quiet moment the file is read from its start again; each time
   * costs more, and so the time to wait grows with it.
   */
  async *read(): AsyncGenerator<Uint8Array> {
    const startedAt = performance.now();
    let grownAt = startedAt;
    let end: number | undefined;
    this.#position = 0;
    this.#caughtUpIn = 0;
    for (;;) {
      if (this.stop.aborted) {
        end ??= (await this.handle.stat()).size;
        this.#isLast = this.#position >= end;
        if (this.#isLast) break;
      }
      const chunk = await this.#next();
      if (chunk.length > 0) {
        yield chunk;
        grownAt = performance.now();
        continue;
      }
      const now = performance.now();
      this.#caughtUpIn ||= now - startedAt;
      if (this.#isDue(now - grownAt, now - startedAt)) break;
      const change = await this.#look();
      if (change === 'truncated' || change === 'replaced') break;
      await this.#pause();
    }
    this.#endedAt = performance.now();
  }

  /** Waits until the file has something that the last read() did not give. To be called when that is done with. */
  async nextChange(): Promise<Change> {
    this.#cost = this.#caughtUpIn + performance.now() - this.#endedAt;
    if (this.#isLast) return 'stopped';
    for (;;) {
      const change = await this.#look();
      if (change !== undefined) return change;
      if (this.stop.aborted) return 'stopped';
      await this.#pause();
    }
  }

  /** Whether the file begins with this many bytes of this hash. */
  async startsWith({ bytes, sha256 }: { bytes: number; sha256: string }): Promise<boolean> {
    if ((await this.handle.stat()).size < bytes) return false;
    const hash = createHash('sha256');
    for (let at = 0; at < bytes;) {
      const { bytesRead, buffer } = await this.handle.read({
        buffer: new Uint8Array(Math.min(CHUNK, bytes - at)),
        position: at,
      });
      if (bytesRead === 0) return false;
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    return hash.digest('hex') === sha256;
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  async #next(): Promise<Uint8Array> {
    const buffer = new Uint8Array(CHUNK);
    const { bytesRead } = await this.handle.read(buffer, 0, CHUNK, this.#position);
    const chunk = buffer.subarray(0, bytesRead);
    if (this.#position === 0 && sniffBytes(chunk).kind === 'packed') {
      throw refusal('is compressed');
    }
    this.#position += bytesRead;
    return chunk;
  }

  #isDue(quietFor: number, readFor: number): boolean {
    const { quiet, longest } = this.pace;
    return quietFor >= Math.max(quiet, this.#cost) || readFor >= Math.max(longest, 10 * this.#cost);
  }

  async #look(): Promise<Change | undefined> {
    const own = await this.handle.stat({ bigint: true });
    if (own.size > this.#position) return 'grown';
    if (own.size < this.#position) return 'truncated';
    // While there is no file of that name, whoever has this one open may still write to it.
    const named = await stat(this.path, { bigint: true }).catch(() => own);
    return named.ino === own.ino && named.dev === own.dev ? undefined : 'replaced';
  }

  async #pause(): Promise<void> {
    await sleep(this.pace.poll, undefined, { signal: this.stop }).catch(() => undefined);
  }
}

function refusal(what: string): VhtraceError {
  return new VhtraceError('USAGE', `${what}, and cannot be followed`, 'ingest it without --follow');
}
