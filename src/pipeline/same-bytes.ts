/** Files with the bytes of one that was read before: one capture, known by the name that came first. */
import type { CaptureInfo } from '../model/record.js';

/** A file, and the one that stands for it in every result. */
export interface Twin {
  readonly path: string;
  readonly of: string;
}

/** Captures that were seen, in the order of the files. */
export class SeenCaptures {
  private readonly paths = new Map<string, string>();

  /** Those that are told to be no capture of their own are added to `twins`. */
  constructor(readonly twins: Twin[] = []) {}

  /** Whether these bytes are new. */
  isNew({ path, sha256 }: Pick<CaptureInfo, 'path' | 'sha256'>): boolean {
    const of = this.paths.get(sha256);
    if (of === undefined) this.paths.set(sha256, path);
    else this.twins.push({ path, of });
    return of === undefined;
  }
}
