/** Names of functions that differ from one another by right, and those that something has damaged. */
import { describe, expect, test } from 'vitest';
import { buildSteps } from '../../src/facts/steps.js';
import { isSameFunction, withoutParameters } from '../../src/model/function-names.js';
import { readText } from '../helpers/read-text.js';

describe('the list of parameters that a frame filter prints', () => {
  test.each([
    ['ns::set_log(vq*, bool)', 'ns::set_log'],
    ['main()', 'main'],
    ['Dev::size() const', 'Dev::size'],
    ['Dev::operator()(int) const', 'Dev::operator()'],
    ['visit(void (*)(int), (anonymous namespace)::N<f(int)>)', 'visit'],
    ['run(int)::{lambda(int)#1}::operator()(int) const', 'run(int)::{lambda(int)#1}::operator()'],
    ['name[abi:cxx11](int) [clone .cold]', 'name[abi:cxx11]'],
  ])('%s', (long, short) => {
    expect(withoutParameters(long)).toBe(short);
    expect(withoutParameters(short)).toBe(short);
    expect(isSameFunction(short, long) && isSameFunction(long, short)).toBe(true);
  });

  test.each([
    ['f(int)', 'f(long)'],
    ['ns::f', 'ns::g(int)'],
    ['f', 'f('],
    ['vhost_dev_set_log', 'vhost_dev_set_lo(vq*)'],
  ])('%s and %s are two', (one, other) => {
    expect(isSameFunction(one, other) || isSameFunction(other, one)).toBe(false);
  });

  const stop = 'Breakpoint 1, ns::set_log (d=0x7fffffffe6dc, on=true) at s2.cc:3';
  const frames = (inner: string): string[] => [
    `#0  ${inner} (d=0x7fffffffe6dc, on=true) at s2.cc:3`,
    '#1  0x0000555555555164 in main() () at s2.cc:4',
  ];

  test('may be missing in the stop, and in a backtrace without filters', () => {
    const bare = frames('ns::set_log').join('\n').replace('main() ()', 'main ()');
    const { records, problems } = readText(
      [stop, ...frames('ns::set_log(vq*, bool)'), '', bare].join('\n'),
    );
    expect(problems).toEqual([]);
    expect(records).toMatchObject([
      { kind: 'stop' },
      { kind: 'backtrace', incomplete: false },
      { kind: 'backtrace', incomplete: false },
    ]);
  });

  test.each(['ns::set_lo(vq*, bool)', 'ns::set_lo'])('%s is damaged', (inner) => {
    const { records, problems } = readText([stop, ...frames(inner)].join('\n'));
    expect(problems).toMatchObject([{ code: 'FRAME_UNREAD', span: { first: 2, last: 2 } }]);
    expect(records[1]).toMatchObject({ incomplete: true });
  });

  test('is none of the name by which a function is known', () => {
    const call = (list: string): string =>
      `vhost_dev_set_log${list} (dev=0x5555562b1f00, enable_log=true) at vhost.cc:9`;
    const lines = [`Breakpoint 1, ${call('')}`, `#0  ${call('(vhost_dev*, bool)')}`];
    const { steps } = buildSteps(
      readText([...lines, '#1  main() () at m.cc:1'].join('\n')).records,
    );
    expect(steps).toMatchObject([
      { entry: true, stackKnown: true, calls: [{ func: 'vhost_dev_set_log', enable: true }] },
    ]);
  });
});

describe('functions that are inlined into each other have one address', () => {
  const frame = (level: number, func: string, address = '0x00007f14fc6cd479'): string =>
    `#${level}  ${address} in ${func} (dev=0x55de61a5b3b0) at char-device.c:307`;
  const outer = (level: number): string => frame(level, 'main', '0x00007f14fc6f407b');
  const stack = (...funcs: readonly string[]): string[] => [
    ...funcs.map((func, i) => frame(i, func)),
    outer(funcs.length),
    '',
  ];
  const inlined = ['send_msg_to_client', 'send_msg_to_clients', 'read_from_device'];
  const tornIn = (...lines: readonly (readonly string[])[]): readonly number[] =>
    readText(lines.flat().join('\n')).problems.map(({ span }) => span.first);

  test.each([
    ['in one backtrace', [stack(...inlined)]],
    ['in the next one, too', [stack(...inlined), stack(...inlined)]],
    [
      'where the inner frames were not shown first',
      [stack(...inlined.slice(1)), stack(...inlined)],
    ],
    [
      'where not all of them are shown again',
      [stack(...inlined), [frame(0, inlined[0] ?? '')], [frame(0, inlined[1] ?? '')]],
    ],
  ])('%s', (_, lines) => {
    expect(tornIn(...lines)).toEqual([]);
  });

  test.each([
    ['in an own backtrace', [stack(...inlined), stack('send_msg_to_cliens')], [6]],
    ['among them', [stack(...inlined), stack('send_msg_t_client', ...inlined.slice(1))], [6]],
    ['the first time', [stack('send_msg_t_client', ...inlined.slice(1)), stack(...inlined)], [6]],
    [
      'not beside them',
      [[frame(0, 'send_msg'), frame(1, 'main', '0x5555'), frame(2, 'send_msgs')]],
      [3],
    ],
    ['behind a hole', [[frame(0, 'send_msg'), frame(2, 'send_msgs')]], [1, 2]],
  ])('a damaged name is told: %s', (_, lines, told) => {
    expect(tornIn(...lines)).toEqual(told);
  });
});
