/**
 * Lines of a log in the journal, of which every field is printed on a line of its own.
 *
 * Source: systemd's src/shared/logs-show.c, output_export() and output_verbose(), which `journalctl -o export` and `-o verbose`
 *         print. The other fields and the lines between the entries are of the wrapping.
 *
 *     __CURSOR=s=1f2e;i=3f                            Sun 2026-11-22 03:27:38.123789 UTC [s=1f2e;i=3f;b=a]
 *     _PID=4242                                           _PID=4242
 *     MESSAGE=vhost_section mem                           MESSAGE=vhost_section mem
 *
 * Not read: a message of several lines, which export prints with its length and verbose set in: they are lines of no known
 *           format, where records may be missing.
 */

import { stampOf } from './json-lines.js';

/** With it an entry begins. */
const EXPORTED = /^__CURSOR=s=[\da-f]/;
const VERBOSE =
  /^(?:[A-Z][a-z]{2} )?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [A-Z]{1,5}| [+-]\d\d)? \[s=[\da-f]{1,32};i=[^\]]{1,256}\]$/;

const FIELD = /^(?: {4})?(_{0,2}[A-Z][A-Z\d_]{0,63})=(.*)$/;

/** Journals have no more in an entry. */
const MOST_FIELDS = 1024;

/** What becomes of the lines. */
export interface JournalTarget {
  /** Takes a message behind the journal's usual stamp. */
  readonly pushLine: (text: string, line: number) => void;
  /** The line is of the wrapping. */
  readonly skip: (line: number) => void;
}

export class JournalFields {
  readonly #target: JournalTarget;
  #isInEntry = false;
  #isExport = false;
  /** Who wrote the message, and when, may stand below it. */
  #fields = new Map<string, string>();
  #message: { readonly text: string; readonly line: number } | undefined;
  #below: number[] = [];

  constructor(target: JournalTarget) {
    this.#target = target;
  }

  /** A message waits for the end of its entry. */
  get isOpen(): boolean {
    return this.#message !== undefined;
  }

  /** Takes a line of an entry, clean; what waits is given out before any other line. */
  take(text: string, line: number): boolean {
    if (this.#begins(text)) this.end();
    // Nothing waits: so it is with nearly every line.
    else if (!this.#isInEntry) return false;
    else if (this.#isExport && text === '') {
      this.end();
      this.#target.skip(line);
      return true;
    } else if (!this.#addField(text, line)) {
      this.end();
      this.#isInEntry = false;
      return false;
    } else return true;
    this.#isInEntry = true;
    this.#target.skip(line);
    return true;
  }

  /** Gives out the message that waits. */
  end(): void {
    const message = this.#message;
    const below = this.#below;
    const stamp = stampOf(Object.fromEntries(this.#fields));
    this.#message = undefined;
    this.#below = [];
    this.#fields = new Map();
    if (message === undefined) return;
    this.#target.pushLine(`${stamp}${message.text}`, message.line);
    for (const line of below) this.#target.skip(line);
  }

  #begins(text: string): boolean {
    const isExport = text.startsWith('__CURSOR=') && EXPORTED.test(text);
    if (!isExport && !(text.endsWith(']') && VERBOSE.test(text))) return false;
    this.#isExport = isExport;
    return true;
  }

  #addField(text: string, line: number): boolean {
    const [, name, value = ''] = FIELD.exec(text) ?? [];
    if (name === undefined || this.#below.length >= MOST_FIELDS) return false;
    if (name === 'MESSAGE' && this.#message === undefined) this.#message = { text: value, line };
    else {
      if (this.#fields.size < MOST_FIELDS) this.#fields.set(name, value);
      if (this.#message === undefined) this.#target.skip(line);
      else this.#below.push(line);
    }
    return true;
  }
}
