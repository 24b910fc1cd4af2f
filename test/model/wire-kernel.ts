/**
 * The ioctls of a QEMU with vhost-net devices of the kernel, and what the kernel's workers write to the
 * log: QEMU hw/virtio/vhost.c, Linux drivers/vhost/vhost.c.
 */

export interface Ioctl {
  readonly thread: number;
  readonly fd: number;
  readonly name: string;
  readonly errno?: string | undefined;
}

export interface LogWrite {
  /** Process that the worker serves. */
  readonly owner: number;
  readonly base: string;
  readonly addr: string;
  readonly errno?: string | undefined;
}

/** A request of the log start that the kernel refuses, and what for. */
export interface Refusal {
  readonly at: 'base' | 'features' | 'address';
  readonly vring: number;
  readonly errno: string;
}

/** What is wrong with a log start that the kernel refuses, or with a device stop. */
export type KernelDefect =
  | 'goes-on'
  | 'undoes-nothing'
  | 'undoes-no-vring'
  | 'undoes-one-vring'
  | 'keeps-features'
  | 'not-detached';

/** QEMU before 10.2; 10.2; 10.2 on a kernel that takes VHOST_SET_FEATURES_ARRAY for a request about a vring. */
export type FeatureWords = 'one' | 'many' | 'many-unknown';

export class KernelDevice {
  isRunning = false;
  isLogging = false;

  constructor(
    readonly events: (Ioctl | LogWrite)[],
    private readonly owner: number,
    private readonly fd: number,
    private readonly defect?: KernelDefect,
    private readonly words: FeatureWords = 'one',
  ) {}

  open(thread: number): void {
    this.ioctl(thread, 'SET_OWNER');
    this.ioctl(thread, 'GET_FEATURES');
    for (let i = 0; i < 2; i++) this.ioctl(thread, 'SET_VRING_CALL');
  }

  /** `refused`: the kernel does not take the log base, and the start is undone. */
  start(thread: number, refused = false): void {
    this.setFeatures(thread);
    this.ioctl(thread, 'SET_MEM_TABLE');
    for (let i = 0; i < 2; i++) {
      this.ioctl(thread, 'SET_VRING_NUM');
      this.ioctl(thread, 'SET_VRING_BASE');
      this.ioctl(thread, 'SET_VRING_ADDR');
      this.ioctl(thread, 'SET_VRING_KICK');
    }
    if (this.isLogging) this.ioctl(thread, 'SET_LOG_BASE', refused ? 'EFAULT' : undefined);
    if (this.isLogging && refused) {
      for (let i = 0; i < 2; i++) this.ioctl(thread, 'GET_VRING_BASE');
      return;
    }
    this.isRunning = true;
    for (let i = 0; i < 2; i++) this.netSetBackend(thread);
  }

  stop(thread: number): void {
    const isDetached = this.defect !== 'not-detached';
    for (let i = 0; i < 2 && isDetached; i++) this.netSetBackend(thread);
    for (let i = 0; i < 2; i++) this.ioctl(thread, 'GET_VRING_BASE');
    for (let i = 0; i < 2; i++) this.ioctl(thread, 'SET_VRING_CALL');
    this.isRunning = false;
  }

  logStart(thread: number, refusal?: Refusal): void {
    if (!this.isRunning || this.isLogging) {
      this.isLogging = true;
      return;
    }
    const errnoAt = (at: Refusal['at'], vring = 0): string | undefined =>
      refusal?.at === at && (at !== 'address' || refusal.vring === vring)
        ? refusal.errno
        : undefined;
    // A refused log base is only printed, in every version.
    this.ioctl(thread, 'SET_LOG_BASE', errnoAt('base'));
    this.setFeatures(thread, errnoAt('features'));
    if (errnoAt('features') !== undefined && this.defect !== 'goes-on') return;
    for (let vring = 0; vring < 2; vring++) {
      const errno = errnoAt('address', vring);
      this.ioctl(thread, 'SET_VRING_ADDR', errno);
      if (errno === undefined || this.defect === 'goes-on') continue;
      this.undo(thread, vring);
      return;
    }
    this.isLogging = true;
  }

  private undo(thread: number, failed: number): void {
    const { defect } = this;
    if (defect === 'undoes-nothing') return;
    const left = defect === 'undoes-no-vring' ? failed + 1 : defect === 'undoes-one-vring' ? 1 : 0;
    for (let vring = failed; vring >= left; vring--) this.ioctl(thread, 'SET_VRING_ADDR');
    if (defect !== 'keeps-features') this.setFeatures(thread);
  }

  logStop(thread: number): void {
    if (this.isRunning && this.isLogging) {
      this.setFeatures(thread);
      for (let i = 0; i < 2; i++) this.ioctl(thread, 'SET_VRING_ADDR');
    }
    this.isLogging = false;
  }

  /** A larger memory table: the log first. */
  grow(thread: number): void {
    if (!this.isRunning) return;
    if (this.isLogging) this.ioctl(thread, 'SET_LOG_BASE');
    this.ioctl(thread, 'SET_MEM_TABLE');
  }

  /** The guest's traffic. */
  traffic(errno?: string): void {
    if (!this.isRunning || !this.isLogging) return;
    const base = errno === undefined ? '0x7fd260000000' : '0x0';
    this.events.push({ owner: this.owner, base, addr: '0xff5f863', errno });
  }

  private setFeatures(thread: number, errno?: string): void {
    const { words } = this;
    if (words !== 'one') {
      this.ioctl(thread, 'SET_FEATURES_ARRAY', words === 'many' ? errno : 'ENOBUFS');
    }
    // vhost_kernel_set_features() of 10.2 tries again whatever the error was.
    if (words !== 'many' || errno !== undefined) this.ioctl(thread, 'SET_FEATURES', errno);
    if (errno !== undefined) return;
    this.ioctl(thread, 'GET_BACKEND_FEATURES');
    this.ioctl(thread, 'SET_BACKEND_FEATURES');
  }

  private netSetBackend(thread: number): void {
    this.events.push({ thread, fd: this.fd, name: 'VHOST_NET_SET_BACKEND' });
  }

  private ioctl(thread: number, name: string, errno?: string): void {
    this.events.push({ thread, fd: this.fd, name: `VHOST_${name}`, errno });
  }
}
