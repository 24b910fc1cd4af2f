/** Messages, ioctls and calls in the kernel as the tools print them: strace, libvhost-user, QEMU, ftrace. */
import { headerBytes, printString } from './wire-bytes.js';
import { bytesOf } from './wire-user.js';
import type { Packet } from './wire-user.js';
import type { Ioctl, LogWrite } from './wire-kernel.js';

export interface StraceOptions {
  /** Of some threads only, as `strace -p TID` without -f. */
  readonly threads?: ReadonlySet<number> | undefined;
  /** `-e trace=sendmsg` alone. */
  readonly sendsOnly?: boolean;
  /** -s N */
  readonly shown?: number;
  /** -y */
  readonly names?: boolean;
  /** Of the backend, which has one thread for its messages. */
  readonly ofBackend?: boolean;
}

const BACKEND = 7000;

export function straceOf(packets: readonly Packet[], options: StraceOptions = {}): string[] {
  const { threads, sendsOnly = false, shown = 4096, names = false, ofBackend = false } = options;
  const hasColumn = threads === undefined || threads.size > 1;
  const lines: string[] = [];
  packets.forEach((packet, i) => {
    const { thread, fd, socket, sender, request, flags, file: log } = packet;
    if (threads?.has(thread) === false || (sendsOnly && sender === 'reply')) return;
    const shownThread = ofBackend ? BACKEND : thread;
    const stamp = `${hasColumn ? `${shownThread} ` : ''}04:01:${clock(i)}`;
    const file = names ? `${fd}<socket:[${socket}]>` : String(fd);
    const payload = bytesOf(packet);
    const header = headerBytes(request, flags, payload.length);
    const rights =
      log === undefined
        ? 'msg_controllen=0'
        : `msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[${log}]}], msg_controllen=24`;
    const call = (name: string, bytes: readonly number[], control = 'msg_controllen=0'): string =>
      `${stamp} ${name}(${file}, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=${printString(bytes, 'xx', shown)}, iov_len=${bytes.length}}], msg_iovlen=1, ${control}, msg_flags=0}, 0) = ${bytes.length}`;
    if ((sender === 'frontend') !== ofBackend) {
      lines.push(call('sendmsg', [...header, ...payload], rights));
    } else {
      lines.push(call('recvmsg', header, rights));
      if (payload.length > 0) lines.push(call('recvmsg', payload));
    }
  });
  return lines;
}

function clock(i: number): string {
  return `${String(10 + (Math.floor(i / 1000) % 50))}.${String(i % 1000).padStart(3, '0')}000`;
}

const hex = (value: bigint): string => `0x${value.toString(16).padStart(16, '0')}`;

/** What the backend prints: no replies of its own to acknowledgements, no connection. */
export function libvhostUserOf(packets: readonly Packet[]): string[] {
  return packets
    .filter(({ sender }) => sender === 'frontend')
    .flatMap((packet) => [
      '================ Vhost user message ================',
      `Request: VHOST_USER_${packet.name} (${packet.request})`,
      `Flags:   0x${packet.flags.toString(16)}`,
      `Size:    ${bytesOf(packet).length}`,
      ...membersAsPrinted(packet),
    ]);
}

function membersAsPrinted({ name, members }: Packet): string[] {
  const value = (member: string): bigint => members.find(([known]) => known === member)?.[1] ?? 0n;
  switch (name) {
    case 'SET_VRING_ADDR':
      return [
        'vhost_vring_addr:',
        `    index:  ${value('index')}`,
        `    flags:  ${value('flags')}`,
        ...['desc_user_addr', 'used_user_addr', 'avail_user_addr', 'log_guest_addr'].map(
          (member) => `    ${`${member}:`.padEnd(17)} ${hex(value(member))}`,
        ),
      ];
    case 'SET_LOG_BASE':
      return [`Log mmap_offset: ${value('mmap_offset')}`, `Log mmap_size:   ${value('mmap_size')}`];
    case 'SET_MEM_TABLE':
      return [
        `Nregions: ${value('nregions')}`,
        ...Array.from({ length: Number(value('nregions')) }, (_, i) => [
          `Region ${i}`,
          `    guest_phys_addr: ${hex(value(`regions[${i}].guest_phys_addr`))}`,
          `    memory_size:     ${hex(value(`regions[${i}].memory_size`))}`,
          `    userspace_addr   ${hex(value(`regions[${i}].userspace_addr`))}`,
          `    mmap_offset      ${hex(value(`regions[${i}].mmap_offset`))}`,
        ]).flat(),
      ];
    case 'SET_FEATURES':
    case 'SET_PROTOCOL_FEATURES':
      return [`u64: ${hex(value('u64'))}`];
    default:
      return [];
  }
}

/** QEMU's own trace events, of all devices. */
export function messageEventsOf(packets: readonly Packet[]): string[] {
  return packets.map(({ thread, sender, request, flags }, i) => {
    const name = sender === 'frontend' ? 'vhost_user_write' : 'vhost_user_read';
    return `${thread}@1795320${clock(i)}:${name} req:${request} flags:0x${flags.toString(16)}`;
  });
}

