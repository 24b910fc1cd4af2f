/**
 * Who may import what under src/, as data: `layers.test.ts` enforces it, `docs.test.ts` prints it into
 * src/README.md. An edge that is not here is forbidden; a new one needs its sentence of reason.
 */

/** One folder under src/; a layer stands below all layers that import it. */
export interface Layer {
  readonly folder: string;
  /** What comes in and what goes out. */
  readonly turns: string;
  /** What belongs here and what does not: the text of a violation. */
  readonly keeps: string;
  /** Folder → why this layer knows it. */
  readonly imports: Readonly<Record<string, string>>;
  /** Package or `node:` module (with its sub-paths) → why this layer needs it. */
  readonly outside: Readonly<Record<string, string>>;
}

const nouns = 'The nouns are what stages hand to each other.';
const errors = 'Trouble that ends the work is a VhtraceError.';

export const layers: readonly Layer[] = [
  {
    folder: 'base',
    turns: 'helpers without a domain: errors, text, assertions',
    keeps: 'base/ would make sense in any other program; it knows neither captures nor vhost.',
    imports: {},
    outside: {},
  },
  {
    folder: 'model',
    turns: 'the nouns: record, fact, finding, report',
    keeps: 'model/ holds types and tiny constructors; what is done with them belongs to a stage.',
    imports: { base: 'Nouns are checked with the assertions of base.' },
    outside: {},
  },
  {
    folder: 'input',
    turns: 'bytes → lines',
    keeps: 'input/ opens, unpacks and splits; what a line says is for formats/.',
    imports: { base: errors, model: nouns },
    outside: {
      'node:buffer': 'What is plain ASCII need not be decoded.',
      'node:crypto': 'A capture is known by the sha256 of its bytes.',
      'node:fs': 'Captures are files.',
      'node:path': 'Captures have paths.',
      'node:stream': 'Captures may be larger than memory.',
      'node:string_decoder': 'A chunk may end inside a character.',
      'node:timers': 'A growing file is looked at again and again.',
      'node:zlib': 'Captures may be compressed.',
      fzstd: 'zstd, for Nodes whose zlib has none; loaded for such a file only.',
      tinyglobby: 'Patterns that no shell has expanded; loaded for a pattern only.',
      'xz-decompress': 'xz, which no Node unpacks; loaded for such a file only.',
    },
  },
  {
    folder: 'grammar',
    turns: 'one line → its parts; generated from grammars/, not committed',
    keeps: 'grammar/ is written by `npm run grammars`; change the grammar, never the parser.',
    imports: {},
    outside: {},
  },
  {
    folder: 'formats',
    turns: 'lines → records',
    keeps: 'formats/ says what a line says, literally; what it means is added in facts/.',
    imports: {
      base: 'Text helpers and assertions.',
      model: nouns,
      grammar: 'The grammars are the authority on syntax, and nobody else needs syntax.',
    },
    outside: {},
  },
  {
    folder: 'facts',
    turns: 'records → steps: what each says in the vhost protocol',
    keeps: 'facts/ gives records a meaning from tables; it judges nothing and reads no text.',
    imports: { base: 'Assertions.', model: nouns },
    outside: {},
  },
  {
    folder: 'store',
    turns: 'readings and facts ↔ SQLite',
    keeps: 'store/ saves and loads what it is given; it is the only folder that knows SQL.',
    imports: { base: errors, model: nouns },
    outside: {
      sqlite3: 'The database.',
      'node:fs': 'A database is a file, which may be missing or unreadable.',
      'node:path': 'The file has a path.',
      'node:url': 'SQLite takes what else it is told of a file in an address.',
    },
  },
  {
    folder: 'flows',
    turns: 'steps → a run: activations, devices, migrations, facts; a run → its call tree',
    keeps: 'flows/ orders and groups; whether the order is right is for rules/.',
    imports: {
      base: 'Assertions.',
      model: nouns,
      facts: 'A run is made of steps, and the tables say what a function is.',
    },
    outside: {},
  },
  {
    folder: 'protocol',
    turns: 'state × event → states',
    keeps: 'protocol/ is the machine as tables and a pure step; it has never heard of captures.',
    imports: { base: 'Assertions.', model: nouns },
    outside: {},
  },
  {
    folder: 'rules',
    turns: 'a replayed run → judgements, one file a rule',
    keeps: 'rules/ judges steps and activations; a rule that reads text would judge a format.',
    imports: {
      base: 'Assertions.',
      model: nouns,
      facts: 'A rule of single stacks compares the arguments of calls.',
      protocol: 'A rule reads the states that the machine allows.',
      flows: 'A rule asks who called whom and what happened before.',
    },
    outside: {},
  },
  {
    folder: 'check',
    turns: 'readings × machine × rules → report',
    keeps: 'check/ grants evidence and collects verdicts; a single verdict belongs to its rule.',
    imports: {
      base: 'Assertions.',
      model: nouns,
      facts: 'Rules are asked by the calls that a step shows.',
      flows: 'Rules are given runs.',
      protocol: 'The machine replays the facts.',
      rules: 'The catalogue is what is checked.',
    },
    outside: { 'node:crypto': 'A fingerprint is a hash; hashing is pure.' },
  },
  {
    folder: 'reporters',
    turns: 'report → text',
    keeps: 'reporters/ are pure functions of a report; what they lack belongs into the report.',
    imports: { base: 'Text helpers, such as escaping control characters.', model: nouns },
    outside: { picocolors: 'Colours, where the command asks for them.' },
  },
  {
    folder: 'export',
    turns: 'captures and reports → Parquet datasets and OTLP traces',
    keeps:
      'export/ is the only folder that knows Parquet and OTLP; it is handed all that it writes.',
    imports: { base: errors, model: nouns },
    outside: {
      'hyparquet-writer': 'Parquet.',
      'node:crypto':
        'Ids of traces and spans are hashes, so that they stay the same; drafts of files have a name of their own.',
      'node:fs': 'A lake is a folder of files.',
      'node:path': 'The files have paths.',
    },
  },
  {
    folder: 'recipes',
    turns: 'tables of functions and events → a recipe that makes a capture',
    keeps: 'recipes/ are pure functions of the tables; what a new row needs is told by its kind.',
    imports: {
      base: 'Assertions.',
      model: nouns,
      facts: 'A recipe watches every function, event and request that has a meaning.',
    },
    outside: {},
  },
  {
    folder: 'scrub',
    turns: 'lines → lines with pseudonyms',
    keeps:
      'scrub/ replaces text by its form alone; it needs no record, for what no format knows is scrubbed too.',
    imports: {},
    outside: {},
  },
  {
    folder: 'settings',
    turns: 'defaults, configuration file and command line → what holds',
    keeps:
      'settings/ know what can be set and by whom it was set; what a setting does is for others.',
    imports: { base: errors, model: nouns },
    outside: {
      lilconfig: 'The nearest configuration file, as other tools look for theirs.',
      yaml: 'Configuration files may be YAML.',
      'node:path': 'Paths in a file are relative to it.',
    },
  },
  {
    folder: 'pipeline',
    turns: 'the compositions: ingest, check, query',
    keeps: 'pipeline/ is the only place where stages meet, and does nothing but connect them.',
    imports: {
      base: errors,
      model: nouns,
      input: 'Every composition begins with captures.',
      formats: 'Each line is offered to the formats in order.',
      facts: 'Views show what a value means and which events are known.',
      store: 'Ingest saves, queries load.',
      flows: 'The flows command shows what rules are given.',
      protocol: 'The machine is printed as a diagram.',
      rules: 'The catalogue is listed and explained from the metadata of the rules.',
      check: 'Checking is a composition of reading and judging.',
      export: 'What leaves for other programs is read and judged before.',
      scrub: 'Scrubbing begins with the lines of a capture, packed or not.',
      recipes: 'What a recipe makes decidable is told by the metadata of the rules.',
    },
    outside: {
      'node:os': 'Several files are checked at once, as many as there are processors.',
      'node:process': 'How much memory there is for them.',
      'node:worker_threads':
        'Judging takes long; views stay usable meanwhile, and files go side by side.',
    },
  },
  {
    folder: 'tui',
    turns: 'report and flows → interactive views',
    keeps: 'tui/ shows what it is handed; queries are functions in its props.',
    imports: {
      base: 'Text helpers.',
      model: nouns,
      pipeline: 'The types of the query functions in its props.',
    },
    outside: {
      ink: 'The terminal.',
      react: 'ink is a React renderer.',
      picocolors: 'Colours.',
      'string-width': 'Characters that fill two columns.',
      'slice-ansi': 'Rows are cut to the width of the screen, colours and all.',
      'node:child_process': "The user's editor.",
      'node:events': 'ink is given a stream of its own.',
      'node:fs': 'Whether a source file is there, and inside the source tree.',
      'node:path': 'Files for the editor.',
      'node:tty': 'Types of the terminal.',
    },
  },
  {
    folder: 'commands',
    turns: 'arguments → one composition → standard output and exit code',
    keeps: 'commands/ read arguments and print; what a command decides belongs to a stage.',
    imports: {
      base: errors,
      model: nouns,
      pipeline: 'A command is one call of a composition.',
      input: 'A pattern may stand for the file that an output names.',
      settings: 'What a command goes by is settled before it begins.',
      reporters: 'A command chooses how a report is printed.',
      tui: 'The tui command loads it when it is asked for.',
    },
    outside: {
      '@oclif/core': 'Arguments, flags and help.',
      picocolors: 'Whether the terminal has colours.',
      'node:events': 'Standard output may be slower than the export.',
      'node:fs': 'Reports may go to files; keys come from /dev/tty where a pipe is the capture.',
      'node:tty': 'Keys.',
      'node:path': 'The files have paths.',
      'node:url': 'The program is told where it lies by an address.',
      'node:v8': 'How much garbage a heap may hold is for the whole program.',
    },
  },
];

