/**
 * The vhost-user messages of a QEMU with some devices, as its vhost-user.c sends them: QEMU hw/virtio/vhost-user.c,
 * vhost.c (2.12 to 10.2). One `UserDevice` is one socket; all queue pairs of the device share it.
 */
import { littleEndian } from './wire-bytes.js';

export interface UserSetup {
  /** 601 is 6.1. */
  readonly version: number;
  readonly pairs: number;
  /** Protocol features of the backend. */
  readonly replyAck: boolean;
  readonly logShmfd: boolean;
  /** Also DEVICE_STATE, from 8.2 on. */
  readonly status: boolean;
  /** Regions are sent one by one. */
  readonly memSlots: boolean;
}

export type UserDefect =
  | 'ack-not-asked'
  | 'ack-of-vring-not-asked'
  | 'ack-not-awaited'
  | 'reply-not-awaited'
  | 'base-per-pair'
  | 'base-twice'
  | 'size-in-chunks'
  | 'size-odd'
  | 'size-too-small'
  | 'offset'
  | 'file-left-out'
  | 'base-left-out'
  | 'base-behind-features'
  | 'base-behind-vrings'
  | 'features-left-out'
  | 'vring-not-told'
  | 'vring-left-out'
  | 'vrings-left-out'
  | 'base-alone'
  | 'logged-twice'
  | 'stop-keeps-features'
  | 'stop-leaves-features-out'
  | 'stop-vring-not-told'
  | 'stop-vring-left-out'
  | 'start-vring-not-told'
  | 'start-features-not-told'
  | 'start-base-left-out'
  | 'features-changed'
  | 'vring-moved'
  | 'log-not-grown'
  | 'log-grown-late'
  | 'stopped-vring-told'
  | 'started-twice'
  | 'kick-before-address'
  | 'kick-left-out'
  | 'address-left-out'
  | 'size-left-out'
  | 'index-left-out'
  | 'refusal-ignored'
  | 'start-refusal-ignored'
  | 'memory-behind-vrings'
  | 'memory-left-out'
  | 'base-before-vrings'
  | 'no-features';

/** Members of a payload in order, with their bytes. */
export type Members = readonly (readonly [name: string, value: bigint, bytes: number])[];

/** One message on the wire. */
export interface Packet {
  readonly fd: number;
  /** Inode of the socket, which is a new one after a reconnect. */
  readonly socket: number;
  readonly thread: number;
  readonly sender: 'frontend' | 'reply';
  readonly request: number;
  readonly name: string;
  readonly flags: number;
  readonly members: Members;
  /** File descriptor that goes along. */
  readonly file?: number | undefined;
}

export function bytesOf({ members }: Packet): number[] {
  return littleEndian(...members.map(([, value, bytes]) => [value, bytes] as const));
}

/** The socket was closed by the other side. */
export class Disconnected extends Error {}

const LOG_ALL = 1n << 26n;
const CHUNK = 262144n;
const NEED_REPLY = 0x8;

const IDS: Readonly<Record<string, number>> = {
  GET_FEATURES: 1,
  SET_FEATURES: 2,
  SET_OWNER: 3,
  SET_MEM_TABLE: 5,
  SET_LOG_BASE: 6,
  SET_VRING_NUM: 8,
  SET_VRING_ADDR: 9,
  SET_VRING_BASE: 10,
  GET_VRING_BASE: 11,
  SET_VRING_KICK: 12,
  SET_VRING_CALL: 13,
  GET_PROTOCOL_FEATURES: 15,
  SET_PROTOCOL_FEATURES: 16,
  GET_QUEUE_NUM: 17,
  SET_VRING_ENABLE: 18,
  ADD_MEM_REG: 37,
  REM_MEM_REG: 38,
  SET_STATUS: 39,
  GET_STATUS: 40,
};

