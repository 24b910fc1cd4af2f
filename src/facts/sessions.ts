/** Sessions of a capture: one for each QEMU process that it shows. */

/** Counts sessions; one in which nothing was reported is none. */
export class Sessions {
  /** The session of what is read now. */
  current = 0;
  private last = 0;
  private used = false;
  private readonly ofPid = new Map<number | string, number>();
  private readonly named = new Set<number>();

  get isUsed(): boolean {
    return this.used;
  }

  /** How many there were; the exit of a process opens none that is not used. */
  get count(): number {
    return Math.max(1, this.last + Number(this.used));
  }

  /** Something of this session's process may come after the next one has begun, see {@link isOtherPid}. */
  get mayReturn(): boolean {
    return this.named.has(this.current);
  }

  /** Something was reported. */
  use(): void {
    this.used = true;
  }

  /** Another process begins. */
  next(): void {
    this.current = ++this.last;
    this.used = false;
  }

  /**
   * A trace may come from another process than the lines before; two processes may write in turn. True
   * when this one is new and another was followed up to here: {@link next} is then due.
   */
  isOtherPid(pid: number | string): boolean {
    return !this.ofPid.has(pid) && this.ofPid.size > 0 && this.used;
  }

  /** The current one goes on later, behind steps of others. */
  keep(): void {
    this.named.add(this.current);
  }

  /** Goes on with one that was kept. */
  return(session: number): void {
    this.current = session;
    this.used = true;
  }

  usePid(pid: number | string): void {
    const known = this.ofPid.get(pid);
    if (known !== undefined) {
      this.current = known;
      return;
    }
    this.ofPid.set(pid, this.current);
    this.named.add(this.current);
  }

  /** What comes next tells its process by itself, whichever was named last: all of that stays together. */
  useFirst(): void {
    for (const first of this.ofPid.values()) {
      this.current = first;
      return;
    }
  }
}
