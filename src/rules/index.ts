import { dsFlag } from './ds-flag.js';
import { dsLogbase } from './ds-logbase.js';
import { dsRingbase } from './ds-ringbase.js';
import { leClear } from './le-clear.js';
import { leSkip } from './le-skip.js';
import { lgShared } from './lg-shared.js';
import { lsAllRings } from './ls-all-rings.js';
import { lsBaseFirst } from './ls-base-first.js';
import { lsFeatures } from './ls-features.js';
import { lsSize } from './ls-size.js';
import { lsUniform } from './ls-uniform.js';
import { lsWord } from './ls-word.js';
import { mgLeftOn } from './mg-left-on.js';
import { mgLogger } from './mg-logger.js';
import type { Rule } from './rule.js';
import { rzCover } from './rz-cover.js';
import { rzElect } from './rz-elect.js';
import { rzLeak } from './rz-leak.js';
import { rzOrder } from './rz-order.js';
import { rzTable } from './rz-table.js';
import { rzThrash } from './rz-thrash.js';
import { stEnable } from './st-enable.js';
import { stIdx } from './st-idx.js';
import { stListener } from './st-listener.js';
import { stNullbase } from './st-nullbase.js';
import { stPutsync } from './st-putsync.js';
import { stSizeSane } from './st-size-sane.js';
import { stSize } from './st-size.js';

/** The catalogue, sorted by id. */
export const rules: readonly Rule[] = [
  dsFlag,
  dsLogbase,
  dsRingbase,
  leClear,
  leSkip,
  lgShared,
  lsAllRings,
  lsBaseFirst,
  lsFeatures,
  lsSize,
  lsUniform,
  lsWord,
  mgLeftOn,
  mgLogger,
  rzCover,
  rzElect,
  rzLeak,
  rzOrder,
  rzTable,
  rzThrash,
  stEnable,
  stIdx,
  stListener,
  stNullbase,
  stPutsync,
  stSize,
  stSizeSane,
];
