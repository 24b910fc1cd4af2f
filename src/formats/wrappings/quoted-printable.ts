/**
 * Mail that is still encoded as quoted-printable: `=3D` stands for `=`, and a line that ends with `=` goes on.
 *
 * Source: RFC 2045, 6.7. Decoded where the text shows it: below the header of a mail that says so, and from
 * the first frame or stop whose arguments read `name=3Dvalue`. A line with any other `=` is none of that mail. A blank at
 * the end of a line is `=20`, which the text of another log may hold as well: it counts until a line that is none of
 * the mail came.
 */

/** A line of the mail, decoded. */
export interface Decoded {
  readonly text: string;
  /** The line break is none: what follows belongs to the last word. */
  readonly goesOn: boolean;
}

const HEADER = /^Content-Transfer-Encoding:[ \t]*([\w-]+)/i;
const ENCODED_ARGUMENT =
  /^[ \t>|]*(?:#\d+[ \t]|(?:Thread |(?:Temporary )?Breakpoint )[^(]*\d+, )[^"]* \(\w+=3D/;

/** The next mail of an mbox. */
const SEPARATOR = /^From \S+ .*\d\d:\d\d:\d\d .*\b\d{4}$/;

const VALID = /^(?:[^=]|=[0-9A-F]{2})*=?$/;
/** In a line without one of these nothing needs to be decoded; `state=BDRV_X` is plain text. */
const ENCODED = /=(?:3D|[C-F][0-9A-F]=[89AB][0-9A-F]|$)|(?<!\w)=20$/;
const TRAILING_BLANK = /=(?:20|09)$/;
const CODES = /(?:=[0-9A-F]{2})+/g;

/** The lines of one capture. */
export class QuotedPrintable {
  #isOn = false;
  #goesOn = false;
  /** All lines since it was known were of the mail, as far as they show. */
  #isPure = false;

  /** Undefined for a line that is not encoded. */
  decode(raw: string): Decoded | undefined {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const encoding = HEADER.exec(line)?.[1];
    if (encoding !== undefined) this.#switch(encoding.toLowerCase() === 'quoted-printable');
    else if (line.includes('=3D') && ENCODED_ARGUMENT.test(line)) this.#switch(true);
    else if (SEPARATOR.test(line)) this.#switch(false);
    const isEncoded = this.#isOn && this.#isEncoded(line);
    this.#goesOn = isEncoded && line.endsWith('=');
    if (!isEncoded) return undefined;
    const bare = this.#goesOn ? line.slice(0, -1) : line;
    return { text: bare.replace(CODES, decodeBytes), goesOn: this.#goesOn };
  }

  #switch(isOn: boolean): void {
    this.#isOn = isOn;
    this.#isPure = isOn;
  }

  #isEncoded(line: string): boolean {
    if (!line.includes('=')) return this.#goesOn;
    if (!VALID.test(line)) {
      this.#isPure = false;
      return false;
    }
    return this.#goesOn || ENCODED.test(line) || (this.#isPure && TRAILING_BLANK.test(line));
  }
}

function decodeBytes(codes: string): string {
  return Buffer.from(codes.replaceAll('=', ''), 'hex').toString('utf8');
}
