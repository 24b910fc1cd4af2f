/** Names of threads in the steps of a capture: thread and session, for two processes may have a thread 1 each. */
import { detached } from '../base/detached.js';

/** One text for all steps of a thread. */
export class ThreadNames {
  private readonly names = new Map<string, string>();
  private readonly ofTids = new Map<number, string>();
  /** The session of both. */
  private session = 0;

  /** `thread` is its key in the session. */
  of(session: number, thread: string): string {
    this.enter(session);
    let name = this.names.get(thread);
    if (name === undefined) {
      name = detached(`${session}/${thread}`);
      this.names.set(thread, name);
    }
    return name;
  }

  /** Of a thread that the kernel numbers. */
  ofTid(session: number, tid: number): string {
    this.enter(session);
    let name = this.ofTids.get(tid);
    if (name === undefined) {
      name = this.of(session, `tid ${tid}`);
      this.ofTids.set(tid, name);
    }
    return name;
  }

  private enter(session: number): void {
    if (this.session === session) return;
    this.session = session;
    this.names.clear();
    this.ofTids.clear();
  }
}
