import { dsFlag } from './ds-flag.js';
import { dsLogbase } from './ds-logbase.js';
import { dsRingbase } from './ds-ringbase.js';
import { leAllDevices } from './le-all-devices.js';
import { leClear } from './le-clear.js';
import { leSkip } from './le-skip.js';
import { lsAllDevices } from './ls-all-devices.js';
import { lsAllRings } from './ls-all-rings.js';
import { lsBaseFirst } from './ls-base-first.js';
import { lsFeatures } from './ls-features.js';
import { lsUniform } from './ls-uniform.js';
import { lsWord } from './ls-word.js';
import { mgDevstop } from './mg-devstop.js';
import { mgLeftOn } from './mg-left-on.js';
import { mgPostpone } from './mg-postpone.js';
import { mgStoppedEarly } from './mg-stopped-early.js';
import { mgSyncEvery } from './mg-sync-every.js';
import { mgSyncOff } from './mg-sync-off.js';
import type { Rule } from './rule.js';
import { stEnable } from './st-enable.js';
import { stIdx } from './st-idx.js';
import { stListener } from './st-listener.js';
import { stNullbase } from './st-nullbase.js';
import { stPutsync } from './st-putsync.js';
import { stSize } from './st-size.js';
import { stSizeSane } from './st-size-sane.js';
import { thContext } from './th-context.js';
import { thOverlap } from './th-overlap.js';
import { xdOrder } from './xd-order.js';
import { xdPairs } from './xd-pairs.js';
import { xdRollback } from './xd-rollback.js';

/** The catalogue, sorted by id. */
export const rules: readonly Rule[] = [
  dsFlag,
  dsLogbase,
  dsRingbase,
  leAllDevices,
  leClear,
  leSkip,
  lsAllDevices,
  lsAllRings,
  lsBaseFirst,
  lsFeatures,
  lsUniform,
  lsWord,
  mgDevstop,
  mgLeftOn,
  mgPostpone,
  mgStoppedEarly,
  mgSyncEvery,
  mgSyncOff,
  stEnable,
  stIdx,
  stListener,
  stNullbase,
  stPutsync,
  stSize,
  stSizeSane,
  thContext,
  thOverlap,
  xdOrder,
  xdPairs,
  xdRollback,
];
