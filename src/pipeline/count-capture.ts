import type { Facts } from '../flows/fact-builder.js';
import type { CaptureInfo, CaptureRecord, Reading, Span } from '../model/record.js';
import type { CaptureCounts } from '../model/report.js';

/** Counts what a capture holds, record by record. */
export class CaptureCounter {
  private threads = 0;
  private backtraces = 0;
  private frames = 0;
  private events = 0;
  private prose = 0;

  add(record: CaptureRecord): void {
    switch (record.kind) {
      case 'thread':
        if (record.what === 'header') this.threads++;
        break;
      case 'backtrace':
        this.backtraces++;
        this.frames += record.frames.length;
        break;
      case 'event':
      case 'kernel-event':
        this.events++;
        break;
      case 'prose':
        this.prose += linesOf(record.span);
        break;
      default:
        break;
    }
  }

  counts(
    info: CaptureInfo,
    { lines, formats, problems }: Pick<Reading, 'lines' | 'formats' | 'problems'>,
    { total, sessions }: Facts,
  ): CaptureCounts {
    return {
      path: info.path,
      sha256: info.sha256,
      bytes: info.bytes,
      lines,
      formats,
      sessions,
      threads: this.threads,
      backtraces: this.backtraces,
      frames: this.frames,
      events: this.events,
      facts: total,
      prose: this.prose,
      problems: problems.length,
    };
  }
}

function linesOf({ first, last }: Span): number {
  return last - first + 1;
}
