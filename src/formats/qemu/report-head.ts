/**
 * What QEMU puts in front of a message of its own on standard error.
 *
 * Producer: util/error-report.c (util/qemu-error.c in older versions), vreport() and print_loc(): a clock with -msg timestamp=on, the
 *           name of the guest with -msg guest-name=on, the program, then "FILE:LINE: " without a blank before it where a file
 *           (-readconfig, -trace events=) is to blame, or " -device ...: ", or a blank.
 */
import { anyOf } from '../../base/any-of.js';

const PROGRAM = String.raw`(?:\S{0,128}[/\\])?(?:qemu|kvm)[\w.+-]{0,64}`;

const HEAD = anyOf([
  // "qemu-system-x86_64:/root/vhost.events:53: "   "qemu-kvm:vm.cfg: ": no person leaves out the blank
  new RegExp(String.raw`^${PROGRAM}:(?:[^:]{1,256}:\d{1,7}|[^\s:]{0,256}[./][^\s:]{0,256}): `),
  // "vm1 qemu-system-x86_64: warning: "; a person may write one word in front of QEMU's, but none of these behind it
  new RegExp(
    String.raw`^[\w.+-]{1,64} ${PROGRAM}:(?:[^:]{1,256}:\d{1,7}: | (?:warning: |info: |-{1,2}[a-z][\w-]{0,32} ))`,
  ),
  // "vm-1 qemu-system-x86_64: ": names of guests, and no words
  new RegExp(String.raw`^[\w.+-]{0,64}(?:\d|\w[._+-]\w)[\w.+-]{0,64} ${PROGRAM}: `),
]);

/** A message of QEMU by what stands before the words, where that is more than the program and a blank. */
export function hasReportHead(text: string): boolean {
  return HEAD.test(text);
}
