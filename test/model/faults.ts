/** Calls of a backend that may fail in a legitimate run. */

type FaultAt = readonly [op: string, ring?: number];

/** In a device start. */
export const START_FAULTS: readonly FaultAt[] = [
  ['set_features'],
  ['set_vring_addr', 1],
  ['set_log_base'],
  ['dev_start'],
  ['set_mem_table'],
  ['set_vring_addr', 0],
  ['net_set_backend', 1],
  ['set_vring_enable'],
];

/** Steps of a start that come after the log base. */
export const LATE: ReadonlySet<string> = new Set([
  'dev_start',
  'set_vring_enable',
  'net_set_backend',
]);

/** In a log start or stop. */
export const LOG_FAULTS: readonly FaultAt[] = [
  ['set_features'],
  ['set_vring_addr', 0],
  ['set_vring_addr', 1],
  ['set_log_base'],
];
