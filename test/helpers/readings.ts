/** Arbitrary readings, as odd as captures can be. */
import fc from 'fast-check';
import type {
  Arg,
  Backtrace,
  BreakpointSet,
  CaptureRecord,
  Frame,
  Problem,
  Reading,
  Span,
  Stop,
  ThreadRef,
  TraceEvent,
} from '../../src/model/record.js';

/** Any text that UTF-8 can hold, with NULs, controls, emoji and numbers of 64 bits. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\0', 'a\0b', '18446744073709551615', '9007199254740993', '\u{1f600}', '"\\'),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
);
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });

/** Plain objects: what is loaded has a prototype, and strict equality minds. */
function record<Value>(model: {
  [Key in keyof Value]: fc.Arbitrary<Value[Key]>;
}): fc.Arbitrary<Value> {
  return fc.record(model, { noNullPrototype: true });
}

const number = fc.nat();
const span: fc.Arbitrary<Span> = fc
  .tuple(fc.nat(1e6), fc.nat(100))
  .map(([first, more]) => ({ first: first + 1, last: first + 1 + more }));

const arg: fc.Arbitrary<Arg> = record({ name: text, value: maybe(text), entry: maybe(text) });

const address = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => `0x${value.toString(16)}`),
  fc
    .bigInt({ min: 0n, max: 2n ** 64n - 1n })
    .map((value) => `0x${value.toString(16).padStart(16, '0')}`),
  fc.constantFrom('0x0', '0x00005555', `0x${'f'.repeat(20)}`),
);

const frame: fc.Arbitrary<Frame> = record({
  kind: fc.constantFrom('call', 'signal-handler', 'called-from-gdb'),
  address: maybe(address),
  func: text,
  args: maybe(fc.array(arg, { maxLength: 4 })),
  file: maybe(text),
  line: maybe(number),
  lib: maybe(text),
});

const thread: fc.Arbitrary<ThreadRef> = fc.record(
  { num: text, name: text, lwp: number, pthread: text },
  { requiredKeys: [], noNullPrototype: true },
);

/** Stacks over few frames, so that they share callers. */
function backtrace(frames: readonly Frame[]): fc.Arbitrary<Backtrace> {
  return record({
    span,
    frames: fc.array(fc.constantFrom(...frames), { maxLength: 8 }),
    thread: maybe(thread),
    incomplete: fc.boolean(),
    gap: fc.nat(2),
    step: fc.integer({ min: 1, max: 3 }),
    isParted: fc.boolean(),
  }).map(({ gap, step, isParted, ...rest }) => ({
    kind: 'backtrace',
    ...rest,
    levels: rest.frames.map((_, i) => i + gap),
    lines: rest.frames.map((_, i) => rest.span.first + i * step),
    wrapped: step > 1 ? rest.frames.map((_, i) => i) : [],
    ...(isParted ? { parted: [1] } : {}),
  }));
}

function stop(frames: readonly Frame[]): fc.Arbitrary<Stop> {
  return record({
    kind: fc.constant('stop'),
    span,
    reason: fc.constantFrom('breakpoint', 'temporary-breakpoint', 'signal'),
    number: maybe(number),
    thread: maybe(thread),
    frame: maybe(fc.constantFrom(...frames)),
  });
}

const breakpoint: fc.Arbitrary<BreakpointSet> = fc.record(
  {
    kind: fc.constant('breakpoint-set'),
    span,
    number,
    temporary: fc.boolean(),
    func: maybe(text),
    file: maybe(text),
    line: maybe(number),
    narrowed: fc.constant(true),
    declared: fc.constant(true),
  },
  {
    requiredKeys: ['kind', 'span', 'number', 'temporary', 'func', 'file', 'line'],
    noNullPrototype: true,
  },
);

const traceEvent: fc.Arbitrary<TraceEvent> = record({
  kind: fc.constant('event'),
  span,
  name: fc.oneof(fc.constantFrom('vhost_commit', 'vhost_dev_start'), text),
  // A digit as the first character would change the order of the keys of an object.
  args: maybe(
    fc.dictionary(
      text.map((key) => `_${key}`),
      text,
      { noNullPrototype: true },
    ),
  ),
  text,
  tid: maybe(number),
  time: maybe(text),
});

