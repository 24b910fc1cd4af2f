/** `vhtrace tui`: captures from files or from the store → what the interactive view asks for. */
import { VhtraceError } from '../base/errors.js';
import { expandPatterns } from '../input/expand-patterns.js';
import { isRegularFile } from '../input/open-bytes.js';
import type { Policy } from '../check/policy.js';
import type { RunOptions } from '../flows/run.js';
import type { Browser, Judged } from '../model/browse.js';
import { ShownNames } from '../model/shown-names.js';
import { Details } from './browse-detail.js';
import type { KeptLines } from './browse-detail.js';
import { openList, RowMap } from './browse-list.js';
import { MemorySource } from './browse-memory.js';
import type { FactSource } from './browse-source.js';
import { StoreSource } from './browse-store.js';
import { readInputs } from './inputs.js';
import { judge } from './judge.js';
import { runOptionsOf } from './judge-request.js';
import type { JudgeRequest } from './judge-request.js';
import { judgeInThread } from './judge-thread.js';
import type { Judging } from './judge-thread.js';
import type { FileFailure, ReadCapture } from './read-capture.js';
import type { Twin } from './same-bytes.js';

export interface BrowseResult {
  readonly browser: Browser;
  readonly failures: readonly FileFailure[];
  readonly twins: readonly Twin[];
}

/**
 * Opens files or the store for browsing.
 *
 * Files are read to their end, their facts stay in memory; of a store only windows are loaded.
 * Errors: USAGE for a version that is none; those of {@link readInputs}.
 */
export async function openBrowser(
  request: JudgeRequest,
  startJudging: typeof judgeInThread = judgeInThread,
): Promise<BrowseResult> {
  const options = runOptionsOf(request);
  if (request.paths.length === 0) {
    const source = await StoreSource.open(request.database, options);
    const start = (): Judging => startJudging(jobOf(request, source, options));
    return { browser: new SourceBrowser(source, new Map(), start), failures: [], twins: [] };
  }
  const paths = await expandPatterns(request.paths);
  const { captures, failures, twins, keeper } = await readInputs({ ...request, paths });
  const source = new MemorySource(captures, options);
  const start = (): Judging => {
    // The bytes of a pipe are there only once: what was read is judged here, and keys wait for it.
    if (!paths.every(isRegularFile)) return judgeHere(captures, options, request);
    const judging = startJudging(jobOf({ ...request, paths }, source, options));
    // A file that was written to meanwhile is judged as it was read.
    const result = judging.result.then((judged) => judged ?? judge(captures, options, request));
    return { ...judging, result };
  };
  return { browser: new SourceBrowser(source, keeper?.kept ?? new Map(), start), failures, twins };
}

function jobOf(
  { paths, database, traceEvents = [], only, rules }: JudgeRequest,
  { captures }: FactSource,
  options: RunOptions,
): Parameters<typeof judgeInThread>[0] {
  return {
    input: { paths, database, traceEvents },
    captures: captures.map(({ sha256 }) => sha256),
    options,
    policy: { only, rules },
  };
}

function judgeHere(captures: readonly ReadCapture[], options: RunOptions, policy: Policy): Judging {
  return {
    result: Promise.resolve().then(() => judge(captures, options, policy)),
    stop: () => Promise.resolve(),
  };
}

class SourceBrowser implements Browser {
  readonly captures;
  private readonly map: RowMap;
  private readonly details: Details;
  private judging: Judging | undefined;
  private names: ShownNames | undefined;
  private counted: ReturnType<FactSource['choices']> | undefined;

  constructor(
    private readonly source: FactSource,
    kept: KeptLines,
    private readonly start: () => Judging,
  ) {
    this.captures = source.captures;
    this.map = new RowMap(source);
    this.details = new Details(source, kept);
  }

  async choices(): ReturnType<Browser['choices']> {
    const recorded = await (this.counted ??= this.source.choices());
    return this.names?.added(recorded) ?? recorded;
  }

  list(filter: Parameters<Browser['list']>[0]): ReturnType<Browser['list']> {
    return openList(this.source, this.map, filter, () => this.names);
  }

  detail(row: Parameters<Browser['detail']>[0]): ReturnType<Browser['detail']> {
    return this.details.of(row);
  }

  /** Errors: STORE_UNUSABLE where the store has other captures by now. */
  async judged(): Promise<Judged> {
    this.judging ??= this.start();
    const judged = await this.judging.result;
    if (judged !== undefined) {
      this.names ??= new ShownNames(judged);
      return judged;
    }
    throw new VhtraceError(
      'STORE_UNUSABLE',
      'captures of the store were replaced after it was opened',
      'open it again',
    );
  }

  async rowAtLine(capture: number, line: number): Promise<number | undefined> {
    const seq = await this.source.atLine(capture, line);
    return seq === undefined ? undefined : this.map.startOf(capture) + seq;
  }

  async close(): Promise<void> {
    // Who waits for the judgement is told; nobody may be waiting.
    this.judging?.result.catch(() => undefined);
    await this.judging?.stop();
    await this.source.close();
  }
}
