/** Sessions of a capture: one for each QEMU process that it shows. */

/** Counts sessions; one in which nothing was reported is none. */
export class Sessions {
  /** The session of what is read now. */
  current = 0;
  private last = 0;
  private used = false;
  private readonly ofPid = new Map<number, number>();

  get isUsed(): boolean {
    return this.used;
  }

  /** How many there were; the exit of a process opens none that is not used. */
  get count(): number {
    return Math.max(1, this.last + Number(this.used));
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
  isOtherPid(pid: number): boolean {
    return !this.ofPid.has(pid) && this.ofPid.size > 0 && this.used;
  }

  usePid(pid: number): void {
    const known = this.ofPid.get(pid);
    if (known === undefined) this.ofPid.set(pid, this.current);
    else this.current = known;
  }
}
