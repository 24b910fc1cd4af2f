/**
 * vhost-user messages → protocol facts.
 *
 * A request is one fact; `enable` says whether it asks for logging (LOG_ALL in the features word, F_LOG
 * in the flags of a vring), and is undefined where the word was not printed. A reply is a fact of its own,
 * `SET_LOG_BASE reply`, with what it brought as `result`; it is not joined to its request, because a rule
 * that asks for the reply must see where it came.
 */
import type { VhostUserMessage } from '../../model/record.js';
import { bigintOf } from '../../model/values.js';
import { requestRow } from './requests.js';
import type { RequestRow } from './requests.js';
import type { WireFact } from '../step.js';

type Payload = Readonly<Record<string, string>>;

/** The fact of one message, whoever sent it; messages of the backend's own channel, too. Pure. */
export function messageFact(message: VhostUserMessage): WireFact {
  const { sender, name, channel, payload = {} } = message;
  switch (sender) {
    case 'frontend':
      return requestFact(requestRow(name), name, channel, payload);
    case 'reply':
      return {
        kind: 'vhost_user_message',
        func: `${name} reply`,
        endpoint: channel,
        backend: 'user',
        vring: ringOf(payload.index),
        enable: undefined,
        value: undefined,
        result: payload.u64 ?? payload.num,
      };
    case 'backend':
      return {
        kind: 'vhost_user_message',
        func: `BACKEND_${name}`,
        endpoint: channel,
        backend: 'user',
        vring: ringOf(payload.index),
        enable: undefined,
        value: undefined,
        result: undefined,
      };
  }
}

function requestFact(
  { kind, value, vring, enable }: RequestRow,
  func: string,
  endpoint: string | undefined,
  payload: Payload,
): WireFact {
  return {
    kind,
    func,
    endpoint,
    backend: 'user',
    vring: vring === undefined ? undefined : ringOf(payload[vring]),
    enable: enable === undefined ? undefined : truthOf(payload[enable.member], enable.bit),
    value: value === undefined ? undefined : payload[value],
    result: undefined,
  };
}

function truthOf(text: string | undefined, bit: number | undefined): boolean | undefined {
  const word = bigintOf(text);
  if (word === undefined) return undefined;
  return bit === undefined ? word !== 0n : ((word >> BigInt(bit)) & 1n) === 1n;
}

function ringOf(text: string | undefined): number | undefined {
  const index = bigintOf(text);
  return index === undefined || index < 0n || index > 0xffffffffn ? undefined : Number(index);
}
