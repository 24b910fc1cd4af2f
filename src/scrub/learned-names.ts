/**
 * Names that one place of a capture shows to be names: replaced wherever else they stand.
 *
 * A host may have its domain behind it, and libvirt puts the number of a guest in front of its name
 * (`3-NAME`, `domain-3-NAME`, `qemu-3-NAME`). Source: libvirt virDomainDefGetShortName().
 */

export type LearnedKind = 'host' | 'VM' | 'word';

/** The short ones are words of the protocol too often. */
const SHORTEST = 4;
/** How much of a name libvirt keeps in `domain-3-NAME`: VIR_DOMAIN_SHORT_NAME_MAX. */
const LIBVIRT_KEEPS = 20;

/** A domain; not the end of a file that is called as the host is. */
const DOMAIN =
  '(?:(?!\\.(?:c|h|cc|cpp|s|log|txt|gz|xz|zst|sock|pid|json|xml|db|img|raw|qcow2|service)(?![\\w-]))\\.[a-z][\\w-]*)*';
const BEHIND_NUMBER = '(?<=(?<![\\w-])(?:domain-|qemu-)?\\d+-)';
const END = '(?![\\w(-])';

/** What was learned so far. */
export class LearnedNames {
  private readonly kinds = new Map<string, LearnedKind>();
  /** What libvirt kept of a name → the name. */
  private readonly cut = new Map<string, string>();
  private pattern: RegExp | undefined;

  add(kind: LearnedKind, name: string): void {
    if (this.kinds.has(name)) return;
    if (name.length < (kind === 'VM' ? 2 : SHORTEST)) return;
    this.kinds.set(name, kind);
    if (kind === 'VM' && name.length > LIBVIRT_KEEPS) {
      this.cut.set(name.slice(0, LIBVIRT_KEEPS), name);
    }
    this.pattern = this.patternOfAll();
  }

  /** `made` gives the pseudonym of a name; a host with its domain is one name. */
  replace(text: string, made: (name: string, kind: LearnedKind) => string): string {
    if (this.pattern === undefined) return text;
    return text.replace(this.pattern, (found) => {
      const kind = this.kinds.get(found);
      if (kind !== undefined) return made(found, kind);
      const whole = this.cut.get(found);
      return whole === undefined ? made(found, 'host') : made(whole, 'VM').slice(0, found.length);
    });
  }

  private patternOfAll(): RegExp {
    const all = [...this.kinds];
    const long = all.filter(([name]) => name.length >= SHORTEST);
    const hosts = long.filter(([, kind]) => kind === 'host').map(([name]) => name);
    const others = long.filter(([, kind]) => kind !== 'host').map(([name]) => name);
    const guests = all.filter(([, kind]) => kind === 'VM').map(([name]) => name);
    const forms = [
      ...oneOf(hosts, (names) => `(?<![\\w-])${names}${DOMAIN}${END}`),
      ...oneOf(others, (names) => `(?<![\\w-])${names}${END}`),
      ...oneOf([...guests, ...this.cut.keys()], (names) => `${BEHIND_NUMBER}${names}${END}`),
    ];
    return new RegExp(forms.join('|'), 'g');
  }
}

/** The longest first: one name may begin another. */
function oneOf(names: readonly string[], form: (names: string) => string): string[] {
  if (names.length === 0) return [];
  const sorted = names.toSorted((a, b) => b.length - a.length);
  return [form(`(?:${sorted.map((name) => name.replace(/[^\w]/g, '\\$&')).join('|')})`)];
}
