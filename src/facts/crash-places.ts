/**
 * Where QEMU ends itself on the way of dirty logging, one row each: what its source says of an end there.
 *
 * Adding a place is adding a row. Only what the place proves by itself is said; which rules are about it is a
 * pointer to read on, not a verdict.
 */

/** One such place. */
export interface CrashPlace {
  /** The function that called abort() or failed its assertion, below libraries and allocators; or that the signal hit. */
  readonly func: string;
  readonly how: 'abort' | 'signal';
  readonly means: string;
  /** Ids of rules that are about it. */
  readonly rules: readonly string[];
}

export const CRASH_PLACES: readonly CrashPlace[] = [
  // hw/virtio/vhost.c, vhost_log_global_start(): `if (r < 0) abort();`
  {
    func: 'vhost_log_global_start',
    how: 'abort',
    means:
      'up to 10.0 QEMU ends itself where the log start of a device fails: the backend refused the features, the log base or a vring address, or its connection was lost',
    rules: [],
  },
  // hw/virtio/vhost.c, vhost_log_global_stop()
  {
    func: 'vhost_log_global_stop',
    how: 'abort',
    means:
      'up to 10.0 QEMU ends itself where the log stop of a device fails: the backend refused the features or a vring address, or its connection was lost',
    rules: [],
  },
  // hw/virtio/vhost.c: assert(end / VHOST_LOG_CHUNK < dev->log_size)
  {
    func: 'vhost_dev_sync_region',
    how: 'abort',
    means:
      'a sync wants to read behind the end of the dirty log: the log does not cover all memory, or before 8.0 the used ring of a device behind a vIOMMU was looked for at its IOVA',
    rules: ['LS-SIZE', 'RZ-COVER', 'ST-SYNCRANGE'],
  },
  // hw/virtio/vhost.c, vhost_dev_cleanup(): assert(!hdev->log)
  {
    func: 'vhost_dev_cleanup',
    how: 'abort',
    means: 'the device is taken apart while it still holds a dirty log',
    rules: ['LG-BALANCE'],
  },
  // hw/net/virtio-net.c: assert(!n->vhost_started), in a function of its own since 2.9
  ...['virtio_net_save', 'virtio_net_pre_save_device'].map((func): CrashPlace => ({
    func,
    how: 'abort',
    means:
      'the state of the device is saved while its backend runs, which could still write to the guest',
    rules: ['MG-DEVSTOP'],
  })),
  // hw/virtio/vhost.c, vhost_commit(): "Verify ring failure on region"
  {
    func: 'vhost_commit',
    how: 'abort',
    means: 'the memory below a vring was moved or taken away while the device runs',
    rules: [],
  },
  // hw/virtio/vhost.c, vhost_log_alloc(): g_malloc0() or qemu_memfd_alloc()
  {
    func: 'vhost_log_alloc',
    how: 'abort',
    means: 'the dirty log could not be allocated: look at its size=',
    rules: ['ST-SIZE-SANE'],
  },
  // system/memory.c: assert(!(global_dirty_tracking & flags))
  {
    func: 'memory_global_dirty_log_start',
    how: 'abort',
    means:
      'dirty logging is started for a reason for which it is on; in 6.2 a second migration does that while the log stop of the first is postponed',
    rules: [],
  },
  // hw/virtio/vhost.c: vdev->dma_as where hdev->vdev is NULL
  {
    func: 'vhost_dev_has_iommu',
    how: 'signal',
    means:
      'before 5.2 a vhost-user backend that closes its connection in the middle of a log start stops the device below it, and its vdev is gone',
    rules: [],
  },
];
