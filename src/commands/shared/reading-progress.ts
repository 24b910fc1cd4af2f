/** How far reading is, for somebody who waits: nothing in the first second, then a line that is written over. */
import { showProgress } from './terminal.js';

const FIRST_MS = 1000;
const EVERY_MS = 250;

export class ReadingProgress {
  private path = '';
  private start = 0;
  private next = 0;

  /** `total`: bytes of the file, undefined for a pipe. */
  show(path: string, bytes: number, total: number | undefined): void {
    const now = performance.now();
    if (path !== this.path) {
      this.path = path;
      this.start = now;
      this.next = now + FIRST_MS;
    }
    if (now < this.next) return;
    this.next = now + EVERY_MS;
    showProgress(progressText(path, bytes, total, (now - this.start) / 1000));
  }

  /** Takes the line away. */
  end(): void {
    if (this.path !== '') showProgress('');
  }
}

/** `gdb.txt: 12 of 85 MB, 17 MB/s, 5 s left` */
export function progressText(
  path: string,
  bytes: number,
  total: number | undefined,
  seconds: number,
): string {
  const rate = bytes / seconds;
  const speed = `${megabytes(rate, 1)} MB/s`;
  if (total === undefined) return `${path}: ${megabytes(bytes)} MB, ${speed}`;
  // A file that grows is read to its new end.
  const left = Math.ceil(Math.max(0, total - bytes) / rate);
  return `${path}: ${megabytes(bytes)} of ${megabytes(total)} MB, ${speed}, ${duration(left)} left`;
}

function megabytes(bytes: number, digits = 0): string {
  return (bytes / 1e6).toFixed(digits);
}

function duration(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
