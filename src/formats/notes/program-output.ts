/**
 * Tells the output of programs that no format reads by its form: clocks and names in front, code, prompts, and the
 * messages of QEMU, of the programs around it, and of consoles.
 *
 * Sources: QEMU (migration/migration-hmp-cmds.c, monitor/hmp.c, accel/kvm/kvm-all.c, util/main-loop.c, target/i386/,
 * system/memory.c, accel/tcg/, hw/virtio/vhost.c, hw/net/vhost_net.c, hw/block/vhost-user-blk.c, net/vhost-user.c; QEMU 2
 * to 10), GLib, iproute2, Linux, systemd, agetty, DPDK (app/test-pmd,
 * drivers/net/vhost; 22.11 to 25.11), perf, bpftrace, fio (stat.c, eta.c).
 */
import { anyOf } from '../../base/any-of.js';
import { isPersonal } from '../personal.js';
import { hasReportHead } from '../qemu/report-head.js';

// No text may match a part in two ways: a line made for it would then take time without bounds.
const PROGRAM_START = anyOf([
  // [   77.027592] Call Trace:      [2026-11-22T03:27:38Z INFO  x]      [pid 12]      [0] vhost_worker
  /^\[[ \d.T:Z-]+[\]A-Z ]|^\[(?:pid|PID) /,
  // 2025-11-22T03:27:38  2025/11/22 03:27  00:18:17.716  Nov 22 03:00:00 host  1795320809.223469
  /^\d{4}[-/]\d\d[-/]\d\d[T ]|^\d\d:\d\d:\d\d\b|^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |^\d+\.\d{3,}[: ]/,
  // ** (x:1816): CRITICAL
  /^\*\* \(/,
  // QEMU's own on standard error, between trace events; qemu-trace-stap -v
  /^(?:char device redirected to |VNC server running on |QEMU waiting for connection on: |Running script, <Ctrl>-c to quit$)/,
  // {"return": {}}   "key": value   ^done,...  ~"text"  =thread-created   *stopped   &"..."   12^done
  /^[{}[\]]|^"[^"]*"[ \t]*:|^\d*[~@&]"|^\d*[\^*=+][a-z-]+(?:,|$)/,
  // code
  /^(?:\/\*|\*\/|\*[ \t]|\/\/|#(?:include|define|if|ifdef|ifndef|else|endif|pragma)\b|@@|\+\+\+|diff --git|index [0-9a-f]+\.\.)/,
  /^(?:static|struct|union|enum|typedef|const|void|int|bool|unsigned|uint\d+_t|return|goto|switch|case|extern|inline)\b.*[({;,]/,
  // $ x   # echo 1 > y   % x   ~ # ls   localhost:~# x   bash-5.1# x
  /^[#$%>] \S|^(?:crash|mysql|\(lldb\)|\(hmp\)|virsh)(?:>|\)| #)? |^[~/] [#$] \S|^(?:[\w.-]{1,64}:)?[~/][\w./-]{0,80}[#$] \S|^(?:ba|da|a)?sh-\d[\d.]*[#$](?: |$)/,
  // QEMU's monitor
  /^\(qemu\)(?: |$)|^QEMU [\d.]+ monitor - type |^unknown command: '|^Try "help|^VM status: (?:running|paused)|^Outgoing migration blocked:$/,
  // `info migrate`, `info migrate_capabilities`, `info migrate_parameters`
  /^(?:Migration )?[Ss]tatus: (?:none|setup|cancell(?:ing|ed)|(?:pre|post)copy[\w-]*|postcopy[\w-]*|active|completed|failed|colo|pre-switchover|device|wait-unplug)(?: \(.*\))?$/,
  /^(?:Globals:|RAM info:|Throughput \(Mbps\): +\d[\d.]*)$|^(?:Time \(ms\)|Sizes|Transfers|Channels|Page Types|Page Rates \(pps\)|Others): +[\w-]+=/,
  /^(?:total time|(?:expected )?downtime|throughput|(?:transferred|remaining|total|precopy|downtime|postcopy) (?:ram|disk)|duplicate|skipped|normal(?: bytes)?|dirty sync count|page size|multifd bytes|pages-per-second|dirty pages rate|postcopy request count|cache size|xbzrle [a-z ]+|(?:cpu|dirty-limit) throttle [a-z]+|dirty-limit ring full time|postcopy (?:vcpu )?blocktime|vfio device transferred|compression [a-z ]+|Zero-copy-send fallbacks happened): \d[\d.]*(?: (?:ms|us|[km]?bytes|pages|mbps|times))?$|^setup: \d+ ms$/,
  /^(?:globals:|(?:announce|auto|avail|background|block|clear|compress|cpu|decompress|direct|dirty|downtime|late|mapped|max|multifd|only|pause|postcopy|rdma|release|return|send|store|switchover|throttle|tls|validate|vcpu|x|xbzrle|zero)(?:-[a-z0-9]+)+: (?:on|off|none|normal|'[^']*'|\d+(?: (?:ms|MB\/s|bytes(?:\/second)?))?)|(?:xbzrle|compress|events|multifd): (?:on|off))$/,
  // QEMU where it puts no name in front
  /^(?:main-loop: WARNING: |KVM internal error\. Suberror: |KVM: entry failed, hardware error |extra data\[\d+\]: |emulation failure$|error: kvm run failed |CPU #\d+:|Migration failed: (?:Unable|Unknown|Failed|Cannot|Could|[Ee]rror|load of|[^:]+: [A-Z][a-z])|Formatting '|Unexpected error in \w+\(\) at |cannot set up guest memory '|WARNING: Image format was not specified for '|Automatically detecting the format is dangerous for raw images|Specify the 'raw' format explicitly to remove)/,
  // error_report() in a command of QMP:  Reconnecting after error: x   vhost_backend_init failed: Protocol error
  /^(?:Reconnecting after error: |vhost lacks feature mask 0x[0-9a-f]+ for backend$|failed to init vhost_net for queue \d+$|unable to start vhost net: \d+: falling back on userspace virtio$|vhost VQ \d+ ring restore failed: -?\d+|vhost[\w-]*(?: initialization)? failed: [A-Z][\w ']{2,60}(?: \(\d+\))?$|Failed to (?:set msg fds\.|(?:read|write) msg(?:\.| header\.) )|Error starting vhost: -?\d+$)/,
  /^(?:Failed to|Unable to|Could not|Cannot) [^:]{1,120}: (?:Connection (?:refused|reset by peer)|Broken pipe|No such file or directory|Operation not (?:permitted|supported)|Permission denied|Bad (?:address|file descriptor)|Invalid argument|Input\/output error|Protocol error|Cannot allocate memory|Resource temporarily unavailable|Transport endpoint is not connected)(?: \(\d+\))?$/,
  /^(?:If you're running a guest on an Intel machine without unrestricted mode|support, the failure can be most likely due to the guest entering an invalid|state for Intel VT\. For example, the guest maybe running in big real mode|which is not supported on less recent Intel processors\.)$/,
  // registers of a virtual processor:  RIP=0 RFL=2 [-------]   ES =0000 00000000 DPL=0   GDT=     fe 7f   Code=00 <ff>
  /^(?:[A-Z][A-Z0-9]{1,4} ?= *[0-9a-f]{4,}(?:[ \t]|$)|Code=[0-9a-f<])/,
  // what -d makes it log (int, cpu_reset, mmu, exec, guest_errors, unimp):  SMM: enter      0: v=08 e=0000 i=0 cpl=0 IP=...
  /^(?:SMM: (?:enter|after RSM)|CPU Reset \(CPU \d+\)|Triple fault|OP:|IN: ?\w*)$|^\d+: v=[0-9a-f]{2} e=[0-9a-f]{4} |^(?:Servicing (?:virtual )?hardware INT=0x|check_exception old: 0x|load_seg: sel=0x|(?:A20|CR[034]) update: |Invalid (?:read|write|access) at addr 0x|Trace \d+: 0x|Linking TBs |Stopped execution of TB chain before |cpu_io_recompile: |OUT: \[size=)|^[\w.-]{1,64}: unimplemented device (?:read|write) {1,2}\(/,
  // GLib:  (process:12): GLib-WARNING **: x   ERROR:../x.c:12:f: assertion failed
  /^\([^()\s]+:\d+\): [\w-]+ \*\*|^(?:Bail out! )?ERROR:\S+:\d+:\w+: /,
  // what QEMU runs and links:  W: /etc/qemu-ifup: no bridge for guest interface found
  /^[WE]: \/\S+: |^RTNETLINK answers: |^SIOC[A-Z]+: |^ioctl\([A-Z]+\): |^ALSA lib |^(?:audio|alsa|oss|pulseaudio|libusb|libGL error|libEGL warning|MESA[\w-]*|Xlib|Gtk-Message): \S|^(?:Aborted|Segmentation fault|Killed|Terminated|Bus error|Illegal instruction)(?: \(core dumped\))?$/,
  // ftrace:  3) + 1.2 us | f();
  /^\d+\)[ +!#*@$]|^# (?:tracer|entries|_+|TASK|\|)/,
  // frames that lost their #, other stacks, addresses
  /^[*>]? ?\d*[ \t]*0x[0-9a-fA-F]{4,}|^\d+[ \t]+\S+ \(.*\) (?:at|from) \S+$|^[0-9a-fA-F]{8,}[: ]|^\? \w+\+0x|^<\/?[A-Z]{3,}>|^Call Trace:$|^R(?:IP|SP|AX|BX|CX|DX|SI|DI|BP|\d+): /,
  // qemu's command line and other options; paths
  /^--?[a-z][\w-]*(?:[ =]|$)|^\/[\w.+/-]+$/,
  // DPDK's environment, its vhost driver, and testpmd with its statistics
  /^(?:EAL|PMD|VHOST|ETHDEV|MEMPOOL|TELEMETRY|testpmd): |^testpmd>|^(?:Un-)?Initializing pmd_vhost for |^Creating VHOST-USER backend on |^Vhost device \d+ (?:created|destroyed)$|^vring\d+ is (?:en|dis)abled$|^Unconfigure intr vec$|^Rx csum will be done in SW|^Allocate mbuf for/,
  /^(?:Throughput \(since last show\)$|Port statistics =+$|Auto-start selected$|Set \w+ packet forwarding mode$|(?:Configuring|Stopping|Closing|Shutting down) [Pp]ort|Port \d+(?: is closed$|: (?:link state change|queue state) event$)|port \d+: RX queue number: |Checking link statuses|Waiting for lcores to finish|Telling cores to |No commandline core given, start packet forwarding$|Logical Core \d+ \(socket \d+\) forwards packets on |-{4,} (?:Forward [Ss]tatistics|Forward Stats) for |Primary: Sending '|Warning! port-topology=paired |Done\.?$)/,
  // consoles: SeaBIOS, GRUB, Linux, systemd
  /^(?:SeaBIOS|iPXE|Booting|GRUB|Welcome to|Decompressing|Loading |Press |Escape character|Uncompressing|EFI stub|BdsDxe|UEFI|Machine UUID|early console|login:|Last login|Debian|Ubuntu|Fedora|CentOS|Kernel panic|Run \/)|^\[? *(?:OK|FAILED|DEPEND) *\]/,
  // "         Starting Flush Journal to Persistent Storage..."   "Starting syslogd: OK"
  /^(?:Start|Stopp|Mount|Unmount|Activat|Check)ing (?:[A-Z/(.][^\s]*|[\w-]+\.(?:service|mount|socket|device))(?: (?:[A-Z/(.][^\s]*|to|of|for|from|the|and|by|in|on|at|about|with|via|or|all))*\.\.\.$|^(?!.* (?:the|a|it|this|again)\b)(?:Start|Stopp|Sav|Runn|Initializ|Load)ing [^:]{1,60}:? *(?:OK|done|\[ *(?:OK|FAILED|ok|failed) *\])\.?$|^\* .{1,80}\[ (?:ok|!!) \]$|^INIT: \S/,
  // getty and the text behind it:  Debian GNU/Linux 12 vm ttyS0   vm1 login:   vm login: root
  /^[\w.-]{1,64} login: (?:root|admin|ubuntu|debian|fedora|centos|cirros|alpine|guest|test|user)$|^(?:localhost|[\w.]*[\d-][\w.-]{0,60}|vm|guest|debian|ubuntu|fedora|centos|buildroot|alpine|cirros) login:$|^Password:$|^Login incorrect$|^Kernel \d+\.\S+ on an? \w+|^Linux \S+ \d+\.\d+\S* #\d|^Linux version \d/,
  /^(?:The programs included with the \S.* system are free software[;.]|the exact distribution terms for each program are described in the|individual files in \/usr\/share\/doc\/|\S.* comes with ABSOLUTELY NO WARRANTY, to the extent|permitted by applicable law\.$|The system is going down for |Power down\.?$|Connection to \S+ closed\.$)/,
  // the kernel without clock, initramfs-tools, BusyBox:  Probing EDD (edd=off to disable)... ok   Begin: Mounting root file system ...
  /^(?:Probing EDD |No EFI environment detected|(?:Physical )?KASLR disabled|Freeing unused kernel image|switching root$|Please press Enter to activate this console|BusyBox v\d|Enter 'help' for a list of built-in commands|Warning: fsck not present, so skipping |Begin: [^:]{1,80}\.\.\.(?: |$)|done\.$)/,
  /^(?:u?mount|modprobe|insmod|udhcpc|dhcpcd|hwclock|run-init|e2fsck|fsck\.\w+|blkid|random|clocksource|smpboot|tsc|ACPI|NET|virtio_(?:blk|net|pci) \S+|pci \S+|EXT4-fs \(\w+\)|XFS \(\w+\)|x86\/fpu): \S/,
  // perf, bpftrace
  /^(?:Check IO\/CPU overload!|Attach(?:ing|ed) \d+ probes?(?:\.\.\.)?)$/,
  // commands in it: dd, ping
  // fio:  Run status group 0 (all jobs):   write: IOPS=3142, BW=12.3MiB/s   clat (usec): min=2, max=123
  /^[\w.-]{1,64}: \((?:g=\d+\): rw=|groupid=\d+, jobs=\d+\): err=)|^Starting \d+ (?:process(?:es)?|threads?)$|^Run status group \d+ \(all jobs\):$|^Disk stats \(read\/write\):$|^(?:read|write|trim): IOPS=\d|^(?:[sc]lat|sync) percentiles \([mnu]sec\):$|^fio: \S/,
  /^(?:(?:[sc]?lat|sync) \([mnu]sec\)|bw \( {0,2}[KMG]?i?B\/s\)|iops|cpu|IO depths|submit|complete|issued rwts|latency) {0,12}: ?[\w>.]{1,8}=/,
  /^\d+\+\d+ records (?:in|out)$|^\d+ bytes .*copied, |^PING \S+ |^\d+ bytes from |^\d+ packets transmitted, |^rtt min\/avg\/max/,
]);

// A person may begin alike: "Booting the second guest gives:"
const DOUBTFUL = /^(?:Booting|GRUB|Welcome|Loading|Press|UEFI|Debian|Ubuntu|Fedora|CentOS)\b/;

// 04:02 <... ioctl resumed>     ftrace, kprobe, perf:  qemu-123 [003] d..1. 123.456: x     code
const PROGRAM_WITHIN =
  /<unfinished \.\.\.>|<\.\.\. \w+ resumed>|\[\d{3}\] (?:[^ ]* +\d+|[^ ]*\d)\.\d+: |[;{}\\]$/;

// No sentences; a program prints them, and a person lists them.
export const EITHER = anyOf([
  // f()   f(x);
  /^[A-Za-z_]\w*(?:::\w+)*\([^()]*\)[;,]?$/,
  // key=value
  /^(?:[\w.-]+=\S+(?:[ \t][ \t,]*|$))+$/,
]);

// What begins with a word of any kind: for most lines one of these signs shows that it is in vain to go over that word.
const SIGN = /[=:@+[(]/;

const PROGRAM_SIGNED = anyOf([
  // qemu-system-x86_64: failed to ...   /usr/bin/x: y   libvirtd: z   VHOST_CONFIG: (...)
  /^(?:\S*[/\\])?(?:qemu|kvm|libvirt|virt|vhost|dpdk|spdk|gdb|ld|ld-linux|bash|sh|sudo|make|gcc|cc|perf|strace|systemd|kernel|virsh|QEMU|SeaBIOS|iPXE|Linux|cloud-hypervisor)[\w.+-]*(?:\[\d+\])?:[ \t]/,
  /^[A-Z][A-Z0-9]*_[A-Z0-9_]+: /,
  // code: sets, calls
  /^[\w.>[\]()*&-]+ (?:=|\+=|\|=|&=|-=|==|!=) ?\S/,
  // root@host:~# x   [root@host ~]$ x
  /^\[?[\w.-]+@[\w.-]+[^#$%]{0,80}[#$%>] \S/,
  // strace:  1234  03:27:38.1 ioctl(3, VHOST_SET_OWNER, 0) = 0
  /^(?:\d+ +)?(?:[\d:.]+ )?\w+\(.*\)[ \t]+= /,
  // perf; a frame of the kernel
  /^[-\w/]+ +\d+ +\[\d+\]|^\w+\+0x[0-9a-f]+\/0x[0-9a-f]+/,
  EITHER,
  // assignments only
  /^\S[^\s=]*=\S+(?: \S[^\s=]*=\S+)*$/,
]);

/** True when the line, blanks around it cut, looks like a program's: stamped, signed, code, signs rather than words. */
export function isProgramOutput(text: string): boolean {
  const bounded = text.length > 2048 ? text.slice(0, 2048) : text;
  if (PROGRAM_START.test(bounded)) return !DOUBTFUL.test(bounded) || !isPersonal(bounded);
  if (PROGRAM_WITHIN.test(bounded)) return true;
  if (SIGN.test(bounded) && (PROGRAM_SIGNED.test(bounded) || hasReportHead(bounded))) return true;
  // dev->log=0x5555 dev->log_size=28672: more signs than letters
  return !isHalfLetters(bounded);
}

/** Letters of English, and blanks. */
function isHalfLetters(text: string): boolean {
  const half = text.length / 2;
  let count = 0;
  for (let at = 0; at < text.length && count < half; at++) {
    const code = text.charCodeAt(at);
    // 32 makes a small letter of a capital.
    const isLetter = (code | 32) >= SMALL_A && (code | 32) <= SMALL_Z;
    if (isLetter || code === BLANK || (!isPrinted(code) && /\s/.test(text.charAt(at)))) count++;
  }
  return count >= half;
}

const [BLANK, SMALL_A, SMALL_Z, TILDE] = [32, 97, 122, 126];

/** Is this the code of a sign of ASCII? The blank is none. */
export function isPrinted(code: number): boolean {
  return code > BLANK && code <= TILDE;
}
