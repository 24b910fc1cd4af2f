/** Less memory for garbage, in commands that read captures of any size while they keep little of them. */
import { setFlagsFromString } from 'node:v8';

/**
 * V8 lets a heap grow to four times of what is in use before it collects the garbage, 13 (Node 24) also its young
 * generation to 128 MB. Collecting takes a few hundredths of the time: so half as much memory costs hardly more time.
 *
 * It also learns, from the first records, which wait for the store, to put all that come into the old generation; what
 * is garbage there takes half as long again as reading. So it is kept from that.
 *
 * The flags are looked at whenever the heap is about to grow, so they have their effect on a heap that is in use.
 * A V8 that does not know a flag complains on standard error: those that were not tried keep what they have.
 */
export function keepHeapLean(): void {
  const major = Number.parseInt(process.versions.v8, 10);
  if (major > 13) return;
  setFlagsFromString('--heap-growing-percent=70');
  setFlagsFromString('--no-allocation-site-pretenuring');
  if (major === 13) setFlagsFromString('--semi-space-growth-factor=1');
}
