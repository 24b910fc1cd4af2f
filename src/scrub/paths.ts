/** Paths → what of them is public: the part in the source tree, system folders, names of well-known files. */
import type { NameMap } from './names.js';

/** Folders that look alike on every machine. */
const PUBLIC_ROOTS = new Set(
  'bin boot dev devices etc init lib lib32 lib64 machine objects proc sbin sys usr chardevs backend'.split(
    ' ',
  ),
);

/** What people name themselves among the devices: shared memory, huge pages of a guest, volumes, disks by their labels. */
const NAMED_IN_DEV = /^\/dev\/(?:shm|hugepages[\w-]*|mapper|disk\/by-\w+)\//;
/** Folders that say nothing, wherever they stand. */
const PUBLIC_FOLDER =
  /^(?:dev|shm|lib|run|log|libvirt|qemu|hugepages(?:[-_]?\d+[kKmMgGB]*)?|mapper|disk|by-\w+|(?:machine|system|user)\.slice|machine-qemu)$/;

/** Top folders of the source trees whose code vhost traces come from. Source: QEMU, glibc, glib, Linux. */
const TREE_FOLDERS = new Set(
  (
    'accel audio authz backends block chardev contrib crypto disas dump fpu fsdev gdbstub hw include io ' +
    'job libdecnumber linux-user migration monitor nbd net nptl nss pc-bios plugins po python qapi qga qobject ' +
    'qom replay scripts scsi semihosting softmmu stubs subprojects sysdeps system target tcg tests tools trace ' +
    'ui util drivers kernel mm fs arch glib gio csu elf malloc misc stdlib'
  ).split(' '),
);

const SOURCE_FILE = /\.(?:c|h|cc|cpp|cxx|hh|hpp|rs|S|s|inc)$/;
const VERSIONED_TREE = /^(?:qemu|linux|glibc|glib|dpdk|spdk)[-_.]?\d+(?:\.\d+)+/i;
/** Names of programs and libraries that say nothing about the machine. */
const PUBLIC_FILE =
  /^(?:qemu-\w+(?:-\w+)*|(?:lib|ld-)[\w.+-]*\.so(?:\.[\w.]+)?|gdb|strace|vmlinux.*|bash|sh)$/;

/** The public form of an absolute path; itself where it names nothing private. */
export function publicPath(path: string, names: NameMap): string {
  const parts = path.split('/').slice(1);
  const [root = ''] = parts;
  if (PUBLIC_ROOTS.has(root) && !NAMED_IN_DEV.test(path)) return path;
  const last = parts.at(-1) ?? '';
  if (SOURCE_FILE.test(last)) return sourcePath(parts, names);
  return parts.map((part, i) => publicPart(part, i, parts, names)).reduce(join, '');
}

function join(front: string, part: string): string {
  return `${front}/${part}`;
}

/** `/home/me/qemu-9.1.0/hw/virtio/vhost.c` → `qemu-9.1.0/hw/virtio/vhost.c`. */
function sourcePath(parts: readonly string[], names: NameMap): string {
  const versioned = parts.findIndex((part) => VERSIONED_TREE.test(part));
  if (versioned !== -1) return parts.slice(versioned).join('/');
  const top = parts.findIndex((part, i) => i < parts.length - 1 && TREE_FOLDERS.has(part));
  if (top !== -1) return parts.slice(top).join('/');
  const folders = parts.slice(0, -1).map((part, i) => publicPart(part, i, parts, names));
  return `/${[...folders, parts.at(-1) ?? ''].join('/')}`;
}

function publicPart(part: string, i: number, parts: readonly string[], names: NameMap): string {
  if (part === '' || part === '.' || part === '..') return part;
  if (i === 0 && ['home', 'root', 'tmp', 'run', 'var', 'opt', 'mnt', 'srv'].includes(part)) {
    return part;
  }
  if (i === 1 && parts[0] === 'home') return names.of('user', part);
  const isLast = i === parts.length - 1;
  if (PUBLIC_FOLDER.test(part)) return part;
  if (!isLast) return names.of('dir', part);
  if (PUBLIC_FILE.test(part)) return part;
  const dot = part.lastIndexOf('.');
  const [stem, end] = dot > 0 ? [part.slice(0, dot), part.slice(dot)] : [part, ''];
  if (!/^\.[a-z][a-z0-9]{0,7}$/.test(end)) return names.of('file', part);
  return names.of(end === '.sock' ? 'socket' : 'file', stem) + end;
}
