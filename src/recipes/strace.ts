/**
 * The recipe for system calls: vhost ioctls with their result, vhost-user messages with their bytes.
 *
 * Source: strace.1; QEMU hw/virtio/vhost-user.c and chardev/char-socket.c, and rust-vmm's vhost (messages go by sendmsg and
 * recvmsg); DPDK lib/vhost/vhost_user.c read_vhost_message(), libvhost-user.c vu_message_read_default() and
 * vu_message_write() (the payload goes by read and write); SPDK lib/virtio/virtio_vhost_user.c (recv).
 */
import { ioctlTable } from '../facts/wire/ioctls.js';
import { requestTable } from '../facts/wire/requests.js';
import type { Need } from '../model/rule-info.js';
import type { Recipe, RecipeRequest } from './recipe.js';

/** Header and payload of messages, at either end of a connection. */
const MESSAGE_CALLS = ['sendmsg', 'recvmsg', 'read', 'write', 'sendto', 'recvfrom'];

/** A memory table of eight regions with its header takes 276 bytes. */
const STRING_BYTES = 512;

export function straceRecipe({ backends }: RecipeRequest): Recipe {
  const ioctls = ioctlTable.filter(({ backend }) => backends.includes(backend));
  const requests = backends.includes('user') ? Object.values(requestTable) : [];
  const calls = [
    ...(ioctls.length > 0 ? ['ioctl'] : []),
    ...(requests.length > 0 ? MESSAGE_CALLS : []),
    // What is opened next may have the same file descriptor.
    'close',
  ];
  const options = `-f -ttt -y -x -s ${STRING_BYTES}`;
  return {
    name: 'strace',
    about: ABOUT,
    body: [
      `options='${options} -e trace=${calls.join()}'`,
      'case ${1:-} in',
      '-p) exec strace $options -o strace.txt "$@" ;;',
      '?*) exec strace --seccomp-bpf $options -o strace.txt "$@" ;;',
      '*) echo "usage: sh $0 -p PID, or sh $0 qemu-system-x86_64 ..." >&2; exit 2 ;;',
      'esac',
    ],
    functions: calls,
    events: [],
    shows: new Set([...ioctls, ...requests].map(({ kind }): Need => `wire ${kind}`)),
  };
}

const ABOUT: readonly string[] = [
  'System calls of QEMU that reach a vhost backend: ioctls of the kernel, messages of vhost-user.',
  '',
  'Run it on a QEMU that runs, or start QEMU with it (faster: --seccomp-bpf lets all other calls pass',
  'untouched, and works for new processes only, since strace 5.3); for vhost-user also on the backend',
  '(DPDK, SPDK, passt, libvhost-user, ...), which shows what all threads of QEMU send:',
  '  sh FILE -p PID',
  '  sh FILE qemu-system-x86_64 ...',
  '',
  'Check the result:',
  '  vhtrace check strace.txt',
  '',
  'Cost: every traced call stops its thread twice. Among ioctls are those of KVM, one for each exit of',
  'a vCPU: without --seccomp-bpf, and with KVM even then, the guest becomes many times slower.',
  '--backend user leaves ioctls out. Backends move payloads by read and write; QEMU does not: to trace it',
  'alone, sendmsg, recvmsg and close are enough.',
  '',
  'strace prints of the argument of a vhost ioctl its address only: order, device and result are',
  'known, features and queues are not. Messages of vhost-user are known byte by byte.',
];
