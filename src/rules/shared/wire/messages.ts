/**
 * vhost-user messages, one list for each connection.
 *
 * strace shows both directions with header and payload; libvhost-user prints what the backend received, and
 * names no connection; DPDK prints payloads without the flags of the header.
 */
import { append } from '../../../base/append.js';
import { firstIndex } from '../../../base/search.js';
import type { Step } from '../../../facts/step.js';
import { hasGap } from '../../../flows/run.js';
import type { Mark, SessionContext } from '../../rule.js';
import { ONE_CONNECTION, ServerSockets } from './server-sockets.js';

/** One message of a socket, with what rules ask of it; `step` is an index of the run's steps, `line` 1-based. */
export interface Message {
  readonly step: number;
  readonly line: number;
  readonly thread: string | undefined;
  readonly sender: 'frontend' | 'reply';
  readonly side: 'frontend' | 'backend' | undefined;
  /** `SET_FEATURES`, also for the reply to it. */
  readonly name: string;
  readonly flags: number | undefined;
  /** Asks for logging: LOG_ALL in the word, F_LOG in the flags of a vring. */
  readonly enable: boolean | undefined;
  readonly vring: number | undefined;
  readonly payload: Readonly<Record<string, string>>;
  /** Of SET_LOG_BASE, as far as the text shows it. */
  readonly bringsFile: boolean | undefined;
  /** How many greetings there were on this endpoint: with each another QEMU may have connected. */
  readonly greeting: number;
}

/** One vhost-user socket, as far as the text tells one from another. */
export interface Connection {
  /** Undefined where the text does not tell connections apart: there may be several in the list. */
  readonly endpoint: string | undefined;
  /** Both directions, in order of the capture. */
  readonly messages: readonly Message[];
  /** Those of QEMU, one list for each greeting. */
  readonly requests: readonly (readonly Message[])[];
  /** Some answer of the backend is shown: others would be too. */
  readonly showsReplies: boolean;
  /**
   * The socket itself is named (strace -y): all threads that use it are of one QEMU. Else two of them, in one
   * strace, may have the same file descriptor, and no text tells whose a thread is.
   */
  readonly isOneSocket: boolean;
  /**
   * Where the socket is named by its path: the lines that show that it has no other connection of that path; undefined
   * where there may be one, whose messages are in the same list.
   */
  readonly alone: readonly Mark[] | undefined;
  /** The text is of the backend, its log or an strace -y: it shows what all threads of QEMU send. */
  readonly isOfBackend: boolean;
  readonly threads: ReadonlySet<string | undefined>;
}

/** The other side as verdicts name it: the endpoint, or `the vhost-user backend` where no text names it. */
export function nameOf({ endpoint }: Connection): string {
  return endpoint ?? 'the vhost-user backend';
}

/** A missing-list entry where messages of several connections may stand in one list. */
export function missingEndpoint({ endpoint, alone }: Connection): string[] {
  if (endpoint === undefined) return [`the connection of each message (${MESSAGES_RECIPE})`];
  return alone === undefined ? [ONE_CONNECTION] : [];
}

/** Do messages of several connections stand in the list, or may they where one path is the name of all? */
export function hasSeveral({ endpoint, messages, alone }: Connection): boolean {
  return endpoint === undefined ? ownersIn(messages) > 1 : alone === undefined;
}

/** A connection has one owner: with another SET_OWNER begins another, also where the line that it was opened is missing. */
function ownersIn(messages: readonly Message[]): number {
  return messages.filter(({ name, sender }) => name === 'SET_OWNER' && sender === 'frontend')
    .length;
}

/** How to see messages with flags, payloads and replies; the recipe has the options of strace. */
export const MESSAGES_RECIPE =
  'both directions of the socket: vhtrace probes strace --backend user';

/** What is missing where an answer is not seen among the trace events of the messages. */
export function missingAnswer(events: readonly { readonly sender: string }[]): string {
  const showsReads = events.some(({ sender }) => sender !== 'frontend');
  return showsReads ? MESSAGES_RECIPE : `the trace event vhost_user_read, or ${MESSAGES_RECIPE}`;
}

/** What is missing where nothing else is: threads of several QEMUs may have the same file descriptor. */
export const NAMED_SOCKET = 'the name of the socket: add -y to strace';

/** What is missing where a thread of QEMU that is not traced may have sent something. */
export const ALL_THREADS =
  'the log of the backend or an strace -y of it, which shows the messages of all threads of QEMU';

