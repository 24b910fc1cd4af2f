/** A fault is found however editors, mail and terminals showed the capture, in every format. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judge } from './helpers/check.js';
import { shareOf } from './helpers/share.js';

/** Each line of the text as a line of a log, or as several. */
function eachLine(text: string, change: (line: string, i: number) => string): string {
  return text.trimEnd().split('\n').map(change).join('\n');
}

type Variant = [
  name: string,
  change: (text: string) => string,
  /** Line of the text by that of what became of it. */
  lineOf?: (line: number) => number,
];

const variants: Variant[] = [
  ['filled up with blanks', (text) => text.replaceAll(/(?<=.)$/gm, '   ')],
  ['set in, as a block of Markdown', (text) => text.replaceAll(/^/gm, '    ')],
  ['quoted', (text) => text.replaceAll(/^/gm, '> ')],
  ['behind the border of a table', (text) => text.replaceAll(/^/gm, '| ')],
  ['behind the clock of a CI system', (text) => text.replaceAll(/^/gm, '08:04:59  ')],
  ['behind the name of a container', (text) => text.replaceAll(/^/gm, 'qemu-1  | ')],
  [
    'behind the name of a pod',
    (text) => text.replaceAll(/^/gm, '[pod/virt-launcher-vm1/compute] '),
  ],
  [
    'behind the stamp of syslog on its way',
    (text) => text.replaceAll(/^/gm, '<30>1 2026-11-22T03:27:38.123456Z host qemu 12 - - '),
  ],
  [
    'behind the name of a pod and a clock',
    (text) =>
      text.replaceAll(/^/gm, '[pod/virt-launcher-vm1/compute] 2026-11-22T03:27:38.123456789Z '),
  ],
  [
    "behind avocado's stamp",
    (text) =>
      text.replaceAll(/^/gm, '2026-11-22 03:27:38,123 process          L0389 DEBUG| [stdout] '),
  ],
  [
    "behind avocado's stamp with the logger",
    (text) =>
      text.replaceAll(
        /^/gm,
        '[stdlog] 2026-11-22 03:27:38,123 avocado.test process          L0389 DEBUG| ',
      ),
  ],
  ["behind Zuul's stamp", (text) => text.replaceAll(/^/gm, '2026-11-22 03:27:38.123456 | ')],
  [
    "behind Zuul's stamp and a host",
    (text) => text.replaceAll(/^/gm, '2026-11-22 03:27:38.123456 | controller | '),
  ],
  ["behind libvirt's clock", (text) => text.replaceAll(/^/gm, '2026-11-22 03:27:38.123+0000: ')],
  [
    'behind a pod and its container, as stern names them',
    (text) => text.replaceAll(/^/gm, 'virt-launcher-vm1-x7k2p compute '),
  ],
  ['in the journal', (text) => text.replaceAll(/^/gm, 'Nov 22 03:27:38 host vm[12]: ')],
  ['numbered with tabs', (text) => eachLine(text, (line, i) => `${i + 1}\t${line}`)],
  ['behind a tab that was escaped', (text) => text.replaceAll(/^/gm, String.raw`\t`)],
  ["behind Buildkite's stamp", (text) => text.replaceAll(/^/gm, '\x1b_bk;t=1795320809223\x07')],
  [
    'with every other blank a byte of Latin-1 that does not break',
    (text) => text.replaceAll(/ {2}|^ /gm, (blanks) => `${blanks.slice(1)}\ufffd`),
  ],
  [
    'with levels that a page took for issues',
    (text) => text.replaceAll(/^#(\d+) +/gm, '[#$1](https://host/issues/$1) '),
  ],
  [
    'with levels that a page has made links of',
    (text) => text.replaceAll(/^#(\d+) +/gm, '<a href="/issues/$1">#$1</a> '),
  ],
  ['with levels in brackets', (text) => text.replaceAll(/^#(\d+) +/gm, '[#$1] ')],
  ['with colons behind levels', (text) => text.replaceAll(/^#(\d+) +/gm, '#$1: ')],
  ['with no blank behind levels', (text) => text.replaceAll(/^#(\d+) +/gm, '#$1')],
  ['in paragraphs of HTML', (text) => eachLine(text, (line) => `<p>${line}</p>`)],
  ['numbered', (text) => eachLine(text, (line, i) => `${i + 1}: ${line}`)],
  [
    'numbered by a viewer',
    (text) => eachLine(text, (line, i) => `${i + 1}`.padStart(5) + ` | ${line}`),
  ],
  [
    'exported from Loki',
    (text) =>
      eachLine(text, (line, i) => JSON.stringify({ fields: { i }, line, timestamp: `${i}` })),
  ],
  [
    'exported from Kibana',
    (text) =>
      `"@timestamp",message\n${eachLine(text, (line) => `"Nov 22, 2026 @ 03:27:38.123","${line.replaceAll('"', '""')}"`)}`,
    (line) => line - 1,
  ],
  [
    'in the msg of a logger',
    (text) =>
      eachLine(
        text,
        (line) => `time="2026-11-22T03:27:38Z" level=info msg=${JSON.stringify(line)}`,
      ),
  ],
  ['with each frame in backticks', (text) => text.replaceAll(/^#\d.*$/gm, '`$&`')],
  [
    'with each frame in backticks, as an item of a list',
    (text) => text.replaceAll(/^#\d.*$/gm, '- `$&`'),
  ],
  [
    'in objects behind the stamp of a container',
    (text) =>
      eachLine(
        text,
        (line) =>
          `2026-11-22T03:27:38.123456789Z stdout F ${JSON.stringify({ level: 'info', msg: line })}`,
      ),
  ],
  [
    'found by Elasticsearch',
    (text) =>
      eachLine(text, (line, i) =>
        JSON.stringify({
          _index: 'vm',
          _id: `${i}`,
          _source: { message: line, host: { name: 'h' } },
        }),
      ),
  ],
  [
    "printed into the kernel's log",
    (text) => eachLine(text, (line) => `[  100.123456] qemu[4242]: ${line}`),
  ],
  [
    'in the log of fluentd',
    (text) => text.replaceAll(/^/gm, '2026-11-22T03:27:38+00:00\tkube.vm1\t'),
  ],
  [
    'in a page that has numbers for its signs',
    (text) =>
      text.replaceAll(/[<>"'&+]/g, (sign) => `&#${sign === "'" ? 'x27' : sign.charCodeAt(0)};`),
  ],
  [
    'in a table with tabs',
    (text) =>
      `time\tmessage\n${eachLine(text, (line) => `2026-11-22T03:27:38.123456Z\t${/["\t]/.test(line) ? `"${line.replaceAll('"', '""')}"` : line}`)}`,
    (line) => line - 1,
  ],
  ['with escaped underscores', (text) => text.replaceAll('_', String.raw`\_`)],
  [
    'with escaped underscores and brackets',
    (text) => text.replaceAll(/[_[\]]/g, (sign) => `\\${sign}`),
  ],
  ['with one character for three dots', (text) => text.replaceAll('...', '\u2026')],
  ['with curly quotes', (text) => text.replaceAll(/"([^"\n]*)"/g, '\u201c$1\u201d')],
];

// What takes longer has nothing else in it.
const MOST_BYTES = 60_000;

const folder = 'fixtures/rules';
const inputs = readdirSync(folder).flatMap((rule) =>
  readdirSync(join(folder, rule))
    .filter((name) => name.startsWith('violation-'))
    .map((name) => join(folder, rule, name, 'input.txt'))
    .filter((path) => statSync(path).size <= MOST_BYTES),
);

function violated(text: string, lineOf = (line: number): number => line): readonly string[] {
  return judge(text)
    .filter(({ verdict }) => verdict === 'violation')
    .map(({ rule, vring, at, count }) => `${rule} line ${lineOf(at.line)} vring ${vring} ${count}`);
}

/** As an export prints each line over several of its own. */
function inObjects(text: string): string {
  const events = eachLine(
    text,
    (line) =>
      `        {\n            "timestamp": 1795320809223,\n            "message": ${JSON.stringify(line)}\n        },`,
  );
  return `{\n    "events": [\n${events}\n    ]\n}`;
}

/** As an encoded mail breaks a line that is longer than it may have. */
function inEncodedMail(text: string): string {
  const head = 'Content-Transfer-Encoding: quoted-printable\n\n';
  return (
    head +
    eachLine(text, (line) =>
      line.replaceAll('=', '=3D').replaceAll(/(?:=3D|[^=\n]){60}(?=.)/g, '$&=\n'),
    )
  );
}

/** As docker parts a line that is longer than its buffer. */
function inPieces(line: string): string {
  const log = line.slice(0, line.length / 2);
  const rest = line.slice(log.length);
  const stamp = { stream: 'stdout', time: '2026-11-22T03:27:38.123456789Z' };
  return `${JSON.stringify({ log, ...stamp })}\n${JSON.stringify({ log: `${rest}\n`, ...stamp })}`;
}

const wrapped: Variant[] = [
  [
    'exported from the journal',
    (text) =>
      eachLine(
        text,
        (line, i) =>
          `__CURSOR=s=1f2e;i=${i}\n_HOSTNAME=host\nMESSAGE=${line}\n_PID=4242\nSYSLOG_IDENTIFIER=qemu\n`,
      ),
    (line) => (line + 3) / 6,
  ],
  ['in objects, each over several lines', inObjects, (line) => (line - 1) / 4],
  [
    'in two records of docker',
    (text) => `${inPieces('')}\n${eachLine(text, inPieces)}`,
    (line) => line / 2 - 1,
  ],
  [
    'each behind a header of supervisord',
    (text) =>
      eachLine(text, (line) => `2026-11-22 03:27:38,123 DEBG 'qemu' stdout output:\n${line}`),
    (line) => line / 2,
  ],
  [
    'each below its number',
    (text) => eachLine(text, (line, i) => `${i + 90}\n${line}`),
    (line) => line / 2,
  ],
];

describe.each(inputs.map((path, i) => [path, i] as const))('%s', (path, turn) => {
  const text = readFileSync(path, 'utf8');
  const before = violated(text);
  test.each([...shareOf(variants, turn, 9), ...wrapped])('%s', (_, change, lineOf) => {
    expect(violated(change(text), lineOf)).toEqual(before);
  });
  test('in a mail that is encoded', () => {
    const rules = (found: readonly string[]): readonly string[] =>
      found.map((one) => one.replace(/ line \d+/, ''));
    expect(rules(violated(inEncodedMail(text)))).toEqual(rules(before));
  });
});
