/**
 * The parts of one line of strace's output, and the bytes that a call carried.
 *
 * Producer: strace's src/strace.c, src/syscall.c; for strings src/util.c, string_quote() and
 * printstr_ex() (strace 4.5 to 6.16).
 */
import { isMaimed, lacksPart } from '../../base/maimed.js';
import { accept } from '../../grammar/strace.js';
import { isErrno, isWholeErrno } from './errno-names.js';
import { withoutRemains } from './remains.js';
import { bytesOfString, hasTornEscape } from './strace-string.js';

interface Stamped {
  readonly pid: number | undefined;
  readonly comm: string | undefined;
  readonly time: string | undefined;
}

/** How a call ended, as far as its line says. */
interface CallEnd {
  /** The line of another thread, or nothing, comes before the result. */
  readonly unfinished: boolean;
  readonly result: string | undefined;
  readonly errno: string | undefined;
  /** strace made the result up: the kernel did not get the call as it was made. */
  readonly injected: boolean;
}

export interface CallLine extends Stamped, CallEnd {
  readonly what: 'call' | 'resumed';
  readonly name: string;
  /** Between the brackets, as printed. */
  readonly args: string;
}

/** A thread's end, a signal, a word of strace itself. */
export interface MarkLine extends Stamped {
  readonly what: 'exit' | 'signal' | 'notice';
  /** Of an exit: what killed the thread, `SIGSEGV`. */
  readonly signal?: string;
}

export type StraceLine = CallLine | MarkLine;

/** The file descriptor at the front of the arguments, and the rest of them. */
export interface FirstArgument {
  readonly fd: number | undefined;
  readonly path: string | undefined;
  readonly rest: string;
}

/** The grammar sees no more; no message is that long. */
const LONGEST_LINE = 16_384;
const LONGEST_END = 1024;

// ") = 0", "<unfinished ...>", "<... ioctl resumed>", "+++ exited with 0 +++", "+++ exited with 0 +++^M", "strace: Process 9970 attached"
const HOPEFUL =
  /\)[ \t]*= |<unfinished \.\.\.>|<detached \.\.\.>|(?:\+\+\+|---)(?:[ \t]*(?:$|\|)|[<^\\=])|^strace: |^\[ Process /;

/** "recvmsg(12, ^Cstrace: Process 17636 detached": what strace says at its end, on a terminal, while a call is under way. */
const NOTICE_BEHIND = /(?:\^C)?strace: Process \d{1,10} detached$/;

/** Reads the line, or gives undefined when it has not the form of strace's output. */
export function straceLine(line: string): StraceLine | undefined {
  const short = line.length > LONGEST_LINE ? shortened(line) : line;
  const notice = short.endsWith(' detached') ? short.search(NOTICE_BEHIND) : 0;
  const text = notice > 0 ? `${short.slice(0, notice)} <detached ...>` : short;
  if (!HOPEFUL.test(text)) return undefined;
  const read = accept(text);
  if (read !== undefined) return withWholeErrno(read, text);
  const bare = withoutRemains(text) ?? CUT_ERROR.exec(text)?.[1];
  const cut = bare === undefined ? undefined : accept(bare);
  return cut && withWholeErrno(cut, bare ?? text);
}

/**
 * A line as the pages of a migration are printed with `-s 4096`: its strings by their beginnings, and of a list that is too long
 * even so the beginning and the end.
 */
function shortened(line: string): string {
  const text = line.replace(STRING, (string, at: number) => {
    if (string.length <= LONGEST_STRING) return string;
    // No escape is cut.
    const begin = string.slice(0, LONGEST_STRING).replace(/\\{1,64}[^\\]{0,3}$/, '');
    return line.startsWith('...', at + string.length) ? `${begin}"` : `${begin}"...`;
  });
  if (text.length <= LONGEST_LINE) return text;
  const [head, end] = [text.slice(0, LONGEST_LINE - LONGEST_END), text.slice(-LONGEST_END)];
  const [last, first] = [head.lastIndexOf(BETWEEN), end.indexOf(BETWEEN)];
  return last < 0 || first < 0 ? head + end : head.slice(0, last) + end.slice(first);
}

const LONGEST_STRING = 64;
/** Members of a list. */
const BETWEEN = '}, {';

/** "= -1 EFAUL$": what editors and pagers put where they cut a line. */
const CUT_ERROR = /^(.*\)[ \t]*= -1(?: E[A-Z0-9_]*)?)[$>\\\u00bb\u203a\u2026]$/;

