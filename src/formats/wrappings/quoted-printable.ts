/**
 * Mail that is still encoded as quoted-printable: `=3D` stands for `=`, and a line that ends with `=` goes on.
 *
 * Source: RFC 2045, 6.7. Decoded where the text shows it: below the header of a mail that says so, and from
 * the first frame or stop whose arguments read `name=3Dvalue`, pointer or
 * result that does. A line with any other `=` is none of that mail. A blank at the end of a line is `=20`, which the text of
 * another log may hold as well: it counts until a line that is none of the mail came.
 */

/** A line of the mail, decoded. */
export interface Decoded {
  readonly text: string;
  /** The line break is none: what follows belongs to the last word. */
  readonly goesOn: boolean;
}

/** `C` and `c`: what no header begins with needs no look at all of {@link HEADER}. */
const HEADER_BEGINS: ReadonlySet<number> = new Set([67, 99]);
const HEADER = /^Content-Transfer-Encoding:[ \t]*([\w-]+)/i;
/** `dev=3D0x5555`, `) =3D 0`, `) at vhost.c:12=0D`: no number begins so, and no value of a register. Anywhere in a trace. */
const ENCODED_VALUE =
  /\w=3D0x[\da-f]|\) {1,64}=3D (?:-?\d|0x|\?)|\) at [^ ]{1,255}:\d{1,9}=0D(?:=0A=?)?\r?$/;
const ENCODED_ARGUMENT =
  /^[ \t>|]*(?:#\d+[ \t]|(?:Thread |(?:Temporary )?Breakpoint )[^(]*\d+, )[^"]* \(\w+=3D/;

/** The next mail of an mbox. */
const SEPARATOR = /^From \S+ .*\d\d:\d\d:\d\d .*\b\d{4}$/;

/** Not at the end, where it is the line's own. */
const HIDDEN_BREAK = /^(?=.{1,78}$).*=0D=0A(?!=?\r?$)/;

const BROKEN = /[^=]=\r?$/;
const SHORTEST_BROKEN = 60;
/** A breakpoint that is set or listed, an event, a message: none ends with `=` where a mail must break it. */
const RECORD =
  /^(?=.{74,76}\r?$)(?:\d{1,6} {1,8}breakpoint {1,8}keep |Breakpoint \d{1,6} at 0x|\d{1,10}@\d{1,12}\.\d{1,9}:[a-z]|VHOST_CONFIG: )/;

const VALID = /^(?:[^=]|=[0-9A-F]{2})*=?$/;
/** In a line without one of these nothing needs to be decoded; `state=BDRV_X` is plain text. */
const ENCODED = /=(?:3D|[C-F][0-9A-F]=[89AB][0-9A-F]|0D(?:=0A=?)?$|$)|(?<!\w)=20$/;
const TRAILING_BLANK = /=(?:20|09)$/;
const CODES = /(?:=[0-9A-F]{2})+/g;

/** The lines of one capture. */
export class QuotedPrintable {
  #isOn = false;
  #goesOn = false;
  #isHidden = false;
  /** All lines since it was known were of the mail, as far as they show. */
  #isPure = false;

  /** False for a line that is none of a mail and makes none known: nearly every line. */
  mayMatter(raw: string): boolean {
    if (this.#isOn || this.#isHidden || HEADER_BEGINS.has(raw.charCodeAt(0))) return true;
    if (!raw.includes('=')) return false;
    return raw.endsWith('=') || raw.endsWith('=\r') || raw.includes('=3D') || raw.includes('=0D');
  }

  /** The line holds several of the text: of a mail that was encoded as a file is, which has lines of its own. */
  hidesBreaks(raw: string): boolean {
    const wasHidden = this.#isHidden;
    const goesOn = raw.endsWith('=') || raw.endsWith('=\r');
    this.#isHidden = goesOn && (wasHidden || (HIDDEN_BREAK.test(raw) && VALID.test(raw)));
    return this.#isHidden || wasHidden;
  }

  /** The line may go on, in a mail that nothing has shown yet: encoders break lines at 76 columns or a little before. */
  mayGoOn(raw: string): boolean {
    return !this.#isOn && raw.length >= SHORTEST_BROKEN && raw.length <= 77 && BROKEN.test(raw);
  }

  /** True where lines of which the first may go on are one that shows the mail: they are to be decoded then. */
  begin(raws: readonly string[]): boolean {
    const whole = raws.map((raw) => raw.replace(/=\r?$/, '')).join('');
    const isRecord = RECORD.test(raws[0] ?? '');
    if (!isRecord && !isEncodedRecord(whole)) return false;
    this.#switch(true);
    return true;
  }

  /** Undefined for a line that is not encoded. */
  decode(raw: string): Decoded | undefined {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const encoding = HEADER.exec(line)?.[1];
    if (encoding !== undefined) this.#switch(encoding.toLowerCase() === 'quoted-printable');
    else if (isEncodedRecord(line)) this.#switch(true);
    else if (SEPARATOR.test(line)) this.#switch(false);
    const isEncoded = this.#isOn && this.#isEncoded(line);
    this.#goesOn = isEncoded && line.endsWith('=') && !line.endsWith('=0D=0A=');
    if (!isEncoded) return undefined;
    const bare = line.endsWith('=') ? line.slice(0, -1) : line;
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

function isEncodedRecord(line: string): boolean {
  if (!line.includes('=3D') && !line.includes('=0D')) return false;
  return ENCODED_VALUE.test(line) || ENCODED_ARGUMENT.test(line);
}

function decodeBytes(codes: string): string {
  return Buffer.from(codes.replaceAll('=', ''), 'hex').toString('utf8');
}
