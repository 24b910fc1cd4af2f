/**
 * Rows of tracers that name a function or a request of vhost and that no format reads: their form is that of a script, or of
 * options. They are told, so that nobody takes them for read.
 *
 * Source: ltrace output.c output_left() (`ltrace -x 'vhost_*'`); SystemTap's tapset/indent.stp thread_indent(), which
 *         para-callgraph.stp prints; babeltrace's text of LTTng's events of the kernel; bcc's tools/trace.py print_event() and
 *         tools/stackcount.py; bpftrace's maps and printf().
 */
const NAME = /(?:do_)?vhost_\w{1,64}/.source;

const ROWS: readonly { readonly of: string; readonly row: RegExp }[] = [
  // "[pid 4711] vhost_dev_start@qemu-system-x86_64(0x5555, 0x5556, 1) = 0"    "qemu-system-x86_64->vhost_dev_start(0x5555"
  {
    of: 'ltrace',
    row: new RegExp(
      `^(?:\\[pid \\d{1,10}\\] |\\d{1,10} )?(?:[\\d:.]{8,20} )?(?:[\\w.+-]{1,64}->${NAME}|${NAME}@[\\w.+-]{1,64})\\((?:0x|nil|-?\\d)`,
    ),
  },
  // "    12 qemu-system-x86(4711): -> vhost_dev_set_log(dev=0x5555 enable_log=0x1)"
  {
    of: "SystemTap's call graph",
    row: new RegExp(`^ {0,16}\\d{1,16} \\S.{0,15}\\(\\d{1,10}\\): {0,256}(?:->|<-) ?${NAME}`),
  },
  // "[03:27:38.123456789] (+0.000001000) host vhost_net_ioctl: { cpu_id = 1 }, { ip = 0xFFFFFFFFC0A1B2C4 }"
  {
    of: "LTTng's trace of the kernel",
    row: new RegExp(
      `^\\[[\\d:. -]{1,40}\\] \\(\\+[\\d.?]{1,40}\\) (?:[\\w.:-]{1,255} )?(?!qemu:)(?:\\w{1,64}:)?${NAME}: \\{`,
    ),
  },
  // "4711    4720    live_migration  vhost_dev_set_log 94110 1"
  {
    of: 'bcc',
    row: new RegExp(
      `^(?:\\d{1,2}[\\d:.]{1,12} {1,8})?(?:\\d{1,3} {1,8})?\\d{1,10} {1,8}\\d{1,10} {1,8}\\S.{0,15} {1,16}(?:b')?${NAME}'?(?: |$)`,
    ),
  },
];

/** System calls with the number of a request, whose type byte tells that it is one of vhost. */
const REQUESTS: readonly { readonly of: string; readonly row: RegExp }[] = [
  // "[03:27:38.123456789] (+0.000001000) host syscall_entry_ioctl: { cpu_id = 1 }, { fd = 13, cmd = 1074310912, arg = 1407 }"
  {
    of: "LTTng's trace of the kernel",
    row: /\bsyscall_entry_ioctl: \{.{0,512}\bcmd = (0x[\da-fA-F]{1,8}|\d{1,10})\b/,
  },
  // "SYS_ioctl(13, 0x4008af00, 0x7ffd1)": ltrace -S
  { of: 'ltrace', row: /\bSYS_ioctl\(\d{1,10}, (0x[\da-f]{1,8}|\d{1,10}), / },
];
const VHOST_TYPE = 0xaf;

/** Longer is no row. */
const LONGEST_ROW = 4096;

/** Which tracer printed the row, whatever stands above it. */
export function otherTracerOf(line: string): string | undefined {
  if (line.length > LONGEST_ROW) return undefined;
  const request = line.includes('_ioctl')
    ? REQUESTS.find(({ row }) => hasVhostRequest(row.exec(line)?.[1]))
    : undefined;
  if (request !== undefined) return request.of;
  return line.includes('vhost_') ? ROWS.find(({ row }) => row.test(line))?.of : undefined;
}

function hasVhostRequest(request: string | undefined): boolean {
  return request !== undefined && ((Number(request) >>> 8) & 0xff) === VHOST_TYPE;
}

/** Above all that a script prints. */
const HEADS: readonly { readonly of: string; readonly head: RegExp }[] = [
  { of: 'bpftrace', head: /^Attach(?:ing|ed) \d{1,6} probes?(?:\.\.\.)?$/ },
  { of: 'bcc', head: /^Tracing \d{1,6} functions for ".{1,256}"\.\.\. Hit Ctrl-C to end\.$/ },
];

/** `@calls[vhost_net_ioctl, 1]: 4`, `vhost_dev_set_log enable=1`, `  b'vhost_dev_set_log'`, `12 vhost_dev_start`: no words go on. */
const PRINTED = [
  new RegExp(`^@\\w{0,64}\\[[^\\]]{0,512}\\b${NAME}`),
  new RegExp(`^[ \\t]{0,8}(?:b')?${NAME}'?$`),
  new RegExp(`\\b${NAME}\\b.{0,512}(?:=|: ?|, ?|\\()(?:0x[\\da-f]|-?\\d)`),
  new RegExp(`^[\\d:.]{1,20} .{0,64}\\b${NAME}\\b(?!.*[.?!]$)`),
];

/** Messages of the kernel on the same console: `dmesg -w`, `dmesg -T`, a console. Source: Linux kernel/printk/printk.c; util-linux dmesg. */
const OF_KERNEL =
  /^(?:<\d{1,3}>)?\[(?: {0,8}\d{1,8}\.\d{6}|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\] /;

/** What scripts print below their head. */
export class ScriptOutput {
  #of: string | undefined;

  /** Any line of the capture. */
  follow(line: string): void {
    const first = line.charCodeAt(0);
    if (first !== CAPITAL_A && first !== CAPITAL_T) return;
    this.#of = HEADS.find(({ head }) => head.test(line))?.of ?? this.#of;
  }

  /** The tracer, for a line that nobody reads. */
  tracerOf(line: string): string | undefined {
    if (this.#of === undefined || line.length > LONGEST_ROW || !line.includes('vhost_'))
      return undefined;
    if (OF_KERNEL.test(line)) return undefined;
    return PRINTED.some((form) => form.test(line)) ? this.#of : undefined;
  }
}

const [CAPITAL_A, CAPITAL_T] = [65, 84];
