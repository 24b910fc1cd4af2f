/**
 * The processes of a debugger: each is a session with threads of its own, and one debugger may show several in turn.
 *
 * Source: gdb/inferior.c, inferior_command(); gdb/thread.c, show_inferior_qualified_tids(): a thread is named `1.2` as soon
 * as there is a second inferior.
 */
import { Sessions } from '../sessions.js';
import { ThreadFollower } from './threads.js';

interface Inferior {
  readonly session: number;
  readonly threads: ThreadFollower;
}

/** What is done with steps when another session begins. */
export interface SessionChange {
  /** The current session ends. */
  readonly ends: () => void;
  readonly begun: () => void;
}

export class Inferiors {
  readonly sessions = new Sessions();
  /** Of the session's process. */
  threads = new ThreadFollower();
  /** The one that the debugger stands in, where it has several. */
  current: string | undefined;
  private readonly known = new Map<string, Inferior>();

  constructor(private readonly change: SessionChange) {}

  /** What follows is of this one. */
  enter(inferior: string): void {
    if (inferior === this.current) return;
    const known = this.known.get(inferior);
    if (known !== undefined) {
      this.sessions.return(known.session);
      this.threads = known.threads;
    } else {
      this.leave(inferior);
      this.keep(inferior);
    }
    this.current = inferior;
  }

  /** What follows is of another process. */
  newSession(): void {
    this.begin();
    this.known.clear();
    if (this.current !== undefined) this.keep(this.current);
  }

  /** Nothing was reported of a session that is not used: whose it is shows now. */
  private leave(next: string): void {
    if (this.sessions.isUsed) {
      // As long as there is only the first, its number is not printed.
      if (this.known.size === 0 && next !== '1') this.keep('1');
      if (this.known.size > 0) this.begin();
    } else if (this.current !== undefined) this.known.delete(this.current);
  }

  private keep(inferior: string): void {
    this.sessions.keep();
    this.known.set(inferior, { session: this.sessions.current, threads: this.threads });
  }

  private begin(): void {
    this.change.ends();
    this.sessions.next();
    this.threads = new ThreadFollower();
    this.change.begun();
  }
}
