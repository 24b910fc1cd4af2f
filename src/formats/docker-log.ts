/**
 * Lines of Docker's json-file driver, which keeps each line of a container, with its end, in an object.
 *
 * Source: daemon/logger/jsonfilelog of moby; `docker logs` takes the objects off, a copy of the file has them.
 *
 *     {"log":"vhost_section mem\n","stream":"stderr","time":"2026-11-22T03:00:00.123789Z"}
 */
import { cleanLine } from './clean.js';

/** The line as the container printed it, clean; any other line as it is. */
export function unwrapDockerLog(line: string): string {
  if (!line.startsWith('{"log":"')) return line;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null || !('log' in entry)) return line;
    return typeof entry.log === 'string' ? cleanLine(entry.log.replace(/\r?\n$/, '')) : line;
  } catch {
    return line;
  }
}
