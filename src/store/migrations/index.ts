import { captures } from './001-captures.js';
import { formats } from './002-formats.js';
import { shapes } from './003-shapes.js';
import { eventTexts } from './004-event-texts.js';
import { factBlocks } from './005-fact-blocks.js';
import { eventRuns } from './006-event-runs.js';

/** SQL of each schema step, oldest first; the number of steps is the schema version of the program. */
export const migrations: readonly string[] = [
  captures,
  formats,
  shapes,
  eventTexts,
  factBlocks,
  eventRuns,
];
