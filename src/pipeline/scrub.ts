/** `vhtrace scrub`: a capture → the same capture with pseudonyms, line by line. */
import { VhtraceError } from '../base/errors.js';
import { isRegularFile } from '../input/open-bytes.js';
import type { ByteSource } from '../input/open-bytes.js';
import { openCapture } from '../input/open-capture.js';
import { Scrubber } from '../scrub/scrubber.js';
import type { ScrubCounts, ScrubMapping } from '../scrub/scrubber.js';

export interface ScrubRequest {
  readonly path: string;
  /** Further words to be replaced. */
  readonly words: readonly string[];
  /** Takes each line without its end. */
  readonly emit: (line: string) => void;
  /** Waited for after each part of the file: who takes the lines may be slower. */
  readonly settle?: () => Promise<void>;
  readonly source?: ByteSource;
}

export interface ScrubResult {
  readonly lines: number;
  readonly counts: ScrubCounts;
  readonly mapping: ScrubMapping;
}

/** Errors: those of {@link openCapture}; a binary trace is FILE_BINARY. */
export async function runScrub(request: ScrubRequest): Promise<ScrubResult> {
  const { path, words, emit, settle, source } = request;
  const scrubber = new Scrubber(words);
  // A name may stand in front of what shows that it is one. A pipe cannot be read twice.
  if (isRegularFile(path)) {
    await openCapture(path, (line) => void scrubber.line(line), source, refuseBytes);
    scrubber.restart();
  }
  let lines = 0;
  await openCapture(
    path,
    (line) => {
      lines++;
      emit(scrubber.line(line));
    },
    source,
    refuseBytes,
    settle,
  );
  return { lines, counts: scrubber.counts, mapping: scrubber.mapping };
}

function refuseBytes(): never {
  throw new VhtraceError(
    'FILE_BINARY',
    'is a binary trace of QEMU; only text is scrubbed',
    "QEMU's scripts/simpletrace.py turns it into text",
  );
}
