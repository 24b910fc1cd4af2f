/**
 * Lines of a log that are kept in JSON, one text in an object or in a list of strings, and in `key=value` of loggers.
 *
 * Source: daemon/logger/jsonfilelog of moby, where `docker logs` takes the objects off and a copy of the file has them;
 *         systemd's src/shared/logs-show.c, output_json(), which `journalctl -o json` prints; KubeVirt's pkg/virt-launcher and
 *         logrus' text formatter, which have the text in `msg`; Ansible's default callback; exports of Grafana's Loki
 *         (`line`), Google Cloud (`textPayload`), CloudWatch and Elasticsearch (`message`), Splunk (`_raw`).
 *
 *     {"log":"vhost_section mem\n","stream":"stderr","time":"2026-11-22T03:00:00.123789Z"}
 *     {"__REALTIME_TIMESTAMP":"1763782058000000","_PID":"4242","SYSLOG_IDENTIFIER":"qemu","MESSAGE":"vhost_section mem"}
 *     {"component":"virt-launcher","level":"info","msg":"vhost_section mem","subcomponent":"qemu"}
 *       "out.stdout_lines": [
 *         "vhost_section mem",
 *         "message": "vhost_section mem",
 *     time="2026-11-22T03:00:00Z" level=info msg="vhost_section mem"
 *
 * What stands in front of an object stays there, and so is a margin of its text.
 *
 * Not read: an entry of several lines.
 */
import { cleanLine } from './clean.js';
import { DockerPieces } from './docker-pieces.js';

const OBJECT = /^\{"(?:log": ?"|[@\w.-]{1,64}": ?["[{\dtfn-])/;
const LIST = /^ {1,32}"(?:[\w.]{1,128}\.)?std(?:out|err)_lines": \[$/;
const ITEM = /^ {1,32}("(?:[^"\\]|\\.)*"),?$/;

/** Members that have the text, the first of them that an entry has. */
const TEXTS = ['log', 'MESSAGE', 'message', 'msg', 'line', 'textPayload', '_raw'] as const;

/** One of an object that is printed over several lines. */
const MEMBER =
  /^[ \t]{1,32}"(?:log|msg|message|MESSAGE|line|textPayload|_raw)": ("(?:[^"\\]|\\.)*"),?$/;

/**
 * What collectors write in front of an object: CRI's log of a container, kubectl and docker compose (a name, a clock), fluentd's
 * out_file (a clock, a tag).
 */
const BEFORE_OBJECT =
  /^(?:\[pod\/[\w./-]{1,320}\] |[A-Za-z0-9][\w.-]{0,254} {1,64}\| )?(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)(?: std(?:out|err) F | |\t[\w.*-]{1,128}\t))?(?=\{")/;

/** What stands around them: brackets, words of a list, other members. */
const STRUCTURE =
  /^[ \t]*(?:[[\]{}]{1,2},?|\}, ?\{|"[\w@.:/-]{0,256}",?|("[@\w./-]{1,128}"): ?([[{]|.+?),?)$/;

/** The last one of the line, as loggers write it. */
const KEY =
  /^(?:[\w.]{1,64}=(?:"(?:[^"\\]|\\.){0,1024}"|[^\s"]{0,1024}) ){1,16}msg=("(?:[^"\\]|\\.)*")(?: [\w.]{1,64}=\S{0,1024}){0,16}$/;

/** Longer entries are those of a log that is no trace. */
const LONGEST_ENTRY = 1_000_000;

export class JsonLines {
  readonly #pieces = new DockerPieces();
  /** Records of docker's have their line breaks. */
  #seesEnds = false;
  #isInList = false;
  /** The lines above are of objects that are printed over several lines. */
  #isInObjects = false;

