import { append } from '../base/append.js';
import type { Step } from '../facts/step.js';
import type { FactKind } from '../model/fact.js';
import { outcomeOf } from './shared/wire/outcome.js';
import { mark } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** Innermost first: vhost_log_write() and log_used() do their work by calling log_write(). */
const DEPTH = ['log_write', 'log_used', 'vhost_log_write'];

const WRITES: FactKind = 'vhost_log_write';

/** The kernel's writes to the dirty log succeed. */
export const kvLogwrite: Rule = {
  info: {
    id: 'KV-LOGWRITE',
    title: 'the kernel can write to the dirty log that it was given',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel'],
    versions: '2.12 - 11.1',
    needs: [
      'log_write with its return value, as a kretprobe shows it: r:lw_ret log_write ret=$retval:s32',
      "better with p:lw log_write base=%di:x64, which tells the log's address",
    ],
    why: 'The worker ignores the error, and QEMU never learns of it: each such call is a dirty page that is not sent again, stale on the destination.',
    probes: ['wire vhost_log_write'],
    remedy:
      'base=0x0: VHOST_SET_LOG_BASE never reached the kernel (LS-BASE-FIRST). Another base: compare it with the address that QEMU gave, and look whether that log was freed.',
    exceptions: ['none: a log that cannot be written to is never right'],
    sources: ['Linux drivers/vhost/vhost.c log_write(), log_used(), vhost_log_write()'],
  },
  triggers: [],
  *sequence(context) {
    const workers = new Map<string | undefined, Step[]>();
    for (const step of context.wires(WRITES)) {
      append(workers, step.wire?.endpoint, step);
    }
    for (const [endpoint, calls] of workers) yield judge(context, endpoint, calls);
  },
};

function judge(
  context: SessionContext,
  endpoint: string | undefined,
  calls: readonly Step[],
): Judgement {
  const failed = calls.filter((call) => outcomeOf(call.wire?.result)?.ok === false);
  const known = calls.filter((call) => outcomeOf(call.wire?.result) !== undefined);
  // A page that is lost shows in each of the nested functions; it is counted once.
  const lost = innermost(failed);
  const [first] = lost;
  const unread = innermost(known).length > 0 && hasUnread(calls, innermost(known)[0]?.wire?.func);
  const who = endpoint === undefined ? 'a vhost worker' : `the vhost worker of ${endpoint}`;
  const at = placeOf(first ?? known[0] ?? calls[0], endpoint);
  if (first === undefined) {
    return known.length === 0 || unread
      ? {
          verdict: 'inconclusive',
          ...at,
          times: countOf(calls),
          message: `${who} writes to the dirty log, with what result is not ${unread ? 'always ' : ''}seen`,
          missing: [showsReturns(context) ? VALUES : RETURNS],
        }
      : {
          verdict: 'pass',
          ...at,
          times: innermost(known).length,
          message: `${who} wrote to the dirty log and never failed`,
          seenAt: () => mark(innermost(known).at(-1), 'the last of its writes'),
        };
  }
  const { func, value } = first.wire ?? { func: 'log_write', value: undefined };
  const errno = outcomeOf(first.wire?.result)?.errno ?? '';
  const base = value === undefined ? '' : `, base=${value}`;
  const all = countOf(calls.filter((call) => call.wire?.func === func));
  const last = lost.at(-1) ?? first;
  return {
    verdict: 'violation',
    ...at,
    times: lost.length,
    message: `${who}: ${func} returns ${errno}${base}: a dirty page is lost each time, and QEMU does not learn of it`,
    expected: '0, as from a log that is mapped in the process of QEMU',
    evidence: [
      { line: first.line, role: `the first of ${lost.length} that fail, of ${all} seen` },
      ...(last === first ? [] : [{ line: last.line, role: 'the last that fails' }]),
    ],
  };
}

const RETURNS = 'what log_write returned (kretprobe: r:lw_ret log_write ret=$retval:s32)';
const VALUES =
  'what log_write returned: its returns are traced, but here lines are missing or cut, or show no ret=$retval:s32';

/** Of some calls the return is there, and what it returned cannot be read. */
function hasUnread(calls: readonly Step[], func: string | undefined): boolean {
  return calls.some(({ wire }) => wire?.func === func && wire?.result === '?');
}

/** The returns are traced, of whichever worker. */
function showsReturns(context: SessionContext): boolean {
  return context.wires(WRITES).some(({ wire }) => wire?.result !== undefined);
}

/** Entry and return of one call are two facts where a gap lies between them. */
function countOf(calls: readonly Step[]): number {
  return calls.filter(({ wire }) => wire?.isAgain !== true).length;
}

function innermost(calls: readonly Step[]): readonly Step[] {
  const func = DEPTH.find((name) => calls.some((call) => call.wire?.func === name));
  return calls.filter((call) => call.wire?.func === func);
}

function placeOf(
  call: Step | undefined,
  endpoint: string | undefined,
): Pick<Judgement, 'endpoint' | 'step' | 'line' | 'alone'> {
  return { endpoint, step: call?.index ?? 0, line: call?.line ?? 1, alone: true };
}
