/** Random frames, and gdb's way to print them: gdb/stack.c, print_frame() and its wrap_here() calls. */
import fc from 'fast-check';
import type { Arg, Frame } from '../../src/model/record.js';

const number = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map(String),
  fc.constantFrom('0', '-1', '0x1c', '18446744073709551615'),
);
const pointer = fc.bigInt({ min: 0n, max: 2n ** 47n }).map((value) => `0x${value.toString(16)}`);

/** What gdb leaves unescaped in a string is anything but its quote. */
const stringBody = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .map((text) => text.replace(/[\p{C}\s]/gu, ' ').replace(/[\\"]/g, (sign) => `\\${sign}`));
const stringText = stringBody.map((body) => `"${body}"`);
const characterText = fc.constantFrom(
  "'a'",
  "'\\''",
  "'\"'",
  "'('",
  "'\\000'",
  "'\\n'",
  "','",
  "'\\\\'",
);

const scalar: fc.Arbitrary<string> = fc.oneof(
  number,
  pointer,
  fc
    .tuple(pointer, fc.constantFrom('gv', 'cb+3', 'Gfn(int, char const*)', 'operator<', 'a.1+72'))
    .map(([at, symbol]) => `${at} <${symbol}>`),
  fc.tuple(pointer, stringText).map(([at, text]) => `${at} ${text}`),
  fc.tuple(pointer, stringText).map(([at, text]) => `${at} ${text}...`),
  fc.tuple(fc.integer({ min: -128, max: 255 }), characterText).map(([n, c]) => `${n} ${c}`),
  characterText.map((c) => `${c} <repeats 26 times>`),
  fc
    .tuple(stringText, characterText, stringText)
    .map(([a, c, b]) => `${a}, ${c} <repeats 299 times>, ${b}...`),
  pointer.map((at) => `${at} <error: Cannot access memory at address ${at}>`),
  pointer.map((at) => `(JSObject * const) ${at} [object Array]`),
  fc.tuple(pointer, number).map(([at, n]) => `@${at}: ${n}`),
  fc.constantFrom('true', 'false', 'MO_8', '(FA | FB)', '(unknown: 0x40)', '3.5', '-inf'),
  fc.constantFrom('1 + 2i', '-nan(0x400000)', '...', '<optimized out>', '<synthetic pointer>', ''),
  fc.constantFrom(
    'L"wide中"',
    'u"x"',
    '<error reading variable: Cannot access memory at address 0x10>',
  ),
  fc.constantFrom('std::vector of length 2, capacity 2 = {...}', 'std::map with 1 element = {...}'),
  fc.constantFrom(
    '"\\320\\317\\021", <incomplete sequence \\341>',
    'std::unique_ptr<int> = {get() = 0x0}',
  ),
);

const { value } = fc.letrec<{ value: string; aggregate: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('aggregate')),
  aggregate: fc.oneof(
    fc
      .array(fc.tuple(fc.constantFrom('a', 'in', '__val', 'arr'), tie('value')), { maxLength: 3 })
      .map((members) => `{${members.map(([name, text]) => `${name} = ${text}`).join(', ')}}`),
    fc.array(number, { minLength: 1, maxLength: 3 }).map((items) => `{${items.join(', ')}...}`),
    number.map((n) => `{${n} <repeats 15 times>}`),
  ),
}));

const argName = fc.constantFrom(
  'dev',
  'enable_log',
  '__args#0',
  'this',
  '__in_chrg',
  'argv',
  'x',
  'at',
);

const arg: fc.Arbitrary<Arg> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(argName, value)
      .map(([name, text]) => ({ name, value: text, entry: undefined })),
  },
  fc.tuple(argName, value).map(([name, text]) => ({ name, value: undefined, entry: text })),
  fc.tuple(argName, value).map(([name, text]) => ({ name, value: text, entry: text })),
  fc
    .tuple(argName, value, value)
    .filter(([, now, entry]) => now !== entry)
    .map(([name, now, entry]) => ({ name, value: now, entry })),
);

const func = fc.constantFrom(
  'vhost_dev_start',
  '*__GI_raise',
  'pthread_cond_wait@@GLIBC_2.3.2',
  'cpc.constprop.0.isra[cold]',
  'puts@plt',
  '??',
  'ntdll!RtlFoo',
  'main.(*T).Method',
  'Box<double, 3>::operator()',
  'Box<double, 3>::operator<',
  'Box<double, 3>::operator new',
  '(anonymous namespace)::Anon::get',
  'Box<double, 3>::call(double, std::string const&)::{lambda(double)#1}::operator()(double) const',
  'std::function<int (int)>::operator()(int) const',
  'std::__invoke_impl<int, main()::<lambda(int)>&, int>(std::__invoke_other, struct {...} &)',
  'r::{impl#0}::go::{closure#0}<u8>',
  'core::ops::function::FnOnce::call_once<fn(), ()>',
  '<pl011::device::PL011State as qemu_api::qom::ClassInitImpl<T>>::class_init',
);

