/**
 * `trace-events` declarations: which events there are, with which arguments and which printf format.
 *
 * Source: scripts/tracetool/__init__.py, Event.build() and read_events(); scripts/tracetool/vcpu.py and
 * transform.py up to 7.x (QEMU 1.0 to 10.2). Grammar: grammars/trace-events.peggy.
 */
import { parse } from '../../grammar/trace-events.js';

export interface Argument {
  /** As declared: `const char *`, `uint64_t`. */
  readonly type: string;
  readonly name: string;
}

/** A line as it stands in the file. */
export interface DeclaredLine {
  readonly properties: readonly string[];
  readonly name: string;
  readonly args: readonly Argument[];
  /** Literals and macros joined to one printf format each; two for `tcg`, none where none is given. */
  readonly formats: readonly string[];
}

/** One event of QEMU. */
export interface Declaration {
  readonly name: string;
  readonly args: readonly Argument[];
  /** printf format, macros expanded for a 64-bit host. */
  readonly format: string;
}

/** A file has a line that is no declaration. */
export interface BadDeclaration {
  readonly lineNo: number;
  readonly line: string;
}

/** Longer lines are no declarations: the longest of QEMU has 500 characters. */
const LONGEST_LINE = 8192;

/**
 * All events of a file, in its order: the place of an event is its number in trace files of version
 * 0 to 3, so events that are not built (`disable`) count too.
 */
export function readDeclarations(
  lines: readonly string[],
): readonly Declaration[] | BadDeclaration {
  const all: Declaration[] = [];
  for (const [i, line] of lines.entries()) {
    const events = readDeclaration(line);
    if (events === undefined) return { lineNo: i + 1, line };
    all.push(...events);
  }
  return all;
}

/** The events of one line: none for a comment, two for `tcg`; undefined when it is no declaration. */
export function readDeclaration(line: string): readonly Declaration[] | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  try {
    const declared = parse(line, { startRule: 'Line' });
    return declared === undefined ? [] : eventsOf(declared);
  } catch {
    return undefined;
  }
}

function eventsOf(declared: DeclaredLine): readonly Declaration[] {
  const { properties, name, args, formats } = withCpu(declared);
  const [format = '', executed] = formats;
  if (!properties.includes('tcg')) return [{ name, args, format }];
  return [
    { name: `${name}_trans`, args: args.filter(({ type }) => !type.startsWith('TCGv')), format },
    { name: `${name}_exec`, args: args.map(hostArgument), format: executed ?? format },
  ];
}

/** `vcpu` puts the CPU in front of arguments and text. */
function withCpu(declared: DeclaredLine): DeclaredLine {
  if (!declared.properties.includes('vcpu')) return declared;
  const formats = declared.formats.length === 0 ? [''] : declared.formats;
  return {
    ...declared,
    args: [{ type: 'void *', name: '__cpu' }, ...declared.args],
    formats: formats.map((format) => `cpu=%p ${format}`),
  };
}

/** A value that exists only while guest code is translated becomes one of the host. */
function hostArgument({ type, name }: Argument): Argument {
  switch (type) {
    case 'TCGv_i32':
      return { type: 'uint32_t', name };
    case 'TCGv_ptr':
      return { type: 'void *', name };
    default:
      return { type: type.startsWith('TCGv') ? 'uint64_t' : type, name };
  }
}
