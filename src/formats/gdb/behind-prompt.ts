/** What stands behind a prompt: a command that was typed, or what gdb prints where nothing is echoed. */
import { isGdbCommand } from '../../model/gdb-commands.js';
import { isThreadRow, startsLocation } from './chatter.js';
import { frameHead, splitLevel } from './frame-lines.js';
import { readGdbLine, startsStop } from './lines.js';
import { isDebuggerMessage } from './messages.js';
import { isProbeLine } from './probe-lines.js';

/** "vcpu (idx=1) at th.c:6" */
export function isPlacedLocation(text: string): boolean {
  return /\)[ \t]+(?:at|from)[ \t]+\S+$/.test(text) && startsLocation(text);
}

/** "0x00007f1a96958366 in __ppoll (fds=0x555dc627bb00) at ppoll.c:42": where `gdb -p` found the program. */
export function isAttached(text: string): boolean {
  return /^0x[0-9a-f]{8,16} in /.test(text) && isPlacedLocation(text);
}

/** What stands behind a prompt was either typed, or printed because nothing is echoed. */
export function isOutput(text: string): boolean {
  if (startsStop(text) || isDebuggerMessage(text) || isThreadRow(text)) return true;
  // "p (enable_log=0)" is typed, "p (enable_log=false) at x.c:7" is printed of a function p().
  if (startsLocation(text)) return isPlacedLocation(text) || !isGdbCommand(text);
  if (isProbeLine(text)) return true;
  const head = splitLevel(text);
  if (head !== undefined) return frameHead(text.slice(head.start)) === 'strong';
  const read = readGdbLine(text);
  return read !== undefined && read.type !== 'prompt';
}