const u64 = (value: bigint): Members => [['u64', value, 8]];
const state = (index: number, num: bigint): Members => [
  ['index', BigInt(index), 4],
  ['num', num, 4],
];

type Region = readonly [first: bigint, size: bigint];

const LOW: Region = [0n, 0x8000_0000n];

export class UserDevice {
  isRunning = false;
  isLogging = false;
  /** Guest memory above 4 GiB. */
  private high = 0x4000_0000n;
  private logChunks = 0n;
  private sent: readonly Region[] = [];
  /** Messages until the backend goes away. */
  private left = Infinity;
  private connections = 0;

  constructor(
    private readonly packets: Packet[],
    private readonly fd: number,
    private readonly setup: UserSetup,
    private readonly defect?: UserDefect,
  ) {}

  /** The backend goes away after so many messages more. */
  disconnectAfter(messages: number): void {
    this.left = messages;
  }

  connect(thread: number): void {
    this.left = Infinity;
    this.connections++;
    this.isRunning = false;
    this.sent = [];
    this.ask(thread, 'GET_FEATURES', [], u64(0x1_7562_8000n));
    this.ask(thread, 'GET_PROTOCOL_FEATURES', [], u64(0xffff_ffffn));
    this.send(thread, 'SET_PROTOCOL_FEATURES', u64(this.protocolFeatures()));
    this.ask(thread, 'GET_QUEUE_NUM', [], u64(8n));
    this.send(thread, 'SET_OWNER', []);
    this.ask(thread, 'GET_FEATURES', [], u64(0x1_7562_8000n));
    for (const ring of this.rings()) {
      this.send(thread, 'SET_VRING_CALL', u64(BigInt(ring)));
    }
  }

  private protocolFeatures(): bigint {
    const { replyAck, logShmfd, status, memSlots, version } = this.setup;
    let word = 1n;
    if (logShmfd) word |= 1n << 1n;
    if (replyAck) word |= 1n << 3n;
    if (memSlots) word |= 1n << 15n;
    if (status && version >= 702) word |= 1n << 16n;
    if (status && version >= 802) word |= 1n << 19n;
    return word;
  }

  private rings(): readonly number[] {
    return Array.from({ length: this.setup.pairs * 2 }, (_, i) => i);
  }

  private ringsOf(pair: number): readonly [number, number] {
    return [pair * 2, pair * 2 + 1];
  }

  start(thread: number): void {
    this.startPairs(thread);
    if (this.defect === 'started-twice') this.startPairs(thread);
  }

  private startPairs(thread: number): void {
    const { pairs, status, version } = this.setup;
    this.isRunning = true;
    for (let pair = 0; pair < pairs; pair++) {
      if (this.defect !== 'no-features')
        this.setFeatures(thread, this.isLogging && this.defect !== 'start-features-not-told');
      if (pair === 0 && !this.isMemoryLate) this.sendMemory(thread);
      if (this.isLogging) this.logChunks = this.neededChunks();
      if (this.isLogging && this.defect === 'base-before-vrings') this.setLogBase(thread, pair);
      for (const ring of this.ringsOf(pair)) {
        this.setUp(thread, ring, ring !== 1 || this.defect !== 'start-vring-not-told');
      }
      if (pair === 0 && this.defect === 'memory-behind-vrings') this.sendMemory(thread);
      const isGiven = this.defect === 'start-base-left-out' || this.defect === 'base-before-vrings';
      if (this.isLogging && !isGiven) this.setLogBase(thread, pair);
      for (const ring of this.ringsOf(pair)) {
        this.send(thread, 'SET_VRING_ENABLE', state(ring, 1n));
      }
      this.getStatus(thread);
      if (status && version >= 702) this.send(thread, 'SET_STATUS', u64(0xfn));
    }
  }

  private get isMemoryLate(): boolean {
    return this.defect === 'memory-behind-vrings' || this.defect === 'memory-left-out';
  }

