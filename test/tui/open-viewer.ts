/** A view on captures without a terminal. */
import { onTestFinished } from 'vitest';
import { openBrowser } from '../../src/pipeline/browse.js';
import type { Leave, Surroundings } from '../../src/tui/outside.js';
import { press } from '../../src/tui/perform.js';
import { defaults } from '../../src/settings/options.js';
import { Viewer } from '../../src/tui/viewer.js';
import { judgeWithoutThread } from '../helpers/judge-without-thread.js';

export interface OpenViewer {
  readonly viewer: Viewer;
  /** Presses keys, by their names in the table, and waits until nothing changes any more. */
  readonly keys: (...names: readonly string[]) => Promise<void>;
  readonly around: Surroundings;
  readonly left: Leave[];
  readonly copied: string[];
}

/** `size` is `80x24`. */
export async function openViewer(
  paths: readonly string[],
  size: string,
  given: Partial<Surroundings> = {},
): Promise<OpenViewer> {
  const { browser } = await openBrowser(
    { ...defaults, paths, database: 'none' },
    judgeWithoutThread,
  );
  onTestFinished(() => browser.close());
  const [columns = 0, rows = 0] = size.split('x').map(Number);
  const viewer = new Viewer(browser, { columns, rows });
  const left: Leave[] = [];
  const copied: string[] = [];
  const around: Surroundings = {
    editor: 'vi',
    sourceRoot: undefined,
    leave: (how) => left.push(how),
    copy: (text) => copied.push(text) > 0,
    ...given,
  };
  await viewer.open();
  // The code is not warm yet.
  await settled(viewer, 5);
  return {
    viewer,
    around,
    left,
    copied,
    keys: async (...names) => {
      for (const name of names) {
        press(viewer, name, around);
        await settled(viewer);
      }
    },
  };
}

/** Files are read and a judgement is made behind the view. */
async function settled(viewer: Viewer, pauses = 1): Promise<void> {
  await viewer.browser.judged();
  let version = viewer.snapshot();
  for (let quiet = 0; quiet < pauses; quiet++) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    if (version !== viewer.snapshot()) quiet = -1;
    version = viewer.snapshot();
  }
}
