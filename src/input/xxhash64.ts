/** XXH64 with seed 0, the checksum of zstd. Source: xxHash, doc/xxhash_spec.md, "XXH64 algorithm description". */

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

/** Bytes that go into the four accumulators at once. */
const STRIPE = 32;

type Accumulators = readonly [bigint, bigint, bigint, bigint];

export class XxHash64 {
  #accumulators: Accumulators = [u64(P1 + P2), P2, 0n, u64(-P1)];
  #length = 0;
  /** Less than a stripe. */
  #rest: Uint8Array = new Uint8Array();

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    const input = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const view = viewOf(input);
    let [a, b, c, d] = this.#accumulators;
    let at = 0;
    for (; at + STRIPE <= input.length; at += STRIPE) {
      a = round(a, view.getBigUint64(at, true));
      b = round(b, view.getBigUint64(at + 8, true));
      c = round(c, view.getBigUint64(at + 16, true));
      d = round(d, view.getBigUint64(at + 24, true));
    }
    this.#accumulators = [a, b, c, d];
    this.#rest = Uint8Array.from(input.subarray(at));
  }

  /** The hash of all bytes so far. */
  digest(): bigint {
    const view = viewOf(this.#rest);
    let hash = u64((this.#length < STRIPE ? P5 : this.#converge()) + BigInt(this.#length));
    let at = 0;
    for (; at + 8 <= view.byteLength; at += 8) {
      hash = u64(rotl(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4);
    }
    if (at + 4 <= view.byteLength) {
      hash = u64(rotl(hash ^ u64(BigInt(view.getUint32(at, true)) * P1), 23n) * P2 + P3);
      at += 4;
    }
    for (; at < view.byteLength; at++) {
      hash = u64(rotl(hash ^ u64(BigInt(view.getUint8(at)) * P5), 11n) * P1);
    }
    hash = u64((hash ^ (hash >> 33n)) * P2);
    hash = u64((hash ^ (hash >> 29n)) * P3);
    return hash ^ (hash >> 32n);
  }

  #converge(): bigint {
    const [a, b, c, d] = this.#accumulators;
    const sum = rotl(a, 1n) + rotl(b, 7n) + rotl(c, 12n) + rotl(d, 18n);
    return [a, b, c, d].reduce((hash, lane) => u64((hash ^ round(0n, lane)) * P1 + P4), u64(sum));
  }
}

function round(accumulator: bigint, lane: bigint): bigint {
  return u64(rotl(u64(accumulator + u64(lane * P2)), 31n) * P1);
}

function rotl(value: bigint, bits: bigint): bigint {
  return u64((value << bits) | (value >> (64n - bits)));
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
