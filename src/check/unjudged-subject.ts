/** A rule that judged nothing where its subject appears: what there was, and why the rule could not even begin. */
import type { Subject } from '../flows/distinct-facts.js';
import type { FactKind } from '../model/fact.js';
import type { Judgement, Rule } from '../rules/rule.js';
import { hasNoDirection, unshownDirection } from '../rules/shared/calls/log-toggles.js';
import { messageEvents } from '../rules/shared/traced/message-events.js';
import { bareToggles } from './bare-toggles.js';
import { missingOrder } from './missing-order.js';
import type { Session } from './session.js';

/** The inconclusive judgement on the first subject of the rule, if it has one in the session. */
export function unjudgedSubject(rule: Rule, context: Session): Judgement | undefined {
  const { run } = context;
  const subject = context.distinctFacts.find((fact) => isSubject(rule, fact, context));
  if (subject === undefined) {
    return run.ordered
      ? (unjudgedDirection(rule, context) ??
          unjudgedToggle(rule, context) ??
          unjudgedMessage(rule, context))
      : undefined;
  }
  const name = nameOf(subject);
  return {
    verdict: 'inconclusive',
    device: subject.device,
    step: 0,
    line: subject.line,
    message:
      subject.role === 'wire' && run.ordered
        ? `${name} is seen where it reaches the backend, not in QEMU`
        : `${name} is seen, but not enough around it to judge`,
    missing: missingAround(context, subject),
  };
}

/**
 * The same of a vhost_migration_log() that is a log start or a log stop, and does not show which: inlined into its caller it
 * has no argument left.
 */
function unjudgedDirection({ triggers }: Rule, context: Session): Judgement | undefined {
  if (!callsOf(undefined).some((kind) => triggers.includes(kind))) return undefined;
  const toggle = context.of('vhost_migration_log').find(hasNoDirection);
  return toggle === undefined ? undefined : unshownDirection(toggle);
}

/** The same of a log start or a log stop that no fact shows by itself. */
function unjudgedToggle({ triggers, info }: Rule, context: Session): Judgement | undefined {
  const toggle = bareToggles(context).find(
    ({ backend, enable }) =>
      (backend === undefined || info.backends.includes(backend)) &&
      callsOf(enable).some((kind) => triggers.includes(kind)),
  );
  if (toggle === undefined) return undefined;
  const { line, role, enable } = toggle;
  const what =
    enable === undefined ? 'a log start or a log stop' : enable ? 'a log start' : 'a log stop';
  return {
    verdict: 'inconclusive',
    step: 0,
    line,
    message: `vrings get their addresses as in ${what}; the calls that make it are not seen`,
    missing: missingAround(context, { role, line }),
  };
}

/** The same of a device start or stop of which the trace shows what is sent to the backend, and no more. */
function unjudgedMessage({ triggers, info }: Rule, context: Session): Judgement | undefined {
  if (!info.backends.includes('user')) return undefined;
  const sent = messageEvents(context).find(({ name, step }) =>
    MESSAGES.get(name)?.some((kind) => triggers.includes(kind) && !showsCalls(context, kind, step)),
  );
  if (sent === undefined) return undefined;
  const { line, name } = sent;
  return {
    verdict: 'inconclusive',
    step: 0,
    line,
    message: `${name} is seen where it is sent to the backend; the calls that send it are not`,
    missing: missingAround(context, { role: 'event', line }),
  };
}

function callsOf(enable: boolean | undefined): readonly FactKind[] {
  if (enable === undefined) return [...OF_LOG_START, ...OF_LOG_STOP];
  return enable ? OF_LOG_START : OF_LOG_STOP;
}

/** Does the fact show that there was something for the rule to judge? */
function isSubject({ triggers, info }: Rule, fact: Subject, context: Session): boolean {
  const { ordered } = context.run;
  if (fact.role === 'event' && showsCalls(context, fact.kind, context.events(fact.kind)[0]?.index))
    return false;
  if (fact.role === 'wire') {
    if (!ordered && info.probes?.includes(`wire ${fact.kind}`) === true) {
      return fact.backend === undefined || info.backends.includes(fact.backend);
    }
    return [fact.kind, ...callsBehind(fact)].some((kind) => triggers.includes(kind));
  }
  // A call of a known device is the rule's own affair: it says what is missing, or finds no subject.
  const isOwnAffair = ordered && fact.role !== 'event' && fact.device !== undefined;
  return triggers.includes(fact.kind) && !isOwnAffair;
}

