/** Runs the interactive view from the first frame until the user leaves. */
import { spawnSync } from 'node:child_process';
import { render } from 'ink';
import type { Browser } from '../model/browse.js';
import { App } from './app.js';
import { copySequence } from './clipboard.js';
import type { EditorCommand } from './editor.js';
import type { Leave, Surroundings } from './outside.js';
import type { Style } from './style.js';
import type { Host, Screen } from './terminal.js';
import { Viewer } from './viewer.js';

export interface TuiOptions {
  readonly browser: Browser;
  readonly screen: Screen;
  readonly host: Host;
  readonly style: Style;
  /** $VISUAL or $EDITOR. */
  readonly editor: string;
  readonly sourceRoot: string | undefined;
  readonly inTmux: boolean;
  /** Said in the first frame, until a key is pressed. */
  readonly greeting: string | undefined;
}

type Visit =
  Leave | { readonly kind: 'resize' } | { readonly kind: 'signal'; readonly code: number };

const SIGNALS = { SIGTERM: 143, SIGHUP: 129, SIGINT: 130 } as const;

/** Gives the exit code. Errors: whatever went wrong, after the terminal was given back. */
export async function runTui(options: TuiOptions): Promise<number> {
  const { screen, browser, greeting } = options;
  const viewer = new Viewer(browser, screen.size());
  await viewer.open();
  if (greeting !== undefined) viewer.say(greeting);
  screen.enter();
  try {
    for (;;) {
      const visit = await show(viewer, options);
      switch (visit.kind) {
        case 'quit':
          return 0;
        case 'interrupt':
          return 130;
        case 'signal':
          return visit.code;
        case 'resize':
          viewer.dispatch({ type: 'resize', size: screen.size() });
          screen.blank();
          break;
        case 'edit':
          screen.leave();
          edit(viewer, visit.command, options);
          comeBack(viewer, screen);
          break;
        case 'suspend':
          screen.leave();
          await suspend(options.host);
          comeBack(viewer, screen);
          // Node reads the size of the window anew when it is told of a resize, and a stopped program is not told.
          options.host.kill(options.host.pid, 'SIGWINCH');
      }
    }
  } finally {
    screen.leave();
  }
}

function comeBack(viewer: Viewer, screen: Screen): void {
  screen.enter();
  viewer.dispatch({ type: 'resize', size: screen.size() });
}

/**
 * Shows the view until something ends or interrupts it. Each time ink begins anew: its picture of what
 * is on the screen would be wrong after a resize or a visit elsewhere.
 */
async function show(viewer: Viewer, options: TuiOptions): Promise<Visit> {
  const { screen, host, style, editor, sourceRoot, inTmux } = options;
  const undo: (() => void)[] = [];
  try {
    return await new Promise<Visit>((resolve, reject) => {
      const around: Surroundings = {
        editor,
        sourceRoot,
        leave: resolve,
        copy: (text) => {
          const sequence = copySequence(text, inTmux);
          if (sequence !== undefined) screen.write(sequence);
          return sequence !== undefined;
        },
      };
      undo.push(
        screen.onResize(() => {
          resolve({ kind: 'resize' });
        }),
      );
      for (const [signal, code] of Object.entries(SIGNALS)) {
        undo.push(
          listen(host, signal as keyof typeof SIGNALS, () => {
            resolve({ kind: 'signal', code });
          }),
        );
      }
      undo.push(listen(host, 'uncaughtException', reject));
      const instance = render(<App viewer={viewer} style={style} around={around} />, {
        stdout: screen.stdout(),
        stdin: screen.stdin,
        exitOnCtrlC: false,
        patchConsole: false,
        // Whole frames, as they come; the screen paints what changed.
        debug: true,
      });
      undo.push(() => {
        instance.unmount();
      });
      instance.waitUntilExit().catch(reject);
    });
  } finally {
    for (const step of undo.reverse()) step();
  }
}

function listen(
  host: Host,
  event: NodeJS.Signals | 'uncaughtException',
  listener: (error: unknown) => void,
): () => void {
  host.on(event as NodeJS.Signals, listener);
  return () => {
    host.off(event, listener);
  };
}

/** Waits for the editor. Nothing else reads the terminal meanwhile, because nothing else runs. */
function edit(viewer: Viewer, { command, args }: EditorCommand, { screen }: TuiOptions): void {
  const { error, status } = spawnSync(command, args, {
    stdio: [screen.stdin, 'inherit', 'inherit'],
  });
  if (error !== undefined) viewer.say(`${command} could not be started: ${error.message}`);
  else if (status !== 0) viewer.say(`${command} ended with ${status ?? 'a signal'}`);
}

/** Stops as Ctrl-Z stops other programs, until the shell sends SIGCONT. */
async function suspend(host: Host): Promise<void> {
  // A listener for a signal keeps no program alive: without a timer Node ends where nothing else is under way.
  const alive = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => {
    const stop = listen(host, 'SIGCONT', () => {
      stop();
      resolve();
    });
    host.kill(0, 'SIGTSTP');
  });
  clearInterval(alive);
}
