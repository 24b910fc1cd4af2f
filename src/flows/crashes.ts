/**
 * Stacks in which QEMU dies: abort(), an assertion, a signal that it does not handle. No rule judges them: they say
 * where a capture ends, and often why.
 *
 * Source: QEMU (util/error.c, error_handle()) and GLib (glib/gmessages.c, gmem.c): what stands between an end and
 * the function that wanted it; facts/dying.ts has the ends.
 */
import { CRASH_PLACES } from '../facts/crash-places.js';
import type { CrashPlace } from '../facts/crash-places.js';
import { endsProcess } from '../facts/dying.js';
import { plainName } from '../facts/functions.js';
import type { Death, FailedAssertion, Step } from '../facts/step.js';
import type { Frame } from '../model/record.js';
import type { CrashSummary } from '../model/report.js';
import type { Activation } from './activations/activation.js';

type Crash = Omit<CrashSummary, 'capture'>;

/** With what the capture shows of whose it is. */
export interface FoundCrash {
  readonly crash: Crash;
  /**
   * QEMU's by itself, also where the capture shows no call of the protocol: its code for vhost devices or migration, or a
   * thread of a running machine. Any other crash may be of any program then.
   */
  readonly isSurelyQemus: boolean;
}

/** Files of QEMU that are of vhost devices or migration; its tests, which link some, are elsewhere. */
const OF_PATH =
  /^(?!(?:.*\/)?tests\/)(?:.*\/)?(?:hw\/virtio\/|migration\/|(?:hw\/\w+|net)\/(?:vhost|virtio)[\w-]*\.)/;

/**
 * What threads of a machine run: the main loop, a vCPU, a migration. Its tools have none of these.
 * Source: QEMU's system/main.c and runstate.c (vl.c before 5.1), accel/ (cpus.c before 5.2), migration/migration.c.
 */
const OF_MACHINE =
  /^(?:qemu_(?:default_main|main_loop|init)|main_loop|(?:qemu_)?(?:kvm|tcg|hvf|dummy|mttcg|rr|whpx|hax)_(?:rr_)?v?cpu_thread_fn|(?:bg_)?migration_thread|process_incoming_migration_\w+)$/;

/** The program of a machine, not one of its tools. */
const PROGRAM = /^(?:qemu-system-|qemu-kvm|kvm)/;
/** Where distributions keep its source: `/usr/src/debug/qemu-kvm-8.2.0-2.el9.x86_64/`. */
const OF_PACKAGE = /^(?!(?:.*\/)?tests\/).*\/qemu(?:-kvm)?-\d[^/]*\//;

function isOfMachine(frames: readonly Frame[]): boolean {
  return frames.some(
    ({ func, file }) =>
      OF_MACHINE.test(plainName(func)) ||
      (file !== undefined && (OF_PATH.test(file) || OF_PACKAGE.test(file))),
  );
}

function isSurelyQemus({ func, place }: Crash): boolean {
  if (place !== null) return OF_PATH.test(place);
  return CRASH_PLACES.some((one) => one.how === 'abort' && one.func === plainName(func));
}

/** They stand between an end and the function that wanted it, or below it. */
const MACHINERY =
  /^(?:g_logv?|g_log_structured\w*|g_malloc\w*|g_realloc\w*|g_try_malloc\w*|error_(?:handle(?:_fatal)?|setg_internal|setg_errno_internal|setv|propagate\w*)|qemu_memalign|qemu_memfd_alloc|qemu_memfd_create|__libc_message(?:_impl)?|malloc_printerr|_int_(?:free|malloc|realloc)|malloc_consolidate|free|g_free|cfree)$/;

/** A stack that dies ends in few frames of libraries. */
const INNERMOST = 12;

/**
 * In order, those that are shown several times once: with the deepest stack, or where none shows it, by the line on
 * QEMU's standard error, or by the mark of strace. Pure.
 */
export function findCrashes(
  steps: readonly Step[],
  atStep: readonly (readonly Activation[])[],
  { assertions, deaths }: Told,
): FoundCrash[] {
  const shown = crashesIn(steps, atStep).map(({ crash, isSurelyQemus: isQemus }) => {
    const said = assertions.find((one) => isOf(crash, one));
    const isSaid = said !== undefined && crash.assertion === null;
    return {
      crash: isSaid ? { ...crash, assertion: said.what } : crash,
      isSurelyQemus: isQemus || (crash.how === 'assertion' && isSurelyQemus(crash)),
    };
  });
  const first = new Map(
    assertions.map((one) => [JSON.stringify([one.session, one.func, one.what]), one]),
  );
  const told = [...first.values()].filter((one) => !shown.some(({ crash }) => isOf(crash, one)));
  const found = [...shown, ...told.map(foundBy), ...deaths.map(foundByMark)];
  return found.sort((a, b) => a.crash.line - b.crash.line);
}

/** What the capture says of an end without its stack. */
interface Told {
  readonly assertions: readonly FailedAssertion[];
  readonly deaths: readonly Death[];
}

function foundByMark({ session, line, signal }: Death): FoundCrash {
  const crash = { session, line, func: UNNAMED, place: null, how: signal, assertion: null };
  return { crash: { ...crash, device: null, means: null, rules: [] }, isSurelyQemus: false };
}

function isOf({ session, func }: Crash, assertion: FailedAssertion): boolean {
  return session === assertion.session && plainName(func) === assertion.func;
}

