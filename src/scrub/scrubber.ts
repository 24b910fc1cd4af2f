/**
 * Lines of a capture → the same lines with pseudonyms in place of what tells about a machine and its people.
 *
 * Works on the text and not on records: what no format knows (a banner, a prompt, a note) is scrubbed
 * too. Numbers of lines, words of the protocol and the shape of every line stay.
 */
import {
  BARE_MAC,
  BARE_UUID,
  dashed,
  IPV4,
  ipv4Pseudonym,
  IPV6,
  ipv6Pseudonym,
  isIpv6,
  isPrivateIpv4,
  MAC,
  macPseudonym,
  OTHER_MAC,
  UUID,
  uuidPseudonym,
} from './addresses.js';
import type { AddressForm } from './addresses.js';
import { scrubBytes } from './byte-strings.js';
import { scrubHexText } from './hex-text.js';
import { LearnedNames } from './learned-names.js';
import type { LearnedKind } from './learned-names.js';
import { NameMap } from './names.js';
import type { NameKind } from './names.js';
import { publicPath } from './paths.js';
import {
  HOME_ABOVE,
  MACHINE_SCOPE,
  NAME_PLACES,
  PERSON_PLACES,
  RBD_KEY,
  SECRET_DATA,
  SECRET_PLACES,
  URL_PASSWORD,
  URL_PLACES,
} from './places.js';
import type { NamePlace, PlaceKind } from './places.js';
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
  'secret',
] as const;
export type ScrubKind = (typeof SCRUB_KINDS)[number];

/** What was replaced by what; for the owner of the capture alone. */
export interface ScrubMapping {
  /** Zone of addresses → distance by which its pointers moved. */
  readonly pointers: Readonly<Record<string, string>>;
  /** Original → pseudonym. */
  readonly names: Readonly<Record<string, string>>;
}

/** Names that say nothing of anybody, among them words of the protocol. */
const COMMON_NAMES = new Set(
  (
    'root qemu libvirt nobody user guest host localhost none default vm test debian ubuntu fedora ' +
    'kernel kvm linux memory migration network vhost virtio'
  ).split(' '),
);
/** Hosts of the banners and hints of gdb and of the distributions. */
const PUBLIC_HOST =
  /(?:^|\.)(?:gnu\.org|sourceware\.org|qemu\.org|debian\.(?:org|net)|ubuntu\.com|fedoraproject\.org|redhat\.com|kernel\.org|launchpad\.net|archlinux\.org|github\.com|gitlab\.com)$/;

