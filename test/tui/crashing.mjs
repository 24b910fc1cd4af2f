/** The view with something in it that throws: `crashing.mjs later`, `crashing.mjs 'in a frame'`. Needs `dist/`. */
import { Screen } from '../../dist/tui/terminal.js';
import { runTui } from '../../dist/tui/run-tui.js';
import { createStyle } from '../../dist/tui/style.js';

const [when] = process.argv.slice(2);
const list = {
  length: 0,
  rows: () => Promise.resolve([]),
  find: () => Promise.resolve(undefined),
  placeOf: () => Promise.resolve(0),
};
const browser = {
  captures: [],
  list: () => Promise.resolve(list),
  // Neither ever comes; a timer keeps the process alive as files would.
  judged: () => new Promise(() => setInterval(() => undefined, 1000)),
};
const fail = () => {
  throw new Error('on purpose');
};
if (when === 'later') setTimeout(fail, 500);
const style = createStyle({ color: false, unicode: true });
try {
  await runTui({
    browser,
    screen: new Screen(process.stdin, process.stdout, process),
    host: process,
    style: when === 'in a frame' ? { ...style, colors: { ...style.colors, bold: fail } } : style,
    editor: 'vi',
    sourceRoot: undefined,
    inTmux: false,
    greeting: undefined,
  });
} catch (error) {
  console.log(`crashed: ${error.message}`);
  process.exit(7);
}
