/**
 * Lines of a capture → the same lines with pseudonyms in place of what tells about a machine and its people.
 *
 * Works on the text and not on records: what no format knows (a banner, a prompt, a note) is scrubbed
 * too. Numbers of lines, words of the protocol and the shape of every line stay.
 */
import { scrubBytes } from './byte-strings.js';
import { scrubHexText } from './hex-text.js';
import { LearnedNames } from './learned-names.js';
import type { LearnedKind } from './learned-names.js';
import { NameMap } from './names.js';
import type { NameKind } from './names.js';
import { publicPath } from './paths.js';
import { PointerMap } from './pointers.js';

/** How often each kind of thing was replaced. */
export type ScrubCounts = Readonly<Record<ScrubKind, number>>;

export const SCRUB_KINDS = [
  'pointer',
  'path',
  'user',
  'host',
  'VM',
  'UUID',
  'MAC address',
  'IPv4 address',
  'IPv6 address',
  'word',
] as const;
export type ScrubKind = (typeof SCRUB_KINDS)[number];

/** What was replaced by what; for the owner of the capture alone. */
export interface ScrubMapping {
  /** Zone of addresses → distance by which its pointers moved. */
  readonly pointers: Readonly<Record<string, string>>;
  /** Original → pseudonym. */
  readonly names: Readonly<Record<string, string>>;
}

/** Names that say nothing of anybody. */
const COMMON_NAMES = new Set(
  'root qemu libvirt nobody user guest host localhost none default vm test debian ubuntu fedora'.split(
    ' ',
  ),
);
/** Hosts of the banners and hints of gdb and of the distributions. */
const PUBLIC_HOST =
  /(?:^|\.)(?:gnu\.org|sourceware\.org|qemu\.org|debian\.(?:org|net)|ubuntu\.com|fedoraproject\.org|redhat\.com|kernel\.org|launchpad\.net|archlinux\.org|github\.com|gitlab\.com)$/;
const PUBLIC_IPV4 = /^(?:0\.|127\.|255\.255\.255\.)/;

const ANSI = '\\x1b\\[[0-9;]*[A-Za-z]';
/** `</p>` is no path. */
const END_TAG = '(?:p|pre|code|li|ul|ol|dl|dt|dd|td|th|tr|table|tbody|div|span|blockquote)>';
/** In front of a path: the start, an escape sequence, or no character of a name. */
const BEFORE_PATH = `(?<=^|${ANSI}|[\\s"'=(<:,\\[@;{|~])`;
const PATH = new RegExp(`${BEFORE_PATH}/(?!/|${END_TAG})[\\w.+@%~-]+(?:/+[\\w.+@%~-]+)*`, 'g');
const UUID = /(?<![\da-f-])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\da-f-])/gi;
const MAC = /(?<![\da-f:])[\da-f]{2}(?::[\da-f]{2}){5}(?![\da-f:])/gi;
/** As Windows and Cisco write them; without a letter and the prefix of QEMU they may be a date or a sum. */
const OTHER_MAC =
  /(?<![\w.-])(?=[\d.-]*[a-f]|52-54-00|5254\.00)(?:[\da-f]{2}(?:-[\da-f]{2}){5}|[\da-f]{4}(?:\.[\da-f]{4}){2})(?![\w.-])/gi;
/** Of `-device ...,mac=525400123456`, as no tool prints it, but people write it. */
const BARE_MAC = /(\bmac=)([\da-f]{12})(?![\w:])/gi;
const IPV4 = /(?<![\w.+~-])(?:\d{1,3}\.){3}\d{1,3}(?![\w+~-]|\.\d)/g;
const IPV6 =
  /(?<![\w:.])(?:[\da-f]{1,4}:{1,2}){2,7}[\da-f]{0,4}(?![\w:.])|(?<![\w:.])(?:fe80|fd[\da-f]{2}|2[\da-f]{3})::[\da-f]{1,4}(?![\w:.])/gi;
