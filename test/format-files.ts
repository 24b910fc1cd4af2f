/** Which file under src/formats/ reads which format, as data: `docs.test.ts` prints it into src/formats/README.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FORMAT_IDS } from '../src/model/record.js';
import type { FormatId } from '../src/model/record.js';

const folder = join(import.meta.dirname, '..', 'src', 'formats');

/** Where to begin reading: the files that claim the lines, or the bytes, of a format. */
const formatFiles: Readonly<Record<FormatId, readonly string[]>> = {
  gdb: ['gdb/frames.ts', 'gdb/lines.ts', 'gdb/printed-value.ts'],
  'gdb-mi': ['gdb-mi/gdb-mi.ts'],
  'qemu-log': [
    'qemu/qemu-trace.ts',
    'qemu/lttng.ts',
    'qemu/libvirt-log.ts',
    'qemu/assertions.ts',
    'qemu/error-reports.ts',
  ],
  'qemu-simple': ['qemu/simple-file.ts'],
  simpletrace: ['qemu/simpletrace-text.ts'],
  ftrace: ['kernel/ftrace.ts'],
  perf: ['kernel/perf.ts'],
  strace: ['wire/strace.ts'],
  dmesg: ['kernel/dmesg.ts'],
  'libvhost-user': ['wire/libvhost-user.ts'],
  dpdk: ['wire/dpdk.ts'],
  'foreign-stack': ['stacks/foreign-stack.ts'],
  'vhtrace-probes': ['gdb/probe-lines.ts'],
  notes: ['notes/note-reader.ts'],
};

/** The first sentence of a file's header. */
function firstSentence(path: string): string {
  const header = /^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(join(folder, path), 'utf8'))?.[1] ?? '';
  const [paragraph = ''] = header
    .replace(/^\s*\* ?/gm, '')
    .trim()
    .split('\n\n');
  return paragraph.replaceAll('\n', ' ').replace(/\.$/, '');
}

/** The printed part of src/formats/README.md. */
export function printFormats(): string {
  const rows = FORMAT_IDS.flatMap((id) =>
    formatFiles[id].map((path) => `| \`${id}\` | [${path}](${path}) | ${firstSentence(path)} |`),
  );
  return ['| format | file | what it reads |', '| --- | --- | --- |', ...rows].join('\n');
}
