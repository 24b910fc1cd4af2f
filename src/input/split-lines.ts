/**
 * Text → lines, in bounded memory.
 *
 * LF and CRLF end a line; a CR elsewhere (progress bars, readline redraws) stays in it, but where a text begins with
 * lines that nothing else ends. The last line counts without a newline too.
 */

/** Characters kept of one line; what follows up to the newline is dropped. */
export const MAX_LINE = 1 << 20;

export interface LineSplitter {
  /** Takes the next piece of text; pieces may end anywhere. */
  push(text: string): void;
  /** Emits what stands after the last newline, if anything. */
  finish(): void;
}

/** Gives each piece of a text with LF in place of every other end of a line. */
export function toLf(): (text: string) => string {
  let isBehindCr = false;
  return (text) => {
    const rest = isBehindCr && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') isBehindCr = text.endsWith('\r');
    return rest.replaceAll(/\r\n?/g, '\n');
  };
}

/** Splits what is pushed and calls `emit` once a line, in order. */
export function splitLines(emit: (line: string) => void): LineSplitter {
  let pending = '';
  return {
    push(text) {
      let start = 0;
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
        const line = text.slice(start, end);
        emit(withoutFinalCr(pending === '' ? line : cut(pending, line)));
        pending = '';
        start = end + 1;
      }
      if (start < text.length) pending = cut(pending, text.slice(start));
    },
    finish() {
      if (pending !== '') emit(withoutFinalCr(pending));
      pending = '';
    },
  };
}

function withoutFinalCr(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function cut(head: string, tail: string): string {
  const room = MAX_LINE - head.length;
  if (tail.length <= room) return head + tail;
  if (room <= 0) return head;
  // Half of a surrogate pair is not a character, and a database would replace it.
  const splitsPair = /[\ud800-\udbff]/.test(tail.charAt(room - 1));
  return head + tail.slice(0, splitsPair ? room - 1 : room);
}
