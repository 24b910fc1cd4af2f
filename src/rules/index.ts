import { dsFlag } from './ds-flag.js';
import { dsLogbase } from './ds-logbase.js';
import { dsRingbase } from './ds-ringbase.js';
import { kvErr } from './kv-err.js';
import { kvIdx } from './kv-idx.js';
import { kvLogwrite } from './kv-logwrite.js';
import { leClear } from './le-clear.js';
import { leSkip } from './le-skip.js';
import { lsAllRings } from './ls-all-rings.js';
import { lsBaseFirst } from './ls-base-first.js';
import { lsFeatures } from './ls-features.js';
import { lsUniform } from './ls-uniform.js';
import { lsWord } from './ls-word.js';
import { mgLeftOn } from './mg-left-on.js';
import type { Rule } from './rule.js';
import { stEnable } from './st-enable.js';
import { stIdx } from './st-idx.js';
import { stListener } from './st-listener.js';
import { stNullbase } from './st-nullbase.js';
import { stPutsync } from './st-putsync.js';
import { stSizeSane } from './st-size-sane.js';
import { stSize } from './st-size.js';
import { vdSvq } from './vd-svq.js';
import { vuAck } from './vu-ack.js';
import { vuLogbaseCount } from './vu-logbase-count.js';
import { vuLogbaseReply } from './vu-logbase-reply.js';
import { vuMmapsize } from './vu-mmapsize.js';

/** The catalogue, sorted by id. */
export const rules: readonly Rule[] = [
  dsFlag,
  dsLogbase,
  dsRingbase,
  kvErr,
  kvIdx,
  kvLogwrite,
  leClear,
  leSkip,
  lsAllRings,
  lsBaseFirst,
  lsFeatures,
  lsUniform,
  lsWord,
  mgLeftOn,
  stEnable,
  stIdx,
  stListener,
  stNullbase,
  stPutsync,
  stSize,
  stSizeSane,
  vdSvq,
  vuAck,
  vuLogbaseCount,
  vuLogbaseReply,
  vuMmapsize,
];
