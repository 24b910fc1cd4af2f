import { bigintOf, pointerOf } from '../model/values.js';
import { callerOf } from '../flows/activations/activation.js';
import { printedNumber, showsGivenLog } from './shared/calls/printed.js';
import { place } from './shared/calls/queries.js';
import type { Judgement, Rule } from './rule.js';

/** The base that the backend gets is the bitmap of the log that it gets. */
export const stBaseEq: Rule = {
  info: {
    id: 'ST-BASE-EQ',
    title: 'the log base is the address of the log bitmap',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'base= of the set_log_base op, and print *log at that stop; or the trace event vhost_vdpa_set_log_base',
    ],
    why: 'The backend sets dirty bits in memory that is no log: that memory is corrupted, and no page is ever marked dirty.',
    probes: ['op_set_log_base', 'members at op_set_log_base'],
    remedy: 'Look at what vhost_dev_log_resize() and vhost_dev_start() pass as log base.',
    exceptions: ['base 0 goes with a log of size 0, when no memory region is mapped'],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_log_resize(), vhost_dev_start()',
      'QEMU hw/virtio/vhost-vdpa.c vhost_vdpa_set_log_base()',
    ],
    bugs: [
      {
        where: 'QEMU e05ca8200216 (2.3)',
        what: 'The base was the address of the variable that pointed to the bitmap: the backend wrote its dirty bits over the memory of QEMU.',
      },
    ],
  },
  passesAtEntry: true,
  triggers: [],
  stack: {
    of: ['op_set_log_base'],
    *judge(step, run) {
      const op = run.atStep[step.index]?.at(-1);
      if (op?.kind !== 'op_set_log_base' || op.first !== step.index) return;
      const base = bigintOf(op.value);
      if (base === undefined) return;
      const caller = callerOf(op, 'vhost_dev_log_resize', 'vhost_dev_start');
      const wanted = caller?.kind === 'vhost_dev_log_resize' ? bigintOf(caller.value) : undefined;
      const size = printedNumber(op, 'size');
      // `print *dev->log` shows the log before a resize; the size of the new one is the affair of ST-SIZE.
      const isOther = wanted !== undefined && size !== undefined && wanted !== size;
      if (isOther && !showsGivenLog(op)) {
        yield {
          verdict: 'inconclusive',
          ...place(op),
          message: `${op.func} gets base 0x${base.toString(16)} for a log of ${wanted} chunks, and the log that is printed has ${size}`,
          missing: ['print *log at the set_log_base op, of the new log'],
        };
        return;
      }
      const judged = judgeBase(op.func, base, printedNumber(op, 'log'), size);
      const isOpen = wanted === undefined && caller?.kind !== 'vhost_dev_start';
      if (judged.verdict === 'violation' && (isOpen || size === undefined)) {
        yield {
          verdict: 'inconclusive',
          ...place(op),
          message: `${judged.message}, and nothing shows that it is the new log that is printed`,
          missing: ['the caller of the set_log_base op, and the size of the log that is printed'],
        };
        return;
      }
      yield { ...place(op), ...judged };
    },
  },
  *sequence(context) {
    for (const { event, index, line } of context.events('op_set_log_base')) {
      const args = event?.record.args;
      const base = bigintOf(args?.base);
      const bitmap = pointerOf(args?.log);
      if (event === undefined || base === undefined || bitmap === undefined) continue;
      const size = bigintOf(args?.size);
      const judged = judgeBase(event.record.name, base, BigInt(bitmap), size);
      yield { device: pointerOf(args?.dev), step: index, line, ...judged };
    }
  },
};

function judgeBase(
  func: string,
  base: bigint,
  bitmap: bigint | undefined,
  size: bigint | undefined,
): Pick<Judgement, 'verdict' | 'message' | 'expected' | 'missing'> {
  const message = `${func} gets base 0x${base.toString(16)}`;
  if (bitmap === undefined) {
    return {
      verdict: 'inconclusive',
      message: `${message}, and the bitmap of its log is not seen`,
      missing: ['print *log at the set_log_base op'],
    };
  }
  if (base === bitmap || (base === 0n && size === 0n)) {
    return { verdict: 'pass', message: `${message}, the bitmap of its log` };
  }
  // The pointer ends the line of the trace event: a line that was cut leaves the beginning of it.
  if (base.toString(16).length > bitmap.toString(16).length && base !== 0n) {
    return {
      verdict: 'inconclusive',
      message: `${message}, and 0x${bitmap.toString(16)}, the bitmap of its log, may have been cut off`,
      missing: ['the whole address of the log'],
    };
  }
  return {
    verdict: 'violation',
    message: `${message}, but the bitmap of its log is at 0x${bitmap.toString(16)}`,
    expected: `base 0x${bitmap.toString(16)}`,
  };
}
