/** `/`, `n` and `N`: the next place that holds a text, in the timeline or in the flow. */
import { everyFlowRow } from './flow-rows.js';
import { reveal } from './jumps.js';
import { plainText } from './plain-text.js';
import type { Viewer } from './viewer.js';

export async function search(viewer: Viewer, direction: 1 | -1): Promise<void> {
  const { search: text, view } = viewer.state;
  if (text === '') {
    viewer.say('nothing to search for yet; / starts a search');
    return;
  }
  if (view === 'flow') {
    searchFlow(viewer, text, direction);
    return;
  }
  const { list } = viewer.rows ?? {};
  if (list === undefined) return;
  const from = viewer.state.panes.timeline.cursor;
  const near = await list.find(text, from + direction, direction);
  const found = near ?? (await list.find(text, direction === 1 ? 0 : list.length - 1, direction));
  if (found === undefined) {
    viewer.say(`not found: ${text}`);
    return;
  }
  viewer.dispatch({ type: 'focus', focus: 'main' });
  viewer.dispatch({ type: 'place', pane: 'timeline', cursor: found });
  if (near === undefined) viewer.say(wrapped(direction));
}

function searchFlow(viewer: Viewer, text: string, direction: 1 | -1): void {
  const every = everyFlowRow(viewer.judgement?.flows ?? []);
  const key = viewer.flowRows()[viewer.state.panes.flow.cursor]?.key;
  const from = every.findIndex((row) => row.key === key);
  const sought = text.toLowerCase();
  for (let step = 1; step <= every.length; step++) {
    const index = (from + step * direction + every.length) % every.length;
    const node = every[index]?.node;
    if (node === undefined || !plainText.node(node).toLowerCase().includes(sought)) continue;
    viewer.dispatch({ type: 'focus', focus: 'main' });
    reveal(viewer, every, index);
    if ((index - from) * direction <= 0) viewer.say(wrapped(direction));
    return;
  }
  viewer.say(`not found: ${text}`);
}

function wrapped(direction: 1 | -1): string {
  return direction === 1 ? 'the search went on from the top' : 'the search went on from the end';
}