/** The name of an error may be cut: it is whole where its meaning follows, or where no other name begins with it. */
function withWholeErrno<Line extends StraceLine>(line: Line, text: string): Line {
  if (!('errno' in line) || line.errno === undefined) return line;
  const { errno } = line;
  const isWhole = text.includes(` ${errno} (`)
    ? isErrno(errno) || errno.startsWith('errno=')
    : isWholeErrno(errno);
  return isWhole ? line : { ...line, errno: undefined };
}

/** The call failed, as far as its line says: that a thread was interrupted has no result. */
export function hasFailed({ result, errno }: Partial<CallEnd>): boolean {
  return result === '-1' || errno !== undefined;
}

// " (Bad address)"   " (Bad address) <0.000011>"   " (errno 524)"   " (Bad address) (INJECTED)"
const MEANING =
  /(?: E\w+ \((?!gdb\))[^()]+\)| \(errno \d+\)| errno=\d+ \([^()]*\))(?: \((?:INJECTED|DELAYED)[^()]{0,16}\)){0,2}(?: <[^<>]*>)?$/;

/** "= -1", "= -1 ENOB", "= -1 ENOBUFS (No buf": strace says of each error what it means, and the end of that is missing. */
export function isTornEnd(line: StraceLine, text: string): boolean {
  if (!('result' in line) || line.unfinished || (line.result ?? '-1') !== '-1') return false;
  if (line.result === undefined && !/\)[ \t]*= \? E/.test(text)) return false;
  return !MEANING.test(withoutRemains(text) ?? text);
}

/** What a call ended with stands in the line, and not where the line ends: "= -", "= -1 E", "= 0 <0.000". */
export function mayHoldEnd(text: string): boolean {
  const bare = text.replace(/\)[ \t]*=(?: (?:-|-?[\dxa-f]+ <[^<>]*))?$/, '').replace(STRING, '""');
  return count(bare, ENDS) > 0;
}

/** As strace prints it. */
export const STRING = /"(?:[^"\\]|\\.)*"/g;
// "<... ioctl resumed> <unfinished ...>) = ?" is one, of a thread that was killed.
const ENDS = /<(?:unfinished|detached) \.\.\.>(?:\)[ \t]*= )?|\)[ \t]*= /g;
const RESUMPTIONS = /<\.\.\. \w+ resumed>/g;

