/**
 * Lines of a container that docker has put into several records of its json-file log.
 *
 * Source: moby's daemon/logger/copier.go: a line that is longer than 16 KiB goes into as many records as it takes, of which the
 *         last one has the line break. The file keeps no other sign of it.
 *
 *     {"log":"#0  vhost_log_put (dev=0x5555, ","stream":"stdout","time":"2026-11-22T03:00:00.123789Z"}
 *     {"log":"sync=true) at vhost.c:390\n","stream":"stdout","time":"2026-11-22T03:00:00.123789Z"}
 */

/** More is no line that is read. */
const LONGEST_LINE = 1_000_000;

export class DockerPieces {
  /** Records have line breaks: collectors take them off, and give whole lines. */
  #endLines = false;
  /** By the stream. */
  readonly #open = new Map<string, string>();

  /** A line goes on in a later record. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** The whole line; undefined where it goes on. */
  join(log: string, stream: string): string | undefined {
    const text = (this.#open.get(stream) ?? '') + log;
    const isEnd = log.endsWith('\n');
    this.#endLines ||= isEnd;
    if (this.#endLines && !isEnd && text.length < LONGEST_LINE && /^std(?:out|err)$/.test(stream)) {
      this.#open.set(stream, text);
      return undefined;
    }
    this.#open.delete(stream);
    return text;
  }
}
