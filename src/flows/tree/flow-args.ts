/** Arguments of calls, events and requests as a flow shows them: decoded, without pointers. */
import type { Call } from '../../facts/stacks/calls.js';
import { functionTable, plainName } from '../../facts/functions.js';
import { meaningOf } from '../../facts/meanings.js';
import type { Step } from '../../facts/step.js';
import { eventTable } from '../../facts/trace-events.js';
import type { Fact } from '../../model/fact.js';
import type { FlowArg } from '../../model/flow.js';

/** What a flow needs to know of a fact to show its arguments. */
type Valued = Pick<Fact, 'kind' | 'role' | 'func' | 'enable' | 'value'>;

export function reportArgs(fact: Valued, { event, message }: Step): FlowArg[] {
  const args: FlowArg[] = [];
  const row = event?.row;
  if (fact.value !== undefined && reportName(fact) !== fact.value) {
    args.push(argOf(row?.value ?? valueName(fact), fact));
  }
  if (fact.enable !== undefined) {
    args.push({ name: row?.enable ?? flagName(fact), value: String(fact.enable) });
  }
  const { flags, changed } = event?.record.args ?? {};
  if (changed !== undefined && row?.kind === 'vhost_commit') {
    args.push({ name: 'changed', value: changed === '0' ? 'false' : 'true' });
  }
  if (flags !== undefined && row?.value !== 'flags' && flags !== PLAIN) {
    args.push({ name: 'flags', value: flags, ...(flags === ACK ? { meaning: 'NEED_REPLY' } : {}) });
  }
  const size = message?.payload?.mmap_size;
  if (size !== undefined && fact.value !== size) args.push({ name: 'mmap_size', value: size });
  return args;
}

/** Those of a fact alone, as a store has it: without what only its record shows. */
export function factArgs(fact: Valued & Pick<Fact, 'vring'>): FlowArg[] {
  const isReport = fact.role === 'event' || fact.role === 'wire';
  const row = isReport ? eventTable.get(fact.func) : functionTable.get(plainName(fact.func));
  const flag: FlowArg[] =
    fact.enable === undefined
      ? []
      : [{ name: row?.enable ?? flagName(fact), value: String(fact.enable) }];
  const isNamed = isReport && reportName(fact) === fact.value;
  const value =
    fact.value === undefined || isNamed ? [] : [argOf(row?.value ?? valueName(fact), fact)];
  return isReport ? [...value, ...flag] : [...flag, ...value];
}

/** Header flags of a vhost-user message: version 1 alone, and with VHOST_USER_NEED_REPLY_MASK. Source: hw/virtio/vhost-user.c. */
const PLAIN = '0x1';
const ACK = '0x9';

/** A request of a system call or of a kernel function is called by its name, a message and an event as printed. */
export function reportName({ role, func, value }: Pick<Fact, 'role' | 'func' | 'value'>): string {
  return role === 'wire' && value?.startsWith('VHOST_') === true ? value : func;
}

/** The value of a request has no name in the table of facts: that of the member it is. */
function valueName({ kind }: Valued): string {
  return kind === 'op_set_features' ? 'features' : kind === 'op_set_vring_addr' ? 'flags' : 'value';
}

/** What is true or false of a request: whether it asks for logging, but for the one that switches a vring on. */
function flagName({ kind }: Valued): string {
  return kind === 'op_set_vring_enable' ? 'enable' : 'log';
}

export function callArgs(
  fact: Valued & { readonly vring?: number | undefined },
  { row, idx }: Call,
  printed: ReadonlyMap<string, string> = new Map(),
): FlowArg[] {
  const args: FlowArg[] = [];
  if (row.enable !== undefined && fact.enable !== undefined) {
    args.push({ name: row.enable, value: String(fact.enable) });
  }
  if (row.value !== undefined && fact.value !== undefined) args.push(argOf(row.value, fact));
  if (idx !== undefined && idx !== fact.vring) args.push({ name: 'idx', value: String(idx) });
  const flags = printed.get('flags');
  if (flags !== undefined) args.push(argOf('flags', { ...fact, value: flags }));
  return args;
}

function argOf(name: string, fact: Valued): FlowArg {
  const { value = '' } = fact;
  const meaning = meaningOf(fact);
  return meaning === undefined ? { name, value } : { name, value, meaning };
}

/** Kinds whose value is a word, a state or a name. */
const WORDS: ReadonlySet<Fact['kind']> = new Set([
  'op_set_features',
  'op_set_vring_addr',
  'virtio_set_status',
  'global_dirty_changed',
  'vhost_user_write',
  'vhost_user_read',
  'migration_state',
  'migration_completion',
  'runstate_set',
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_log_resize',
  'vhost_log_get',
  'vhost_log_alloc',
]);

/** What of the arguments makes it another thing, see {@link Draft.telling}. A commit that changes nothing sets no table. */
export function tellingOf({ kind, enable, value }: Valued, step?: Step): string {
  const changed = kind === 'vhost_commit' ? (step?.event?.record.args?.changed ?? '') : '';
  return `${String(enable)} ${WORDS.has(kind) ? (value ?? '') : changed}`;
}
