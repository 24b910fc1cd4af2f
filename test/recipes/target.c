/*
 * A program that looks to gdb like QEMU 9.1 with two vhost-net devices: the functions of the vhost dirty-logging
 * protocol with their names, arguments, threads and callers, and nothing behind them. It starts the devices,
 * migrates, restarts them, plugs memory and cancels, migrates with a ring that fails, migrates to the end, and stops.
 * A log that was resized elects its device again, which QEMU 9.1 to 10.2 forgets.
 *
 *     target [none|ring|base|skip|fetch]     the fault to make
 *
 * INLINED stands before two functions that an optimised QEMU has in their callers only.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef INLINED
#define INLINED
#endif

#define RINGS 2
#define DEVICES 2
#define LOG_ALL (1ULL << 26)
#define CHUNK 0x40000
#define LOG_BUFFER 170
#define USED_RING_BYTES 2054
#define GUEST_BYTES 0x10000000ULL
#define PLUGGED_BYTES 0x20000000ULL

typedef uint64_t hwaddr;
typedef struct Error Error;
typedef struct VirtIODevice { const char *name; uint8_t status; } VirtIODevice;
typedef struct MemoryRegionSection { hwaddr offset_within_address_space; uint64_t size; } MemoryRegionSection;
typedef struct MemoryListener { const char *name; } MemoryListener;
typedef enum VhostBackendType { VHOST_BACKEND_TYPE_NONE, VHOST_BACKEND_TYPE_KERNEL } VhostBackendType;

struct vhost_vring_addr {
    unsigned int index, flags;
    uint64_t desc_user_addr, used_user_addr, avail_user_addr, log_guest_addr;
};
struct vhost_vring_state { unsigned int index, num; };
struct vhost_vring_file { unsigned int index; int fd; };
struct vhost_memory_region { uint64_t guest_phys_addr, memory_size, userspace_addr, flags_padding; };
struct vhost_memory { uint32_t nregions, padding; struct vhost_memory_region regions[]; };
struct vhost_log { unsigned long long size; int refcnt; int fd; uint64_t *log; };
struct vhost_virtqueue { uint64_t desc, used, avail, used_phys; };

struct vhost_dev {
    VirtIODevice *vdev;
    MemoryListener memory_listener;
    struct vhost_memory *mem;
    struct vhost_virtqueue vqs[RINGS];
    int nvqs, vq_index;
    uint64_t acked_features;
    bool started, log_enabled, is_logger;
    uint64_t log_size;
    struct vhost_log *log;
};

static struct vhost_dev devices[DEVICES];
static VirtIODevice nic = { "virtio-net", 0 };
static struct vhost_log *vhost_log_of_kernel;
static const char *fault = "none";
static int failing_ring = -1;

static bool makes(const char *name) { return strcmp(fault, name) == 0; }

static struct vhost_dev *device_of(MemoryListener *listener)
{
    return (struct vhost_dev *)((char *)listener - offsetof(struct vhost_dev, memory_listener));
}

/* --- hw/virtio/vhost-backend.c */

static int vhost_kernel_set_log_base(struct vhost_dev *dev, uint64_t base, struct vhost_log *log)
{
    return dev == NULL || base == 0 || log == NULL ? -14 : 0;
}

static int vhost_kernel_set_mem_table(struct vhost_dev *dev, struct vhost_memory *mem)
{
    return dev == NULL || mem == NULL ? -14 : 0;
}

static int vhost_kernel_set_vring_addr(struct vhost_dev *dev, struct vhost_vring_addr *addr)
{
    return dev == &devices[1] && (int)addr->index == failing_ring && addr->flags == 1 ? -22 : 0;
}

static int vhost_kernel_get_vring_base(struct vhost_dev *dev, struct vhost_vring_state *ring)
{
    ring->num = 7;
    return dev == NULL ? -14 : 0;
}

static int vhost_kernel_set_features(struct vhost_dev *dev, uint64_t features)
{
    return dev == NULL || features == 0 ? -22 : 0;
}

static int vhost_kernel_net_set_backend(struct vhost_dev *dev, struct vhost_vring_file *file)
{
    return dev == NULL || file == NULL ? -14 : 0;
}

