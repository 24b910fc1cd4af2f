/** What a rule misses where a capture is a note, and what would give it: by what makes it one (src/flows/order/order.ts). */
import type { NoteSign } from '../flows/order/order.js';

/** One sentence. `what` it is that has no order, where the sign does not say. */
export function missingOrder({ why, line }: NoteSign, what: 'records' | 'backtraces'): string {
  const { missing = `the order of the ${what}`, says, remedy } = SIGNS[why];
  return `${missing}: ${why} (line ${line}) ${says}; ${remedy}`;
}

interface Sign {
  /** Undefined: the order of what the rule reads. */
  readonly missing?: string;
  readonly says: string;
  readonly remedy: string;
}

const OF_RECORDS = 'the order of the records';

const SNIPPETS: Sign = {
  says: 'make this a note of separate snippets',
  remedy: '--assume-ordered vouches for their order',
};

const SIGNS: Readonly<Record<NoteSign['why'], Sign>> = {
  'words between the dumps': SNIPPETS,
  'backtraces with no run between them': SNIPPETS,
  'times that run backwards': {
    missing: OF_RECORDS,
    says: 'show that the newest line comes first',
    remedy: '`tac FILE | vhtrace check -` turns them round',
  },
  'a time that goes back': {
    missing: OF_RECORDS,
    says: 'shows that lines do not stand where they were written',
    remedy: 'sort them by time, with no part twice',
  },
  'lines of two debuggers': {
    missing: OF_RECORDS,
    says: 'stand among each other',
    remedy: 'give each gdb a log of its own (`set logging file`)',
  },
  'records that stand twice': {
    missing: 'how often each thing happened',
    says: 'have the same time',
    remedy: '`uniq FILE | vhtrace check -` leaves one of each',
  },
  'pages that overlap': {
    missing: 'how often each thing happened',
    says: 'show that a part stands twice',
    remedy: 'take the second one away',
  },
  'files of single threads, one behind the other': {
    missing: OF_RECORDS,
    says: 'are what strace -ff writes',
    remedy: '`strace-log-merge` of strace brings them in order',
  },
};
