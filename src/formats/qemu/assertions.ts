/**
 * What a QEMU that fails an assertion prints on standard error as its last words → LogLine.
 *
 * Producer: glibc assert/assert.c, __assert_fail_base() ("%s%s%s:%u: %s%sAssertion `%s' failed.\n"); GLib
 *           glib/gtestutils.c, g_assertion_message().
 * Unit:     one line; mail may have wrapped it in front of the function.
 * Not read: assertions of programs of another name.
 */
import type { CaptureRecord } from '../../model/record.js';
import type { LineFormat } from '../line-format.js';

// "qemu-system-x86_64: ../hw/virtio/vhost.c:101: vhost_dev_sync_region: Assertion `end / 0x40000 < size' failed."
// clang prints the whole signature: "qemu-kvm: ../system/memory.c:24: void *memory_region_get_ram_ptr(MemoryRegion *): Assertion ..."
const LIBC =
  /^(?:(?:[\w./+-]{0,128}\/)?(?<program>(?:qemu|kvm)[\w.+-]{0,64}): (?<file>[\w./+-]{1,256}):(?<line>\d{1,7}): )?(?:[\w *]{1,64}[ *])?(?<func>\w{1,128})(?:\([^()]{0,256}\))?: Assertion [`'‘](?<what>.{1,512})['’] failed\.?$/;

// "ERROR:../hw/virtio/vhost.c:101:vhost_dev_sync_region: assertion failed: (end < size)"   "... (a == b): (1 == 2)"
const GLIB =
  /^(?:\*\* )?(?:Bail out! )?ERROR:(?<file>[\w./+-]{1,256}):(?<line>\d{1,7}):(?<func>\w{1,128}): assertion failed:? \((?<what>.{1,512})\)$/;

export function createAssertions(): LineFormat {
  return new Assertions();
}

class Assertions implements LineFormat {
  readonly id = 'qemu-log';
  readonly isOpen = false;

  take(text: string, lineNo: number): readonly CaptureRecord[] | undefined {
    if (!text.includes('ssertion ')) return undefined;
    const line = text.length > 2048 ? '' : text.trimEnd();
    const groups = (LIBC.exec(line) ?? GLIB.exec(line))?.groups;
    if (groups === undefined) return undefined;
    const values: Record<string, string> = {};
    for (const [name, value] of Object.entries(groups)) {
      // A group that took no part is undefined, whatever its type says.
      if ((value as string | undefined) !== undefined) values[name] = value;
    }
    const span = { first: lineNo, last: lineNo };
    return [{ kind: 'log', span, source: 'qemu', text: line, values }];
  }

  end(): readonly CaptureRecord[] {
    return [];
  }
}
