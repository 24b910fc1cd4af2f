/**
 * What QEMU's trace events print, as QEMU itself declares it.
 *
 * Source: QEMU's `trace-events` files, in their own syntax: docs/devel/tracing.rst. Every event of hw/virtio,
 * migration, the memory core, the run state and the vhost network backends that QEMU 10.0 has, and the
 * formats of 2.12 to 11.1 of those that say something about vhost, migration or run state: one line per
 * format, older ones first, versions in the comment above.
 */
import { migrationEvents } from './qemu-events-migration.js';
import { systemEvents } from './qemu-events-system.js';
import { virtioEvents } from './qemu-events-virtio.js';

export { changedEvents } from './qemu-events-changed.js';

export const qemuEvents: string = [virtioEvents, migrationEvents, systemEvents].join('');
