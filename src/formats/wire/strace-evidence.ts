/** Which lines are strace's, or stand among them: `read (3) = 0` alone may be anybody's. */
import { isMaimed } from '../../base/maimed.js';
import { systemCalls } from './linux-syscalls.js';
import { straceLine } from './strace-line.js';
import type { StraceLine } from './strace-line.js';

/** A line of strace wherever it stands: a call, or the notice of a new thread. */
export function isSurelyStrace(text: string): boolean {
  const line = straceLine(text);
  return line !== undefined && line.what !== 'signal' && isEvidence(line, false);
}

/** `endmsg(12, ...`, `sendmg(12, ...`: no system call, and a part of the name of one. */
export function hasTornCall(name: string): boolean {
  if (systemCalls.has(name)) return false;
  return [...systemCalls].some((known) => known.endsWith(name)) || lacksPart(name);
}

/** Of calls that messages and requests go with; nearly every other name is too short to tell. */
function lacksPart(name: string): boolean {
  return OF_PROTOCOL.some((known) => known.length > name.length && isMaimed(name, known));
}

const OF_PROTOCOL = ['sendmsg', 'recvmsg', 'ioctl', 'read', 'write', 'close'];

/**
 * `read (3) = 0` may be anybody's. A stamp in front, or first arguments as strace prints them, are
 * evidence for a system call; a name that no system call has is believed only next to others.
 */
export function isEvidence(line: StraceLine, isNear: boolean): boolean {
  switch (line.what) {
    case 'call':
      if (isNear) return true;
      if (!systemCalls.has(line.name)) return false;
      return line.pid !== undefined || line.time !== undefined || isPrintedArgument(line.args);
    case 'resumed':
      return isNear || systemCalls.has(line.name);
    case 'exit':
    case 'signal':
    case 'notice':
      return true;
  }
}

// 3</dev/null>   -1   "/etc/passwd"   [1, 2]   {flags=0}   NULL   AT_FDCWD   child_stack=NULL   <... resuming
function isPrintedArgument(args: string): boolean {
  return args === '' || /^(?:[-\d"[{~<]|[A-Z_]+\b|[a-z_]+=)/.test(args);
}

// Below a call: " > /usr/lib/libc.so.6(ioctl+0x6) [0x11b0]" of -k;
// " * 12 bytes in buffer 0" and " | 00000  05 00 00 00 ..." of -e write
export function isAttachment(text: string): boolean {
  return /^ > \S+ ?\(|^ > \S+ \[0x|^ \* \d+ bytes in buffer \d|^ \| [0-9a-f]{5} {2}[0-9a-f]{2} /.test(
    text,
  );
}

/** Of the call above, behind which strace has told on a terminal that it goes: "strace: Process 17636 detached". */
export function isEndOfInterrupted(text: string): boolean {
  return /^ ?<detached \.\.\.>$/.test(text);
}

// On a terminal, what QEMU itself says comes in between, and nothing of strace is lost there:
// "qemu-system-x86_64: vhost_set_log_base failed: Bad address (14)"   "(qemu:17636): GLib-CRITICAL **: x"
export function isOfProgram(text: string): boolean {
  return /^(?:\S*\/)?(?:qemu|kvm)[\w.-]*: \S|^\((?:qemu|kvm)[\w.-]*:\d+\): [A-Za-z-]+ \*\*: /.test(
    text,
  );
}

/** "4703 04:01:10.016000 ioctl(", "[pid 17] 1795721469.563229 sendmsg(": with the microsecond. */
export const FINE_STAMP =
  /^(?:\[pid {1,8}\d{1,10}\] |\d{1,10} {1,8})?(?:\d\d:\d\d:\d\d|\d{9,10})\.\d{6,9} [a-z<]/;

/** `4:01:10.029000 sendmsg(12<...`: of the line that begins with a thread and a time something is lost. */
export const TORN_STAMP = /^[\d:.,\]) ]{1,32}[a-z]\w*\(/;