  private setUp(thread: number, ring: number, isTold = true): void {
    const { defect } = this;
    const kick = (): void => {
      this.send(thread, 'SET_VRING_KICK', u64(BigInt(ring)));
    };
    if (defect !== 'size-left-out') this.send(thread, 'SET_VRING_NUM', state(ring, 256n));
    if (defect !== 'index-left-out') this.send(thread, 'SET_VRING_BASE', state(ring, 0n));
    if (defect === 'kick-before-address') kick();
    const isRefused = defect === 'start-refusal-ignored';
    if (defect !== 'address-left-out')
      this.setAddress(thread, ring, this.isLogging && isTold, isRefused);
    if (defect !== 'kick-before-address' && defect !== 'kick-left-out') kick();
    this.send(thread, 'SET_VRING_CALL', u64(BigInt(ring)));
  }

  /** The guest resets one vring and sets it up again: vhost_virtqueue_stop() and vhost_virtqueue_start(), since 7.2. */
  resetVring(thread: number, ring: number): void {
    if (this.setup.version < 702) return;
    this.ask(thread, 'GET_VRING_BASE', state(ring, 0n), state(ring, 17n));
    this.setUp(thread, ring);
    this.send(thread, 'SET_VRING_ENABLE', state(ring, 1n));
  }

  stop(thread: number): void {
    for (const ring of this.rings()) {
      this.ask(thread, 'GET_VRING_BASE', state(ring, 0n), state(ring, 17n));
    }
    if (this.isLogging && this.defect === 'stopped-vring-told') {
      this.setAddress(thread, 0, true);
      this.send(thread, 'SET_VRING_KICK', u64(0n));
    }
    this.isRunning = false;
  }

  /** `refused`: the vring whose address the backend answers with an error; only an acknowledgement tells. */
  logStart(thread: number, refused?: number): void {
    if (!this.isRunning || this.isLogging) {
      this.isLogging = true;
      return;
    }
    this.isLogging = this.tellToLog(thread, refused);
    if (this.isLogging && this.defect === 'logged-twice') this.tellToLog(thread);
  }

  /** False where it failed and is taken back. */
  private tellToLog(thread: number, refused?: number): boolean {
    this.logChunks = this.neededChunks();
    for (let pair = 0; pair < this.setup.pairs; pair++) {
      if (!this.isBaseLate && this.defect !== 'base-left-out') this.setLogBase(thread, pair);
      if (this.defect === 'base-twice') this.setLogBase(thread, pair);
      if (this.defect === 'base-alone') continue;
      this.setFeatures(thread, this.defect !== 'features-left-out', true);
      if (this.defect === 'base-behind-features') this.setLogBase(thread, pair);
      for (const ring of this.ringsOf(pair)) {
        if (ring === 1 && this.defect === 'vring-left-out') continue;
        if (this.defect === 'vrings-left-out') continue;
        const isTold = ring !== 1 || this.defect !== 'vring-not-told';
        const isMoved = ring === 1 && this.defect === 'vring-moved';
        const at = isMoved ? this.placeOf(0) : this.placeOf(ring);
        const isIgnored = this.defect === 'refusal-ignored';
        const isRefused = ring === (isIgnored ? 0 : refused);
        const isOk = this.setAddress(thread, ring, isTold, isRefused, at);
        if (!isOk && !isIgnored) {
          this.rollBack(thread, pair, ring);
          return false;
        }
      }
      if (this.defect === 'base-behind-vrings') this.setLogBase(thread, pair);
    }
    return true;
  }

  private get isBaseLate(): boolean {
    return this.defect === 'base-behind-features' || this.defect === 'base-behind-vrings';
  }

  private rollBack(thread: number, pair: number, failed: number): void {
    for (const ring of [...this.ringsOf(pair)].reverse()) {
      if (ring <= failed) this.setAddress(thread, ring, false);
    }
    this.setFeatures(thread, false);
    for (let done = pair - 1; done >= 0; done--) this.stopPair(thread, done);
  }

