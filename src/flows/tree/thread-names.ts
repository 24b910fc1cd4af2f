/** Names of threads as gdb prints them, `CPU 0/KVM` or `migration`; the number alone says nothing. */
import type { CaptureRecord, ThreadRef } from '../../model/record.js';
import { firstIndex } from '../../base/search.js';

/** What a thread is called from a line on. */
interface Naming {
  readonly line: number;
  readonly name: string;
}

/** Names by gdb's thread number, from line to line: numbers are given again in the next process. */
export class ThreadNames {
  private readonly namings = new Map<string, Naming[]>();

  constructor(records: readonly CaptureRecord[]) {
    for (const record of records) {
      if (record.kind === 'stop' || record.kind === 'thread' || record.kind === 'backtrace') {
        if (record.thread !== undefined) this.learn(record.thread, record.span.first);
      }
    }
  }

  /** Name of the thread that a step calls `0/5` or `tid 17027`, at a line of the capture. */
  nameOf(thread: string | undefined, line: number): string | undefined {
    const namings = this.namings.get(thread?.slice(thread.indexOf('/') + 1) ?? '') ?? [];
    const next = firstIndex(namings.length, (i) => (namings[i]?.line ?? line) > line);
    return namings[Math.max(0, next - 1)]?.name;
  }

  /** By rising line for each number. */
  all(): (Naming & { readonly number: string })[] {
    return [...this.namings].flatMap(([number, own]) => own.map((each) => ({ ...each, number })));
  }

  private learn({ num, name }: ThreadRef, line: number): void {
    if (num === undefined || name === undefined) return;
    const namings = this.namings.get(num) ?? [];
    if (namings.at(-1)?.name !== name) this.namings.set(num, [...namings, { line, name }]);
  }
}

/** `CPU 0/KVM` → `vCPU 0`. Source: QEMU accel/kvm/kvm-accel-ops.c, kvm_start_vcpu_thread(). */
export function vcpuOf(name: string | undefined): string | undefined {
  const number = /^CPU (\d+)\//.exec(name ?? '')?.[1];
  return number === undefined ? undefined : `vCPU ${number}`;
}
