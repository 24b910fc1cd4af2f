/**
 * Mail that is still encoded as quoted-printable: `=3D` stands for `=`, and a line that ends with `=` goes on.
 *
 * Source: RFC 2045, 6.7. Decoded where the text shows it: below the header of a mail that says so, and from
 * the first frame or stop whose arguments read `name=3Dvalue`. A line with any other `=` is none of that mail.
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

const VALID = /^(?:[^=]|=[0-9A-F]{2})*=?$/;
/** In a line without one of these nothing needs to be decoded; `state=BDRV_X` and `addr=20` are plain text. */
const ENCODED = /=(?:3D|[C-F][0-9A-F]=[89AB][0-9A-F]|$)|(?<!\w)=20$/;
const CODES = /(?:=[0-9A-F]{2})+/g;

/** The lines of one capture. */
export class QuotedPrintable {
  #isOn = false;
  #goesOn = false;

  /** Undefined for a line that is not encoded. */
  decode(raw: string): Decoded | undefined {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const encoding = HEADER.exec(line)?.[1];
    if (encoding !== undefined) this.#isOn = encoding.toLowerCase() === 'quoted-printable';
    else if (line.includes('=3D') && ENCODED_ARGUMENT.test(line)) this.#isOn = true;
    const isEncoded = this.#isOn && (this.#goesOn || ENCODED.test(line)) && VALID.test(line);
    this.#goesOn = isEncoded && line.endsWith('=');
    if (!isEncoded) return undefined;
    const bare = this.#goesOn ? line.slice(0, -1) : line;
    return { text: bare.replace(CODES, decodeBytes), goesOn: this.#goesOn };
  }
}

function decodeBytes(codes: string): string {
  return Buffer.from(codes.replaceAll('=', ''), 'hex').toString('utf8');
}
