/**
 * The datasets of a lake as tables: what `docs` and engines know as the schema. Every row names its capture
 * by sha256. Names and types are a contract; a change that breaks a query raises {@link SCHEMA_VERSION}.
 */

export const SCHEMA_VERSION = 1;

export const DATASETS = [
  'facts',
  'frames',
  'findings',
  'devices',
  'migrations',
  'captures',
] as const;
export type Dataset = (typeof DATASETS)[number];

/** `json`: text that holds JSON; engines without a JSON type read it as text. */
export type ColumnType = 'text' | 'json' | 'int' | 'long' | 'bool';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly says: string;
}

export type Cell = string | number | bigint | boolean | null;
export type Row = Readonly<Record<string, Cell>>;

const column = (name: string, type: ColumnType, says: string): Column => ({
  name,
  type,
  nullable: false,
  says,
});
const maybe = (name: string, type: ColumnType, says: string): Column => ({
  name,
  type,
  nullable: true,
  says,
});

const capture = column('capture', 'text', 'sha256 of the capture');
const session = column('session', 'int', 'QEMU process within the capture, from 0');
const line = column('line', 'int', 'line of the capture, from 1');
const device = 'vhost_dev address, lower-case hex';

export const SCHEMA: Readonly<Record<Dataset, readonly Column[]>> = {
  captures: [
    capture,
    column('path', 'text', 'file as it was named'),
    column('bytes', 'long', 'size'),
    column('lines', 'int', 'lines; of a binary trace, records'),
    column('formats', 'json', 'formats in it'),
    column('ordered', 'bool', 'false for notes, whose order says nothing'),
    column('sessions', 'int', 'QEMU processes'),
    column('records', 'int', 'backtraces, events and other records'),
    column('facts', 'int', 'rows of facts'),
    column('problems', 'int', 'places that could not be read'),
    column('unclaimed', 'int', 'lines that no format claims'),
    maybe('qemu_version', 'text', 'version of QEMU where only one is possible'),
    maybe('qemu_at_least', 'text', 'oldest version that is possible'),
    maybe('qemu_at_most', 'text', 'newest version that is possible'),
    column('backends', 'json', 'backends of its devices'),
    column('labels', 'json', 'what --label said'),
    column('vhtrace_version', 'text', 'program that judged'),
  ],
  facts: [
    capture,
    column('seq', 'int', 'order in the capture, from 0'),
    session,
    line,
    maybe('time', 'text', 'time as printed'),
    maybe('time_ns', 'long', 'the same in nanoseconds, since 1970 or since boot'),
    maybe('thread', 'text', 'thread, stable within the session'),
    column('kind', 'text', 'what it means in the protocol'),
    column('func', 'text', 'function or event as printed'),
    column('role', 'text', 'entry, caller, event or wire'),
    maybe('activation', 'int', 'execution of a function that it belongs to'),
    maybe('device', 'text', device),
    maybe('incarnation', 'int', 'life of that address, from 0'),
    maybe('vhost_backend', 'text', 'kernel, user or vdpa'),
    maybe('vring', 'int', 'index given to the backend'),
    maybe('enable', 'bool', 'the one boolean of the call'),
    maybe('value', 'text', 'the one word or number that matters, as printed'),
    maybe('value_hex', 'text', 'the same number as 0x and 16 digits, which sort as a u64'),
    maybe('endpoint', 'text', 'what stands for the device on the wire'),
    maybe('result', 'text', 'what the call returned, as printed'),
  ],
  frames: [
    capture,
    column('backtrace', 'int', 'backtrace within the capture, from 0'),
    column('level', 'int', 'frame number as printed, 0 is innermost'),
    line,
    maybe('thread', 'text', 'number, name or LWP of the header above'),
    column('kind', 'text', 'call, signal-handler or called-from-gdb'),
    column('func', 'text', 'function as printed'),
    maybe('args', 'json', 'arguments as printed, by name'),
    maybe('file', 'text', 'source file'),
    maybe('source_line', 'int', 'line in it'),
    maybe('lib', 'text', 'shared object'),
    maybe('address', 'text', 'program counter, lower-case hex'),
  ],
  findings: [
    capture,
    session,
    column('rule', 'text', 'id of the rule'),
    column('verdict', 'text', 'violation, pass, inconclusive or not-exercised'),
    column('severity', 'text', 'error, warning or note'),
    maybe('device', 'text', device),
    maybe('vring', 'int', 'index given to the backend'),
    column('message', 'text', 'what was found'),
    line,
    column('count', 'int', 'how often on this subject'),
    column('fingerprint', 'text', 'stable from run to run'),
    maybe('expected', 'text', 'what the protocol demands here'),
    maybe('state_before', 'text', 'what was known of the device'),
    column('evidence', 'json', 'lines and what they show'),
    column('missing', 'json', 'what would decide it'),
  ],
  devices: [
    capture,
    session,
    column('device', 'text', device),
    maybe('name', 'text', 'virtio device'),
    maybe('vhost_backend', 'text', 'kernel, user or vdpa'),
    column('vrings', 'json', 'vrings that were seen'),
    column('vring_count', 'int', 'how many'),
  ],
  migrations: [
    capture,
    session,
    column('migration', 'int', 'number within the capture, from 0'),
    column('outcome', 'text', 'completed, cancelled, failed or unknown'),
    column('phases', 'json', 'phases or states that were seen'),
  ],
};

/** The tables of the documentation. Pure. */
export function printDatasets(): string {
  const ordered = [...DATASETS].reverse();
  return ordered
    .map((dataset) => {
      const rows = SCHEMA[dataset].map(
        ({ name, type, nullable, says }) =>
          `| \`${name}\` | ${type}${nullable ? ' or NULL' : ''} | ${says} |`,
      );
      return [`**${dataset}**`, '', '| column | type | |', '| --- | --- | --- |', ...rows].join(
        '\n',
      );
    })
    .join('\n\n');
}
