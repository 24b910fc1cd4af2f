/**
 * The parts of one line of DPDK's vhost library.
 *
 * Producer: DPDK's lib/vhost/vhost_user.c and socket.c (17.11 to 25.11; until 20.11 in lib/librte_vhost/).
 */
import { accept } from '../../grammar/dpdk.js';
import type { SocketLine } from '../../model/record.js';
import { withoutRemains } from './remains.js';

/** What stands around the text. */
export interface ConfigLine {
  readonly time: string | undefined;
  /** Socket of the device, `/tmp/vhost.sock`; before 22.03 its number, or nothing. */
  readonly path: string | undefined;
  readonly text: string;
}

type Values = Readonly<Record<string, string>>;

/** Something about the message that was read. */
export interface Detail {
  readonly what: 'detail' | 'region' | 'region-member';
  /** The request that it belongs to; undefined where several print it. */
  readonly of?: string | undefined;
  readonly values: Values;
}

export type ConfigText = { readonly what: 'message'; readonly name: string } | Detail;

/** Longer ones are nothing that the library prints. */
const LONGEST_LINE = 2048;

/** The clocks in front of the prefix are short. */
const LONGEST_CLOCK = 160;

const PREFIX = /VHOST_(?:CONFIG|DATA|CRYPTO): /;

export function configLine(line: string): ConfigLine | undefined {
  if (line.length > LONGEST_LINE || line.slice(0, LONGEST_CLOCK).search(PREFIX) < 0) {
    return undefined;
  }
  return accept(withoutRemains(line) ?? line);
}

/** What the text says, if it is about a message. */
export function configText(text: string): ConfigText | undefined {
  const said = accept(text, 'Text');
  return said?.what === 'message' && GLUED_NAME.test(said.name) ? undefined : said;
}

/** `VHOST_USER_SET_LOG_BASEtestpmd`: no request has small letters. */
const GLUED_NAME = /^VHOST_USER_[A-Z\d_]*[a-z]/;

/** Lines that have lost what ended them: `connectedVHOST_CONFIG: new device, handle is 0`. */
export function isGlued({ text }: ConfigLine): boolean {
  return PREFIX.test(text);
}

/**
 * What testpmd and the driver on top of the library print between its lines while it handles a message; a blank line
 * stands above the events and may above the prompt. Source: DPDK app/test-pmd/testpmd.c eth_event_callback(), cmdline.c prompt(), drivers/net/vhost/rte_eth_vhost.c
 * new_device(), vring_state_changed(), vhost_dev_csum_configure().
 */
const BETWEEN =
  /^(?:testpmd>|Port \d{1,5}: (?:queue state|link state change) event|(?:VHOST: )?(?:Vhost device \d{1,5} (?:created|destroyed)|vring\d{1,5} is (?:enabled|disabled)|[RT]x csum will be done in SW, may impact performance\.))\s*$/;

export function isBetween(line: string): boolean {
  return line.length < LONGEST_CLOCK && BETWEEN.test(line);
}

/** What testpmd says while it starts, as a frontend connects. Source: DPDK app/test-pmd/testpmd.c main(), start_port(). */
const OF_START =
  /^(?:Configuring Port \d{1,5} \(socket -?\d{1,5}\)|Port \d{1,5}: (?:[\dA-F]{2}:){5}[\dA-F]{2}|Checking link statuses\.\.\.|Done|Interactive-mode selected|No commandline core given, start packet forwarding|Press enter to exit)\s*$/;

/** Of directly below a line of the library; "Done" anybody may say. */
export function isOfStart(line: string): boolean {
  return line.length < LONGEST_CLOCK && OF_START.test(line);
}

/** What every line has that another part of DPDK, Open vSwitch or SPDK prints: a type, a level. */
const OF_PROGRAM = /[A-Z\d]: |\|(?:EMER|ERR|WARN|INFO|DBG)\||\*: /;

/** A whole line of the program that the library is part of. */
export function isNeighbour(line: string): boolean {
  return (
    line.length < LONGEST_LINE && OF_PROGRAM.test(line) && accept(line, 'Neighbour') !== undefined
  );
}

/** testpmd's prompt, behind which the library goes on: `testpmd> VHOST_CONFIG: `. */
const PROMPT = /^(?:testpmd> ){1,8}(?=VHOST_)/;

export function withoutPrompt(line: string): string {
  return line.startsWith('testpmd> ') ? line.replace(PROMPT, '') : line;
}

const REGION_MEMBER = /(?:addr|mmap[ \t]{1,8}(?:size|align|off))[ \t]{0,8}:[ \t]{0,8}0x/;

/** A line of a region that has no prefix of its own. */
export function continuation(line: string): Detail | undefined {
  if (line.length > LONGEST_LINE || !REGION_MEMBER.test(line)) return undefined;
  return accept(line, 'Continuation');
}

/** What they say of a connection. Source: DPDK lib/vhost/socket.c; vhost_user.c vhost_user_msg_handler(). */
const SOCKET_LINES: readonly (readonly [RegExp, SocketLine['what']])[] = [
  [/^vhost-user server: socket created, fd: \d+\s*$/, 'server'],
  [/^vhost-user client: socket created, fd: \d+\s*$/, 'client'],
  [/^new vhost user connection is \d+\s*$/, 'open'],
  [/^new device, handle is \d+\s*$/, 'device'],
  [/^vhost peer closed\s*$/, 'close'],
];

/** Only where the socket is named: until 22.03 it is not. */
export function socketLine({ path, text }: ConfigLine): SocketLine | undefined {
  if (path === undefined || !isSocket(path)) return undefined;
  const what = SOCKET_LINES.find(([form]) => form.test(text))?.[1];
  return what === undefined ? undefined : { channel: path, what };
}

/** "(0) " is the device's number among all, "(/tmp/vhost.sock) " its socket. */
export function isSocket(path: string | undefined): boolean {
  return path !== undefined && !/^\d+$/.test(path);
}

/** `connection is 47`, `file:43`, `socket created, fd: 12` anywhere in a text. */
export function valuesIn(text: string): Values | undefined {
  const values: Record<string, string> = {};
  const pair = /\b([A-Za-z_]\w{0,63})(?: is |: ?| ?= ?)(0x[0-9a-fA-F]+|-?\d+)\b/g;
  for (const [, name = '', value = ''] of text.matchAll(pair)) values[name] ??= value;
  return Object.keys(values).length === 0 ? undefined : values;
}
