/**
 * Output of gdb that carries no record, told by its shape and by what stands around it: source lines, printed values,
 * locals. The messages are those of messages.ts.
 *
 * Source: gdb/source.c, gdb/stack.c (print_frame_local_vars), gdb/infcmd.c, gdb/top.c (gdb 7 to 18).
 */
import { runningNames } from '../../model/gdb-commands.js';

/** A source line where a terminal turned tabs into blanks: only the number of the stop's own line proves it. */
export function isSpacedSourceEcho(line: string, sourceLine: number | undefined): boolean {
  const match = /^(\d{1,7})(?: |$)/.exec(line);
  return match !== null && Number(match[1]) === sourceLine;
}

/** `dev = 0x5555` of `info args`, `features = {...` of `bt full`, `}` of a value printed over lines. */
export function isVariable(line: string): boolean {
  // "req->ops->read_data = scsi_read_data()", "hdev->started = false;": C, gdb prints no such value
  if (/(?:\w\(\)|;)[ \t]*$/.test(line)) return false;
  return (
    /^[ \t]*[A-Za-z_$<*][\w$.:<>*[\]@#-]* = /.test(line) || /^[ \t]*[}\])]+,?[ \t]*$/.test(line)
  );
}

/** Lines below a frame of `bt full`: locals stand at 8 columns, what belongs to them deeper. */
export function isLocal(line: string): boolean {
  return (
    /^(?: {8}|\t)[ \t]*\S/.test(line) || /^No (?:locals|symbol table info available)\./.test(line)
  );
}

/** A frame without level, as `finish`, `step` and `until` print it: `main () at g4.c:18`. */
export function startsLocation(line: string): boolean {
  return /^(?:0x[0-9a-fA-F]+ in |[A-Za-z_~][\w:~<>$.@*]*(?: [A-Za-z_:~<>$.@*]\S*){0,3} \((?:\)|\.\.\.\)|[\w$#:.]*(?:@entry)?=|$))/.test(
    line,
  );
}

/** `* 3    Thread 0x7ffff75cf6c0 (LWP 12106) "CPU 1/KVM"      vcpu (idx=1) at th.c:6` */
export function isThreadRow(line: string): boolean {
  return /^[* ] ?\d+(?:\.\d+)?[ \t]+(?:Thread|LWP|process|Remote|CPU#)[ \t]?\S*/.test(line);
}

/** The same from Apple's gdb, below `info threads` only: `* 1 0x00007fff8a1b2c3d in kevent ()`, with a name in quotes perhaps. */
export function isBareThreadRow(line: string): boolean {
  return /^[* ] ?\d{1,6}[ \t]+(?:"[^"]{0,64}"[ \t]+)?(?:0x[0-9a-f]+ in |[A-Za-z_]\w* \()/.test(
    line,
  );
}

/** Keys typed ahead, echoed by the terminal while the program ran: a command without its prompt. */
export function isTypedAhead(line: string): boolean {
  return TYPED_AHEAD.test(line.trimEnd());
}

const TYPED_AHEAD = new RegExp(
  `^(?:(?:bt|backtrace|where)(?: (?:-?full|-?\\d+)){0,2}|${runningNames('on', 'a little')}|(?:c|n|s|ni|si|up|down) \\d+|r|run|kill|quit|q|up|down|info \\w+|thread \\d+|thread apply .*|frame \\d+|frame function \\w+)$`,
);
