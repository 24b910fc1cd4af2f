/** What QEMU reports to have failed, in words. */
import type { FailureReport } from '../model/report.js';

/** One sentence, without its line. Pure. */
export function failureText({ message, times, means }: FailureReport): string {
  const again = times > 1 ? `, ${times} times` : '';
  return `${message}${again}${means === null ? '' : `: ${means}`}`;
}
