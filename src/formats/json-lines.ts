/**
 * Lines of a log that are kept in JSON, one text in an object or in a list of strings.
 *
 * Source: daemon/logger/jsonfilelog of moby, where `docker logs` takes the objects off and a copy of the file has them;
 *         systemd's src/shared/logs-show.c, output_json(), which `journalctl -o json` prints; KubeVirt's pkg/virt-launcher, whose
 *         logger has the text in `msg`; Ansible's default callback.
 *
 *     {"log":"vhost_section mem\n","stream":"stderr","time":"2026-11-22T03:00:00.123789Z"}
 *     {"__REALTIME_TIMESTAMP":"1763782058000000","_PID":"4242","SYSLOG_IDENTIFIER":"qemu","MESSAGE":"vhost_section mem"}
 *     {"component":"virt-launcher","level":"info","msg":"vhost_section mem","subcomponent":"qemu"}
 *       "out.stdout_lines": [
 *         "vhost_section mem",
 *
 * Not read: an entry of several lines.
 */
import { cleanLine } from './clean.js';

const OBJECT = /^\{"(?:log": ?"|[\w]{1,64}": ?["[\dn])/;
const LIST = /^ {1,32}"(?:[\w.]{1,128}\.)?std(?:out|err)_lines": \[$/;
const ITEM = /^ {1,32}("(?:[^"\\]|\\.)*"),?$/;

/** Longer entries are those of a log that is no trace. */
const LONGEST_ENTRY = 1_000_000;

export class JsonLines {
  #isInList = false;

  /** The line as the program printed it, clean, behind the journal's usual stamp; any other line as it is. */
  unwrap(line: string): string {
    if (line.startsWith('{"')) return unwrapObject(line) ?? line;
    const item = this.#isInList ? ITEM.exec(line)?.[1] : undefined;
    this.#isInList = item !== undefined || LIST.test(line);
    const text = item === undefined ? undefined : parsed(item);
    return typeof text === 'string' && isOneLine(text) ? cleanLine(text) : line;
  }
}

function unwrapObject(line: string): string | undefined {
  if (line.length > LONGEST_ENTRY || !OBJECT.test(line)) return undefined;
  const entry = parsed(line);
  if (typeof entry !== 'object' || entry === null) return undefined;
  const fields: Readonly<Record<string, unknown>> = { ...entry };
  const { log, msg, MESSAGE: message = msg } = fields;
  if (typeof log === 'string') {
    const text = log.replace(/\r?\n$/, '');
    return isOneLine(text) ? cleanLine(text) : undefined;
  }
  if (typeof message !== 'string' || !isOneLine(message)) return undefined;
  return `${stampOf(fields)}${cleanLine(message)}`;
}

/** `2026-11-22T03:27:38.000000Z host qemu[4242]: `, as `journalctl -o short-iso-precise` would print it. */
function stampOf(fields: Readonly<Record<string, unknown>>): string {
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

function isOneLine(text: string): boolean {
  return !/[\r\n]/.test(text);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
