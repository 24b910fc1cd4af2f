/**
 * What libvirt writes around the standard error of a QEMU, /var/log/libvirt/qemu/NAME.log → ProcessMark.
 *
 * Producer: libvirt src/qemu/qemu_process.c, qemuLogOperation() and qemuProcessStop(); src/util/vircommand.c
 *           virCommandToStringBuf(). The file is kept from start to start of the guest: each is another process.
 * Unit:     one mark per start and end; the command line is chatter.
 * Not read: the versions of libvirt, QEMU and kernel in the header.
 */
import type { CaptureRecord } from '../../model/record.js';
import type { LineFormat } from '../line-format.js';

// 2026-11-26 19:31:20.147+0000: starting up libvirt version: 9.0.0, package: ..., qemu version: 7.2.4, ...
// 2026-11-26 19:32:20.447+0000: shutting down, reason=migrated
const MARK =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d{4}: (?:(starting up) libvirt version: |shutting down(?:, reason=\w|$))/;

export function createLibvirtLog(): LineFormat {
  return new LibvirtLog();
}

class LibvirtLog implements LineFormat {
  readonly id = 'qemu-log';
  readonly isOpen = false;
  /** The last line of the header, where the command line goes on: one word a line, each but the last with a backslash. */
  #header = -1;
  #isContinued = false;

  take(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    const span = { first: lineNo, last: lineNo };
    const mark = MARK.exec(line);
    if (mark !== null) {
      const isStart = mark[1] !== undefined;
      if (isStart) this.#header = lineNo;
      this.#isContinued = false;
      return [{ kind: 'process', span, what: isStart ? 'start' : 'exit' }];
    }
    if (this.#header !== lineNo - 1) return undefined;
    const isContinued = line.endsWith(' \\');
    if (!isContinued && !this.#isContinued) return undefined;
    this.#header = lineNo;
    this.#isContinued = isContinued;
    return [{ kind: 'chatter', span }];
  }

  end(): readonly CaptureRecord[] {
    return [];
  }
}