/** What is missing where something between two messages must not be: the connection, and all that QEMU sends over it. */
export function missingOfAllThreads(connection: Connection): string[] {
  const { isOneSocket, isOfBackend, threads } = connection;
  const several = missingEndpoint(connection);
  if (several.length > 0) return several;
  return [
    ...(isOneSocket || threads.size === 1 ? [] : [NAMED_SOCKET]),
    ...(isOfBackend ? [] : [ALL_THREADS]),
  ];
}

/** Connections in order of appearance. */
export function connectionsOf(context: SessionContext): readonly Connection[] {
  return context.once('connections', () => {
    const sockets = new ServerSockets();
    const lists = new Map<string | undefined, OpenConnection>();
    for (const step of context.steps) {
      sockets.follow(step);
      if (step.wire === undefined) continue;
      const { endpoint } = step.wire;
      const told = sockets.tell(endpoint);
      const key = told?.key ?? endpoint;
      const list = lists.get(key) ?? openConnection(endpoint, told?.proof);
      const message = messageOf(step, list.greetings);
      if (message === undefined) continue;
      lists.set(key, list);
      list.messages.push(message);
    }
    return [...lists.values()].map(({ endpoint, alone, messages }) => ({
      endpoint,
      messages,
      requests: requestsOf(messages),
      showsReplies: messages.some(({ sender }) => sender === 'reply'),
      isOneSocket: endpoint !== undefined && SOCKET.test(endpoint),
      alone: aloneOf({ endpoint, alone, messages }),
      isOfBackend: endpoint !== undefined && isOfBackend(endpoint, messages),
      threads: new Set(messages.map(({ thread }) => thread)),
    }));
  });
}

function aloneOf({
  endpoint,
  alone,
  messages,
}: Pick<Connection, 'endpoint' | 'alone' | 'messages'>): Connection['alone'] {
  if (endpoint?.startsWith('fd ') === true) return [];
  return ownersIn(messages) > 1 ? undefined : alone;
}

interface OpenConnection extends Pick<Connection, 'endpoint' | 'alone'> {
  readonly greetings: Greetings;
  readonly messages: Message[];
}

function openConnection(
  endpoint: Connection['endpoint'],
  alone: Connection['alone'],
): OpenConnection {
  return { endpoint, alone, greetings: new Greetings(), messages: [] };
}

function requestsOf(messages: readonly Message[]): Message[][] {
  const lists = new Map<number, Message[]>();
  for (const message of messages)
    if (message.sender === 'frontend') append(lists, message.greeting, message);
  return [...lists.values()];
}

/** What `find` finds in the requests of one connection after the other; nothing lasts from one greeting to the next. */
export function eachGreeting<T>(
  context: SessionContext,
  find: (connection: Connection, requests: readonly Message[]) => Iterable<T>,
): T[] {
  return connectionsOf(context).flatMap((connection) =>
    connection.requests.flatMap((requests) => [...find(connection, requests)]),
  );
}