/** Of IPv4, or of IPv6 in brackets. */
const IS_ADDRESS = /^(?:[\d.]+|\[.*|2001:db8:.*)$/;

const ANSI = '\\x1b\\[[0-9;]*[A-Za-z]';
/** In front of a path: the start, an escape sequence, the scheme of a file, or no character of a name. */
const BEFORE_PATH = `(?<=^|${ANSI}|[\\s"'=(<>:,\\[@;{|~]|\\b(?:file|unix)://)`;
const PATH = new RegExp(`${BEFORE_PATH}/(?!/)[\\w.+@%~-]+(?:/+[\\w.+@%~-]+)*`, 'g');
/** Tags of web pages, whose first half may be lines above. */
const PAGE_TAG = /^(?:p|pre|code|li|ul|ol|dl|dt|dd|td|th|tr|table|tbody|div|span|blockquote)$/;
/** `/name>` behind a `<`. */
const END_TAG = /\/([\w:.-]{1,64})\s*>/y;
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
/** Of every secret, so that not even its length is told. */
const SECRET = 'scrubbed';

/** Scrubs one capture, line by line. */
export class Scrubber {
  private readonly pointers = new PointerMap();
  private readonly names = new NameMap();
  private readonly replaced = new Map<ScrubKind, number>();
  private readonly learned = new LearnedNames();
  /** Pseudonyms that stand in the line by now: what one pattern has made is no name for the next. */
  private readonly made = new Set<string>();

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
    this.made.clear();
    return this.replacePointers(this.replaceText(this.replaceHexText(text)));
  }

  private replaceText(text: string): string {
    return this.replaceNames(this.replaceAddresses(this.replaceSecrets(text)));
  }

  private replaceHexText(line: string): string {
    return scrubHexText(line, (text) => this.replaceText(text));
  }

  private replaceSecrets(text: string): string {
    const line = this.replaceAt(SECRET_PLACES, text);
    const places = [
      ...(/\bsecret\b/.test(line) ? [SECRET_DATA] : []),
      ...(line.includes('rbd:') ? [RBD_KEY] : []),
      ...(line.includes('://') ? [URL_PASSWORD] : []),
    ];
    return this.replaceAt(places, line);
  }

  private replaceAddresses(text: string): string {
    let line = text;
    if (line.includes('-')) {
      line = line.replace(UUID, (uuid) => this.numbered('UUID', uuid, uuidPseudonym));
    }
    line = line
      .replace(BARE_UUID, (uuid) =>
        this.numbered('UUID', dashed(uuid), uuidPseudonym).replaceAll('-', ''),
      )
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
      isPrivateIpv4(address) ? this.numbered('IPv4 address', address, ipv4Pseudonym) : address,
    );
  }

  private replaceNames(text: string): string {
    let line = text;
    if (line.includes('@')) {
      for (const place of PERSON_PLACES) {
        line = line.replace(place, (whole, before: string, user: string, host: string) =>
          PUBLIC_HOST.test(host)
            ? whole
            : `${before}${this.person('user', user)}@${this.host(host)}`,
        );
      }
    }
    if (line.includes('\\x2d')) {
      line = line.replace(MACHINE_SCOPE, (_, before: string, name: string) => {
        const plain = name.replaceAll('\\x2d', '-');
        return before + this.person('VM', plain).replaceAll('-', '\\x2d');
      });
    }
    if (line.includes('/')) {
      line = this.replaceAt(URL_PLACES, line).replace(PATH, (path, at: number, whole: string) =>
        isEndTag(whole, at) ? path : this.path(path),
      );
      line = this.replaceAt([HOME_ABOVE], line);
    }
    line = this.replaceAt(NAME_PLACES, line);
    return this.learned.replace(line, (word, kind) =>
      this.count('word', word, this.names.of(NAME_KINDS[kind], word)),
    );
  }

  private replaceAt(places: readonly NamePlace[], text: string): string {
    return places.reduce(
      (line, { kind, pattern }) =>
        line.replace(pattern, (_, before: string, name: string) => before + this.named(kind, name)),
      text,
    );
  }

  private named(kind: PlaceKind, name: string): string {
    switch (kind) {
      case 'host':
        return this.host(name);
      case 'word':
        return this.word(name);
      case 'secret':
        return this.count('secret', name, SECRET);
      default:
        return this.person(kind, name);
    }
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
    if (PUBLIC_HOST.test(name.toLowerCase()) || COMMON_NAMES.has(name) || IS_ADDRESS.test(name)) {
      return name;
    }
    if (this.made.has(name)) return name;
    const made = this.pseudonym('host', name);
    // What begins with a digit may be a number; a label without a digit may be any word.
    const isTelling = (text: string): boolean => !/^\d[\da-f]*$/i.test(text);
    if (isTelling(name)) this.learn('host', name);
    const [label = ''] = name.split('.');
    if (label !== name && /\d/.test(label) && isTelling(label)) this.learn('host', label);
    return this.count('host', name, made);
  }

  private person(kind: 'user' | 'VM', name: string): string {
    if (COMMON_NAMES.has(name) || this.made.has(name)) return name;
    const made = this.pseudonym(kind === 'VM' ? 'vm' : 'user', name);
    this.learn(kind === 'VM' ? 'VM' : 'word', name);
    return this.count(kind, name, made);
  }

  private word(name: string): string {
    if (this.made.has(name)) return name;
    this.learn('word', name);
    return this.count('word', name, this.pseudonym('name', name));
  }

  private pseudonym(kind: NameKind, name: string): string {
    const made = this.names.of(kind, name);
    if (made !== name) this.made.add(made);
    return made;
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

/** `</name>` at this slash; `3</name>` of strace, where nothing called so was opened, is a file. */
function isEndTag(line: string, at: number): boolean {
  if (line[at - 1] !== '<') return false;
  END_TAG.lastIndex = at;
  const name = END_TAG.exec(line)?.[1];
  if (name === undefined) return false;
  if (PAGE_TAG.test(name) || !/\d/.test(line[at - 2] ?? '')) return true;
  return line.lastIndexOf(`<${name}`, at) !== -1;
}