const MAIL = /(?<![\w@.])([\w.+-]+)@([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})(?![\w=@])/g;
const USER = '[a-zA-Z_][\\w.-]*';
/** Addresses are pseudonyms by the time that names are looked for. */
const HOST = '[a-zA-Z][\\w.-]*|\\d+(?:\\.\\d+){3}|\\[?2001:db8::[\\da-f]+\\]?';
const PROMPT = new RegExp(`(^|\\[|\\s)(${USER})@(${HOST})(?=[: ][^=]*[$#%])`, 'g');
const URL_HOST = /(:\/\/)([\w.-]+\.[a-z]{2,}|[a-z][\w-]*)(?=[:/\s>"']|$)/gi;
/** `tcp:dst:4444` of migrate and -incoming. */
const URI_HOST = /\b((?:tcp|udp|rdma|nbd|vnc|spice):)([a-z][\w.-]*)(?=:\d)/gi;
/** Of QMP, and of `-chardev socket,host=dst`. */
const HOST_OPTION = /("host"\s*:\s*"|,host=)([a-z][\w.-]*)(?=[",'\s]|$)/gi;
const SSH = new RegExp(
  `\\b((?:ssh|scp|sftp|rsync)\\s+(?:-\\S+\\s+(?:\\d+\\s+)?)*)(${USER})@(${HOST})`,
  'g',
);
const REMOTE_PATH = new RegExp(`(?<![\\w.@])(${USER})@(${HOST})(?=:[/~])`, 'g');
/** Of the line that libvirt begins a guest's log with, and of logs by fields. */
const HOSTNAME =
  /(, hostname: |"hostname"\s*:\s*"|\bhostname=)(?!(?:null|none|name)\b)([a-z][\w.-]*)(?=[\s,"']|$)/gi;
/** A path from the folder of a build up to the root. */
const HOME_ABOVE = /(\.\.\/home\/)([\w.-]+)/g;
/** Of disks and of SMBIOS. */
const SERIAL = /(,serial=|"serial"\s*:\s*")([\w.-]+)/g;
const WINDOWS_HOME = /(\b[A-Z]:(?:\\{1,2}|\/)Users(?:\\{1,2}|\/))([^\\/\s"'<>|:;,]+)/gi;
const INTERFACE = /\b(ifname=)(?!(?:tap|vnet|macvtap|eth|virbr|br)\d*\b(?!-))([a-z][\w.-]*)/gi;
const SYSLOG_HOST =
  /^((?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.+-]+) )([A-Za-z\d.-]+)(?= [\w./-]+(?:\[\d+\])?:)/;
const VM_NAME = /((?:^|\s)["']?-name["']?[ =,]\s*["']?(?:guest=)?|\bguest=)([^\s,"'=]+)(?![=\w])/g;
const VARIABLE = /\b(HOSTNAME|USER|LOGNAME|SUDO_USER)=([^\s"',;]+)/g;
const HEX_POINTER = /0x([\da-f]{12,16})(?![\da-z])/gi;
const BARE_POINTER =
  /(?<![\w.])(ffff[\da-f]{12}|0000[57][\da-f]{11}|0000aa[\da-f]{10}|[57][\da-f]{11}(?=-[57][\da-f]{11} )|(?<=[57][\da-f]{11}-)[57][\da-f]{11})(?![\w])/g;
/** gdb prints integers that hold addresses in decimal; nanoseconds have as many digits. */
const DECIMAL_POINTER =
  /(\b(?!\w*(?:time|clock|ns|date|stamp|expire|deadline|tsc))\w+(?:@entry)?\s*[=:]\s*)(\d{14,15})(?![\d.])/gi;

const NAME_KINDS: Readonly<Record<LearnedKind, NameKind>> = {
  host: 'host',
  VM: 'vm',
  word: 'name',
};

/** Scrubs one capture, line by line. */
export class Scrubber {
  private readonly pointers = new PointerMap();
  private readonly names = new NameMap();
  private readonly replaced = new Map<ScrubKind, number>();
  private readonly learned = new LearnedNames();

  /** `words` are to be replaced too, wherever they stand as a word. */
  constructor(words: readonly string[] = []) {
    for (const word of words) {
      this.names.of('name', word);
      this.learn('word', word);
    }
  }

  get counts(): ScrubCounts {
    const count = (kind: ScrubKind): [ScrubKind, number] => [kind, this.replaced.get(kind) ?? 0];
    return Object.fromEntries(SCRUB_KINDS.map(count)) as ScrubCounts;
  }

  /** The capture is read again from its beginning, with all that was learned. */
  restart(): void {
    this.replaced.clear();
  }

  get mapping(): ScrubMapping {
    const changed = [...this.names.entries].filter(([from, to]) => from !== to);
    return { pointers: this.pointers.moved, names: Object.fromEntries(changed) };
  }

  line(text: string): string {
    return this.replacePointers(this.replaceText(this.replaceHexText(text)));
  }

  private replaceText(text: string): string {
    return this.replaceNames(this.replaceAddresses(text));
  }

  private replaceHexText(line: string): string {
    return scrubHexText(line, (text) => this.replaceText(text));
  }

  private replaceAddresses(text: string): string {
    let line = text;
    if (line.includes('-')) {
      line = line.replace(UUID, (uuid) => this.numbered('UUID', uuid, uuidPseudonym));
    }
    line = line
      .replace(OTHER_MAC, (mac) => this.otherMac(mac))
      .replace(BARE_MAC, (_, before: string, mac: string) => before + this.otherMac(mac));
    if (line.includes(':')) {
      line = line
        .replace(MAC, (mac) => this.mac(mac))
        .replace(IPV6, (text6) =>
          isIpv6(text6) ? this.numbered('IPv6 address', text6, ipv6Pseudonym) : text6,
        );
    }
    return line.replace(IPV4, (address) =>
      PUBLIC_IPV4.test(address) || address.split('.').some((part) => Number(part) > 255)
        ? address
        : this.numbered('IPv4 address', address, ipv4Pseudonym),
    );
  }

  private replaceNames(text: string): string {
    let line = text;
    if (line.includes('@')) {
      // What one pattern has replaced is no name for the next.
      const made = new Set<string>();
      const person = (user: string, host: string): string => {
        if (made.has(`${user}@${host}`)) return `${user}@${host}`;
        const pseudonym = `${this.person('user', user)}@${this.host(host)}`;
        made.add(pseudonym);
        return pseudonym;
      };
      line = line
        .replace(MAIL, (whole, user: string, host: string) =>
          PUBLIC_HOST.test(host) ? whole : person(user, host),
        )
        .replace(PROMPT, (whole, before: string, user: string, host: string) =>
          host === 'entry' ? whole : before + person(user, host),
        )
        .replace(
          SSH,
          (_, before: string, user: string, host: string) => before + person(user, host),
        )
        .replace(REMOTE_PATH, (_, user: string, host: string) => person(user, host));
    }
    if (line.includes('/')) {
      line = line
        .replace(URL_HOST, (_, before: string, host: string) => before + this.host(host))
        .replace(PATH, (path) => this.path(path))
        .replace(
          HOME_ABOVE,
          (_, before: string, user: string) => before + this.person('user', user),
        );
    }
    line = line
      .replace(URI_HOST, (_, before: string, host: string) => before + this.host(host))
      .replace(HOST_OPTION, (_, before: string, host: string) => before + this.host(host))
      .replace(HOSTNAME, (_, before: string, host: string) => before + this.host(host))
      .replace(INTERFACE, (_, before: string, name: string) => before + this.word(name))
      .replace(SERIAL, (_, before: string, name: string) => before + this.word(name))
      .replace(
        WINDOWS_HOME,
        (_, before: string, user: string) => before + this.person('user', user),
      )
      .replace(SYSLOG_HOST, (_, before: string, host: string) => before + this.host(host))
      .replace(VM_NAME, (_, before: string, name: string) => before + this.person('VM', name))
      .replace(VARIABLE, (_, variable: string, name: string) =>
        variable === 'HOSTNAME'
          ? `${variable}=${this.host(name)}`
          : `${variable}=${this.person('user', name)}`,
      );
    return this.learned.replace(line, (word, kind) =>
      this.count('word', word, this.names.of(NAME_KINDS[kind], word)),
    );
  }

  private replacePointers(text: string): string {
    const move = (digits: string): string =>
      this.count('pointer', digits, this.pointers.moveHex(digits) ?? digits);
    return scrubBytes(text, (value) => {
      const moved = this.pointers.move(value);
      if (moved !== undefined) this.bump('pointer');
      return moved;
    })
      .replace(HEX_POINTER, (whole, digits: string) => whole.slice(0, 2) + move(digits))
      .replace(BARE_POINTER, (digits: string) => move(digits))
      .replace(DECIMAL_POINTER, (_, before: string, digits: string) => {
        const moved = this.pointers.move(BigInt(digits));
        return before + this.count('pointer', digits, moved?.toString() ?? digits);
      });
  }

  private path(path: string): string {
    const trailing = /[.:]+$/.exec(path)?.[0] ?? '';
    const own = path.slice(0, path.length - trailing.length);
    const user = /^\/home\/([^/]+)/.exec(own)?.[1];
    const result = publicPath(own, this.names);
    if (user !== undefined) this.learn('word', user);
    return this.count('path', own, result) + trailing;
  }

  private host(name: string): string {
    if (PUBLIC_HOST.test(name.toLowerCase()) || COMMON_NAMES.has(name) || /^\[?\d/.test(name)) {
      return name;
    }
    const made = this.names.of('host', name);
    this.learn('host', name);
    // A label without a digit may be any word.
    const [label = ''] = name.split('.');
    if (label !== name && /\d/.test(label)) this.learn('host', label);
    return this.count('host', name, made);
  }

  private person(kind: 'user' | 'VM', name: string): string {
    if (COMMON_NAMES.has(name)) return name;
    const made = this.names.of(kind === 'VM' ? 'vm' : 'user', name);
    this.learn(kind === 'VM' ? 'VM' : 'word', name);
    return this.count(kind, name, made);
  }

  private word(name: string): string {
    this.learn('word', name);
    return this.count('word', name, this.names.of('name', name));
  }

  /** From here on the name is replaced as a word. */
  private learn(kind: LearnedKind, name: string): void {
    if (COMMON_NAMES.has(name) || this.names.of(NAME_KINDS[kind], name) === name) return;
    this.learned.add(kind, name);
  }

  private mac(mac: string): string {
    if (/^(?:00:){5}00$|^(?:ff:){5}ff$/i.test(mac)) return mac;
    return this.numbered('MAC address', mac, macPseudonym);
  }

  /** In its own form, the pseudonym that the address has with colons. */
  private otherMac(mac: string): string {
    const made = this.mac((mac.match(/[\da-f]{2}/gi) ?? []).join(':'));
    const digits = made.replaceAll(':', '').matchAll(/./g);
    return mac.replace(/[\da-f]/gi, (digit) => digits.next().value?.[0] ?? digit);
  }

  private numbered(kind: ScrubKind, original: string, form: AddressForm): string {
    const key = original.toLowerCase();
    return this.count(kind, original, this.names.numbered(kind, key, form.isOne, form.make));
  }

  private count(kind: ScrubKind, original: string, made: string): string {
    if (original !== made) this.bump(kind);
    return made;
  }

  private bump(kind: ScrubKind): void {
    this.replaced.set(kind, (this.replaced.get(kind) ?? 0) + 1);
  }
}

/** Pseudonyms from the ranges that are set aside for documentation. */
interface AddressForm {
  readonly isOne: (text: string) => boolean;
  readonly make: (n: number) => string;
}

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');

const uuidPseudonym: AddressForm = {
  isOne: (text) => text.startsWith('00000000-0000-4000-8000-'),
  make: (n) => `00000000-0000-4000-8000-${hex(n, 12)}`,
};
/** RFC 9542: 00-00-5E-00-53-xx. */
const macPseudonym: AddressForm = {
  isOne: (text) => text.startsWith('00:00:5e:00:'),
  make: (n) => `00:00:5e:00:${hex((0x53 + (n >> 8)) & 0xff, 2)}:${hex(n & 0xff, 2)}`,
};
/** RFC 5737. */
const ipv4Pseudonym: AddressForm = {
  isOne: (text) => /^(?:192\.0\.2|198\.51\.100|203\.0\.113|198\.1[89]\.\d+)\./.test(text),
  make: (n) => (n < 255 ? `192.0.2.${n}` : `198.18.${((n >> 8) - 1) & 0xff}.${n & 0xff}`),
};
/** RFC 3849. */
const ipv6Pseudonym: AddressForm = {
  isOne: (text) => text.startsWith('2001:db8::'),
  make: (n) => `2001:db8::${n.toString(16)}`,
};

function isIpv6(text: string): boolean {
  const groups = text.split(':').filter((group) => group !== '');
  if (text.split('::').length > 2) return false;
  return text.includes('::') ? /\d/.test(text) && groups.length < 8 : groups.length === 8;
}