/** QEMU's trace stands in the log of a debugger that stops at every call of the function: calls tell more than what is traced. */
function showsCalls(context: Session, kind: FactKind, from = 0): boolean {
  const last = context.steps.at(-1)?.index ?? from;
  return (
    context.of(kind).some(({ device }) => device !== undefined) &&
    context.run.probes.watching(kind, from, last) !== undefined
  );
}

/** Calls in QEMU without which a request does not reach the backend, or its log is not written to. */
function callsBehind({ kind, enable }: Subject): readonly FactKind[] {
  // LOG_ALL and F_LOG tell of a log start, also of one that leaves out the log base.
  const isLogging = enable === true && (kind === 'op_set_features' || kind === 'op_set_vring_addr');
  return isLogging ? OF_LOG_START : (CALLS_BEHIND.get(kind) ?? []);
}

const OF_LOG_START: readonly FactKind[] = [
  'vhost_migration_log',
  'vhost_dev_log_resize',
  'vhost_dev_set_log',
];

const OF_LOG_STOP: readonly FactKind[] = ['vhost_log_global_stop'];

const CALLS_BEHIND: ReadonlyMap<FactKind, readonly FactKind[]> = new Map([
  ['op_set_log_base', OF_LOG_START],
  ['vhost_log_write', OF_LOG_START],
  ['op_set_mem_table', ['vhost_dev_start']],
  ['op_get_vring_base', ['vhost_dev_stop']],
]);

const MESSAGES: ReadonlyMap<string, readonly FactKind[]> = new Map([
  ['SET_MEM_TABLE', ['vhost_dev_start']],
  ['GET_VRING_BASE', ['vhost_dev_stop']],
]);

/** `VHOST_SET_LOG_BASE`, also where the function is vhost_net_ioctl() and the request its argument. */
function nameOf({ func, value, role }: Subject): string {
  return role === 'wire' && value?.startsWith('VHOST_') === true ? value : func;
}

/** Why a rule could not even begin with what it saw. */
function missingAround(
  context: Session,
  subject: Pick<Subject, 'role' | 'line'>,
): readonly string[] {
  const { run } = context;
  if (!run.ordered && run.note !== undefined) {
    return [missingOrder(run.note, subject.role === 'wire' ? 'records' : 'backtraces')];
  }
  if (subject.role === 'event') {
    return [
      'the calls themselves: QEMU does not trace all of them; `vhtrace probes gdb` prints the script that shows them',
    ];
  }
  if (subject.role === 'wire') {
    return [
      'the calls inside QEMU, with their vhost_dev and their arguments: `vhtrace probes gdb` prints the script that shows them',
    ];
  }
  return [missingCalls(context)];
}

/** A capture of the recipe is not told to use it. */
function missingCalls(context: Session): string {
  if (hasNoDebugInformation(context))
    return 'the arguments of the calls, and functions that have no symbol: the debugger prints no argument and no source line, as without debug information of that QEMU (its package of debug symbols, or a build that is not stripped)';
  const isOfRecipe =
    context.steps.some(({ breakpoint }) => breakpoint !== undefined) &&
    context.run.probes.ofSession(context.session).some((probe) => probe.isDeclared);
  if (isOfRecipe)
    return 'something around it that the rule can judge: this capture is of the recipe of `vhtrace probes gdb` and does not show it; `vhtrace explain RULE` lists what the rule needs, and its exceptions';
  return 'the calls around it or their arguments: `vhtrace explain RULE` lists what is needed, `vhtrace probes gdb` prints the script that shows it';
}

/**
 * gdb prints the address of a stop that is not at the beginning of a line, and `()` behind the name of a function whose
 * arguments it does not know (gdb/stack.c, frame_show_address() and print_frame()): without debug information both.
 */
function hasNoDebugInformation({ activations }: Session): boolean {
  const entries = activations.filter(({ entered, stackKnown }) => entered && stackKnown);
  return (
    entries.length > 0 &&
    entries.every(
      ({ call: { frame } }) =>
        frame.address !== undefined && frame.file === undefined && frame.args?.length === 0,
    )
  );
}
