/**
 * The vhost-user messages in the bytes that strace printed of sent and received data.
 *
 * A message keeps the line of its header, also where the payload is read by a second call, as
 * libvhost-user's vu_message_read_default() and DPDK's read_vhost_message() do.
 */
import type { CaptureRecord, SystemCall, VhostUserMessage } from '../../model/record.js';
import { Waiting } from '../held-records.js';
import type { HeldRecords, Slot } from '../held-records.js';
import {
  bytesThatWent,
  channelOf,
  isMisfit,
  lengthOf,
  messageOf,
  withPayload,
} from './strace-call.js';
import type { Dump } from './strace-dump.js';
import { directionOf, hasFailed, transferOf } from './strace-line.js';
import type { Transfer } from './strace-line.js';
import { HEADER_BYTES, headerOf } from './vhost-user-bytes.js';
import type { MessageHeader, MessageKind } from './vhost-user-bytes.js';
import { Channels } from './vhost-user-channels.js';

/** A message whose payload the next call on the connection carries. */
interface Headed {
  readonly header: MessageHeader;
  readonly kind: MessageKind;
  readonly message: VhostUserMessage;
  readonly slot: Slot;
}

export class StraceMessages {
  readonly #held: HeldRecords;
  /** By connection and direction. */
  readonly #headed = new Waiting<Headed>();
  readonly #channels = new Channels();
  /** Time and arguments of the last call with a payload alone. */
  #payload = '';

  constructor(held: HeldRecords) {
    this.#held = held;
  }

  /** Adds the message that the call carried, or `otherwise`; neither where a message is lost. */
  carry(
    call: SystemCall,
    args: string,
    otherwise: CaptureRecord,
    dump: Dump | undefined,
  ): Slot | undefined {
    const { fd } = call;
    const printed = bytesThatWent(call, args);
    const bytes = printed && dump?.bytesOf(printed.bytes, call.result);
    const transfer = printed && bytes ? { ...printed, bytes, cut: false } : printed;
    if (fd === undefined || hasFailed(call)) return this.#held.add(otherwise);
    if (transfer === undefined) {
      return this.#hides(call) ? undefined : this.#held.add(otherwise);
    }
    const connection = `${call.pid ?? ''} ${fd} ${transfer.direction}`;
    if (this.#completes(connection, transfer)) {
      this.#payload = `${call.time ?? ''} ${args}`;
      return this.#held.add(otherwise);
    }
    const header = headerOf(transfer.bytes);
    if (header === undefined) {
      // The peer closed the connection: no byte came.
      const isEnd = transfer.bytes.length === 0 && call.result === '0';
      // In a log with each line twice the payload comes once more.
      const isLost =
        !isEnd &&
        this.#channels.isKnown(channelOf(call)) &&
        this.#payload !== `${call.time ?? ''} ${args}`;
      return isLost ? undefined : this.#held.add(otherwise);
    }
    if (isMisfit(transfer, call.result)) return undefined;
    const length = lengthOf(transfer, call.result);
    const kind = this.#kindOf(header, call, transfer, length);
    if (kind === undefined) return this.#held.add(otherwise);
    const message = messageOf(call, header, kind, transfer);
    const slot = this.#held.add(message);
    if (header.size > 0 && length === HEADER_BYTES) {
      this.#headed.add(connection, { header, kind, message, slot });
    }
    return slot;
  }

  /** The call is about a connection on which messages went, or looks as if one went. */
  concerns(call: SystemCall, args: string): boolean {
    if (this.#channels.isKnown(channelOf(call))) return true;
    const { bytes } = transferOf(call.name, args) ?? {};
    return bytes !== undefined && headerOf(bytes) !== undefined;
  }

  /** The file descriptor is that of another connection from here on. */
  close(call: SystemCall): void {
    this.#channels.close(channelOf(call));
  }

  /** Lines are missing: no payload is still to come. */
  forget(): void {
    this.#headed.clear();
  }

  /** Bytes went over a connection, and strace could not read them: `iov_base=0x7ffd0010`. */
  #hides(call: SystemCall): boolean {
    const went = directionOf(call.name) !== undefined && Number(call.result ?? 0) > 0;
    return went && this.#channels.isKnown(channelOf(call));
  }

  #kindOf(
    header: MessageHeader,
    call: SystemCall,
    { direction, bringsFile }: Transfer,
    length: number | undefined,
  ): MessageKind | undefined {
    if (length !== undefined && length !== HEADER_BYTES && length !== HEADER_BYTES + header.size) {
      return undefined;
    }
    const channel = channelOf(call);
    return this.#channels.kindOf(header, { thread: call.pid, channel, direction, bringsFile });
  }

  /** Are these bytes the payload of the message before? */
  #completes(connection: string, { bytes, cut }: Transfer): boolean {
    const headed = this.#headed.take(connection);
    if (headed === undefined) return false;
    const { header, kind, message, slot } = headed;
    const fits = cut ? bytes.length < header.size : bytes.length === header.size;
    if (fits && slot.record.kind === 'message') {
      slot.record = withPayload(message, header, kind, bytes);
    }
    return fits;
  }
}
