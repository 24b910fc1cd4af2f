/**
 * Turns `trace-events` declarations into readers of the text that they print.
 *
 * Source: scripts/tracetool/__init__.py, Event.build() (QEMU 10.2), for the syntax.
 * Not read: `tcg` events with two formats, the `vcpu` property; QEMU dropped both in 8.0.
 */

/** Reads the arguments out of what follows an event's name; undefined when the format does not fit. */
export type ArgumentReader = (text: string) => Record<string, string> | undefined;

/** Longer texts are no event that this table knows; a bound keeps two `%s` from costing time. */
const LONGEST_TEXT = 4096;

// name(args) "format"PRIx64"...": no ")" occurs inside the arguments
const DECLARATION = /^(\w+)\(([^)]*)\)\s*(.*)$/;

// ` "literal" ` or ` PRIx64 `, one after the other
const FORMAT_PART = /\s*(?:"((?:[^"\\]|\\.)*)"|PRI([diux])(?:8|16|32|64|PTR))/y;

// %5d %04x %lx %llu %zu %p %s %%; a `%` at the end of a literal belongs to the macro behind it
const CONVERSION = /%(?:%|[-+ #0]*\d*(?:\.\d+)?(?:hh|h|ll|l|z|j|t)?([diuxXpsc]))/g;

// `0x` stays with the number: `flags:0x%x` gives flags = "0x5", so that the base is not lost.
const PATTERNS: Readonly<Record<string, string>> = {
  d: '(-?\\d+)',
  i: '(-?\\d+)',
  u: '(\\d+)',
  x: '([0-9a-fA-F]+)',
  X: '([0-9a-fA-F]+)',
  p: '(0x[0-9a-fA-F]+|\\(nil\\))',
  s: '(.*)',
  c: '(.)',
};

/** All readers of each event, in the order of declaration. */
export function compileDeclarations(text: string): ReadonlyMap<string, readonly ArgumentReader[]> {
  const readers = new Map<string, ArgumentReader[]>();
  for (const line of text.split('\n')) {
    const declaration = DECLARATION.exec(line);
    if (declaration === null) continue;
    const [, name = '', args = '', format = ''] = declaration;
    const known = readers.get(name) ?? [];
    known.push(argumentReader(argumentNames(args), joinFormat(format)));
    readers.set(name, known);
  }
  return readers;
}

// `const char *name, uint64_t gpa` → name, gpa
function argumentNames(args: string): readonly string[] {
  if (args.trim() === '' || args.trim() === 'void') return [];
  return args.split(',').map((arg) => /(\w+)\s*$/.exec(arg)?.[1] ?? '');
}

// `"%s: 0x%"PRIx64"+0x%"PRIx64` → `%s: 0x%x+0x%x`
function joinFormat(format: string): string {
  let joined = '';
  FORMAT_PART.lastIndex = 0;
  for (let part = FORMAT_PART.exec(format); part !== null; part = FORMAT_PART.exec(format)) {
    joined += part[1] ?? part[2] ?? '';
  }
  return joined;
}

function argumentReader(names: readonly string[], format: string): ArgumentReader {
  const pattern = formatPattern(format);
  return (text) => {
    if (text.length > LONGEST_TEXT) return undefined;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const args: Record<string, string> = {};
    for (let i = 0; i < names.length; i++) args[names[i] ?? ''] = match[i + 1] ?? '';
    return args;
  };
}

function formatPattern(format: string): RegExp {
  let pattern = '';
  let after = 0;
  for (const match of format.matchAll(CONVERSION)) {
    const literal = format.slice(after, match.index);
    after = match.index + match[0].length;
    const conversion = match[1];
    if (conversion === undefined) pattern += escape(literal) + '%';
    else if (conversion === 'x' && literal.endsWith('0x')) {
      pattern += escape(literal.slice(0, -2)) + '(0x[0-9a-fA-F]+)';
    } else pattern += escape(literal) + (PATTERNS[conversion] ?? '(.*)');
  }
  return new RegExp(`^${pattern}${escape(format.slice(after))}\\s*$`);
}

function escape(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