  /** The line is one of those that stand between two texts, and says nothing itself. */
  isBetween(line: string): boolean {
    if (!this.#isInObjects || line.length > LONGEST_ENTRY || MEMBER.test(line)) return false;
    const [whole, name, value = ''] = STRUCTURE.exec(line) ?? [];
    if (whole === undefined) return false;
    return name === undefined || /^[[{]$/.test(value) || parsed(value) !== undefined;
  }

  /** A line of the log goes on in a record that did not come. */
  get isCut(): boolean {
    return this.#pieces.isOpen;
  }

  /**
   * The line as the program printed it, clean, behind the journal's usual stamp; any other line as it is. Undefined for a piece of
   * one that goes on.
   */
  unwrap(line: string): string | undefined {
    const margin = line.endsWith('}') ? BEFORE_OBJECT.exec(line)?.[0] : undefined;
    if (margin !== undefined) {
      const object = line.slice(margin.length);
      const whole = object.startsWith('{"log"') ? this.#joined(object) : object;
      if (whole === undefined) return undefined;
      const text = unwrapObject(whole);
      return text === undefined ? line : `${margin}${text}`;
    }
    const item = this.#isInList ? ITEM.exec(line)?.[1] : undefined;
    this.#isInList = item !== undefined || LIST.test(line);
    const member = line.includes('": "') ? MEMBER.exec(line)?.[1] : undefined;
    this.#isInObjects = member !== undefined;
    const ofLogger = line.includes(' msg="') ? KEY.exec(line)?.[1] : undefined;
    return textOf(item ?? member ?? ofLogger) ?? line;
  }

  /** The object with the whole line, of which it may have a piece. */
  #joined(object: string): string | undefined {
    if (object.length > LONGEST_ENTRY) return object;
    if (this.#seesEnds && !this.#pieces.isOpen && ENDS_LINE.test(object)) return object;
    const entry = parsed(object);
    if (!isObject(entry)) return object;
    const { log, stream, time } = entry;
    const isDocker = [log, stream, time].every((one) => typeof one === 'string');
    if (!isDocker) return object;
    const whole = this.#pieces.join(String(log), String(stream));
    this.#seesEnds ||= whole?.endsWith('\n') === true;
    return whole === undefined || whole === log ? whole && object : JSON.stringify({ log: whole });
  }
}

/** Of a record of docker's. */
const ENDS_LINE = /\\n", ?"stream": ?"/;

function textOf(json: string | undefined): string | undefined {
  const text = json === undefined ? undefined : parsed(json);
  return typeof text === 'string' ? oneLine(text) : undefined;
}

function unwrapObject(line: string, isInner = false): string | undefined {
  if (line.length > LONGEST_ENTRY || !OBJECT.test(line)) return undefined;
  const entry = parsed(line);
  if (!isObject(entry)) return undefined;
  // In what a search found: Splunk's entry, that of Elasticsearch.
  const fields = [entry.result, entry._source].find(isObject) ?? entry;
  const said = TEXTS.map((name) => fields[name]).find((value) => typeof value === 'string');
  const text = said === undefined ? undefined : oneLine(said);
  if (text === undefined) return undefined;
  // What the program in the container writes may be JSON, too.
  const inner = isInner ? undefined : unwrapObject(text, true);
  return inner ?? `${stampOf(fields)}${text}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** `2026-11-22T03:27:38.000000Z host qemu[4242]: `, as `journalctl -o short-iso-precise` would print it. */
export function stampOf(fields: Readonly<Record<string, unknown>>): string {
  const {
    __REALTIME_TIMESTAMP: time,
    _HOSTNAME: host = '-',
    SYSLOG_IDENTIFIER: name = fields._COMM,
    _PID: pid,
  } = fields;
  const isNamed = [host, name].every((one) => typeof one === 'string' && /^[\w./-]+$/.test(one));
  if (!isNamed || typeof time !== 'string' || !/^\d{16}$/.test(time)) return '';
  const seconds = new Date(Number(time.slice(0, 10)) * 1000).toISOString().slice(0, 19);
  const process = typeof pid === 'string' && /^\d{1,10}$/.test(pid) ? `[${pid}]` : '';
  return `${seconds}.${time.slice(10)}Z ${String(host)} ${String(name)}${process}: `;
}

/** Clean; undefined for several lines. */
function oneLine(text: string): string | undefined {
  const line = text.replace(/\r?\n$/, '');
  return /[\r\n]/.test(line) ? undefined : cleanLine(line);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
