/** A real terminal, kept by tmux: keys in, screen and raw output out. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempDir } from '../helpers/temp-dir.js';

export const hasTmux = ((): boolean => {
  try {
    execFileSync('tmux', ['-V']);
    return true;
  } catch {
    return false;
  }
})();

/** Variables of the machine that would change what is shown. */
const UNSET = ['CI', 'CONTINUOUS_INTEGRATION', 'NO_COLOR', 'FORCE_COLOR', 'VISUAL', 'VHTRACE_DB'];

export class TerminalSession {
  readonly folder = tempDir();
  private readonly socket = join(this.folder, 'tmux');

  /** `env` is what the shell in it exports. */
  constructor(columns: number, rows: number, env: Readonly<Record<string, string>> = {}) {
    const exported = Object.entries({ LC_ALL: 'C.UTF-8', PS1: '$ ', ...env });
    const rc = join(this.folder, 'rc');
    writeFileSync(
      rc,
      [
        `unset ${UNSET.join(' ')}`,
        ...exported.map(([name, value]) => `export ${name}='${value}'`),
        '',
      ].join('\n'),
    );
    const shell = `bash --noprofile --rcfile ${rc} -i`;
    this.tmux('-f', '/dev/null', 'new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, shell);
    onTestFinished(() => {
      this.tmux('kill-server');
    });
    this.tmux('pipe-pane', `cat > ${this.rawPath}`);
  }

  /** Types a text and Enter. */
  run(line: string): void {
    this.tmux('send-keys', '-l', line);
    this.keys('Enter');
  }

  /** Keys by the names of tmux: `e`, `Enter`, `C-c`, `PageDown`. */
  keys(...names: readonly string[]): void {
    for (const name of names) this.tmux('send-keys', name);
  }

  resize(columns: number, rows: number): void {
    this.tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }

  screen(): string {
    return this.tmux('capture-pane', '-p');
  }

  /** Waits until the screen shows a text; gives the screen. */
  async shows(text: string | RegExp): Promise<string> {
    for (let i = 0; i < 300; i++) {
      const screen = this.screen();
      if (typeof text === 'string' ? screen.includes(text) : text.test(screen)) return screen;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`the terminal does not show ${String(text)}:\n${this.screen()}`);
  }

  /** All that was written to the terminal. */
  raw(): string {
    return readFileSync(this.rawPath, 'utf8');
  }

  private get rawPath(): string {
    return join(this.folder, 'raw');
  }

  private tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-S', this.socket, ...args], { encoding: 'utf8' });
  }
}