/** An import as it is written: paths from the repository's root, packages and `node:` modules by name. */
export interface Edge {
  readonly from: string;
  readonly to: string;
}

const remedy =
  'Move the code to where the import is allowed, or hand the value over as an argument';

/** The folder under src/ that a path belongs to; undefined outside of src/, empty for a file in src/ itself. */
function folderOf(path: string): string | undefined {
  return /^src\/(?:([^/]+)\/)?/.exec(path)?.[1] ?? (path.startsWith('src/') ? '' : undefined);
}

/** `node:fs/promises` → `node:fs`, `@oclif/core/flags` → `@oclif/core`. */
function moduleOf(name: string): string {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/');
}

/** Says what is wrong with an import: rule, edge, sentence and remedy; undefined when it is allowed. */
export function judge(edge: Edge): string | undefined {
  const from = folderOf(edge.from);
  const layer = layers.find(({ folder }) => folder === from);
  if (layer === undefined) {
    return `unknown-folder: ${edge.from} stands in no layer. Add its folder to test/layers.ts with what it turns into what.`;
  }
  const to = folderOf(edge.to);
  if (to === layer.folder) return undefined;
  const [allowed, target] =
    to === undefined ? [layer.outside, moduleOf(edge.to)] : [layer.imports, to];
  if (Object.hasOwn(allowed, target)) return undefined;
  const rule = to === undefined ? 'outside-world' : 'layers';
  return `${rule}: ${edge.from} imports ${edge.to}. ${layer.keeps} ${remedy}; if ${layer.folder} → ${target} is right, add it with its reason to test/layers.ts.`;
}

/** The printed part of src/README.md. */
export function printLayers(): string {
  const code = (names: object) =>
    Object.keys(names)
      .map((name) => `\`${name}\``)
      .join(', ') || '–';
  const rows = layers.map(
    ({ folder, turns, imports, outside }) =>
      `| \`${folder}\` | ${turns} | ${code(imports)} | ${code(outside)} |`,
  );
  const reasons = layers.map(({ folder, keeps, imports, outside }) => {
    const edges = Object.entries({ ...imports, ...outside });
    return [`- ${keeps}`, ...edges.map(([to, why]) => `  - \`${folder}\` → \`${to}\`: ${why}`)];
  });
  return [
    '| folder | what it turns into what | may import | outside world |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    'Why each folder may know what it knows:',
    '',
    ...reasons.flat(),
  ].join('\n');
}