const place = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        '../hw/virtio/vhost.c',
        '/a b/c.c',
        'C:\\x\\y.c',
        './nptl/x+y.S',
        'ä~@.c.inc',
      ),
      fc.nat(99_999),
    )
    .map(([file, line]) => ({ file, line, lib: undefined })),
  fc
    .constantFrom('/lib64/libc.so.6', 'target:/usr/lib64/libc.so.6', '/usr/lib/libstdc++.so.6')
    .map((lib) => ({ file: undefined, line: undefined, lib })),
  fc.constant({ file: undefined, line: undefined, lib: undefined }),
);

/** Frames of every kind; a frame without address has a name that needs none to be known as one. */
export const frame: fc.Arbitrary<Frame> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(marker('signal-handler', '<signal handler called>')) },
  { weight: 1, arbitrary: fc.constant(marker('called-from-gdb', '<function called from gdb>')) },
  {
    weight: 20,
    arbitrary: fc
      .record({
        address: fc.option(
          fc
            .bigInt({ min: 0n, max: 2n ** 64n - 1n })
            .map((at) => `0x${at.toString(16).padStart(16, '0')}`),
          { nil: undefined },
        ),
        func,
        args: fc.option(fc.uniqueArray(arg, { selector: ({ name }) => name, maxLength: 5 }), {
          nil: undefined,
          freq: 8,
        }),
        place,
      })
      .map((parts): Frame => ({
        kind: 'call',
        address: parts.address,
        func: parts.func,
        args: parts.args,
        ...parts.place,
      })),
  },
);

function marker(kind: Frame['kind'], name: string): Frame {
  const nowhere = { file: undefined, line: undefined, lib: undefined };
  return { kind, address: undefined, func: name, args: undefined, ...nowhere };
}

/** How a version of gdb, or what came after it, breaks lines. */
export interface Wrapping {
  readonly width: number;
  /** gdb 10 to 12 put a list that does not fit on the next line as a whole. */
  readonly listAsWhole: boolean;
  /** Editors strip the blank that gdb leaves at the end of a broken line. */
  readonly strip: boolean;
}

export const wrapping: fc.Arbitrary<Wrapping> = fc.record({
  width: fc.constantFrom(20, 40, 72, 80, 132, 200, 100_000),
  listAsWhole: fc.boolean(),
  strip: fc.boolean(),
});

/** The lines that gdb prints for a frame. */
export function printFrame(level: number, printed: Frame, how: Wrapping): readonly string[] {
  const head =
    `#${level}`.padEnd(3) + ' ' + (printed.address === undefined ? '' : `${printed.address} in `);
  if (printed.kind !== 'call') return [`${head}${printed.func}`];
  const items = printed.args === undefined ? ['...'] : printed.args.flatMap(printArg);
  const list = items.map((item, i) => (i < items.length - 1 ? `${item}, ` : item));
  const last = printed.file === undefined ? printed.lib : `${printed.file}:${printed.line ?? 0}`;
  const word = printed.file === undefined ? 'from' : 'at';
  const tail = last === undefined ? [] : [` ${word} ${last}`];
  const chunks = how.listAsWhole
    ? [`${head}${printed.func}`, ` (${list.join('')})`, ...tail]
    : [`${head}${printed.func} (`, ...list.slice(0, -1), `${list.at(-1) ?? ''})`, ...tail];
  return wrap(chunks, how);
}

function printArg({ name, value: now, entry }: Arg): readonly string[] {
  if (entry === undefined) return [`${name}=${now ?? ''}`];
  if (now === undefined) return [`${name}@entry=${entry}`];
  return now === entry
    ? [`${name}=${name}@entry=${entry}`]
    : [`${name}=${now}`, `${name}@entry=${entry}`];
}

// A chunk that does not fit begins a line of four blanks; its own first blank goes.
function wrap(chunks: readonly string[], { width, strip }: Wrapping): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const chunk of chunks) {
    if (line !== '' && line.length + chunk.trimEnd().length > width) {
      lines.push(strip ? line.trimEnd() : line);
      line = `    ${chunk.trimStart()}`;
    } else line += chunk;
  }
  return [...lines, line];
}
