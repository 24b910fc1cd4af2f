/** What a call that strace printed says: the call itself, and the message in its bytes. */
import type { Span, SystemCall, VhostUserMessage } from '../../model/record.js';
import { firstArgument, requestOf, STRING, transferOf } from './strace-line.js';
import type { CallLine, Transfer } from './strace-line.js';
import { bytesOfString } from './strace-string.js';
import { HEADER_BYTES, payloadOf } from './vhost-user-bytes.js';
import type { MessageHeader, MessageKind } from './vhost-user-bytes.js';

const FILE_CALL =
  /^(?:ioctl|read|write|readv|writev|pread64|pwrite64|preadv2?|pwritev2?|send|recv|sendmsg|recvmsg|sendto|recvfrom|sendmmsg|recvmmsg|close|connect|accept4?|bind|listen|shutdown|getsockopt|setsockopt|getsockname|getpeername|fcntl|fcntl64|fstat|lseek|ftruncate|fallocate|dup[23]?|mmap2?)$/;

export function callOf(line: CallLine, span: Span): SystemCall {
  const { pid, time, name, args, result, errno } = line;
  const { fd, rest, path } = FILE_CALL.test(name) ? firstArgument(args) : NO_FILE;
  return {
    kind: 'syscall',
    span,
    pid,
    comm: plainText(line.comm),
    time,
    name,
    fd,
    path: plainText(path),
    request: name === 'ioctl' ? requestOf(rest) : undefined,
    result,
    errno,
  };
}

// With -xx these are escaped too: "<\x71\x65\x6d\x75>"
function plainText(text: string | undefined): string | undefined {
  if (text?.includes('\\') !== true) return text;
  return new TextDecoder().decode(Uint8Array.from(bytesOfString(text, 0).bytes));
}

const NO_FILE = { fd: undefined, path: undefined, rest: '' } as const;

/**
 * Fewer bytes than were printed: the number lost its last digits, or a part of the message is still to be sent. More,
 * although nothing was cut: some of what was printed is lost.
 */
export function isMisfit({ bytes, cut }: Transfer, result: string | undefined): boolean {
  if (result === undefined) return false;
  return Number(result) < bytes.length || (!cut && Number(result) > bytes.length);
}

/**
 * The bytes in the arguments. A blank may stand in a string that strace did not print, where a line break became one: they
 * are read without blanks if just as many went over.
 */
export function bytesThatWent({ name, result }: SystemCall, args: string): Transfer | undefined {
  const printed = transferOf(name, args);
  if (printed === undefined || !isMisfit(printed, result)) return printed;
  const tight = transferOf(
    name,
    args.replace(STRING, (string) => string.replaceAll(' ', '')),
  );
  return tight?.bytes.length === Number(result) ? tight : printed;
}

/** Bytes that went over, printed or not. */
export function lengthOf({ bytes, cut }: Transfer, result: string | undefined): number | undefined {
  if (result !== undefined) return Number(result);
  return cut ? undefined : bytes.length;
}

/** Key of the thread that made the call. */
export function threadOf({ pid }: { readonly pid?: number | undefined }): string {
  return String(pid ?? '');
}

export function channelOf({ fd, path }: SystemCall): string {
  return path === undefined ? `fd ${fd ?? '?'}` : `fd ${fd ?? '?'} ${path}`;
}

export function messageOf(
  call: SystemCall,
  header: MessageHeader,
  kind: MessageKind,
  { bytes, direction, bringsFile }: Transfer,
): VhostUserMessage {
  const { pid, comm, time } = call;
  const message: VhostUserMessage = {
    kind: 'message',
    span: call.span,
    pid,
    comm,
    time,
    sender: kind.sender,
    side: (kind.sender === 'frontend') === (direction === 'send') ? 'frontend' : 'backend',
    request: header.request,
    name: kind.name,
    flags: header.flags,
    channel: channelOf(call),
    ...(kind.name === 'SET_LOG_BASE' && kind.sender === 'frontend' ? { bringsFile } : {}),
  };
  return withPayload(message, header, kind, bytes.subarray(HEADER_BYTES));
}

export function withPayload(
  message: VhostUserMessage,
  { size }: MessageHeader,
  kind: MessageKind,
  bytes: Uint8Array,
): VhostUserMessage {
  const payload = payloadOf(kind, bytes.subarray(0, size));
  return Object.keys(payload).length === 0 ? message : { ...message, payload };
}
