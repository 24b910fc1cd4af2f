/** UUIDs, MAC and IP addresses: how they look, and pseudonyms from the ranges that are set aside for documentation. */

export const UUID = /(?<![\da-f-])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\da-f-])/gi;
/** As systemd writes the ids of machines and boots; a decimal number of as many digits is none. */
export const BARE_UUID = /(?<!\w)(?=\d*[a-f])(?=[a-f]*\d)[\da-f]{32}(?!\w)/g;
export const MAC = /(?<![\da-f:])[\da-f]{2}(?::[\da-f]{2}){5}(?![\da-f:])/gi;
/** As Windows and Cisco write them; without a letter and the prefix of QEMU they may be a date or a sum. */
export const OTHER_MAC =
  /(?<![\w.-])(?=[\d.-]*[a-f]|52-54-00|5254\.00)(?:[\da-f]{2}(?:-[\da-f]{2}){5}|[\da-f]{4}(?:\.[\da-f]{4}){2})(?![\w.-])/gi;
/** Of `-device ...,mac=525400123456`, as no tool prints it, but people write it. */
export const BARE_MAC = /(\bmac=)([\da-f]{12})(?![\w:])/gi;
export const IPV4 = /(?<![\w.+~-])(?:\d{1,3}\.){3}\d{1,3}(?![\w+~-]|\.\d)/g;
export const IPV6 =
  /(?<![\w:.])(?:[\da-f]{1,4}:{1,2}){2,7}[\da-f]{0,4}(?![\w:.])|(?<![\w:.])(?:fe80|fd[\da-f]{2}|2[\da-f]{3})::[\da-f]{1,4}(?![\w:.])/gi;
const PUBLIC_IPV4 = /^(?:0\.|127\.|255\.255\.255\.)/;

/** What one kind of address becomes. */
export interface AddressForm {
  readonly isOne: (text: string) => boolean;
  readonly make: (n: number) => string;
}

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');

export const uuidPseudonym: AddressForm = {
  isOne: (text) => text.startsWith('00000000-0000-4000-8000-'),
  make: (n) => `00000000-0000-4000-8000-${hex(n, 12)}`,
};
/** RFC 9542: 00-00-5E-00-53-xx. */
export const macPseudonym: AddressForm = {
  isOne: (text) => text.startsWith('00:00:5e:00:'),
  make: (n) => `00:00:5e:00:${hex((0x53 + (n >> 8)) & 0xff, 2)}:${hex(n & 0xff, 2)}`,
};
/** RFC 5737. */
export const ipv4Pseudonym: AddressForm = {
  isOne: (text) => /^(?:192\.0\.2|198\.51\.100|203\.0\.113|198\.1[89]\.\d+)\./.test(text),
  make: (n) => (n < 255 ? `192.0.2.${n}` : `198.18.${((n >> 8) - 1) & 0xff}.${n & 0xff}`),
};
/** RFC 3849. */
export const ipv6Pseudonym: AddressForm = {
  isOne: (text) => text.startsWith('2001:db8::'),
  make: (n) => `2001:db8::${n.toString(16)}`,
};

/** One that tells about a machine: neither a mask nor a machine that speaks to itself, nor a version of four parts. */
export function isPrivateIpv4(address: string): boolean {
  return !PUBLIC_IPV4.test(address) && address.split('.').every((part) => Number(part) <= 255);
}

/** What {@link IPV6} found may be a time, too. */
export function isIpv6(text: string): boolean {
  const groups = text.split(':').filter((group) => group !== '');
  if (text.split('::').length > 2) return false;
  return text.includes('::') ? /\d/.test(text) && groups.length < 8 : groups.length === 8;
}

/** A UUID with its dashes. */
export function dashed(bare: string): string {
  return bare.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
