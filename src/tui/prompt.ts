/** Keys while one types a text to search or a filter. */
import { completions, parseFilter } from './filter-text.js';
import { search } from './search.js';
import type { Prompt } from './state.js';
import type { Viewer } from './viewer.js';

export function pressInPrompt(viewer: Viewer, key: string): void {
  const { prompt } = viewer.state;
  if (prompt === undefined) return;
  const edit = (text: string): void => {
    viewer.dispatch({ type: 'prompt', prompt: { ...prompt, text } });
  };
  switch (key) {
    case 'Esc':
      close(viewer);
      return;
    case 'Enter':
      submit(viewer, prompt);
      return;
    case 'Backspace':
      if (prompt.text === '') close(viewer);
      else edit(Array.from(prompt.text).slice(0, -1).join(''));
      return;
    case 'Ctrl-u':
      edit('');
      return;
    case 'Tab':
      if (prompt.kind === 'filter') viewer.attempt(complete(viewer, prompt.text));
      return;
    case 'Space':
      edit(`${prompt.text} `);
      return;
    default:
      // Keys with a name of several letters type nothing.
      if (Array.from(key).length === 1) edit(prompt.text + key);
  }
}

function close(viewer: Viewer): void {
  viewer.dispatch({ type: 'prompt', prompt: undefined });
}

function submit(viewer: Viewer, { kind, text }: Prompt): void {
  close(viewer);
  if (kind === 'filter') {
    viewer.attempt(viewer.filter(parseFilter(text)));
    return;
  }
  if (text !== '') viewer.dispatch({ type: 'search', text });
  viewer.attempt(search(viewer, 1));
}

/** The first that fits; when it is there already, the one after it. */
async function complete(viewer: Viewer, typed: string): Promise<void> {
  const choices = await viewer.browser.choices();
  const before = viewer.completing;
  const options = before.includes(typed) ? before : completions(typed, choices);
  const text = options[(options.indexOf(typed) + 1) % options.length];
  if (text === undefined) return;
  viewer.completing = options;
  viewer.dispatch({ type: 'prompt', prompt: { kind: 'filter', text } });
}
