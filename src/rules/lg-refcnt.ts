import { bigintOf, pointerOf } from '../model/values.js';
import { doubtsOfCount, freedLogs, logCounts } from './shared/calls/log-account.js';
import type { FreedLog } from './shared/calls/log-account.js';
import { place, recordDoubts, withoutCaller } from './shared/calls/queries.js';
import type { Activation } from '../flows/activations/activation.js';
import type { Step } from '../facts/step.js';
import { mark } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** A log that is in use has a reference for each device that holds it. */
export const lgRefcnt: Rule = {
  info: {
    id: 'LG-REFCNT',
    title: 'a log that is handed to a backend has one reference for each device that holds it',
    severity: 'error',
    impact: 'crash',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'refcnt: `print *log` at the set_log_base op, or `print *dev->log` at vhost_log_put, or the trace event vhost_vdpa_set_log_base',
      'to know more than that it is at least 1: probes vhost_log_get, vhost_log_alloc and vhost_log_put since the log was made',
      'for a log that is freed: the same probes with the backtrace at each of them',
    ],
    why: 'With too few references the log is freed while devices still hold it: QEMU reads freed memory, and the kernel writes to it; with too many it is never read out and never freed.',
    probes: [
      'op_set_log_base',
      'members at op_set_log_base',
      'vhost_log_get',
      'vhost_log_alloc',
      'vhost_log_put',
    ],
    remedy:
      'Count vhost_log_get() and vhost_log_put() of each device; a log is got once for each start or resize.',
    exceptions: [
      'in a resize the new log counts only the devices that have moved to it',
      'up to 9.0 kernel and vdpa devices share one log',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_log_get(), vhost_log_put()'],
  },
  passesAtEntry: true,
  triggers: ['op_set_log_base'],
  *sequence(context) {
    for (const activation of context.of('op_set_log_base', 'vhost_log_put')) {
      const printed = bigintOf(activation.printed?.get('refcnt'));
      if (printed !== undefined) yield judgeCall(context, activation, printed);
      else if (activation.kind === 'op_set_log_base')
        yield {
          verdict: 'inconclusive',
          ...place(activation),
          message: 'the references of the log are not shown',
          missing: ['`print *log` in vhost_*_set_log_base (for its refcnt)'],
        };
    }
    for (const [get, log] of freedLogs(context)) yield judgeFreed(context, get, log);
    for (const step of context.events('op_set_log_base')) {
      const judged = judgeEvent(step);
      if (judged !== undefined) yield judged;
    }
  },
};

function judgeCall(context: SessionContext, call: Activation, references: bigint): Judgement {
  const at = place(call);
  if (references < 1n) return tooFew(at, references);
  const message = `the log has refcnt=${String(references)}`;
  const count = logCounts(context).get(call);
  if (count === undefined) {
    const devices = devicesOf(context).size;
    if (references <= BigInt(devices)) return { verdict: 'pass', ...at, message };
    return {
      verdict: 'inconclusive',
      ...at,
      message: `${message}, and ${devices === 1 ? 'one device is' : `${devices} devices are`} seen`,
      missing: ['probes vhost_log_get, vhost_log_alloc and vhost_log_put since the log was made'],
    };
  }
  const missing = doubtsOfCount(context, count, call.first);
  const allocated = mark(count.allocated, 'the log is made with one reference');
  if (BigInt(count.references) === references) {
    return { verdict: 'pass', ...at, message, seenAt: () => (missing.length > 0 ? [] : allocated) };
  }
  const holders = count.references === 1 ? 'one device holds' : `${count.references} devices hold`;
  const differs = `${message}, but ${holders} it`;
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message: differs, missing };
  return {
    verdict: 'violation',
    ...at,
    message: differs,
    expected: `refcnt=${count.references}`,
    evidence: allocated,
  };
}

/** Those that are seen in the session, whenever that is. */
function devicesOf(context: SessionContext): ReadonlySet<string> {
  return context.once('devices seen', () => {
    const devices = new Set<string>();
    for (const { device } of context.activations) if (device !== undefined) devices.add(device);
    return devices;
  });
}

/** vhost_log_put() frees a log with its last reference, and vhost_log_get() makes a new one where there is none. */
function judgeFreed(context: SessionContext, get: Activation, log: FreedLog): Judgement {
  const { allocated, freed } = log;
  const at = place(get);
  const missing = [
    ...recordDoubts(context.run, get),
    ...doubtsOfCount(context, log, get.closed ?? context.run.steps.length),
    ...withoutCaller(context, get, 'vhost_log_alloc'),
  ];
  if (!freed.stackKnown) missing.push(`the backtrace at ${freed.func}`);
  // The compiler may have made vhost_log_alloc() a part of one caller alone.
  const maker = allocated.parent?.parent?.kind;
  if (maker === undefined || maker !== get.parent?.kind)
    missing.push(`a vhost_log_alloc below ${get.parent?.func ?? 'the same caller'}`);
  const message = `${get.func} makes no log, and the one before has been freed`;
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message: `${message}: the device is given freed memory`,
    expected: `vhost_log_alloc below ${get.func}`,
    evidence: [
      { line: allocated.line, role: 'the log is made' },
      { line: freed.line, role: 'its last reference is given back: it is freed' },
    ],
  };
}

function judgeEvent({ event, index, line }: Step): Judgement | undefined {
  const args = event?.record.args;
  const references = bigintOf(args?.refcnt);
  const at = { device: pointerOf(args?.dev), step: index, line };
  if (references === undefined) return undefined;
  return references < 1n
    ? tooFew(at, references)
    : { verdict: 'pass', ...at, message: `the log has refcnt=${String(references)}` };
}

function tooFew(
  at: { device: string | undefined; step: number; line: number },
  references: bigint,
): Judgement {
  return {
    verdict: 'violation',
    ...at,
    message: `a log with refcnt=${String(references)} is in use: it may be freed at any time`,
    expected: 'refcnt of 1 or more',
  };
}
