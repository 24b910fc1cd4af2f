/** The filter as typed: `device:555f thread:"CPU 0/TCG" kind:op_set_features any text`. */
import type { BrowseChoices, BrowseFilter } from '../model/browse.js';

const FIELDS = ['device', 'thread', 'kind'] as const;
type Field = (typeof FIELDS)[number];

const WORD = /(?:(device|thread|kind):)?(?:"([^"]*)"?|(\S+))/g;

/** A field that is given twice counts as given last; words without a field are one text. */
export function parseFilter(typed: string): BrowseFilter {
  const fields: Partial<Record<Field, string>> = {};
  const words: string[] = [];
  for (const [, field, quoted, plain] of typed.matchAll(WORD)) {
    const value = quoted ?? plain ?? '';
    if (field === undefined) words.push(value);
    else if (value !== '') fields[field as Field] = value;
  }
  const text = words.filter((word) => !FIELDS.some((field) => word === `${field}:`)).join(' ');
  return text === '' ? fields : { ...fields, text };
}

export function filterText({ device, thread, kind, text }: BrowseFilter): string {
  const given = { device, thread, kind };
  const fields = FIELDS.flatMap((field) => {
    const value = given[field];
    return value === undefined ? [] : [`${field}:${quote(value)}`];
  });
  return [...fields, ...(text === undefined ? [] : [text])].join(' ');
}

/** Words that the last one may become: fields, then values that occur. */
export function completions(typed: string, choices: BrowseChoices): readonly string[] {
  const start = lastWordStart(typed);
  const before = typed.slice(0, start);
  const [, field, value = ''] = /^(device|thread|kind):"?([^"]*)$/.exec(typed.slice(start)) ?? [];
  if (field === undefined) {
    const word = typed.slice(start);
    return FIELDS.filter((name) => name.startsWith(word)).map((name) => `${before}${name}:`);
  }
  const values = choices[`${field as Field}s`];
  const sought = value.toLowerCase();
  return values
    .filter((choice) => choice.toLowerCase().includes(sought))
    .map((choice) => `${before}${field}:${quote(choice)}`);
}

/** A blank inside quotes does not end a word. */
function lastWordStart(typed: string): number {
  let start = 0;
  let isQuoted = false;
  for (const [i, character] of Array.from(typed).entries()) {
    if (character === '"') isQuoted = !isQuoted;
    else if (character === ' ' && !isQuoted) start = i + 1;
  }
  return start;
}

function quote(value: string): string {
  return value.includes(' ') ? `"${value}"` : value;
}