  logStop(thread: number): void {
    if (this.isRunning && this.isLogging) {
      for (let pair = this.setup.pairs - 1; pair >= 0; pair--) this.stopPair(thread, pair);
    }
    this.isLogging = false;
  }

  private stopPair(thread: number, pair: number): void {
    if (this.defect !== 'stop-leaves-features-out') {
      this.setFeatures(thread, this.defect === 'stop-keeps-features');
    }
    for (const ring of this.ringsOf(pair)) {
      if (ring === 1 && this.defect === 'stop-vring-left-out') continue;
      this.setAddress(thread, ring, ring === 1 && this.defect === 'stop-vring-not-told');
    }
  }

  /** Memory grows or shrinks; the log with it. */
  resize(thread: number, high: bigint): void {
    this.high = high;
    if (!this.isRunning) return;
    const needed = this.neededChunks();
    const grows = this.isLogging && this.logChunks < needed && this.defect !== 'log-not-grown';
    if (this.defect === 'log-grown-late') this.sendMemory(thread);
    if (grows) {
      this.logChunks = needed + 170n;
      for (let pair = 0; pair < this.setup.pairs; pair++) this.setLogBase(thread, pair);
    }
    if (this.defect !== 'log-grown-late') this.sendMemory(thread);
    if (this.isLogging && this.logChunks > needed + 170n) {
      this.logChunks = needed;
      for (let pair = 0; pair < this.setup.pairs; pair++) this.setLogBase(thread, pair);
    }
  }

  private regions(): readonly Region[] {
    return this.high === 0n ? [LOW] : [LOW, [0x1_0000_0000n, this.high]];
  }

  private neededChunks(): bigint {
    const last = this.regions().reduce((top, [first, size]) => {
      const end = first + size - 1n;
      return end > top ? end : top;
    }, 0n);
    return last / CHUNK + 1n;
  }

  private sendMemory(thread: number): void {
    const regions = this.regions();
    if (!this.setup.memSlots) {
      this.acknowledged(thread, 'SET_MEM_TABLE', [
        ['nregions', BigInt(regions.length), 4],
        ['-padding', 0n, 4],
        ...regions.flatMap((region, i) => membersOf(region, `regions[${i}].`)),
      ]);
      return;
    }
    const isSame = (a: Region) => (b: Region) => a[0] === b[0] && a[1] === b[1];
    for (const old of this.sent) {
      if (!regions.some(isSame(old))) this.acknowledged(thread, 'REM_MEM_REG', single(old));
    }
    for (const region of regions) {
      if (!this.sent.some(isSame(region))) this.acknowledged(thread, 'ADD_MEM_REG', single(region));
    }
    this.sent = regions;
  }

  private setLogBase(thread: number, pair: number): void {
    const isPerPair = this.setup.version < 800 || this.defect === 'base-per-pair';
    if (pair > 0 && !isPerPair) return;
    const members: Members = [
      ['mmap_size', this.mmapSize(), 8],
      ['mmap_offset', this.defect === 'offset' ? 4096n : 0n, 8],
    ];
    const file = this.setup.logShmfd && this.defect !== 'file-left-out' ? 40 : undefined;
    this.push(thread, 'frontend', 'SET_LOG_BASE', 0x1, members, file);
    if (this.setup.logShmfd && this.defect !== 'reply-not-awaited') {
      this.reply(thread, 'SET_LOG_BASE', members);
    }
  }

  private mmapSize(): bigint {
    if (this.defect === 'size-in-chunks') return this.logChunks;
    const chunks = this.defect === 'size-too-small' ? this.logChunks - 100n : this.logChunks;
    return chunks * 8n + (this.defect === 'size-odd' ? 2n : 0n);
  }

