/**
 * Single lines of a note → what they say.
 *
 * Producers: people; cscope and vim's quickfix window; editors that number lines.
 * Syntax:    grammars/notes-line.peggy; the patterns here only spare the grammar hopeless lines.
 * Not read:  lists of calls without arrows: whether they call each other is not said.
 */
import { accept } from '../../grammar/notes-line.js';
import type { CodeReference, PathCall } from '../../model/record.js';

/** A call of one line, its depth counted from that line. */
export type NotedCall = Omit<PathCall, 'line'>;

/** `   -> f()`: where its arrow stands, and what it calls. */
export interface Branch {
  readonly column: number;
  readonly calls: readonly NotedCall[];
}

/** `2149         /*`: a line of source as an editor numbers it. */
export interface Listing {
  readonly number: number;
  readonly code: string;
}

/** What a line of C opens (positive) or closes. */
export interface Brackets {
  readonly braces: number;
  readonly brackets: number;
  /** A comment goes on below. */
  readonly comment: boolean;
}

export type Reference = Omit<CodeReference, 'kind' | 'span'>;

/** Nobody writes longer lines of these kinds; the grammar may look at a text more than once. */
export const LONGEST_NOTE_LINE = 4096;

/** `  - hw/virtio/vhost.c|1475| <<f>> code` */
export function readReference(line: string): Reference | undefined {
  if (!hints(line, /^[ \t]*(?:-[ \t]*)?[^| \t]+\|\d+\|[ \t]*<</)) return undefined;
  return accept(line, 'Reference');
}

/** `=====`, `-----`, `*****`: the rule without blanks behind it. */
export function readRule(line: string): string | undefined {
  if (!hints(line, /^(?:={5}|-{5}|\*{5})/)) return undefined;
  return accept(line, 'Rule');
}

/** The title of `## Cancel`. */
export function readTitle(line: string): string | undefined {
  if (!hints(line, /^#+[ \t]/)) return undefined;
  return accept(line, 'Title');
}

/** `   -> f()`, `-> struct sg_table table;` */
export function readBranch(line: string): Branch | undefined {
  if (!hints(line, /^[ \t]*[\\|`+└├]?[-=─]*[>→]/)) return undefined;
  return accept(line, 'Branch');
}

/** The calls of a line that a tree may hang below; none for `struct x:`. */
export function readRoot(line: string): readonly NotedCall[] | undefined {
  if (!hints(line, /^\w[^(]*\(|^(?:struct|union)[ \t]/)) return undefined;
  return accept(line, 'Root');
}

/** All chains of a line, one after the other; each begins at depth 0. */
export function readChains(line: string): readonly NotedCall[] | undefined {
  if (!line.includes('(') || !hints(line, /->|=>|→|\):[A-Z]/)) return undefined;
  return accept(line, 'Chains');
}

/** ` 789 static inline int f(void)` */
export function readListing(line: string): Listing | undefined {
  if (!hints(line, /^ *\d{1,7}(?: |$)/)) return undefined;
  return accept(line, 'Listing');
}

/** Whether C begins here: `strong` is C for sure, `weak` may be a person's words. */
export function readCodeStart(line: string): 'strong' | 'weak' | undefined {
  // Every first line holds one of these signs or begins like this.
  if (!hints(line, /[;{}(]|^[ \t]*(?:\/[*/]|else|do\b|case\b|default:|#[a-z])/)) return undefined;
  return accept(line, 'CodeStart');
}

/** What the line opens and closes; `commented`: it begins inside a comment. */
export function readBrackets(line: string, commented: boolean): Brackets | undefined {
  if (line.length > LONGEST_NOTE_LINE) return undefined;
  return accept(line, commented ? 'CommentedCode' : 'Code');
}

function hints(line: string, hint: RegExp): boolean {
  return line.length <= LONGEST_NOTE_LINE && hint.test(line);
}
