/** Numbers of the vhost protocol. Source: Linux include/uapi/linux/vhost_types.h, virtio_config.h. */

/** VHOST_F_LOG_ALL: log every write to guest buffers. */
export const LOG_ALL = 1n << 26n;

/** VIRTIO_F_RING_RESET: the guest may stop single rings. */
export const RING_RESET = 1n << 40n;

/** Guest physical bytes that one chunk of the log (an unsigned long of bits, 4096 bytes each) stands for on LP64. */
export const CHUNK_BYTES = 262144n;

/** 2^34 chunks of 256 KiB reach guest physical address 2^52: no x86 CPU addresses more. */
export const MOST_CHUNKS = 1n << 34n;
