/**
 * Timeline or note: may the order of the backtraces in a capture be trusted?
 *
 * Raw gdb and trace logs are timelines. A person's words between two dumps make the file a note:
 * its dumps are snippets, possibly of several runs, and only what one stack proves may be judged.
 * So do two `bt` of different stacks with nothing between them that lets the program run: someone
 * put them together. Words before the first dump or after the last one (a bug report around a log)
 * change nothing. A log with its newest line first is no timeline either.
 */
import { plainCommand, RESUMES, SELECTS, SHOWS_STACK } from '../../facts/debugger/commands.js';
import type { CaptureRecord, Frame } from '../../model/record.js';
import { BackwardClock } from './backward-clock.js';
import { OverlappingPastes } from './overlapping-pastes.js';
import { PrintedWords } from './printed-words.js';
import { RepeatedRecords, ThreadClocks } from './shuffled.js';
import { TwoDebuggers } from './two-debuggers.js';

/** What makes a capture a note. */
export interface NoteSign {
  readonly line: number;
  readonly why:
    | 'words between the dumps'
    | 'backtraces with no run between them'
    | 'times that run backwards'
    | 'a time that goes back'
    | 'records that stand twice'
    | 'pages that overlap'
    | 'lines of two debuggers'
    | 'files of single threads, one behind the other';
}

/** The first sign that a person put the dumps together, undefined for a timeline. Pure. */
export function findNoteSign(records: readonly CaptureRecord[]): NoteSign | undefined {
  const finder = new NoteSignFinder();
  for (const record of records) finder.follow(record);
  return finder.found;
}

/** Looks at the records one by one. */
export class NoteSignFinder {
  private sign: NoteSign | undefined;
  private seenDump = false;
  private prose: number | undefined;
  private readonly commands = new CommandFollower();
  private readonly clock = new BackwardClock();
  private readonly threads = new ThreadClocks();
  private readonly repeated = new RepeatedRecords();
  private readonly printed = new PrintedWords();
  private lastDump = 0;
  private readonly pages = new OverlappingPastes();
  private readonly debuggers = new TwoDebuggers();

  /** The first sign in what was followed, undefined as long as there is none. */
  get found(): NoteSign | undefined {
    const words = this.printed.line ?? Infinity;
    const isFirst = words < (this.sign?.line ?? Infinity) && !this.isBackwards;
    if (isFirst && words < this.lastDump) return { line: words, why: 'words between the dumps' };
    if (this.sign !== undefined) return this.sign;
    const [repeated, page, other] = [this.repeated.line, this.pages.line, this.debuggers.line];
    if (repeated !== undefined) return { line: repeated, why: 'records that stand twice' };
    if (page !== undefined) return { line: page, why: 'pages that overlap' };
    return other === undefined ? undefined : { line: other, why: 'lines of two debuggers' };
  }

  private get isBackwards(): boolean {
    return this.sign?.why === 'times that run backwards';
  }

  follow(record: CaptureRecord): void {
    const mayBePrinted = this.printed.follow(record);
    if (isDump(record)) this.lastDump = record.span.first;
    this.repeated.follow(record);
    this.pages.follow(record);
    this.debuggers.follow(record);
    if (this.isBackwards) return;
    const isNewestFirst = record.kind === 'order' && record.why === 'newest first';
    if (isNewestFirst || this.clock.follow(record)) {
      this.sign = { line: record.span.first, why: 'times that run backwards' };
      return;
    }
    if (this.sign !== undefined) return;
    if (this.threads.goesBack(record)) {
      this.sign = { line: record.span.first, why: 'a time that goes back' };
      return;
    }
    if (record.kind === 'order') {
      const why = 'files of single threads, one behind the other';
      this.sign = { line: record.span.first, why };
      return;
    }
    if (record.kind === 'event' && this.seenDump && this.prose === undefined) return;
    if (isHuman(record) && this.seenDump && !mayBePrinted) {
      this.prose ??= record.span.first;
    } else if (isDump(record)) {
      if (this.prose !== undefined) {
        this.sign = { line: this.prose, why: 'words between the dumps' };
        return;
      }
      this.seenDump = true;
    }
    if (this.commands.follow(record)) {
      this.sign = { line: record.span.first, why: 'backtraces with no run between them' };
    }
  }
}

/** A person wrote this. */
function isHuman(record: CaptureRecord): boolean {
  switch (record.kind) {
    case 'prose':
      return record.human;
    case 'call-path':
    case 'code-reference':
    case 'heading':
      return true;
    default:
      return false;
  }
}

/** Something that ran printed this. */
function isDump({ kind }: CaptureRecord): boolean {
  return DUMPS.has(kind);
}

const DUMPS: ReadonlySet<CaptureRecord['kind']> = new Set([
  'backtrace',
  'stop',
  'event',
  'kernel-event',
  'syscall',
  'message',
]);

/** Follows the prompt: was this backtrace asked for where the one before was already shown? */
class CommandFollower {
  private shown: Frame | undefined;
  private asked = false;

  /** True when `record` is a backtrace that the session before it cannot have led to. */
  follow(record: CaptureRecord): boolean {
    if (record.kind === 'stop' || record.kind === 'process' || record.kind === 'gap') {
      this.shown = undefined;
    } else if (record.kind === 'command' && record.list === undefined) {
      const text = plainCommand(record.text);
      this.asked = SHOWS_STACK.test(text);
      if (RESUMES.test(text) || SELECTS.test(text)) this.shown = undefined;
    } else if (record.kind === 'backtrace' && record.levels[0] === 0) {
      const isOther = this.shown !== undefined && this.shown !== record.frames[0];
      const isSign = this.asked && isOther;
      this.shown = this.asked ? record.frames[0] : undefined;
      this.asked = false;
      return isSign;
    }
    return false;
  }
}
