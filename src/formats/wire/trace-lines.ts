/** Lines that only strace, DPDK, libvhost-user or QEMU's simpletrace.py print: what stands in front of one in a log is no part of it. */
import { isSimpletrace } from '../qemu/simpletrace-text.js';
import { configLine } from './dpdk-line.js';
import { isBanner } from './libvhost-user.js';
import { isSurelyStrace } from './strace-evidence.js';
import { hasStraceHead } from './strace-line.js';

/** `VHOST_CONFIG: ...`, a system call with a stamp or with arguments as strace prints them, the head of a message, an event. */
export function isTraceLine(text: string): boolean {
  return (
    configLine(text) !== undefined || isBanner(text) || isSurelyStrace(text) || isSimpletrace(text)
  );
}

// "VHOST_CONFIG: "   ") = 0"   "<unfinished ...>"   "<... ioctl resumed>"
const HOPEFUL =
  /VHOST_(?:CONFIG|DATA|CRYPTO): |={16} Vhost user m|\)[ \t]{0,64}= |<(?:unfinished|detached) \.\.\.>|strace: Process /;

/** One may stand somewhere in the line. */
export function mayHoldTrace(line: string): boolean {
  return HOPEFUL.test(line);
}

/** As far as its beginning tells. */
export function beginsTrace(text: string): boolean {
  return (
    hasStraceHead(text) || isBanner(text) || configLine(text) !== undefined || isSimpletrace(text)
  );
}

/** The reader of the line takes the stamp in front as the line's own. */
export function hasOwnStamp(line: string): boolean {
  return configLine(line) !== undefined || hasStraceHead(line);
}