/* --- hw/virtio/vhost.c */

static void vhost_dev_elect_mem_logger(struct vhost_dev *hdev, bool add) { hdev->is_logger = add; }

static bool vhost_dev_should_log(struct vhost_dev *dev)
{
    int first = 0;
    while (first < DEVICES && !devices[first].is_logger) {
        first++;
    }
    return first < DEVICES && dev == &devices[first];
}

static void vhost_dev_sync_region(struct vhost_dev *dev, MemoryRegionSection *section, uint64_t mfirst,
                                  uint64_t mlast, uint64_t rfirst, uint64_t rlast)
{
    if (dev->log == NULL || section == NULL || mfirst > mlast || rfirst > rlast) {
        abort();
    }
}

static int vhost_sync_dirty_bitmap(struct vhost_dev *dev, MemoryRegionSection *section, hwaddr first,
                                   hwaddr last)
{
    if (!dev->log_enabled || !dev->started || first > last) {
        return 0;
    }
    hwaddr end = section->offset_within_address_space + section->size - 1;
    if (vhost_dev_should_log(dev)) {
        for (unsigned i = 0; i < dev->mem->nregions; i++) {
            struct vhost_memory_region *region = &dev->mem->regions[i];
            hwaddr from = region->guest_phys_addr;
            vhost_dev_sync_region(dev, section, 0, end, from, from + region->memory_size - 1);
        }
    }
    for (int i = 0; i < dev->nvqs; i++) {
        hwaddr used = dev->vqs[i].used_phys;
        vhost_dev_sync_region(dev, section, 0, end, used, used + USED_RING_BYTES - 1);
    }
    return 0;
}

static void vhost_log_sync(MemoryListener *listener, MemoryRegionSection *section)
{
    vhost_sync_dirty_bitmap(device_of(listener), section, 0, ~0ULL);
}

static void vhost_log_sync_range(struct vhost_dev *dev, hwaddr first, hwaddr last)
{
    MemoryRegionSection section = { 0, GUEST_BYTES };
    vhost_sync_dirty_bitmap(dev, &section, first, last);
}

static uint64_t vhost_get_log_size(struct vhost_dev *dev)
{
    struct vhost_memory_region *last = &dev->mem->regions[dev->mem->nregions - 1];
    return (last->guest_phys_addr + last->memory_size - 1) / CHUNK + 1;
}

static struct vhost_log *vhost_log_alloc(uint64_t size, bool share)
{
    struct vhost_log *log = calloc(1, sizeof *log);
    log->size = size;
    log->refcnt = 1;
    log->fd = share ? 99 : -1;
    log->log = calloc(size, sizeof *log->log);
    return log;
}

static struct vhost_log *vhost_log_get(VhostBackendType backend_type, uint64_t size, bool share)
{
    struct vhost_log *log = backend_type == VHOST_BACKEND_TYPE_KERNEL ? vhost_log_of_kernel : NULL;
    if (log == NULL || log->size != size) {
        log = vhost_log_alloc(size, share);
        vhost_log_of_kernel = log;
    } else {
        ++log->refcnt;
    }
    return log;
}

static void vhost_log_put(struct vhost_dev *dev, bool sync)
{
    struct vhost_log *log = dev->log;
    if (log == NULL) {
        return;
    }
    if (--log->refcnt == 0) {
        if (dev->log_size != 0 && sync) {
            vhost_log_sync_range(dev, 0, dev->log_size * CHUNK - 1);
        }
        if (vhost_log_of_kernel == log) {
            vhost_log_of_kernel = NULL;
        }
        free(log->log);
        free(log);
    }
    vhost_dev_elect_mem_logger(dev, false);
    dev->log = NULL;
    dev->log_size = 0;
}

static INLINED void vhost_dev_log_resize(struct vhost_dev *dev, uint64_t size)
{
    bool was_logger = dev->is_logger;
    struct vhost_log *log = vhost_log_get(VHOST_BACKEND_TYPE_KERNEL, size, false);
    if (!makes("base")) {
        vhost_kernel_set_log_base(dev, (uint64_t)(uintptr_t)log->log, log);
    }
    vhost_log_put(dev, true);
    dev->log = log;
    dev->log_size = size;
    if (was_logger) {
        vhost_dev_elect_mem_logger(dev, true);
    }
}

