/**
 * Events, or forms of events, that QEMU 10.0 no longer or not yet has, as facts about what they print: name,
 * versions, and the text with its arguments in declared order. None of them is a protocol fact.
 *
 *     {iova:u64} is a uint64_t: hexadecimal behind 0x, else decimal; `:hex` where no 0x stands in front
 *
 * Left out: migrate_transferred of 2.12, whose bandwidth is a floating point number, and
 * qemu_announce_self_iter of 2.12 to 3.1, whose text fits what network code prints under that name today.
 */
const olderForms = String.raw`
loadvm_postcopy_handle_listen 2.12-6.2:
loadvm_postcopy_handle_run_cpu_sync 2.12-6.2:
loadvm_postcopy_handle_run_vmstart 2.12-6.2:
loadvm_process_command 2.12-6.2: com=0x{com:u16} len={len:u16}
vmstate_load_state_field 2.12-9.0: {name:string}:{field:string}
get_queued_page_not_dirty 2.12-4.1: {block_name:string}/0x{tmp_offset:u64} page_abs=0x{page_abs:ulong} (sent={sent:int})
ram_load_postcopy_loop 2.12-7.0: @{addr:u64:hex} {flags:int:hex}
await_return_path_close_on_source_close 2.12-8.1:
await_return_path_close_on_source_joining 2.12-8.1:
migration_return_path_end_after 2.12-8.1: {rp_error:int}
qemu_rdma_block_for_wrid_miss 2.12-8.1: A Wanted wrid {wcompstr:string} ({wcomp:int}) but got {gcompstr:string} ({req:u64})
qemu_rdma_cleanup_waiting_for_disconnect 2.12:
qemu_rdma_poll_recv 2.12-8.1: completion {compstr:string} #{comp:i64} received ({id:i64}) left {sent:int}
qemu_rdma_poll_write 2.12-8.1: completions {compstr:string} ({comp:i64}) left {left:int}, block {block:u64}, chunk: {chunk:u64} {local:pointer} {remote:pointer}
qemu_rdma_poll_other 2.12-8.1: other completion {compstr:string} ({comp:i64}) received left {left:int}
qemu_rdma_registration_handle_compress 2.12-8.1: Zapping zero chunk: {length:i64} bytes, index {index:int}, offset {offset:i64}
qemu_rdma_registration_handle_finished 2.12-8.1:
qemu_rdma_registration_handle_ram_blocks 2.12-8.1:
qemu_rdma_registration_handle_ram_blocks_loop 2.12-8.1: {name:string}: @0x{offset:u64}/{length:u64} host:@{local_host_addr:pointer} src_index: {src_index:unsigned}
qemu_rdma_registration_handle_register 2.12-8.1: {requests:int} requests
qemu_rdma_registration_handle_register_loop 2.12-8.1: Registration request ({req:int}): index {index:int}, current_addr {addr:u64} chunks: {chunks:u64}
qemu_rdma_registration_handle_register_rkey 2.12-8.1: 0x{rkey:int}
qemu_rdma_registration_handle_unregister 2.12-8.1: {requests:int} requests
qemu_rdma_registration_handle_unregister_loop 2.12-8.1: Unregistration request ({count:int}): index {index:int}, chunk {chunk:u64}
qemu_rdma_registration_handle_unregister_success 2.12-8.1: {chunk:u64}
qemu_rdma_registration_handle_wait 2.12-8.1:
qemu_rdma_registration_start 2.12-8.1: {flags:u64}
qemu_rdma_registration_stop 2.12-8.1: {flags:u64}
qemu_rdma_registration_stop_ram 2.12-8.1:
postcopy_ram_fault_thread_request 2.12: Request for HVA=0x{hostaddr:u64} rb={ramblock:string} offset=0x{offset:size}
dirty_bitmap_save_pending 2.12-7.2: pending {pending:u64} max: {max_size:u64}
memory_region_ops_read 2.12-6.0: cpu {cpu_index:int} mr {mr:pointer} addr 0x{addr:u64} value 0x{value:u64} size {size:unsigned}
memory_region_ops_write 2.12-6.0: cpu {cpu_index:int} mr {mr:pointer} addr 0x{addr:u64} value 0x{value:u64} size {size:unsigned}
memory_region_tb_read 2.12-4.1: cpu {cpu_index:int} addr 0x{addr:u64} value 0x{value:u64} size {size:unsigned}
memory_region_tb_write 2.12-4.1: cpu {cpu_index:int} addr 0x{addr:u64} value 0x{value:u64} size {size:unsigned}
multifd_recv 3.0-3.1: channel {id:u8} packet number {packet_num:u64} pages {used:u32} flags 0x{flags:u32}
multifd_recv_sync_main_signal 3.0-6.2: channel {id:u8}
multifd_recv_sync_main_wait 3.0-8.2: channel {id:u8}
multifd_recv_thread_end 3.0-8.2: channel {id:u8} packets {packets:u64} pages {pages:u64}
multifd_recv_thread_start 3.0-6.2: {id:u8}
multifd_send 3.0-3.1: channel {id:u8} packet_num {packet_num:u64} pages {used:u32} flags 0x{flags:u32}
multifd_send_sync_main_signal 3.0-6.2: channel {id:u8}
multifd_send_sync_main_wait 3.0-6.2: channel {id:u8}
multifd_send_thread_end 3.0-6.2: channel {id:u8} packets {packets:u64} pages {pages:u64}
multifd_send_thread_start 3.0-6.2: {id:u8}
migration_thread_ratelimit_pre 3.0-4.2: {ms:int} ms
migration_thread_ratelimit_post 3.0-4.2: urgent: {urgent:int}
migrate_transferred 3.0-8.0: transferred {tranferred:u64} time_spent {time_spent:u64} bandwidth {bandwidth:u64} max_size {size:u64}
multifd_recv 4.0: channel {id:u8} packet number {packet_num:u64} pages {used:u32} flags 0x{flags:u32} next packet size {next_packet_size:u32}
multifd_send 4.0-6.2: channel {id:u8} packet_num {packet_num:u64} pages {used:u32} flags 0x{flags:u32} next packet size {next_packet_size:u32}
multifd_recv 4.1-8.2: channel {id:u8} packet_num {packet_num:u64} pages {used:u32} flags 0x{flags:u32} next packet size {next_packet_size:u32}
multifd_new_send_channel_async 4.2-6.2: channel {id:u8}
multifd_recv_new_channel 4.2-6.2: channel {id:u8}
multifd_save_setup_wait 4.2-5.1: {id:u8}
multifd_send_error 4.2-6.2: channel {id:u8}
multifd_send_terminate_threads 4.2-8.2: error {error:bool}
virtio_iommu_device_reset 5.0-9.2: reset!
virtio_iommu_get_config 5.0-6.2: page_size_mask=0x{page_size_mask:u64} start=0x{start:u64} end=0x{end:u64} domain_range={domain_range:u32} probe_size=0x{probe_size:u32}
virtio_iommu_set_config 5.0-6.2: page_size_mask=0x{page_size_mask:u64} start=0x{start:u64} end=0x{end:u64} domain_bits={domain_range:u32} probe_size=0x{probe_size:u32}
vhost_vdpa_dma_map 5.2-7.2: vdpa:{vdpa:pointer} fd: {fd:int} msg_type: {msg_type:u32} iova: 0x{iova:u64} size: 0x{size:u64} uaddr: 0x{uaddr:u64} perm: 0x{perm:u8} type: {type:u8}
vhost_vdpa_dma_unmap 5.2-7.2: vdpa:{vdpa:pointer} fd: {fd:int} msg_type: {msg_type:u32} iova: 0x{iova:u64} size: 0x{size:u64} type: {type:u8}
vhost_vdpa_dump_config 5.2-9.0: dev: {dev:pointer} {line:string}
virtio_iommu_set_page_size_mask 5.2-9.0: mr={name:string} old_mask=0x{old:u64} new_mask=0x{new:u64}
multifd_set_outgoing_channel 5.2-8.1: ioc={ioc:pointer} ioctype={ioctype:string} hostname={hostname:string} err={err:pointer}
get_ramblock_vfn_hash 5.2-8.0: ramblock name: {idstr:string}, vfn: {vfn:u64}, crc: {crc:u32}
calc_page_dirty_rate 5.2-8.0: ramblock name: {idstr:string}, new crc: {new_crc:u32}, old crc: {old_crc:u32}
migration_block_save_pending 5.2-7.2: Enter save live pending  {pending:u64}
virtio_iommu_get_config 7.0-8.2: page_size_mask=0x{page_size_mask:u64} input range start=0x{start:u64} input range end=0x{end:u64} domain range start={domain_start:u32} domain range end={domain_end:u32} probe_size=0x{probe_size:u32} bypass=0x{bypass:u8}
loadvm_postcopy_handle_run_bh 7.0-8.1: {str:string}
unqueue_page 7.0: ramblock '{block:string}' offset 0x{offset:u64} dirty {dirty:bool}
multifd_send 7.0-8.2: channel {id:u8} packet_num {packet_num:u64} normal pages {normal:u32} flags 0x{flags:u32} next packet size {next_packet_size:u32}
multifd_send_thread_end 7.0-8.2: channel {id:u8} packets {packets:u64} normal pages {normal_pages:u64}
vhost_vdpa_listener_begin_batch 7.1-8.2: vdpa:{v:pointer} fd: {fd:int} msg_type: {msg_type:u32} type: {type:u8}
vhost_vdpa_listener_commit 7.1-8.2: vdpa:{v:pointer} fd: {fd:int} msg_type: {msg_type:u32} type: {type:u8}
vhost_vdpa_dma_map 8.0-8.2: vdpa:{vdpa:pointer} fd: {fd:int} msg_type: {msg_type:u32} asid: {asid:u32} iova: 0x{iova:u64} size: 0x{size:u64} uaddr: 0x{uaddr:u64} perm: 0x{perm:u8} type: {type:u8}
vhost_vdpa_dma_unmap 8.0-8.2: vdpa:{vdpa:pointer} fd: {fd:int} msg_type: {msg_type:u32} asid: {asid:u32} iova: 0x{iova:u64} size: 0x{size:u64} type: {type:u8}
vhost_vdpa_listener_region_add_unaligned 8.1-8.2: vdpa: {v:pointer} region {name:string} offset_within_address_space {offset_as:u64} offset_within_region {offset_page:u64}
vhost_vdpa_listener_region_del_unaligned 8.1-8.2: vdpa: {v:pointer} region {name:string} offset_within_address_space {offset_as:u64} offset_within_region {offset_page:u64}
migrate_transferred 8.1: transferred {transferred:u64} time_spent {time_spent:u64} bandwidth {bandwidth:u64} max_size {size:u64}
migration_transferred_bytes 8.1: qemu_file {qemu_file:u64} multifd {multifd:u64}
multifd_recv 9.0-9.1: channel {id:u8} packet_num {packet_num:u64} normal pages {normal:u32} zero pages {zero:u32} flags 0x{flags:u32} next packet size {next_packet_size:u32}
multifd_recv_thread_end 9.0-9.1: channel {id:u8} packets {packets:u64} normal pages {normal_pages:u64} zero pages {zero_pages:u64}
multifd_send 9.0-9.1: channel {id:u8} packet_num {packet_num:u64} normal pages {normal_pages:u32} zero pages {zero_pages:u32} flags 0x{flags:u32} next packet size {next_packet_size:u32}
multifd_send_thread_end 9.0-9.1: channel {id:u8} packets {packets:u64} normal pages {normal_pages:u64} zero pages {zero_pages:u64}
postcopy_blocktime_tid_cpu_map 10.1-11.1: cpu: {cpu:int}, tid: {tid:u32}
postcopy_blocktime_begin 10.1-11.1: addr: 0x{addr:u64}, time: {time:u64}, cpu: {cpu:int}, exist: {exists:bool}
postcopy_blocktime_end 10.1-11.1: addr: 0x{addr:u64}, time: {time:u64}, affected_cpus: {affected_cpu:int}, affected_non_cpus: {affected_non_cpus:int}
postcopy_blocktime_end_one 10.1-11.1: cpu: {cpu:int}, left_faults: {left_faults:u8}
ram_block_attributes_state_change 10.1-11.1: offset 0x{offset:u64} size 0x{size:u64} from '{from:string}' to '{to:string}'
source_return_path_thread_postcopy_package_loaded 10.2-11.1:
process_incoming_migration_co_end 10.2-11.1: ret={ret:int}
cpr_exec 10.2-11.1:
migration_call_notifiers 11.0-11.1: type={type:int}
migration_set_outgoing_channel 11.0-11.1: ioc={ioc:pointer} ioctype={ioctype:string}
migration_socket_outgoing_connected 11.0-11.1:
migration_tls_outgoing_handshake_start 11.0-11.1:
multifd_set_outgoing_channel 11.0-11.1: ioc={ioc:pointer} ioctype={ioctype:string}
multifd_tls_outgoing_handshake_start 11.0-11.1: ioc={ioc:pointer} tioc={tioc:pointer}
rdma_connect_incoming 11.0-11.1:
rdma_connect_incoming_after_dest_init 11.0-11.1:
rdma_connect_incoming_after_rdma_listen 11.0-11.1:
rdma_connect_outgoing_after_rdma_connect 11.0-11.1:
rdma_connect_outgoing_after_rdma_source_init 11.0-11.1:
subpage_register 11.0-11.1: subpage {subpage:pointer} start 0x{start:u32} end 0x{end:u32} idx 0x{idx:int} eidx 0x{eidx:int} section {section:u16}
subpage_init 11.0-11.1: subpage {subpage:pointer} base 0x{base:u64} len 0x{len:u64}
subpage_read 11.0-11.1: subpage {subpage:pointer} len {len:unsigned} addr 0x{addr:u64}
subpage_write 11.0-11.1: subpage {subpage:pointer} len {len:unsigned} addr 0x{addr:u64} value 0x{value:u64}
loadvm_approve_switchover 11.1: Approver {approver:string}
loadvm_approve_switchover_legacy 11.1: Approver {approver:string}, switchover_ack_pending_num_legacy {switchover_ack_pending_num_legacy:unsigned}
migration_request_switchover_ack_legacy 11.1: Requester {requester:string}, switchover_ack_pending_num_legacy {switchover_ack_pending_num_legacy:unsigned}
source_return_path_thread_switchover_acked 11.1: switchover_ack_pending_num {pending_num:u32}
ram_block_discard_shared_range 11.1: {rbname:string}@{hva:pointer} + 0x{length:size}: madvise: {need_madvise:bool} fallocate: {need_fallocate:bool} ret: {ret:int}
vmstate_load_state_fail 11.1: {name:string} {reason:string}
vmstate_load_state_success 11.1: {name:string}
vmstate_save_state_pre_save_fail 11.1: {name:string}
vmstate_save_state_pre_save_success 11.1: {name:string}
vhost_user_blk_connect_in 11.1: vdev {vdev:pointer}
vhost_user_blk_connect_out 11.1: vdev {vdev:pointer}
vhost_user_blk_device_realize_in 11.1: vdev {vdev:pointer}
vhost_user_blk_device_realize_out 11.1: vdev {vdev:pointer}
vhost_user_blk_start_in 11.1: vdev {vdev:pointer}
vhost_user_blk_start_out 11.1: vdev {vdev:pointer}
vhost_user_blk_stop_in 11.1: vdev {vdev:pointer}
vhost_user_blk_stop_out 11.1: vdev {vdev:pointer}
`;

