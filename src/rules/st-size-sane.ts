import { bigintOf, pointerOf } from '../model/values.js';
import { CHUNK_BYTES, MOST_CHUNKS } from '../model/constants.js';
import { connectionsOf } from './shared/wire/messages.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** vhost_user_set_log_base() sends the size in bytes: an unsigned long of 64 bits for each chunk. */
const CHUNK_LOG_BYTES = 8n;

/** A log size that no guest can need. */
export const stSizeSane: Rule = {
  info: {
    id: 'ST-SIZE-SANE',
    title: 'the log size fits a guest that can exist',
    severity: 'error',
    impact: 'crash',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'size= of vhost_log_alloc, vhost_log_get or vhost_dev_log_resize',
      'or the trace event vhost_vdpa_set_log_base of a vdpa device without shadow virtqueues',
      'or mmap_size of a vhost-user SET_LOG_BASE',
    ],
    probes: ['vhost_dev_log_resize', 'vhost_log_get', 'vhost_log_alloc'],
    messageProbes: ['wire vhost_user_message', 'wire op_set_log_base'],
    why: 'The allocation fails and QEMU aborts at the start of the migration, or gigabytes are allocated for nothing.',
    remedy:
      'Known causes: never-started rings counted into the size (fixed by 240e647a14 in 4.1), an IOVA taken for a guest address with a vIOMMU (fixed by 170a6794ef in 5.2).',
    exceptions: ['size 0 is legal as long as no memory region is mapped: inconclusive'],
    sources: ['QEMU hw/virtio/vhost.c vhost_get_log_size(), vhost_log_alloc()'],
    bugs: [
      {
        where: 'QEMU 240e647a14df (4.1)',
        what: 'Rings that were never started counted with an address that wrapped around: a log of 2^46 chunks, whose allocation ended QEMU at the start of a migration.',
      },
      {
        where: 'QEMU 170a6794efde (5.2)',
        what: 'With a vIOMMU the I/O address of the used ring counted as a guest address: a log far larger than the memory of the guest.',
      },
    ],
  },
  passesAtEntry: true,
  triggers: [],
  stack: {
    of: ['vhost_log_alloc', 'vhost_log_get', 'vhost_dev_log_resize'],
    *judge(step) {
      const call = step.calls.at(-1);
      const kind = call?.row.kind;
      if (kind !== 'vhost_log_alloc' && kind !== 'vhost_log_get' && kind !== 'vhost_dev_log_resize')
        return;
      const judged = judge(call?.value);
      if (judged === undefined) return;
      const device = step.calls.findLast(
        (outer) => outer.row.kind === 'vhost_dev_log_resize',
      )?.pointer;
      yield { ...judged, device, step: step.index, line: step.line };
    },
  },
  *sequence(context) {
    for (const { event, index: step, line } of context.events('op_set_log_base')) {
      const { args } = event?.record ?? {};
      const judged = judge(args?.size);
      if (judged === undefined) continue;
      yield { ...judged, device: pointerOf(args?.dev), step, line, alone: true };
    }
    yield* judgeMessages(context);
  },
};

/** Whether it is enough for the memory of the guest is asked by VU-MMAPSIZE. */
function* judgeMessages(context: SessionContext): Generator<Judgement> {
  for (const { endpoint, messages } of connectionsOf(context)) {
    for (const { name, sender, payload, step, line } of messages) {
      if (name !== 'SET_LOG_BASE' || sender !== 'frontend') continue;
      const bytes = bigintOf(payload.mmap_size);
      const judged = bytes === undefined ? undefined : judge(String(bytes / CHUNK_LOG_BYTES));
      if (judged !== undefined) yield { ...judged, endpoint, step, line, alone: true };
    }
  }
}

function judge(
  text: string | undefined,
): Pick<Judgement, 'verdict' | 'message' | 'expected' | 'missing'> | undefined {
  const size = bigintOf(text);
  if (size === undefined) return undefined;
  const covers = `${size.toString()} chunks cover ${((size * CHUNK_BYTES) / (1n << 20n)).toString()} MiB of guest physical memory`;
  if (size > MOST_CHUNKS)
    return {
      verdict: 'violation',
      message: `${covers}: more than any guest has`,
      expected: `at most ${MOST_CHUNKS.toString()} chunks`,
    };
  if (size === 0n)
    return {
      verdict: 'inconclusive',
      message: 'a log of size 0',
      missing: ['the memory regions of the device'],
    };
  return { verdict: 'pass', message: covers };
}
