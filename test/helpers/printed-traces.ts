/** Random rows of a kernel trace, and the kernel's way to print them: kernel/trace/trace_output.c, trace_print_context(). */
import fc from 'fast-check';
import type { KernelEvent } from '../../src/model/record.js';

/** A row without its place in the file. */
export type Row = Omit<KernelEvent, 'kind' | 'span'>;

const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,24}$/);
/** With the endings of clones that compilers make. */
const func = fc
  .tuple(name, fc.constantFrom('', '.isra.0', '.part.0', '.constprop.0.cold'))
  .map(([base, clone]) => base + clone)
  // In a place that is an address as trace-cmd prints it.
  .filter((text) => !/^[\da-f]{5,16}(?:\.|$)/.test(text));

// A name of a thread is what the program says; 15 characters.
const comm = fc.oneof(
  fc.constantFrom(
    '<idle>',
    '<...>',
    'CPU 0/KVM',
    'vhost-4242',
    'a-1 b',
    '-',
    '[003]',
    'x-7 (1)',
    '(-1)',
  ),
  // `\_` is an underscore of Markdown, `>` and `|` quote a line of mail.
  fc
    .stringMatching(/^[!-~]([ -~]{0,13}[!-~])?$/)
    .filter((text) => !text.includes('\\_') && !/^[>|]/.test(text)),
);

const value = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => `0x${n.toString(16)}`),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
);
const args = fc.dictionary(fc.stringMatching(/^[a-z_][a-z0-9_]{0,12}$/), value, {
  minKeys: 1,
  maxKeys: 8,
  noNullPrototype: true,
});

const body: fc.Arbitrary<Row> = fc.oneof(
  fc
    .record({ what: fc.constant('call' as const), func, caller: func })
    .map((row) => ({ ...row, name: row.func })),
  fc.record({ what: fc.constant('call' as const), name, func, args }),
  fc.record({ what: fc.constant('return' as const), name, func, caller: func, args }),
  fc.record({ what: fc.constant('event' as const), name, args }),
);

export const row: fc.Arbitrary<Row> = fc
  .tuple(
    fc.record(
      {
        comm,
        pid: fc.nat(4_194_304),
        tgid: fc.nat(4_194_304),
        cpu: fc.nat(8191),
        time: fc
          .tuple(fc.nat(10_000_000), fc.nat(999_999))
          .map(([s, us]) => `${s}.${String(us).padStart(6, '0')}`),
      },
      { requiredKeys: ['comm', 'pid', 'cpu', 'time'] },
    ),
    body,
  )
  .map(([stamp, rest]) => ({ ...stamp, ...rest }));

/** What the options of a trace change in all its rows. */
export const columns = fc.record({
  flags: fc.constantFrom('', 'd.h1', '.....', 'dN.2.', 'd..1.2'),
  /** record-tgid; a task that is not known has dashes there. */
  tgid: fc.boolean(),
  module: fc.constantFrom('', ' [vhost]', ' [vhost_net]'),
});

export type Columns = typeof columns extends fc.Arbitrary<infer Value> ? Value : never;

export function printRow(printed: Row, { flags, tgid, module }: Columns): string {
  const { comm: task = '', pid = 0, cpu = 0, time = '' } = printed;
  const process =
    printed.tgid === undefined ? '(-------) ' : `(${String(printed.tgid).padStart(7)}) `;
  const head = `${task.padStart(16)}-${String(pid).padEnd(7)} ${tgid || printed.tgid !== undefined ? process : ''}`;
  const stamp = `[${String(cpu).padStart(3, '0')}] ${flags} ${time.padStart(12)}: `;
  return `${head}${stamp}${printBody(printed, module)}`;
}

function printBody(
  { what, name: event, func: called = '', caller = '', args: values }: Row,
  module: string,
): string {
  const pairs = Object.entries(values ?? {}).map(([key, text]) => ` ${key}=${text}`);
  if (what === 'event') return `${event}:${pairs.join('')}`;
  if (values === undefined) return `${called} <-${caller}`;
  const place =
    what === 'return' ? `${caller}+0x94/0xc0 <- ${called}` : `${called}+0x4/0x9c0${module}`;
  return `${event}: (${place})${pairs.join('')}`;
}
