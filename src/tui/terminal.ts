/**
 * The terminal as the view uses it: a screen of its own, which is given back however the program ends.
 *
 * ink 6 has no such screen. Left to itself it clears screen and scrollback with every frame that is as high as
 * the terminal, and its incremental rendering is off by a row for lower ones. So it gets a stream
 * ({@link Screen.stdout}) that takes whole frames, as its debug mode writes them, and a painter writes the rows
 * that changed. ink of later majors (Node 22) may make this file smaller.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import { EventEmitter } from 'node:events';
import type { Size } from './layout.js';
import { Painter } from './painter.js';

/** The parts of `process` that are needed. */
export type Host = Pick<NodeJS.Process, 'on' | 'off' | 'kill' | 'pid'>;

// No `CSI 2J`: some terminals move what it clears into the scrollback.
const BLANK = '\x1b[m\x1b[H\x1b[J';
// Without wrapping, a character that is wider than it should be spoils its own row only.
const ENTER = `\x1b[?1049h\x1b[?25l\x1b[?7l${BLANK}`;
const LEAVE = '\x1b[m\x1b[?7h\x1b[?25h\x1b[?1049l';

export class Screen {
  private isEntered = false;
  private readonly painter = new Painter();
  private readonly restore = (): void => {
    this.leave();
  };

  constructor(
    readonly stdin: ReadStream,
    private readonly output: WriteStream,
    private readonly host: Host,
  ) {}

  size(): Size {
    return { columns: this.output.columns || 80, rows: this.output.rows || 24 };
  }

  /** Switches to the screen of our own. */
  enter(): void {
    this.isEntered = true;
    this.painter.forget();
    this.host.on('exit', this.restore);
    this.output.write(ENTER);
  }

  /** Gives the screen back; does nothing where it has been given back. */
  leave(): void {
    if (!this.isEntered) return;
    this.isEntered = false;
    this.host.off('exit', this.restore);
    if (this.stdin.isTTY) this.stdin.setRawMode(false);
    this.output.write(LEAVE);
  }

  /** Before a frame that has another size than the last one. */
  blank(): void {
    this.painter.forget();
    this.output.write(BLANK);
  }

  write(text: string): void {
    this.output.write(text);
  }

  onResize(listener: () => void): () => void {
    this.output.on('resize', listener);
    return () => this.output.off('resize', listener);
  }

  /** What ink writes its frames to: as wide as the terminal is now, and silent about resizes. */
  stdout(): WriteStream {
    const size = this.size();
    const stream = Object.assign(new EventEmitter(), {
      ...size,
      isTTY: false,
      write: (frame: string): boolean => {
        const text = this.isEntered ? this.painter.next(frame, size.columns) : '';
        return text === '' || this.output.write(text);
      },
    });
    return stream as unknown as WriteStream;
  }
}