/** Of many the text is what a format made of the values. */
export const event: fc.Arbitrary<TraceEvent> = fc
  .tuple(traceEvent, maybe(number), maybe(fc.constantFrom('', ' ', ' value:', 'ä ')))
  .map(([made, pid, between]) => {
    const printed = Object.values(made.args ?? {}).join(between);
    const text = between === undefined ? made.text : `${made.text}${printed}`;
    return pid === undefined ? { ...made, text } : { ...made, text, pid };
  });

const other: fc.Arbitrary<CaptureRecord> = fc.oneof(
  record({ kind: fc.constant('thread'), span, what: fc.constantFrom('new', 'header'), thread }),
  record({ kind: fc.constant('process'), span, what: fc.constantFrom('start', 'exit') }),
  record({ kind: fc.constant('command'), span, text }),
  record({
    kind: fc.constant('command'),
    span,
    text,
    list: record({ breakpoints: fc.array(number, { maxLength: 3 }), definition: text }),
  }),
  record({ kind: fc.constant('return'), span, func: text, value: text }),
  record({ kind: fc.constant('return'), span, func: text, value: text, thread }),
  record({
    kind: fc.constant('value'),
    span,
    number,
    asked: text,
    // A digit as the first character would change the order of the keys of an object.
    members: fc.dictionary(
      text.map((key) => `_${key}`),
      text,
      { noNullPrototype: true },
    ),
  }),
  record({
    kind: fc.constant('open-call'),
    span,
    call: record({ kind: fc.constant('syscall'), span, name: text, fd: number, pid: number }),
    channel: text,
  }),
  record({
    kind: fc.constant('syscall'),
    span,
    name: text,
    fd: number,
    request: text,
    result: text,
    errno: text,
    pid: number,
    time: text,
  }),
  record({
    kind: fc.constant('message'),
    span,
    sender: fc.constantFrom('frontend', 'reply', 'backend'),
    request: number,
    name: text,
    flags: number,
    channel: text,
    payload: record({ u64: text, index: text }),
  }),
  record({
    kind: fc.constant('kernel-event'),
    span,
    what: fc.constantFrom('call', 'return', 'event'),
    name: text,
    func: text,
    args: record({ cmd: text, ret: text }),
    comm: text,
    cpu: number,
  }),
  record({
    kind: fc.constant('log'),
    span,
    source: fc.constantFrom('kernel', 'backend'),
    text,
    values: record({ name: text, index: text }),
  }),
  record({
    kind: fc.constant('foreign-stack'),
    span,
    tool: fc.constantFrom('asan', 'crash', 'perf'),
    frames: fc.array(record({ func: text, address: text, line: number }), { maxLength: 3 }),
  }),
  record({
    kind: fc.constant('call-path'),
    span,
    calls: fc.array(record({ func: text, depth: number, line: number }), { maxLength: 3 }),
  }),
  record({
    kind: fc.constant('code-reference'),
    span,
    file: text,
    line: number,
    func: text,
    code: text,
  }),
  record({ kind: fc.constant('heading'), span, title: text }),
  record({ kind: fc.constant('code'), span }),
  record({ kind: fc.constant('gap'), span, why: text }),
  record({ kind: fc.constant('chatter'), span }),
  record({ kind: fc.constant('prose'), span, human: fc.boolean() }),
);

const problem: fc.Arbitrary<Problem> = record({
  code: fc.constantFrom('FRAME_UNREAD', 'CUT_OFF'),
  message: text,
  span,
});

/** A reading; spans do not add up, which nothing but the reader cares for. */
export const reading: fc.Arbitrary<Reading> = fc
  .array(frame, { minLength: 1, maxLength: 6 })
  .chain((frames) =>
    record({
      lines: number,
      blank: number,
      formats: fc.subarray(['gdb', 'gdb-mi', 'qemu-log'] as const),
      records: fc.array(
        fc.oneof<fc.Arbitrary<CaptureRecord>[]>(
          backtrace(frames),
          stop(frames),
          breakpoint,
          event,
          other,
        ),
        { maxLength: 30 },
      ),
      problems: fc.array(problem, { maxLength: 3 }),
    }),
  );