static void vhost_commit(MemoryListener *listener)
{
    struct vhost_dev *dev = device_of(listener);
    uint64_t size = vhost_get_log_size(dev);
    if (!dev->started) {
        return;
    }
    if (dev->log_enabled && dev->log_size < size) {
        vhost_dev_log_resize(dev, size + LOG_BUFFER);
    }
    vhost_kernel_set_mem_table(dev, dev->mem);
}

static int vhost_virtqueue_set_addr(struct vhost_dev *dev, struct vhost_virtqueue *vq, unsigned idx,
                                    bool enable_log)
{
    struct vhost_vring_addr addr = {
        .index = idx,
        .flags = enable_log ? 1 : 0,
        .desc_user_addr = vq->desc,
        .used_user_addr = vq->used,
        .avail_user_addr = vq->avail,
        .log_guest_addr = vq->used_phys,
    };
    return vhost_kernel_set_vring_addr(dev, &addr);
}

static int vhost_dev_set_features(struct vhost_dev *dev, bool enable_log)
{
    return vhost_kernel_set_features(dev, dev->acked_features | (enable_log ? LOG_ALL : 0));
}

static int vhost_dev_set_log(struct vhost_dev *dev, bool enable_log)
{
    int i, r = vhost_dev_set_features(dev, enable_log);
    if (r < 0) {
        return r;
    }
    for (i = 0; i < dev->nvqs; i++) {
        if (makes("ring") && enable_log && i == 1) {
            continue;
        }
        r = vhost_virtqueue_set_addr(dev, &dev->vqs[i], i, enable_log);
        if (r < 0) {
            break;
        }
    }
    if (r == 0) {
        vhost_dev_elect_mem_logger(dev, enable_log);
        return 0;
    }
    for (; i >= 0; --i) {
        vhost_virtqueue_set_addr(dev, &dev->vqs[i], i, dev->log_enabled);
    }
    vhost_dev_set_features(dev, dev->log_enabled);
    return r;
}

static INLINED int vhost_migration_log(MemoryListener *listener, bool enable)
{
    struct vhost_dev *dev = device_of(listener);
    int r = 0;
    if (enable == dev->log_enabled) {
        return 0;
    }
    if (!dev->started) {
        dev->log_enabled = enable;
        return 0;
    }
    if (!enable) {
        if (!makes("skip")) {
            r = vhost_dev_set_log(dev, false);
        }
        vhost_log_put(dev, false);
    } else {
        vhost_dev_log_resize(dev, vhost_get_log_size(dev));
        r = vhost_dev_set_log(dev, true);
    }
    dev->log_enabled = r < 0 ? false : enable;
    return r;
}

static bool vhost_log_global_start(MemoryListener *listener, Error **errp)
{
    return errp != NULL && vhost_migration_log(listener, true) >= 0;
}

static void vhost_log_global_stop(MemoryListener *listener) { vhost_migration_log(listener, false); }

static int vhost_virtqueue_start(struct vhost_dev *dev, VirtIODevice *vdev, struct vhost_virtqueue *vq,
                                 unsigned idx)
{
    return vdev == NULL ? -22 : vhost_virtqueue_set_addr(dev, vq, idx - dev->vq_index, dev->log_enabled);
}

static int vhost_virtqueue_stop(struct vhost_dev *dev, VirtIODevice *vdev, struct vhost_virtqueue *vq,
                                unsigned idx)
{
    struct vhost_vring_state state = { .index = idx - dev->vq_index };
    if (makes("fetch") || vdev == NULL || vq == NULL) {
        return 0;
    }
    return vhost_kernel_get_vring_base(dev, &state);
}