const ERRNO: Readonly<Record<string, readonly [number: number, text: string]>> = {
  EFAULT: [14, 'Bad address'],
  EINVAL: [22, 'Invalid argument'],
  ENOBUFS: [105, 'No buffer space available'],
};

/** `name`: what -y prints of each file descriptor. */
export function straceOfIoctls(ioctls: readonly Ioctl[], name = ''): string[] {
  return ioctls.map(({ thread, fd, name: request, errno }, i) => {
    const result = errno === undefined ? '0' : `-1 ${errno} (${ERRNO[errno]?.[1] ?? 'Error'})`;
    return `${thread}  04:18:${clock(i)} ioctl(${fd}${name}, ${request}, 0x7fd2611fe8c0) = ${result}`;
  });
}

const COMMANDS: Readonly<Record<string, string>> = {
  VHOST_SET_OWNER: '0xaf01',
  VHOST_GET_FEATURES: '0x8008af00',
  VHOST_SET_FEATURES: '0x4008af00',
  VHOST_SET_FEATURES_ARRAY: '0x4008af83',
  VHOST_SET_MEM_TABLE: '0x4008af03',
  VHOST_SET_LOG_BASE: '0x4008af04',
  VHOST_SET_VRING_NUM: '0x4008af10',
  VHOST_SET_VRING_ADDR: '0x4028af11',
  VHOST_SET_VRING_BASE: '0x4008af12',
  VHOST_GET_VRING_BASE: '0xc008af12',
  VHOST_SET_VRING_KICK: '0x4008af20',
  VHOST_SET_VRING_CALL: '0x4008af21',
  VHOST_SET_BACKEND_FEATURES: '0x4008af25',
  VHOST_GET_BACKEND_FEATURES: '0x8008af26',
  VHOST_NET_SET_BACKEND: '0x4008af30',
};

export interface ProbeOptions {
  /** vhost_dev_ioctl() and vhost_vring_ioctl() are probed too. */
  readonly inner: boolean;
  /** vhost_log_write(), which calls log_write(), is probed too. */
  readonly nested: boolean;
  /** Without kretprobes nothing tells what was returned. */
  readonly returns: boolean;
  /** The probe shows the open file: devices are told apart. */
  readonly files?: boolean;
}

/** Rows of the kernel's trace, a call and its return each. */
export function kprobeRows(
  events: readonly (Ioctl | LogWrite)[],
  { inner, nested, returns, files = false }: ProbeOptions,
): string[] {
  const rows: string[] = [];
  let time = 0;
  const row = (task: string, text: string): void => {
    rows.push(
      `${task.padStart(21)}    [001] .....  1847.${String(time++).padStart(6, '0')}: ${text}`,
    );
  };
  const call = (task: string, probe: string, func: string, args: string): void => {
    row(task, `${probe}: (${func}+0x4/0x9c0 [vhost]) ${args}`);
  };
  const end = (task: string, probe: string, func: string, ret: number): void => {
    if (returns) row(task, `${probe}_ret: (caller+0x94/0xc0 <- ${func}) ret=${ret}`);
  };
  for (const event of events) {
    if ('addr' in event) {
      const task = `vhost-${event.owner}-${event.owner + 7}`;
      const args = `base=${event.base} addr=${event.addr} len=12`;
      const ret = event.errno === undefined ? 0 : -(ERRNO[event.errno]?.[0] ?? 1);
      if (nested) call(task, 'vhost_log_write', 'vhost_log_write', 'vq=0xffff8881');
      call(task, 'log_write', 'log_write', args);
      end(task, 'log_write', 'log_write', ret);
      if (nested) end(task, 'vhost_log_write', 'vhost_log_write', ret);
      continue;
    }
    const task = `qemu-system-x86-${event.thread}`;
    const request = `cmd=${COMMANDS[event.name] ?? '0'} arg=0x7ffff53fe890`;
    const args = files ? `file=0xffff8881023f${event.fd}00 ${request}` : request;
    const ret = event.errno === undefined ? 0 : -(ERRNO[event.errno]?.[0] ?? 1);
    const isOfVring = event.name.includes('_VRING_');
    call(task, 'vn_ioctl', 'vhost_net_ioctl', args);
    if (inner) {
      call(task, 'vd_ioctl', 'vhost_dev_ioctl', args);
      end(task, 'vd_ioctl', 'vhost_dev_ioctl', isOfVring ? -515 : ret);
      if (isOfVring) {
        call(task, 'vv_ioctl', 'vhost_vring_ioctl', args);
        end(task, 'vv_ioctl', 'vhost_vring_ioctl', ret);
      }
    }
    end(task, 'vn_ioctl', 'vhost_net_ioctl', ret);
  }
  return rows;
}

export const TRACE_HEADER = ['# tracer: nop', '#'];

/** What the kernel prints where a buffer overran. */
export const LOST_EVENTS = 'CPU:1 [LOST 12 EVENTS]';
