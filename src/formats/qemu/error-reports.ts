/**
 * What QEMU reports on standard error of vhost operations and of migrations that failed → LogLine.
 *
 * Producer: hw/virtio/vhost.c, VHOST_OPS_DEBUG() (QEMU 2.12 to 11.1): error_report(fmt ": %s (%d)") with the text of
 *           errno and its number; vhost_log_global_start() and vhost_log_global_stop(), which end QEMU instead up to 10.0;
 *           migration/savevm.c, qemu_savevm_state_iterate(); migration/migration.c, process_incoming_migration_co().
 *           util/error-report.c puts the program in front, and with -msg a clock and the guest's name.
 * Unit:     one line.
 * Not read: other messages; they say nothing of vhost devices or of how a migration ends.
 */
import type { CaptureRecord } from '../../model/record.js';
import type { LineFormat } from '../line-format.js';

const PROGRAM =
  /^(?:\d{4}-\d\d-\d\dT[\d:.]{8,18}Z )?(?:[\w.+-]{1,64} )?(?:[\w./+-]{0,128}\/)?(?:qemu|kvm)[\w.+-]{0,64}: (?:warning: )?/;

const ERROR = String.raw`[A-Za-z][\w ,'/-]{0,128}`;
const ERRNO = String.raw`${ERROR} \(-?\d{1,6}\)`;

/** Without the program: of these the words alone are QEMU's, also where a collector of logs has taken it away. */
const OF_VHOST: readonly RegExp[] = [
  // "vhost_set_log_base failed: Bad address (14)"
  new RegExp(`^(?<refused>vhost_[a-z_]{1,48}) failed: (?<error>${ERRNO})$`),
  // "vhost VQ 1 ring restore failed: -22: Invalid argument (22)"
  new RegExp(
    String.raw`^(?<refused>vhost VQ \d{1,5} ring restore) failed: (?<error>-?\d{1,6}: ${ERRNO})$`,
  ),
  // "vhost: Failed to start logging: Invalid argument"
  new RegExp(`^(?<refused>vhost: Failed to (?:start|stop) logging)(?:: (?<error>${ERROR}))?$`),
];
const OF_MIGRATION: readonly RegExp[] = [
  // "failed to save SaveStateEntry with id(name): 1(ram): -5"
  /^(?<refused>failed to save SaveStateEntry) with id\(name\): (?<error>\d{1,7}\([\w.:/-]{1,256}\)(?:: -?\d{1,6})?)$/,
  // "load of migration failed: Input/output error"
  new RegExp(`^(?<refused>load of migration) failed: (?<error>${ERROR})$`),
];

export function createErrorReports(): LineFormat {
  return new ErrorReports();
}

class ErrorReports implements LineFormat {
  readonly id = 'qemu-log';
  readonly isOpen = false;

  take(text: string, lineNo: number): readonly CaptureRecord[] | undefined {
    if (!text.includes('ailed')) return undefined;
    const line = text.slice(0, 1024).trimEnd();
    const program = PROGRAM.exec(line)?.[0] ?? '';
    const message = line.slice(program.length);
    const forms = program === '' ? OF_VHOST : [...OF_VHOST, ...OF_MIGRATION];
    const form = forms.find((one) => one.test(message));
    const { refused, error = '' } = form?.exec(message)?.groups ?? {};
    if (refused === undefined) return undefined;
    const span = { first: lineNo, last: lineNo };
    return [{ kind: 'log', span, source: 'qemu', text, values: { refused, error, message } }];
  }

  end(): readonly CaptureRecord[] {
    return [];
  }
}