/** The end of the line behind a record was lost: what a call ended with, or went on with, stands there once too often. */
export function holdsTwo(text: string, { what }: StraceLine): boolean {
  const isCall = what === 'call' || what === 'resumed';
  const exceeds = (line: string): boolean =>
    count(line, ENDS) > (isCall ? 1 : 0) || count(line, RESUMPTIONS) > (what === 'resumed' ? 1 : 0);
  // A string may hold anything.
  return exceeds(text) && exceeds(text.replace(STRING, '""'));
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

// "VHOST_SET_FEATURES"   "0x4008af00 /* VHOST_SET_FEATURES */"   "TCGETS or VHOST_SET_OWNER"
const WHOLE_REQUEST = /(?:^|[ *])VHOST(?:_[A-Z\d]+)+(?= |$)/;

/** "VHOST_SET_VR ING_ADDR" */
const TORN_REQUEST = /VHOST_[A-Z\d_]* [A-Z\d_]/;

/** Of vhost devices, of which one that strace prints may have lost a part. Source: Linux include/uapi/linux/vhost.h. */
const REQUESTS = [
  'SET_OWNER',
  'RESET_OWNER',
  'GET_FEATURES',
  'SET_FEATURES',
  'SET_MEM_TABLE',
  'SET_LOG_BASE',
  'SET_LOG_FD',
  'SET_VRING_NUM',
  'SET_VRING_ADDR',
  'SET_VRING_BASE',
  'GET_VRING_BASE',
  'SET_VRING_KICK',
  'SET_VRING_CALL',
  'SET_VRING_ERR',
  'SET_BACKEND_FEATURES',
  'GET_BACKEND_FEATURES',
  'NET_SET_BACKEND',
  'SCSI_SET_ENDPOINT',
  'SCSI_CLEAR_ENDPOINT',
  'VSOCK_SET_RUNNING',
].map((name) => `VHOST_${name}`);

/** "ioctl(13, 0)": a request has a name or is hexadecimal (strace src/ioctl.c, ioctl_print_code()). */
const NO_REQUEST = /^\d+(?:,|$)(?<!^0,)/;

/** "VHOST_SE_OWNER" */
function isMaimedRequest(request: string): boolean {
  const name = /VHOST_[A-Z\d_]+/.exec(request)?.[0] ?? '';
  return (
    !REQUESTS.includes(name) &&
    REQUESTS.some((known) => lacksPart(name, known) && isMaimed(name, known))
  );
}

/** The call as strace printed it; undefined where something of one is lost that may have told of a vhost device. */
export function wholeCall(line: CallLine): CallLine | undefined {
  if (isDamaged(line)) return undefined;
  const { name, args } = line;
  if (!TRANSFERS.test(name) || !args.includes('"') || DECODED.test(args)) return line;
  if (hasTornString(line)) return undefined;
  if (isPlainTransfer(args) || accept(args, 'Transferred') !== undefined) return line;
  // Where a line break became a blank.
  const tight = args.replace(/(?<!,|=>) (?!=>)/g, '');
  return accept(tight, 'Transferred') === undefined ? undefined : { ...line, args: tight };
}

/** Fast path for nearly every list of a call that carries a message; the grammar takes all that it takes, see the tests. */
export function isPlainTransfer(args: string): boolean {
  return PLAIN_TRANSFER.test(args);
}

// Of an octal escape the digits behind the first are taken as characters: each text fits in one way only.
const PLAIN_STRING = String.raw`"(?:[^"\\]|\\x[\da-f]{2}|\\[0-7])*"(?:\.{3})?`;
// "MSG_CMSG_CLOEXEC"   -X verbose "0x40000000 /* MSG_CMSG_CLOEXEC */"   -X raw "0x40000000"
const PLAIN_NAMES = '[A-Z]+(?:[_|][A-Z]+)*';
const PLAIN_FLAGS = String.raw`(?:0|${PLAIN_NAMES}|0x[\da-f]+(?: /\* ${PLAIN_NAMES} \*/)?)`;
const PLAIN_TRANSFER = new RegExp(
  String.raw`^(?:\d{1,10}(?:<(?:->|(?!->)[^<>\\ ])+>)?, )?(?:\{msg_name=(?:NULL|0x[\da-f]+), msg_namelen=\d+(?: => \d+)?, msg_iov=\[\{iov_base=${PLAIN_STRING}, iov_len=\d+\}\], msg_iovlen=\d+, msg_controllen=0, msg_flags=${PLAIN_FLAGS}\}, ${PLAIN_FLAGS}|${PLAIN_STRING}, \d+)$`,
);

/** vhost-user messages go over these. */
const TRANSFERS = /^(?:(?:send|recv)(?:msg)?|(?:read|write)v?)$/;

/** "iov_base=[{nlmsg_len=20, ...": netlink. */
const DECODED = /iov_base=[[{]/;

/** "0x7fd2611fe8c0) 4784  04:18:10.026000 ioctl(13, ...": of the first call the result is lost. */
const TWO_CALLS = /[a-z]\(\d/;

/** Characters are missing within a call that may have told of a vhost device. */
function isDamaged({ what, name, args }: CallLine): boolean {
  const isMessage = name === 'sendmsg' || name === 'recvmsg';
  if (isMessage && /iov_base=(?!["[{]|0x|NULL)/.test(args)) return true;
  if (what !== 'call' || !(isMessage || name === 'ioctl')) return false;
  const { fd, rest, path } = firstArgument(args);
  if (fd === undefined && !args.startsWith('-')) return true;
  if (path !== undefined && hasTornEscape(path)) return true;
  if (isMessage) return false;
  if (TWO_CALLS.test(rest) || NO_REQUEST.test(rest)) return true;
  if (!args.replaceAll(' ', '').includes('VHOST')) return false;
  const request = requestOf(rest) ?? '';
  return !WHOLE_REQUEST.test(request) || TORN_REQUEST.test(request) || isMaimedRequest(request);
}

/** The line has the head of a call and the end of one, and is none: something else is glued to it. */
export function isBrokenCall(text: string): boolean {
  return HOPEFUL.test(text) && hasStraceHead(text);
}

// "[pid 17825] 04:02:21.664841 ioctl("   "4697  1795319147.202089 <... ioctl resumed>"   "04:02:21 (+     0.005368) ioctl("
const HEAD =
  /^ {0,8}(?:\[pid {1,8}\d{1,10}(?:<[^<>]{0,64}>)?\] {1,8}|\d{1,10}(?:<[^<>]{0,64}>)? {1,8})?(?:(?:\d\d:\d\d:\d\d(?:\.\d{1,9})?|\(\+ {0,16}\d{1,10}(?:\.\d{1,9})?\)| {0,16}\d{1,10}\.\d{1,9}) {1,8}){0,3}(?:\[[ \da-f?]{1,20}\] {1,8}){0,2}(?:[a-z_]\w{0,63}\(|<\.\.\. \w{1,64} resumed>)/;

/** The line begins as one of strace does, whatever stands behind the name of the call. */
export function hasStraceHead(line: string): boolean {
  return HEAD.test(line);
}

export function firstArgument(args: string): FirstArgument {
  return accept(args, 'FirstArgument') ?? { fd: undefined, path: undefined, rest: args };
}

/** What ioctl is asked to do, as strace names it: the argument behind the first. */
export function requestOf(rest: string): string | undefined {
  return accept(rest, 'Request');
}

/** Bytes that went over a file descriptor. */
export interface Transfer {
  readonly direction: 'send' | 'receive';
  /** As many as were printed. */
  readonly bytes: Uint8Array;
  /** strace printed fewer than there were (-s). */
  readonly cut: boolean;
  /** A file descriptor went along, or none did; undefined where the text shows neither. */
  readonly bringsFile: boolean | undefined;
}

/** What the call does with its first file descriptor. */
export function directionOf(name: string): Transfer['direction'] | undefined {
  if (/^(?:sendmsg|sendto|send|write|writev)$/.test(name)) return 'send';
  return /^(?:recvmsg|recvfrom|recv|read|readv)$/.test(name) ? 'receive' : undefined;
}

/** Of a string that a call carried a character is lost, and another one was made of it. */
function hasTornString({ name, args }: CallLine): boolean {
  if (directionOf(name) === undefined || !args.includes('\\x')) return false;
  return (args.match(STRING) ?? []).some((text) => hasTornEscape(text.slice(1, -1)));
}

/** The bytes in the arguments of `read`, `sendmsg` and the like; undefined where none are printed. */
export function transferOf(name: string, args: string): Transfer | undefined {
  const direction = directionOf(name);
  if (direction === undefined) return undefined;
  const parts = stringsOf(name, args);
  const first = parts[0];
  if (first === undefined) return undefined;
  // Behind a string that was cut the next one does not go on where it ended.
  const whole = parts.findIndex(({ cut }) => cut);
  const usable = whole < 0 ? parts : parts.slice(0, whole + 1);
  const bytes = usable.length === 1 ? first.bytes : usable.flatMap((part) => part.bytes);
  return {
    direction,
    bytes: new Uint8Array(bytes),
    cut: whole >= 0,
    bringsFile: bringsFile(name, args),
  };
}

/** Strings of the call were cut by -s. */
export function isCut({ name, args, unfinished }: CallLine): boolean {
  if (unfinished || directionOf(name) === undefined) return false;
  return stringsOf(name, args).some(({ cut }) => cut);
}

function stringsOf(name: string, args: string): readonly StringPart[] {
  return /msg$|v$/.test(name) ? vectorStrings(args) : plainString(args);
}

/** MSG_CTRUNC is 8: `msg_flags=0x40000008` of -X raw. */
const RAW_CTRUNC = /msg_flags=0x[\da-f]{0,15}[89a-f](?![\da-f])/;

/** Of control data that the receiver has no room for the kernel says MSG_CTRUNC (net/core/scm.c put_cmsg(), scm_recv()). */
function bringsFile(name: string, args: string): boolean | undefined {
  if (args.includes('SCM_RIGHTS')) return true;
  const isNone =
    args.includes('msg_controllen=0') && !args.includes('MSG_CTRUNC') && !RAW_CTRUNC.test(args);
  return isNone && /^(?:send|recv)msg$/.test(name) ? false : undefined;
}

interface StringPart {
  readonly bytes: readonly number[];
  readonly cut: boolean;
}

// 12, "\5\0\0\0"..., 12)   of a resumed read:  "\5\0\0\0"..., 12)
function plainString(args: string): readonly StringPart[] {
  const { rest } = firstArgument(args);
  return rest.startsWith('"') ? [bytesOfString(rest, 1)] : [];
}

const MOST_PARTS = 16;

// msg_iov=[{iov_base="\5\0", iov_len=12}, {iov_base="", iov_len=8}]     before 4.15: msg_iov(1)=[{"\5\0", 12}]
function vectorStrings(args: string): readonly StringPart[] {
  const opening = /\{(?:iov_base=)?"/g;
  const parts: StringPart[] = [];
  for (let found = opening.exec(args); found !== null; found = opening.exec(args)) {
    const part = bytesOfString(args, opening.lastIndex);
    parts.push(part);
    if (part.cut || parts.length === MOST_PARTS) break;
    opening.lastIndex = part.end;
  }
  return parts;
}