  /** With STATUS, FEATURES_OK is added to it: vhost_user_set_features(). */
  private setFeatures(thread: number, log: boolean, isToggle = false): void {
    const own = isToggle && this.defect === 'features-changed' ? 0x1_5000_0000n : 0x1_7000_0000n;
    const word = own | BigInt(this.setup.pairs);
    this.logged(thread, 'SET_FEATURES', u64(word | (log ? LOG_ALL : 0n)), log);
    this.getStatus(thread);
  }

  private getStatus(thread: number): void {
    const { status, version } = this.setup;
    if (status && version >= 702) this.ask(thread, 'GET_STATUS', [], u64(0xfn));
  }

  private placeOf(ring: number): bigint {
    return 0x7f54_0000_0000n + BigInt(this.setup.pairs << 20) + BigInt(ring) * 0x3000n;
  }

  /** False when the backend refused. */
  private setAddress(
    thread: number,
    ring: number,
    log: boolean,
    refuse = false,
    at = this.placeOf(ring),
  ): boolean {
    const members: Members = [
      ['index', BigInt(ring), 4],
      ['flags', log ? 1n : 0n, 4],
      ['desc_user_addr', at, 8],
      ['used_user_addr', at + 0x2000n, 8],
      ['avail_user_addr', at + 0x1000n, 8],
      ['log_guest_addr', 0x3f5_d000n, 8],
    ];
    return this.logged(thread, 'SET_VRING_ADDR', members, log, refuse);
  }

  /** vhost_user_write_sync(): since 6.2 what asks for logging is waited for. */
  private logged(
    thread: number,
    name: string,
    members: Members,
    log: boolean,
    refuse = false,
  ): boolean {
    const isFirstVring = name === 'SET_VRING_ADDR' && members[0]?.[1] === 0n;
    const isWrong =
      this.defect === 'ack-not-asked' || (this.defect === 'ack-of-vring-not-asked' && isFirstVring);
    const waits = log && this.setup.version >= 602 && !isWrong;
    if (!waits) this.send(thread, name, members);
    else if (!this.setup.replyAck) {
      this.send(thread, name, members);
      this.ask(thread, 'GET_FEATURES', [], u64(0x1_7562_8000n));
    } else {
      this.send(thread, name, members, NEED_REPLY);
      if (this.defect === 'ack-not-awaited') return true;
      this.reply(thread, name, u64(refuse ? 1n : 0n));
      return !refuse;
    }
    return true;
  }

  private acknowledged(thread: number, name: string, members: Members): void {
    this.send(thread, name, members, this.setup.replyAck ? NEED_REPLY : 0);
    if (this.setup.replyAck) this.reply(thread, name, u64(0n));
  }

  private ask(thread: number, name: string, members: Members, answer: Members): void {
    this.send(thread, name, members);
    this.reply(thread, name, answer);
  }

  private send(thread: number, name: string, members: Members, flags = 0): void {
    this.push(thread, 'frontend', name, 0x1 | flags, members);
  }

  private reply(thread: number, name: string, members: Members): void {
    this.push(thread, 'reply', name, 0x5, members);
  }

  private push(
    thread: number,
    sender: Packet['sender'],
    name: string,
    flags: number,
    members: Members,
    file?: number,
  ): void {
    if (this.left-- <= 0) throw new Disconnected();
    const request = IDS[name] ?? 0;
    const socket = 284_000 + 100 * this.fd + this.connections;
    const { fd } = this;
    this.packets.push({ fd, socket, thread, sender, request, name, flags, members, file });
  }
}

function membersOf([first, size]: Region, prefix: string): Members {
  return [
    [`${prefix}guest_phys_addr`, first, 8],
    [`${prefix}memory_size`, size, 8],
    [`${prefix}userspace_addr`, 0x7f54_0000_0000n + first, 8],
    [`${prefix}mmap_offset`, 0n, 8],
  ];
}

function single(region: Region): Members {
  return [['-padding', 0n, 8], ...membersOf(region, '')];
}
