/**
 * The recipe for the kernel's side of vhost: kprobes on the functions that take requests and write the log.
 *
 * Source: Linux Documentation/trace/kprobetrace.rst ($argN since 4.20); drivers/vhost/net.c, scsi.c, vsock.c,
 * vdpa.c and vhost.c for functions and their arguments. Arguments are named as facts/wire/kernel.ts reads them.
 */
import type { Backend } from '../model/fact.js';
import type { Need } from '../model/rule-info.js';
import { ioctlTable } from '../facts/wire/ioctls.js';
import type { Recipe, RecipeRequest } from './recipe.js';

interface KernelProbe {
  readonly func: string;
  readonly args: string;
  readonly backend: Backend;
}

/** What tells the devices of one process apart: the open file, or what stands for it further inside. */
const REQUEST = 'file=$arg1:x64 cmd=$arg2:x32 arg=$arg3:x64';
const INNER_REQUEST = 'dev=$arg1:x64 cmd=$arg2:x32 arg=$arg3:x64';

const PROBES: readonly KernelProbe[] = [
  { func: 'vhost_net_ioctl', args: REQUEST, backend: 'kernel' },
  { func: 'vhost_scsi_ioctl', args: REQUEST, backend: 'kernel' },
  { func: 'vhost_vsock_dev_ioctl', args: REQUEST, backend: 'kernel' },
  { func: 'vhost_vdpa_unlocked_ioctl', args: REQUEST, backend: 'vdpa' },
  { func: 'vhost_dev_ioctl', args: INNER_REQUEST, backend: 'kernel' },
  { func: 'vhost_vring_ioctl', args: INNER_REQUEST, backend: 'kernel' },
  { func: 'log_write', args: 'base=$arg1:x64 addr=$arg2:x64 len=$arg3:u64', backend: 'kernel' },
  { func: 'vhost_log_write', args: 'num=$arg3:u32 len=$arg4:u64', backend: 'kernel' },
];

export function ftraceRecipe({ backends }: RecipeRequest): Recipe {
  const probes = PROBES.filter(({ backend }) => backends.includes(backend));
  const requests = ioctlTable.filter(({ backend }) => backends.includes(backend));
  const shows = new Set(requests.map(({ kind }): Need => `wire ${kind}`));
  if (probes.some(({ func }) => func.endsWith('log_write'))) shows.add('wire vhost_log_write');
  return {
    name: 'ftrace',
    about: ABOUT,
    body: [
      'set -eu',
      'tracefs=/sys/kernel/tracing',
      '[ -e $tracefs/kprobe_events ] || tracefs=/sys/kernel/debug/tracing',
      '',
      '# A function that this kernel does not have, or has inlined, cannot be probed.',
      'probe() {',
      '  place=$(awk -v name="$1" \'$3 == name { gsub(/[][]/, "", $4); print $4 (NF > 3 ? ":" : "") name }\' \\',
      '    /proc/kallsyms | sort -r | head -n 1)',
      '  [ -n "$place" ] || { echo "no $1 in this kernel" >&2; return 0; }',
      '  echo "p:vhtrace/$1 $place $2" >> $tracefs/kprobe_events',
      '  echo "r:vhtrace/$1_ret $place ret=\\$retval:s32" >> $tracefs/kprobe_events',
      '}',
      '',
      'case ${1:-} in',
      'start)',
      ...probes.map(({ func, args }) => `  probe ${func} '${args}'`),
      '  echo 16384 > $tracefs/buffer_size_kb',
      '  echo > $tracefs/trace',
      '  echo 1 > $tracefs/events/vhtrace/enable',
      '  echo 1 > $tracefs/tracing_on',
      '  ;;',
      'stop)',
      '  echo 0 > $tracefs/events/vhtrace/enable',
      '  cat $tracefs/trace',
      '  for event in $tracefs/events/vhtrace/*/; do',
      '    echo "-:vhtrace/$(basename $event)" >> $tracefs/kprobe_events',
      '  done',
      '  ;;',
      '*) echo "usage: sh $0 start|stop" >&2; exit 2 ;;',
      'esac',
    ],
    functions: probes.map(({ func }) => func),
    events: [],
    shows,
  };
}

const ABOUT: readonly string[] = [
  'Kprobes on the vhost of the Linux kernel: requests with their result, and writes to the dirty log.',
  '',
  'Run it as root on the host, around the migration:',
  '  sh FILE start',
  '  sh FILE stop > kernel.txt',
  '',
  'Check the result:',
  '  vhtrace check kernel.txt',
  '',
  'Cost: a microsecond for each request and each write to the log. Under traffic the log is written',
  'many times a second: when the buffer is full the oldest lines are lost, and the trace says so.',
  'The buffer is 16 MiB for each CPU; buffer_size_kb makes it larger.',
  '',
  'Needs Linux 4.20 (for $arg1), CONFIG_KPROBE_EVENTS, and the modules vhost and vhost_net loaded before.',
  'trace-cmd does the same: set the probes as above, then "trace-cmd record -e vhtrace", and',
  '"trace-cmd report > kernel.txt".',
  '',
  'It sees devices of the kernel (vhost-net, vhost-scsi, vhost-vsock, vhost-vdpa) and knows no queues and no',
  'features: what QEMU asked for, which gdb shows, is here joined by whether the kernel did it.',
];