/** Type and conversion of each kind of argument; `x` is the hexadecimal one. */
const KINDS: Readonly<Record<string, { type: string; d: string; x?: string }>> = {
  pointer: { type: 'void *', d: '%p' },
  string: { type: 'const char *', d: '%s' },
  bool: { type: 'bool ', d: '%d' },
  int: { type: 'int ', d: '%d', x: '%x' },
  unsigned: { type: 'unsigned ', d: '%u', x: '%x' },
  ulong: { type: 'unsigned long ', d: '%lu', x: '%lx' },
  size: { type: 'size_t ', d: '%zu', x: '%zx' },
  i64: { type: 'int64_t ', d: '%ld' },
  ...Object.fromEntries(
    ['8', '16', '32', '64'].map((bits) => [
      `u${bits}`,
      { type: `uint${bits}_t `, d: '%lu', x: '%lx' },
    ]),
  ),
};

/** The forms above in the syntax of trace-events files: docs/devel/tracing.rst. */
export function olderDeclarations(): readonly string[] {
  return olderForms.split('\n').flatMap((line) => {
    const [, name, text = ''] = /^(\w+) [\d.-]+:(?: (.*))?$/.exec(line) ?? [];
    return name === undefined ? [] : [declaration(name, text)];
  });
}

function declaration(name: string, text: string): string {
  const args: string[] = [];
  const format = text.replace(
    /(0x)?\{(\w+):(\w+)(:hex)?\}/g,
    (_, prefix: string | undefined, arg: string, kind: string, hex: string | undefined) => {
      const { type, d, x } = KINDS[kind] ?? { type: 'int ', d: '%d' };
      args.push(`${type}${arg}`);
      const isHex = prefix !== undefined || hex !== undefined;
      return `${prefix ?? ''}${isHex ? (x ?? d) : d}`;
    },
  );
  return `${name}(${args.length === 0 ? 'void' : args.join(', ')}) "${format}"`;
}
