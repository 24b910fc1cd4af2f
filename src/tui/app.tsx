/** The screen in ink: one text a row, cut before. */
import { Box, Text, useInput } from 'ink';
import { useSyncExternalStore } from 'react';
import type { JSX } from 'react';
import { keyNames } from './keys.js';
import { usedRows } from './layout.js';
import type { Surroundings } from './outside.js';
import { press } from './perform.js';
import { screenRows } from './screen.js';
import type { Style } from './style.js';
import type { Viewer } from './viewer.js';

export interface AppProps {
  readonly viewer: Viewer;
  readonly style: Style;
  readonly around: Surroundings;
}

export function App({ viewer, style, around }: AppProps): JSX.Element {
  useSyncExternalStore(viewer.subscribe, viewer.snapshot);
  useInput((input, flags) => {
    for (const key of keyNames(input, flags)) press(viewer, key, around);
  });
  return (
    <Box flexDirection="column" height={usedRows(viewer.state.size)}>
      {screenRows(viewer, style).map((row, i) => (
        // Rows have no identity but their place. An empty text would have no height.
        <Text key={i} wrap="truncate">
          {row === '' ? ' ' : row}
        </Text>
      ))}
    </Box>
  );
}