function foundBy(assertion: FailedAssertion): FoundCrash {
  const crash = crashToldBy(assertion);
  return {
    crash,
    isSurelyQemus: PROGRAM.test(assertion.program ?? '') || isSurelyQemus(crash),
  };
}

function crashToldBy({ session, line, func, what, place }: FailedAssertion): Crash {
  return {
    session,
    line,
    func,
    place: place ?? null,
    how: 'assertion',
    assertion: what,
    device: null,
    ...meaningOf(func, 'abort'),
  };
}

function meaningOf(func: string, how: CrashPlace['how']): Pick<Crash, 'means' | 'rules'> {
  const known = CRASH_PLACES.find((one) => one.how === how && one.func === plainName(func));
  return { means: known?.means ?? null, rules: known?.rules ?? [] };
}

function crashesIn(
  steps: readonly Step[],
  atStep: readonly (readonly Activation[])[],
): FoundCrash[] {
  const found = new Map<string, FoundCrash & { readonly depth: number }>();
  for (const step of steps) {
    const crash = crashOf(step, atStep[step.index] ?? []);
    if (crash === undefined) continue;
    // The innermost frame, printed by itself first, does not show below whom code without a name runs.
    const [inner] = step.frames;
    const key = JSON.stringify(
      inner !== undefined && isUnnamed(inner)
        ? [crash.session, inner.address, inner.lib]
        : [crash.session, crash.func, crash.place],
    );
    const depth = step.frames.length;
    if ((found.get(key)?.depth ?? 0) < depth) {
      found.set(key, { crash, depth, isSurelyQemus: isOfMachine(step.frames) });
    }
  }
  return [...found.values()];
}

function crashOf(step: Step, open: readonly Activation[]): Crash | undefined {
  const { frames, frameLines, session, line, deadly } = step;
  if (step.altered !== undefined) return undefined;
  const inner = frames.slice(0, INNERMOST);
  const end = inner.findLastIndex(({ func }) => endsProcess(func));
  if (end === -1 && (deadly === undefined || /^(?:SIGABRT|6)$/.test(deadly))) return undefined;
  const [innermost] = frames;
  if (innermost === undefined) return undefined;
  if (end === -1 && hasNoOwner(innermost)) return crashBelow(step, innermost, deadly ?? '', open);
  let at = end + 1;
  while (end !== -1 && isMachinery(frames[at])) at++;
  const frame = frames[at];
  if (frame === undefined || isUnnamed(frame)) return undefined;
  return {
    session,
    line: frameLines[at] ?? line,
    func: frame.func,
    place: frame.file === undefined ? null : `${frame.file}${suffix(frame.line)}`,
    how: end === -1 ? (deadly ?? '') : endOf(inner),
    assertion: assertionIn(inner.slice(0, end + 1)),
    device: deviceOf(open),
    ...meaningOf(frame.func, end === -1 ? 'signal' : 'abort'),
  };
}

/**
 * The signal hit a library, or a call through a null pointer: the innermost function of the program called that, and what
 * is known of a signal in itself does not explain it.
 */
function crashBelow(
  { frames, frameLines, session, line }: Step,
  inner: Frame,
  signal: string,
  open: readonly Activation[],
): Crash {
  const { address, lib } = inner;
  const at = frames.findIndex((frame) => !hasNoOwner(frame));
  const caller = frames[at];
  const unnamed = lib ?? (address === undefined ? undefined : `code without a name at ${address}`);
  const where = isUnnamed(inner) ? unnamed : `${inner.func}()`;
  const isKnown = caller !== undefined && where !== undefined;
  return {
    session,
    line: frameLines[Math.max(at, 0)] ?? line,
    func: caller?.func ?? UNNAMED,
    place: caller?.file === undefined ? null : `${caller.file}${suffix(caller.line)}`,
    how: isKnown ? `${signal} in ${where}, called` : signal,
    assertion: null,
    device: deviceOf(open),
    means: null,
    rules: [],
  };
}

function deviceOf(open: readonly Activation[]): string | null {
  return open.findLast(({ device }) => device !== undefined)?.device ?? null;
}

/** gdb's name of a function that no symbol names. */
const UNNAMED = '??';

function isUnnamed({ func }: Frame): boolean {
  return func === UNNAMED;
}

/** Of the C library and GLib, whose functions crash by what they are given. */
const LIBRARY = /\/lib(?:c|pthread|glib-2\.0)[.-]/;

/** No function of the program: what called it says more. */
function hasNoOwner(frame: Frame): boolean {
  return isUnnamed(frame) || (frame.lib !== undefined && LIBRARY.test(frame.lib));
}

function isMachinery(frame: Frame | undefined): boolean {
  if (frame === undefined || isUnnamed(frame)) return false;
  return MACHINERY.test(plainName(frame.func)) || hasNoOwner(frame);
}

function suffix(line: number | undefined): string {
  return line === undefined ? '' : `:${line}`;
}

function endOf(frames: readonly Frame[]): string {
  return frames.some(({ func }) => func.includes('assert')) ? 'assertion' : 'abort()';
}

/** glibc's `assertion=`, GLib's `expr=`, as gdb prints a text behind its address. */
function assertionIn(frames: readonly Frame[]): string | null {
  for (const { args = [] } of frames) {
    for (const { name, value = '' } of args) {
      if (name !== 'assertion' && name !== 'expr') continue;
      const text = /"((?:[^"\\]|\\.)*)"(?:\.\.\.)?$/.exec(value)?.[1];
      if (text !== undefined) return text;
    }
  }
  return null;
}
