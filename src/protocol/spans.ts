/**
 * What one execution of a function calls, in its order: the protocol inside a span.
 *
 * The tables in `tables.ts` say what may happen to a device; these say what may happen inside the
 * calls that do it. Reports print them as the steps that are allowed where a rule was broken.
 * Source: hw/virtio/vhost.c of QEMU 2.12 to 10.2, the functions named.
 */
import type { Backend, FactKind } from '../model/fact.js';

export interface SpanStep {
  readonly call: FactKind;
  /** Its boolean: fixed, or that of the span. */
  readonly enable?: boolean | 'same';
  /** Made once for each of these. */
  readonly each?: 'vring' | 'vring that is set up';
  /** When it is made; always, where this is absent. */
  readonly when?: string;
}

/** Spans by function; vhost_migration_log() does different work in its two directions. */
export type SpanName =
  | 'vhost_log_global_start'
  | 'vhost_log_global_stop'
  | 'vhost_migration_log(true)'
  | 'vhost_migration_log(false)'
  | 'vhost_dev_log_resize'
  | 'vhost_dev_set_log'
  | 'vhost_log_put'
  | 'vhost_dev_start'
  | 'vhost_dev_stop'
  | 'vhost_virtqueue_start'
  | 'vhost_virtqueue_stop'
  | 'vhost_dev_set_features'
  | 'vhost_virtqueue_set_addr'
  | 'vhost_commit';

const started = 'if the device runs and its log flag differs';

export const spans: Readonly<Record<SpanName, readonly SpanStep[]>> = {
  vhost_log_global_start: [{ call: 'vhost_migration_log', enable: true }],
  vhost_log_global_stop: [{ call: 'vhost_migration_log', enable: false }],
  'vhost_migration_log(true)': [
    { call: 'vhost_dev_log_resize', when: started },
    { call: 'vhost_dev_set_log', enable: true, when: started },
  ],
  'vhost_migration_log(false)': [
    { call: 'vhost_dev_set_log', enable: false, when: started },
    { call: 'vhost_log_put', enable: false, when: started },
  ],
  vhost_dev_log_resize: [
    { call: 'vhost_log_get' },
    { call: 'op_set_log_base' },
    { call: 'vhost_log_put', enable: true },
  ],
  vhost_dev_set_log: [
    { call: 'vhost_dev_set_features', enable: 'same' },
    { call: 'vhost_virtqueue_set_addr', enable: 'same', each: 'vring that is set up' },
    { call: 'vhost_dev_elect_mem_logger', enable: 'same', when: 'since 9.1' },
  ],
  vhost_log_put: [
    { call: 'vhost_log_sync_range', when: 'with sync=true, by the last holder' },
    { call: 'vhost_dev_elect_mem_logger', enable: false, when: 'since 9.1' },
  ],
  vhost_dev_start: [
    { call: 'vhost_dev_set_features' },
    { call: 'op_set_mem_table' },
    { call: 'vhost_virtqueue_start', each: 'vring' },
    { call: 'vhost_log_get', when: 'with logging on' },
    { call: 'op_set_log_base', when: 'with logging on' },
    {
      call: 'vhost_dev_elect_mem_logger',
      enable: true,
      when: 'with logging on, since 9.1',
    },
    { call: 'op_set_vring_enable', enable: true, when: 'with vrings=true' },
    { call: 'op_dev_start', enable: true, when: 'if the backend has it' },
  ],
  vhost_dev_stop: [
    { call: 'op_dev_start', enable: false, when: 'if the backend has it' },
    { call: 'op_set_vring_enable', enable: false, when: 'with vrings=true' },
    { call: 'vhost_virtqueue_stop', each: 'vring' },
    { call: 'vhost_log_put', enable: true },
  ],
  vhost_virtqueue_start: [{ call: 'vhost_virtqueue_set_addr', when: 'if the vring is set up' }],
  vhost_virtqueue_stop: [{ call: 'op_get_vring_base', when: 'if the vring is set up' }],
  vhost_dev_set_features: [{ call: 'op_set_features' }],
  vhost_virtqueue_set_addr: [{ call: 'op_set_vring_addr' }],
  vhost_commit: [
    { call: 'vhost_dev_log_resize', when: 'if the log is on and too small' },
    { call: 'op_set_mem_table', when: 'if the device runs' },
    { call: 'vhost_dev_log_resize', when: 'if the log is on and far too large' },
  ],
};

/** The span of a call, or undefined for a function that calls nothing of the protocol. */
export function spanOf(kind: FactKind, enable: boolean | undefined): SpanName | undefined {
  const name = kind === 'vhost_migration_log' ? `${kind}(${String(enable ?? true)})` : kind;
  return Object.hasOwn(spans, name) ? (name as SpanName) : undefined;
}

/** One line for people: `vhost_dev_set_features(true), vhost_virtqueue_set_addr(true) for each vring ...`. */
export function describeSpan(
  name: SpanName,
  enable: boolean | undefined,
  backend: Backend | undefined,
): string {
  return spans[name].map((step) => describeStep(step, enable, backend)).join(', ');
}

function describeStep(
  { call, enable, each, when }: SpanStep,
  own: boolean | undefined,
  backend: Backend | undefined,
): string {
  const flag = enable === 'same' ? own : enable;
  const loop = each === undefined ? '' : ` for each ${each}`;
  return [
    call.startsWith('op_') ? `vhost_${backend ?? '*'}_${call.slice(3)}` : call,
    flag === undefined ? '()' : `(${String(flag)})`,
    loop,
    when === undefined ? '' : ` (${when})`,
  ].join('');
}