// strace -y: "fd 12 socket:[284109]", strace -yy: "fd 12 UNIX-STREAM:[284083->284084]"
const SOCKET = /^fd \d+ (?:socket|UNIX(?:-[A-Z]+)?):\[\d+/;

/** A log names the socket by its path. Without its name one file descriptor may be of several backends. */
function isOfBackend(endpoint: string, messages: readonly Message[]): boolean {
  if (!endpoint.startsWith('fd ')) return true;
  return SOCKET.test(endpoint) && messages.every(({ side }) => side === 'backend');
}

/**
 * Where connections begin on one endpoint. A backend has the same file descriptor, or the same path, for one
 * QEMU after the other.
 */
class Greetings {
  #count = 0;
  #isNegotiated = false;

  /** Takes the next message, and gives the number of its greeting. */
  after(sender: Message['sender'], name: string): number {
    if (sender === 'frontend') this.#request(name);
    return this.#count;
  }

  #request(name: string): void {
    switch (name) {
      case 'GET_PROTOCOL_FEATURES':
        this.#count++;
        break;
      case 'SET_PROTOCOL_FEATURES':
        this.#count++;
        this.#isNegotiated = true;
        break;
      // Comes behind the protocol features, where the backend has any.
      case 'SET_OWNER':
        if (!this.#isNegotiated) this.#count++;
        this.#isNegotiated = false;
        break;
    }
  }
}

/**
 * Are both messages those of one QEMU? In one thread or over one socket, with no greeting between them that is
 * shown, or may be in a gap.
 */
export function isOfSameQemu(
  { run }: SessionContext,
  { isOneSocket }: Connection,
  one: Message,
  other: Message,
): boolean {
  const [first, last] = one.step < other.step ? [one, other] : [other, one];
  return (
    (isOneSocket || first.thread === last.thread) &&
    first.greeting === last.greeting &&
    !hasGap(run, first.step, last.step)
  );
}

function messageOf(
  { wire, message, index, line, thread }: Step,
  greetings: Greetings,
): Message | undefined {
  if (wire === undefined || message === undefined || message.sender === 'backend') return undefined;
  const { sender, side, name, flags, payload = {}, bringsFile } = message;
  const { enable, vring } = wire;
  return {
    step: index,
    line,
    thread,
    sender,
    side,
    name,
    flags,
    enable,
    vring,
    payload,
    bringsFile,
    greeting: greetings.after(sender, name),
  };
}

/** VHOST_USER_NEED_REPLY_MASK in the header; undefined where the header is not shown. */
export function asksForReply({ flags }: Message): boolean | undefined {
  return flags === undefined ? undefined : (flags & NEED_REPLY) !== 0;
}

const NEED_REPLY = 0x8;

/**
 * What stands between the features and the addresses of a log start: the request with which QEMU waits where
 * REPLY_ACK is missing, and with STATUS that FEATURES_OK is set. Source: QEMU vhost_user_set_features().
 */
export const BEHIND_FEATURES: ReadonlySet<string> = new Set([
  'GET_FEATURES',
  'GET_STATUS',
  'SET_STATUS',
]);

/** Tell the backend of guest memory. */
export const MEMORY_REQUESTS: ReadonlySet<string> = new Set([
  'SET_MEM_TABLE',
  'ADD_MEM_REG',
  'REM_MEM_REG',
]);

/** Set a vring up and going. Source: QEMU hw/virtio/vhost.c vhost_virtqueue_start(). */
export const VRING_REQUESTS: ReadonlySet<string> = new Set([
  'SET_VRING_NUM',
  'SET_VRING_BASE',
  'SET_VRING_ENDIAN',
  'SET_VRING_ADDR',
  'SET_VRING_KICK',
  'SET_VRING_CALL',
  'SET_VRING_ERR',
]);

/** No network device, the only one with several queue pairs, has these. */
export const OF_ONE_DEVICE: ReadonlySet<string> = new Set([
  'GET_CONFIG',
  'GET_INFLIGHT_FD',
  'SET_INFLIGHT_FD',
]);

/** Has logging in it: it is what must take effect before QEMU goes on. */
export function isLogRequest({ sender, name, enable }: Message): boolean {
  const isSubject = name === 'SET_FEATURES' || name === 'SET_VRING_ADDR';
  return sender === 'frontend' && isSubject && enable === true;
}

/**
 * In the same thread, with no record known to be lost from one to the other, and with nothing in between on the
 * connection from another thread: that may be of the same one, on a line that lost a part of its number.
 */
export function isContinued(
  { run }: SessionContext,
  { messages }: Connection,
  from: Message,
  to: Message,
): boolean {
  if (from.thread !== to.thread || hasGap(run, from.step, to.step)) return false;
  const stepOf = (i: number): number => messages[i]?.step ?? Infinity;
  const begin = firstIndex(messages.length, (i) => stepOf(i) >= from.step);
  for (let i = begin; stepOf(i) < to.step; i++) {
    if (messages[i]?.thread !== from.thread) return false;
  }
  return true;
}

/** The reply to a request that its thread reads before it sends something else. */
export function answerTo(messages: readonly Message[], index: number): Message | undefined {
  const request = messages[index];
  for (let i = index + 1; i < messages.length; i++) {
    const message = messages[i];
    if (message?.thread !== request?.thread) continue;
    return message?.sender === 'reply' && message.name === request?.name ? message : undefined;
  }
  return undefined;
}

/** The next messages of a connection that the frontend sent, up to `count` of them. */
export function nextRequests(
  messages: readonly Message[],
  index: number,
  count: number,
): readonly Message[] {
  const found: Message[] = [];
  for (let i = index + 1; i < messages.length && found.length < count; i++) {
    const message = messages[i];
    if (message?.sender === 'frontend') found.push(message);
  }
  return found;
}