int vhost_dev_init(struct vhost_dev *hdev, void *opaque, VhostBackendType backend_type,
                   uint32_t busyloop_timeout, Error **errp)
{
    int pair = hdev - devices;
    struct vhost_memory *mem = calloc(1, sizeof *mem + 2 * sizeof mem->regions[0]);
    mem->nregions = 2;
    mem->regions[0] = (struct vhost_memory_region){ 0, 0xa0000, 0x7f0000000000, 0 };
    mem->regions[1] = (struct vhost_memory_region){ 0xc0000, GUEST_BYTES - 0xc0000, 0x7f00000c0000, 0 };
    hdev->mem = mem;
    hdev->nvqs = RINGS;
    hdev->vq_index = pair * RINGS;
    hdev->acked_features = 1ULL << 32;
    for (int i = 0; i < RINGS; i++) {
        uint64_t at = 0x1000ULL * (1 + hdev->vq_index + i);
        hdev->vqs[i] = (struct vhost_virtqueue){ at, at + 0x800, at + 0x400, at + 0x800 };
    }
    return opaque == NULL && backend_type && busyloop_timeout == 0 && errp != NULL ? 0 : -22;
}

void vhost_dev_cleanup(struct vhost_dev *hdev)
{
    free(hdev->mem);
    memset(hdev, 0, sizeof *hdev);
}

int vhost_dev_start(struct vhost_dev *hdev, VirtIODevice *vdev, bool vrings)
{
    int i, r;
    hdev->started = true;
    hdev->vdev = vdev;
    r = vhost_dev_set_features(hdev, hdev->log_enabled);
    if (r < 0 || vrings) {
        return r;
    }
    r = vhost_kernel_set_mem_table(hdev, hdev->mem);
    for (i = 0; i < hdev->nvqs && r >= 0; i++) {
        r = vhost_virtqueue_start(hdev, vdev, &hdev->vqs[i], hdev->vq_index + i);
    }
    if (r >= 0 && hdev->log_enabled) {
        hdev->log_size = vhost_get_log_size(hdev);
        hdev->log = vhost_log_get(VHOST_BACKEND_TYPE_KERNEL, hdev->log_size, false);
        r = vhost_kernel_set_log_base(hdev, (uint64_t)(uintptr_t)hdev->log->log, hdev->log);
        vhost_dev_elect_mem_logger(hdev, true);
    }
    return r;
}

void vhost_dev_stop(struct vhost_dev *hdev, VirtIODevice *vdev, bool vrings)
{
    for (int i = 0; i < hdev->nvqs && !vrings; i++) {
        vhost_virtqueue_stop(hdev, vdev, &hdev->vqs[i], hdev->vq_index + i);
    }
    vhost_log_put(hdev, true);
    hdev->started = false;
    hdev->vdev = NULL;
}

/* --- hw/net/vhost_net.c, hw/virtio/virtio.c, system/ */

static void set_backends(struct vhost_dev *net, int fd)
{
    for (int i = 0; i < net->nvqs; i++) {
        struct vhost_vring_file file = { .index = i, .fd = fd };
        vhost_kernel_net_set_backend(net, &file);
    }
}

static int vhost_net_start_one(struct vhost_dev *net, VirtIODevice *dev)
{
    int r = vhost_dev_start(net, dev, false);
    set_backends(net, 30);
    return r;
}

static void vhost_net_stop_one(struct vhost_dev *net, VirtIODevice *dev)
{
    set_backends(net, -1);
    vhost_dev_stop(net, dev, false);
}

int virtio_set_status(VirtIODevice *vdev, uint8_t val)
{
    vdev->status = val;
    for (int i = 0; i < DEVICES; i++) {
        if (val & 4) {
            vhost_net_start_one(&devices[i], vdev);
        } else {
            vhost_net_stop_one(&devices[i], vdev);
        }
    }
    return 0;
}

void vm_state_notify(bool running, int state)
{
    if (!running && state) {
        for (int i = 0; i < DEVICES; i++) {
            vhost_net_stop_one(&devices[i], &nic);
        }
    }
}

int vm_stop(int state)
{
    vm_state_notify(false, state);
    return 0;
}

static bool memory_global_dirty_log_do_start(Error **errp)
{
    for (int i = 0; i < DEVICES; i++) {
        if (!vhost_log_global_start(&devices[i].memory_listener, errp)) {
            while (--i >= 0) {
                vhost_log_global_stop(&devices[i].memory_listener);
            }
            return false;
        }
    }
    return true;
}

