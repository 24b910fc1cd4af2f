import { dsDetach } from './ds-detach.js';
import { dsDouble } from './ds-double.js';
import { dsFinalsync } from './ds-finalsync.js';
import { dsFlag } from './ds-flag.js';
import { dsLogbase } from './ds-logbase.js';
import { dsLogbaseOff } from './ds-logbase-off.js';
import { dsOrder } from './ds-order.js';
import { dsPut } from './ds-put.js';
import { dsRingAfterStop } from './ds-ring-after-stop.js';
import { dsRingbase } from './ds-ringbase.js';
import { dsStopLogflag } from './ds-stop-logflag.js';
import { dsStopUnstarted } from './ds-stop-unstarted.js';
import { kvErr } from './kv-err.js';
import { kvIdx } from './kv-idx.js';
import { kvLogwrite } from './kv-logwrite.js';
import { leAllDevices } from './le-all-devices.js';
import { leClear } from './le-clear.js';
import { leNobase0 } from './le-nobase0.js';
import { lePut } from './le-put.js';
import { leSkip } from './le-skip.js';
import { lgBalance } from './lg-balance.js';
import { lgRefcnt } from './lg-refcnt.js';
import { lgShared } from './lg-shared.js';
import { lsAddrStable } from './ls-addr-stable.js';
import { lsAllDevices } from './ls-all-devices.js';
import { lsAllRings } from './ls-all-rings.js';
import { lsBaseFirst } from './ls-base-first.js';
import { lsDelta } from './ls-delta.js';
import { lsEarlyExit } from './ls-early-exit.js';
import { lsExtraRing } from './ls-extra-ring.js';
import { lsFeatBeforeVring } from './ls-feat-before-vring.js';
import { lsFeatures } from './ls-features.js';
import { lsFlagbit } from './ls-flagbit.js';
import { lsLogbaseErr } from './ls-logbase-err.js';
import { lsSize } from './ls-size.js';
import { lsTwice } from './ls-twice.js';
import { lsUniform } from './ls-uniform.js';
import { lsWord } from './ls-word.js';
import { mgDevstop } from './mg-devstop.js';
import { mgLeftOn } from './mg-left-on.js';
import { mgLogger } from './mg-logger.js';
import { mgPostpone } from './mg-postpone.js';
import { mgStoppedEarly } from './mg-stopped-early.js';
import { mgSyncEvery } from './mg-sync-every.js';
import { mgSyncOff } from './mg-sync-off.js';
import type { Rule } from './rule.js';
import { rzCover } from './rz-cover.js';
import { rzElect } from './rz-elect.js';
import { rzLeak } from './rz-leak.js';
import { rzOrder } from './rz-order.js';
import { rzTable } from './rz-table.js';
import { rzThrash } from './rz-thrash.js';
import { stBackend } from './st-backend.js';
import { stBaseEq } from './st-base-eq.js';
import { stCaller } from './st-caller.js';
import { stEnable } from './st-enable.js';
import { stIdx } from './st-idx.js';
import { stListener } from './st-listener.js';
import { stNullbase } from './st-nullbase.js';
import { stPutsync } from './st-putsync.js';
import { stShare } from './st-share.js';
import { stSize } from './st-size.js';
import { stSizeSane } from './st-size-sane.js';
import { stSyncrange } from './st-syncrange.js';
import { thContext } from './th-context.js';
import { thOverlap } from './th-overlap.js';
import { vdSvq } from './vd-svq.js';
import { vuAck } from './vu-ack.js';
import { vuLogbaseCount } from './vu-logbase-count.js';
import { vuLogbaseReply } from './vu-logbase-reply.js';
import { vuMmapsize } from './vu-mmapsize.js';
import { xdOrder } from './xd-order.js';
import { xdPairs } from './xd-pairs.js';
import { xdRollback } from './xd-rollback.js';

/** The catalogue, sorted by id. */
export const rules: readonly Rule[] = [
  dsDetach,
  dsDouble,
  dsFinalsync,
  dsFlag,
  dsLogbase,
  dsLogbaseOff,
  dsOrder,
  dsPut,
  dsRingAfterStop,
  dsRingbase,
  dsStopLogflag,
  dsStopUnstarted,
  kvErr,
  kvIdx,
  kvLogwrite,
  leAllDevices,
  leClear,
  leNobase0,
  lePut,
  leSkip,
  lgBalance,
  lgRefcnt,
  lgShared,
  lsAddrStable,
  lsAllDevices,
  lsAllRings,
  lsBaseFirst,
  lsDelta,
  lsEarlyExit,
  lsExtraRing,
  lsFeatBeforeVring,
  lsFeatures,
  lsFlagbit,
  lsLogbaseErr,
  lsSize,
  lsTwice,
  lsUniform,
  lsWord,
  mgDevstop,
  mgLeftOn,
  mgLogger,
  mgPostpone,
  mgStoppedEarly,
  mgSyncEvery,
  mgSyncOff,
  rzCover,
  rzElect,
  rzLeak,
  rzOrder,
  rzTable,
  rzThrash,
  stBackend,
  stBaseEq,
  stCaller,
  stEnable,
  stIdx,
  stListener,
  stNullbase,
  stPutsync,
  stShare,
  stSize,
  stSizeSane,
  stSyncrange,
  thContext,
  thOverlap,
  vdSvq,
  vuAck,
  vuLogbaseCount,
  vuLogbaseReply,
  vuMmapsize,
  xdOrder,
  xdPairs,
  xdRollback,
];
