/** Names that are shown in place of addresses and thread numbers, as far as the judgement tells them. */
import { append } from '../base/append.js';
import type { BrowseChoices, Judged, ThreadNaming } from './browse.js';
import type { Fact } from './fact.js';

export class ShownNames {
  private readonly devices: ReadonlyMap<string, string>;
  private readonly threads = new Map<string, ThreadNaming[]>();

  constructor({ lanes, threads }: Pick<Judged, 'lanes' | 'threads'>) {
    this.devices = new Map(
      lanes.map(({ capture, session, device, name }) => [`${capture}:${session}:${device}`, name]),
    );
    for (const naming of threads) {
      append(this.threads, `${naming.capture}:${naming.number}`, naming);
    }
  }

  /** `virtio-net #1` */
  device(
    capture: number,
    { session, device }: Pick<Fact, 'session' | 'device'>,
  ): string | undefined {
    return this.devices.get(`${capture}:${session}:${device}`);
  }

  /** `mig/src/main`: what the thread was called at this line. */
  thread(capture: number, { thread, line }: Pick<Fact, 'thread' | 'line'>): string | undefined {
    if (thread === undefined) return undefined;
    const own = this.threads.get(`${capture}:${thread.slice(thread.indexOf('/') + 1)}`) ?? [];
    return (own.findLast((naming) => naming.line <= line) ?? own[0])?.name;
  }

  /** Names in front of what is recorded. */
  added({ devices, threads, kinds }: BrowseChoices): BrowseChoices {
    const named = [...this.threads.values()].flat().map(({ name }) => name);
    return {
      devices: [...new Set([...this.devices.values(), ...devices])],
      threads: [...new Set([...named, ...threads])],
      kinds,
    };
  }
}
