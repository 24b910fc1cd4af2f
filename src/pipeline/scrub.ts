/** `vhtrace scrub`: a capture → the same capture with pseudonyms, line by line. */
import { VhtraceError } from '../base/errors.js';
import { QuotedPrintable } from '../formats/wrappings/quoted-printable.js';
import { isRegularFile } from '../input/open-bytes.js';
import type { ByteSource } from '../input/open-bytes.js';
import { openCapture } from '../input/open-capture.js';
import { Scrubber } from '../scrub/scrubber.js';
import type { ScrubCounts, ScrubMapping } from '../scrub/scrubber.js';
import { WrapColumns, WrappedLines } from '../scrub/wrapped-lines.js';

/** Lines of a pipe that show whether it was wrapped. */
const HELD_LINES = 10_000;

type Settle = () => Promise<void>;

export interface ScrubRequest {
  readonly path: string;
  /** Further words to be replaced. */
  readonly words: readonly string[];
  /** Takes each line without its end. */
  readonly emit: (line: string) => void;
  /** Waited for after each part of the file: who takes the lines may be slower. */
  readonly settle?: Settle;
  readonly source?: ByteSource;
}

export interface ScrubResult {
  readonly lines: number;
  /** The lines at whose end a pointer was cut in two, so that its halves are not scrubbed. */
  readonly cut: readonly number[];
  readonly counts: ScrubCounts;
  readonly mapping: ScrubMapping;
}

/** Errors: those of {@link openCapture}; a binary trace is FILE_BINARY. */
export async function runScrub(request: ScrubRequest): Promise<ScrubResult> {
  // A name may stand in front of what shows that it is one. A pipe cannot be read twice.
  if (!isRegularFile(request.path)) return scrubPipe(request, new Scrubber(request.words));
  const columns = new WrapColumns();
  let scrubber = await learn(request, columns, false);
  // What was learned are halves of names.
  if (columns.all.size > 0) scrubber = await learn(request, columns, true);
  scrubber.restart();
  const wrapped = wrappedLines(columns.all, scrubber, request.emit);
  await eachLine(request, (line) => {
    wrapped.push(line);
  });
  return resultOf(wrapped, scrubber);
}

/** Reads the capture and keeps the names that it shows; `isWrapped`: its columns are known by now. */
async function learn(
  request: ScrubRequest,
  columns: WrapColumns,
  isWrapped: boolean,
): Promise<Scrubber> {
  const scrubber = new Scrubber(request.words);
  const wrapped = wrappedLines(isWrapped ? columns.all : new Set(), scrubber, () => undefined);
  await eachLine({ ...request, settle: undefined }, (line) => {
    if (!isWrapped) columns.see(line);
    wrapped.push(line);
  });
  wrapped.end();
  return scrubber;
}

async function scrubPipe(request: ScrubRequest, scrubber: Scrubber): Promise<ScrubResult> {
  const columns = new WrapColumns();
  let held: string[] = [];
  let begun: WrappedLines | undefined;
  const begin = (): WrappedLines => {
    const wrapped = wrappedLines(columns.all, scrubber, request.emit);
    for (const line of held) wrapped.push(line);
    held = [];
    return wrapped;
  };
  await eachLine(request, (line) => {
    if (begun !== undefined) {
      begun.push(line);
      return;
    }
    columns.see(line);
    if (held.push(line) >= HELD_LINES) begun = begin();
  });
  return resultOf(begun ?? begin(), scrubber);
}

function wrappedLines(
  columns: ReadonlySet<number>,
  scrubber: Scrubber,
  emit: (line: string) => void,
): WrappedLines {
  const scrub = (text: string): string => scrubber.line(text);
  return new WrappedLines(columns, new QuotedPrintable(), { scrub, emit });
}

async function eachLine(
  { path, source, settle }: Pick<ScrubRequest, 'path' | 'source'> & { settle?: Settle | undefined },
  take: (line: string) => void,
): Promise<void> {
  await openCapture(path, take, source, refuseBytes, settle);
}

function resultOf(wrapped: WrappedLines, scrubber: Scrubber): ScrubResult {
  wrapped.end();
  const { counts, mapping } = scrubber;
  return { lines: wrapped.count, cut: wrapped.cut, counts, mapping };
}

function refuseBytes(): never {
  throw new VhtraceError(
    'FILE_BINARY',
    'is a binary trace of QEMU; only text is scrubbed',
    "QEMU's scripts/simpletrace.py turns it into text",
  );
}
