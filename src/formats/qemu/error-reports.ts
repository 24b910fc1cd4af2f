/**
 * What QEMU reports on standard error of a vhost operation that the backend refused → LogLine.
 *
 * Producer: hw/virtio/vhost.c, VHOST_OPS_DEBUG() (QEMU 2.12 to 11.1): error_report(fmt ": %s (%d)") with the text of
 *           errno and its number; util/error-report.c puts the program in front, and with -msg a clock and the guest's name.
 * Unit:     one line.
 * Not read: operations that no rule asks for.
 */
import type { CaptureRecord } from '../../model/record.js';
import type { LineFormat } from '../line-format.js';

// "qemu-system-x86_64: vhost_set_log_base failed: Bad address (14)"
const REFUSED =
  /^(?:\d{4}-\d\d-\d\dT[\d:.]{8,18}Z )?(?:[\w.+-]{1,64} )?(?:[\w./+-]{0,128}\/)?(?:qemu|kvm)[\w.+-]{0,64}: (?<refused>vhost_set_log_base) failed: (?<error>[A-Za-z][\w ,'/-]{0,128} \(-?\d{1,6}\))$/;

export function createErrorReports(): LineFormat {
  return new ErrorReports();
}

class ErrorReports implements LineFormat {
  readonly id = 'qemu-log';
  readonly isOpen = false;

  take(text: string, lineNo: number): readonly CaptureRecord[] | undefined {
    if (!text.includes(' failed: ')) return undefined;
    const { refused = '', error = '' } = REFUSED.exec(text.slice(0, 1024).trimEnd())?.groups ?? {};
    if (refused === '') return undefined;
    const span = { first: lineNo, last: lineNo };
    return [{ kind: 'log', span, source: 'qemu', text, values: { refused, error } }];
  }

  end(): readonly CaptureRecord[] {
    return [];
  }
}
