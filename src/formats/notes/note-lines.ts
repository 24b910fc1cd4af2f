/**
 * Single lines of a note → what they say.
 *
 * Producers: people; cscope and vim's quickfix window; editors that number lines.
 * Syntax:    grammars/notes-line.peggy; the patterns here only spare the grammar hopeless lines.
 * Not read:  lists of calls without arrows: whether they call each other is not said.
 */
import { anyOf } from '../../base/any-of.js';
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
  if (!line.includes('<<')) return undefined;
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
  if (!hints(line, ROOT)) return undefined;
  return accept(line, 'Root');
}

/** All chains of a line, one after the other; each begins at depth 0. */
export function readChains(line: string): readonly NotedCall[] | undefined {
  if (!hints(line, CHAIN)) return undefined;
  return accept(line, 'Chains');
}

/** ` 789 static inline int f(void)` */
export function readListing(line: string): Listing | undefined {
  if (!hints(line, /^ *\d{1,7}(?: |$)/)) return undefined;
  return accept(line, 'Listing');
}

/** Whether C begins here: `strong` is C for sure, `weak` may be a person's words. */
export function readCodeStart(line: string): 'strong' | 'weak' | undefined {
  if (!hints(line, /[;{(]/.test(line) ? CODE_START : CODE_WORD)) return undefined;
  return accept(line, 'CodeStart');
}

/** What the line opens and closes; `commented`: it begins inside a comment. */
export function readBrackets(line: string, commented: boolean): Brackets | undefined {
  if (line.length > LONGEST_NOTE_LINE) return undefined;
  if (!(commented ? line.includes('*/') : BRACKET.test(line)))
    return NO_BRACKETS[Number(commented)];
  return accept(line, commented ? 'CommentedCode' : 'Code');
}

// A name and its list, with what may stand behind one without quotes and brackets: a sign of the end, a comment,
// an arrow, another call.
const ROOT =
  /^(?:[A-Za-z_][\w:.>-]*[ \t]*=[ \t]*)?[A-Za-z_][\w:.>-]*\([^()"]*(?:["(]|$|\)[ \t]*(?:[;:.,。，：/#=→|或和、-]|or|and|$))|^(?:struct|union)[ \t]/;

// Behind a list: an arrow or the colon of a request. Behind an empty one the arrow may be tight.
const CHAIN = /\(\)(?:->|:[A-Z])|\)[ \t]*(?:--+>|=+>|→|[ \t]->[ \t])/;

// Comments, directives, words of control.
const CODE_WORD = /^[ \t]*(?:\/[*/]|#[a-z]|\} else|else[ \t{]*$|do[ \t{]*$|case[ \t]|default:)/;

// Conditions; the head of a block; words and stars in front of a function's parameters, where these end the line or
// something stands behind them that may.
const CODE_BEGINS =
  /^[ \t]*(?:(?:\}[ \t]*)?(?:else[ \t]+)?(?:if|for|while|switch)[ \t]*\(|[a-z][\w \t]*\{|[A-Za-z_]\w*[ \t*][\w \t*]*\(.*(?:\)[ \t]*(?:$|\/[/*]|-+>|# |__)|,[ \t]*$))/;

// All other statements end with a semicolon and at most a remark; blocks of values and functions have their brace.
const CODE_ENDS = /;[ \t]*(?:$|\/[/*]|-+>|# )|[=)][ \t]*\{/;

const CODE_START = anyOf([CODE_WORD, CODE_BEGINS, CODE_ENDS]);

const BRACKET = /[{}()]|\/\*/;

/** What a line without them opens, and the same inside of a comment. */
const NO_BRACKETS: readonly Brackets[] = [false, true].map((comment) => ({
  braces: 0,
  brackets: 0,
  comment,
}));

function hints(line: string, hint: RegExp): boolean {
  return line.length <= LONGEST_NOTE_LINE && hint.test(line);
}