bool memory_global_dirty_log_start(unsigned int flags, Error **errp)
{
    return flags != 0 && memory_global_dirty_log_do_start(errp);
}

static void memory_global_dirty_log_do_stop(unsigned int flags)
{
    for (int i = DEVICES - 1; i >= 0 && flags; i--) {
        vhost_log_global_stop(&devices[i].memory_listener);
    }
}

void memory_global_dirty_log_stop(unsigned int flags) { memory_global_dirty_log_do_stop(flags); }

static void memory_region_transaction_commit(void)
{
    for (int i = 0; i < DEVICES; i++) {
        vhost_commit(&devices[i].memory_listener);
    }
}

void memory_global_dirty_log_sync(bool last_stage)
{
    MemoryRegionSection section = { 0, GUEST_BYTES + PLUGGED_BYTES };
    for (int i = 0; i < DEVICES; i++) {
        section.size -= last_stage;
        vhost_log_sync(&devices[i].memory_listener, &section);
    }
}

/* --- migration/ */

static struct { int round; pthread_t thread; } migration;

static void migration_bitmap_sync(void *rs, bool last_stage)
{
    if (rs != NULL) {
        memory_global_dirty_log_sync(last_stage);
    }
}

static bool ram_init_bitmaps(void *rs, Error **errp)
{
    bool ok = memory_global_dirty_log_start(1, errp);
    if (ok) {
        migration_bitmap_sync(rs, false);
    }
    return ok;
}

static int qemu_savevm_state_setup(void *f, Error **errp) { return ram_init_bitmaps(f, errp) ? 0 : -1; }

static void ram_save_cleanup(void *opaque)
{
    if (opaque != NULL) {
        memory_global_dirty_log_stop(1);
    }
}

void qemu_savevm_state_cleanup(void) { ram_save_cleanup(&migration); }

static void ram_save_complete(void *f, void *opaque)
{
    if (f != NULL) {
        migration_bitmap_sync(opaque, true);
    }
}

static void migration_completion(void *s)
{
    vm_stop(7);
    ram_save_complete(s, s);
}

static void run_on_vcpu(void *(*work)(void *))
{
    pthread_t vcpu;
    pthread_create(&vcpu, NULL, work, &nic);
    pthread_join(vcpu, NULL);
}

static void *start_driver(void *vdev)
{
    virtio_set_status(vdev, 15);
    return NULL;
}

static void *reload_driver(void *vdev)
{
    virtio_set_status(vdev, 0);
    virtio_set_status(vdev, 15);
    return NULL;
}

static void *plug_memory(void *unused)
{
    for (int i = 0; i < DEVICES; i++) {
        devices[i].mem->regions[1].memory_size += PLUGGED_BYTES;
    }
    memory_region_transaction_commit();
    return unused;
}

static void *migration_thread(void *opaque)
{
    Error *error = NULL;
    int r = qemu_savevm_state_setup(opaque, &error);
    if (r == 0) {
        migration_bitmap_sync(opaque, false);
        if (migration.round == 1) {
            run_on_vcpu(reload_driver);
            run_on_vcpu(plug_memory);
            migration_bitmap_sync(opaque, false);
        }
        if (migration.round == 3) {
            migration_completion(opaque);
        }
    }
    return NULL;
}

static void migrate(int round)
{
    migration.round = round;
    pthread_create(&migration.thread, NULL, migration_thread, &migration);
    pthread_join(migration.thread, NULL);
}

int main(int argc, char **argv)
{
    Error *error = NULL;
    if (argc > 1) {
        fault = argv[1];
    }
    for (int i = 0; i < DEVICES; i++) {
        vhost_dev_init(&devices[i], NULL, VHOST_BACKEND_TYPE_KERNEL, 0, &error);
    }
    run_on_vcpu(start_driver);
    migrate(1);
    qemu_savevm_state_cleanup();
    if (makes("none")) {
        failing_ring = 1;
        migrate(2);
        failing_ring = -1;
    }
    migrate(3);
    for (int i = 0; i < DEVICES; i++) {
        vhost_dev_cleanup(&devices[i]);
    }
    return 0;
}
