/**
 * The recipe for system calls: vhost ioctls with their result, vhost-user messages with their bytes.
 *
 * Source: strace.1; QEMU hw/virtio/vhost-user.c and chardev/char-socket.c (messages go by sendmsg and recvmsg).
 */
import { ioctlTable } from '../facts/ioctls.js';
import { requestTable } from '../facts/requests.js';
import type { Need } from '../model/report.js';
import type { Recipe, RecipeRequest } from './recipe.js';

/** A memory table of eight regions with its header takes 276 bytes. */
const STRING_BYTES = 512;

export function straceRecipe({ backends }: RecipeRequest): Recipe {
  const ioctls = ioctlTable.filter(({ backend }) => backends.includes(backend));
  const requests = backends.includes('user') ? Object.values(requestTable) : [];
  const calls = [
    ...(ioctls.length > 0 ? ['ioctl'] : []),
    ...(requests.length > 0 ? ['sendmsg', 'recvmsg'] : []),
  ];
  const options = `-f -ttt -y -x -s ${STRING_BYTES} -e trace=${calls.join()} -o strace.txt`;
  return {
    name: 'strace',
    about: ABOUT,
    body: [
      'case ${1:-} in',
      `-p) exec strace ${options} "$@" ;;`,
      `?*) exec strace --seccomp-bpf ${options} "$@" ;;`,
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
  'untouched, and works for new processes only, since strace 5.3):',
  '  sh FILE -p PID',
  '  sh FILE qemu-system-x86_64 ...',
  '',
  'Check the result:',
  '  vhtrace check strace.txt',
  '',
  'Cost: every traced call stops its thread twice. Among ioctls are those of KVM, one for each exit of',
  'a vCPU: without --seccomp-bpf, and with KVM even then, the guest becomes many times slower.',
  '--backend user leaves ioctls out.',
  '',
  'strace prints of the argument of a vhost ioctl its address only: order, device and result are',
  'known, features and queues are not. Messages of vhost-user are known byte by byte.',
];
