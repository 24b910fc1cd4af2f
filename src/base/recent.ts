import { detached } from './detached.js';

/**
 * A map that forgets what was not asked for lately, so that its size is bounded whatever comes.
 *
 * Two generations: what is found in the old one moves to the young one; when the young one is full it
 * becomes the old one. Anything used among the last `size` distinct keys is still there.
 */
export class Recent<Value> {
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  constructor(private readonly size: number) {}

  get(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    // The key that is asked for may be a piece of a chunk of the capture.
    if (old !== undefined) this.set(detached(key), old);
    return old;
  }

  /** `key`: in memory of its own, see {@link detached}. */
  set(key: string, value: Value): void {
    if (this.#young.size >= this.size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
