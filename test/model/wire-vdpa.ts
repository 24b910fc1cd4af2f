/** QEMU's trace events of a vdpa device: QEMU hw/virtio/vhost-vdpa.c (9.0 to 10.2). */

export type VdpaDefect =
  'log-base' | 'features' | 'address' | 'null-base' | 'huge-log' | 'vring-moved';

const LOG_ALL = 0x4000000;
const FEATURES = 0x300_0000;

export class VdpaDevice {
  isLogging = false;
  private isRunning = false;
  private isShadowed = false;
  private starts = 0;

  constructor(
    private readonly lines: string[],
    private readonly dev: string,
    private readonly defect?: VdpaDefect,
  ) {}

  start(shadowed: boolean): void {
    this.isRunning = true;
    this.starts++;
    this.isShadowed = shadowed;
    this.event('vhost_dev_start', `${this.dev}:virtio-net vrings:0`);
    this.features();
    this.event('vhost_vdpa_set_mem_table', `dev: ${this.dev} nregions: 2 padding: 0x0`);
    for (let i = 0; i < 2; i++) {
      const svq = shadowed ? 1 : 0;
      this.event('vhost_vdpa_set_vring_num', `dev: ${this.dev} index: ${i} num: 256`);
      this.event(
        'vhost_vdpa_set_dev_vring_base',
        `dev: ${this.dev} index: ${i} num: 0 svq: ${svq}`,
      );
      this.address(i, this.isLogging && !shadowed);
    }
    if (this.isLogging && !shadowed) this.logBase();
    this.event('vhost_vdpa_dev_start', `dev: ${this.dev} started: 1`);
  }

  stop(): void {
    if (!this.isRunning) return;
    this.event('vhost_dev_stop', `${this.dev}:virtio-net vrings:0`);
    this.event('vhost_vdpa_dev_start', `dev: ${this.dev} started: 0`);
    this.event('vhost_vdpa_suspend', `dev: ${this.dev}`);
    for (let i = 0; i < 2; i++) {
      const svq = this.isShadowed ? 1 : 0;
      this.event('vhost_vdpa_get_vring_base', `dev: ${this.dev} index: ${i} num: 9 svq: ${svq}`);
    }
    this.event('vhost_vdpa_reset_device', `dev: ${this.dev}`);
    this.isRunning = false;
  }

  /** Without shadow virtqueues the kernel refuses the log base, and all is undone. */
  toggleLog(log: boolean): void {
    this.isLogging = log;
    if (!this.isRunning) return;
    if (this.isShadowed) {
      if (log) this.fault();
      return;
    }
    if (log) this.logBase();
    this.features();
    for (let i = 0; i < 2; i++) {
      const isMoved = i === 1 && this.defect === 'vring-moved';
      this.address(i, log, isMoved ? 0 : this.starts);
    }
  }

  private fault(): void {
    if (this.defect === 'log-base') this.logBase();
    if (this.defect === 'features') this.sendFeatures(FEATURES + LOG_ALL);
    if (this.defect === 'address') this.address(1, true);
  }

  private features(): void {
    this.sendFeatures(FEATURES + (this.isLogging && !this.isShadowed ? LOG_ALL : 0));
  }

  private sendFeatures(word: number): void {
    this.event('vhost_vdpa_set_features', `dev: ${this.dev} features: 0x${word.toString(16)}`);
  }

  /** The guest puts its rings somewhere else before each start. */
  private address(index: number, log: boolean, place = this.starts): void {
    this.event(
      'vhost_vdpa_set_vring_addr',
      `dev: ${this.dev} index: ${index} flags: 0x${log ? 1 : 0} desc_user_addr: 0x7f${place}00 used_user_addr: 0x7f20 avail_user_addr: 0x7f10 log_guest_addr: 0x3f5d000`,
    );
  }

  private logBase(): void {
    const [base, log] =
      this.defect === 'null-base' ? ['0x0', '(nil)'] : ['0x7fd260000000', '0x7fd260000000'];
    const size = this.defect === 'huge-log' ? 2 ** 46 : 28672;
    this.event(
      'vhost_vdpa_set_log_base',
      `dev: ${this.dev} base: ${base} size: ${size} refcnt: 1 fd: -1 log: ${log}`,
    );
  }

  private event(name: string, text: string): void {
    const at = this.lines.length;
    this.lines.push(`4697@1795320041.${String(at).padStart(6, '0')}:${name} ${text}`);
  }
}
