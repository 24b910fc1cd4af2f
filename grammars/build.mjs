/**
 * Compiles every grammars/<name>.peggy to src/grammar/<name>.js with <name>.d.ts, and to dist/grammar/<name>.js,
 * because tsc does not copy JavaScript. Nothing generated is committed; parsers of removed grammars are deleted.
 */
import { execFile } from 'node:child_process';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * A new grammar adds its line here: file name without `.peggy` → rules that `parse` may start from, the
 * default one first, each with the TypeScript type it returns. Types are seen from src/grammar/.
 *
 *   'gdb-frame': { Frame: "import('../model/record.js').Frame" },
 *
 * @type {Record<string, Record<string, string>>}
 */
const startRules = {
  dmesg: { Line: "import('../formats/kernel/dmesg-lines.js').KernelMessage" },
  dpdk: {
    Line: "import('../formats/wire/dpdk-line.js').ConfigLine",
    Text: "import('../formats/wire/dpdk-line.js').ConfigText",
    Continuation: "import('../formats/wire/dpdk-line.js').Detail",
    Neighbour: 'true',
  },
  'foreign-frame': Object.fromEntries([
    ['PerfSample', "import('../formats/stacks/foreign-lines.js').PerfSample"],
    ...[
      ...['Numbered', 'EuStackHead', 'Place', 'CoredumpHead', 'CrashHead', 'CrashException'],
      ...['CrashInside', 'Oops', 'OopsTask', 'Gef', 'Lldb', 'PerfHead', 'Perf', 'Glibc', 'Listed'],
      ...['PerfPlace', 'Php', 'Bpftrace', 'Bcc', 'SystemTap', 'DartInside'],
    ].map((rule) => [rule, "import('../formats/stacks/foreign-lines.js').ForeignLine"]),
  ]),
  ftrace: {
    Row: "import('../formats/kernel/ftrace-lines.js').TraceRow",
    GraphLine: "import('../formats/kernel/ftrace-lines.js').GraphRow",
    Switch: "import('../formats/kernel/ftrace-lines.js').TaskSwitch",
    Body: "import('../formats/kernel/ftrace-lines.js').TraceBody",
    PerfRow: "import('../formats/kernel/perf-lines.js').PerfRow",
    PerfLoss: '{ readonly cpu: number | undefined }',
    PerfCall: "import('../formats/kernel/perf-lines.js').PerfCall",
  },
  'gdb-frame': {
    Frame: "import('../model/record.js').Frame",
    DamagedFrame: "import('../model/record.js').Frame",
    NumberedFrame: "{ level: number; frame: import('../model/record.js').Frame }",
  },
  'gdb-line': { Line: "import('../formats/gdb/lines.js').GdbLine" },
  'gdb-value': {
    Printed: '{ number: number; members: readonly [name: string, text: string][] }',
    Structure: 'readonly [name: string, text: string][]',
  },
  'notes-line': {
    Reference: "import('../formats/notes/note-lines.js').Reference | undefined",
    Rule: 'string | undefined',
    Title: 'string | undefined',
    Branch: "import('../formats/notes/note-lines.js').Branch | undefined",
    Root: "readonly import('../formats/notes/note-lines.js').NotedCall[] | undefined",
    Chains: "readonly import('../formats/notes/note-lines.js').NotedCall[] | undefined",
    Listing: "import('../formats/notes/note-lines.js').Listing | undefined",
    CodeStart: "'strong' | 'weak' | undefined",
    Code: "import('../formats/notes/note-lines.js').Brackets",
    CommentedCode: "import('../formats/notes/note-lines.js').Brackets",
  },
  'gdb-mi': { Line: "import('../formats/gdb-mi/lines.js').MiLine" },
  'key-values': { Pairs: '[key: string, value: string][]' },
  'libvhost-user': { Line: "import('../formats/wire/libvhost-user.js').DebugLine" },
  lttng: { Line: "import('../formats/qemu/lttng.js').LttngLine" },
  'probes-line': { Line: "import('../formats/gdb/probe-lines.js').ProbeLine" },
  'qemu-trace': { Line: "import('../formats/qemu/qemu-trace.js').TraceLine", Repeated: 'number' },
  simpletrace: {
    Line: "import('../formats/qemu/simpletrace-text.js').SimpletraceLine",
    Bytes: 'readonly number[]',
  },
  strace: {
    Line: "import('../formats/wire/strace-line.js').StraceLine",
    FirstArgument: "import('../formats/wire/strace-line.js').FirstArgument",
    Request: 'string | undefined',
    Transferred: 'true',
  },
  'trace-events': {
    Line: "import('../formats/qemu/event-declarations.js').DeclaredLine | undefined",
    Printf: "readonly import('../formats/qemu/event-format.js').Piece[]",
  },
};

const root = fileURLToPath(new URL('..', import.meta.url));
const peggy = fileURLToPath(import.meta.resolve('peggy/bin/peggy.js'));
const run = promisify(execFile);

/**
 * The parser that peggy writes makes all its functions, constants and regular expressions anew for each text, which
 * takes several times as long as to read a line with them. Here they are made once, and a class of characters is a table.
 *
 * @param {string} name @param {string} code
 */
function madeOnce(name, code) {
  const start = code.indexOf('  peg$result = peg$startRuleFunction();\n');
  const end = code.indexOf('\nconst peg$allowedStartRules');
  if (start < 0 || end < 0 || !code.includes(HEAD))
    throw new Error(
      `grammars/${name}.peggy: peggy writes its parser in a way that is not known here`,
    );
  if (!code.slice(0, start).endsWith('\n  }\n\n'))
    throw new Error(
      `grammars/${name}.peggy: what is in { } at its top would be run once; use {{ }} and a predicate`,
    );
  const made = `${code.slice(0, start)}${RUN}${code.slice(end)}${ACCEPT}`
    .replace(HEAD, () => PARSER)
    .replace(/(const peg\$r\d+ = )(.+);/g, '$1new peg$Class($2);');
  return runsAtOnce(made);
}

const HEAD =
  'function peg$parse(input, options) {\n  options = options !== undefined ? options : {};';

/**
 * `[a-z]*`, `.+`: peggy makes a list of the characters, one by one, of which nobody takes more than `$`, their text.
 * Here such a run has no value; test/grammars.test.ts fails for a grammar that takes it.
 *
 * @param {string} code
 */
function runsAtOnce(code) {
  for (const [, rule, step = ''] of code.matchAll(CLASS_RULE))
    code = code.replaceAll(RegExp(`(s\\d+) = peg\\$parse${rule}\\(\\);`, 'g'), (_, to) =>
      step.replaceAll('s0', to),
    );
  return code
    .replace(
      NONE_OR_MORE,
      (_, list, set, refusal) =>
        `peg$skip(${set ?? 'peg$any'}, ${refusal}); ${list} = undefined;\n`,
    )
    .replace(
      ONE_OR_MORE,
      (_, list, set, refusal) =>
        `${list} = peg$skip(${set ?? 'peg$any'}, ${refusal}) ? undefined : peg$FAILED;\n`,
    );
}

// What peggy writes for one character of a class, or for any.
const CHARACTER = String.raw`(?:s\d+ = input\.charAt\(peg\$currPos\);\s+if \((peg\$r\d+)\.test\(s\d+\)\) \{|if \(input\.length > peg\$currPos\) \{\s+s\d+ = input\.charAt\(peg\$currPos\);)\s+peg\$currPos\+\+;\s+\} else \{\s+s\d+ = peg\$FAILED;\s+if \(peg\$silentFails === 0\) \{ peg\$fail\((peg\$e\d+)\); \}\s+\}\s+`;
const FIRST = String.raw`(s\d+) = \[\];\s+${CHARACTER}`;
// The second time it is the same character.
const OTHERS = String.raw`while \(s\d+ !== peg\$FAILED\) \{\s+\1\.push\(s\d+\);\s+${CHARACTER.replace(/\((peg\\\$[re])\\d\+\)/g, '$1\\d+')}\}\s+`;
const NONE_OR_MORE = RegExp(FIRST + OTHERS, 'g');
const ONE_OR_MORE = RegExp(
  String.raw`${FIRST}if \(s\d+ !== peg\$FAILED\) \{\s+${OTHERS}\} else \{\s+\1 = peg\$FAILED;\s+\}\s+`,
  'g',
);
const CLASS_RULE = RegExp(
  String.raw`function peg\$parse(\w+)\(\) \{\s+let s0;\s+(${CHARACTER})return s0;\s+\}`,
  'g',
);

const PARSER = `class peg$Class {
  #ascii = new Uint8Array(128);
  #regexp;

  constructor(regexp) {
    this.#regexp = regexp;
    for (let code = 0; code < 128; code++) this.#ascii[code] = Number(regexp.test(String.fromCharCode(code)));
  }

  test(text) {
    const code = text.charCodeAt(0);
    return code < 128 ? this.#ascii[code] === 1 : this.#regexp.test(text);
  }

  /** Where the characters of the class end, from there on. */
  end(text, at) {
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code < 128 ? this.#ascii[code] === 0 : !this.#regexp.test(text.charAt(at))) break;
      at++;
    }
    return at;
  }
}

const peg$any = { end: (text) => text.length };

const peg$run = (() => {
  let input = '';
  const options = {};

  function peg$skip(set, refusal) {
    const start = peg$currPos;
    peg$currPos = set.end(input, start);
    if (peg$silentFails === 0) peg$fail(refusal);
    return peg$currPos > start;
  }
`;

/** `isSilent`: a refusal is undefined, and no SyntaxError. */
const RUN = `  return (text, startRule, isSilent) => {
    const start = startRule === undefined ? peg$startRuleFunction : peg$startRuleFunctions[startRule];
    input = text;
    peg$currPos = peg$savedPos = peg$maxFailPos = 0;
    peg$maxFailExpected = [];
    peg$silentFails = Number(isSilent);
    peg$posDetailsCache.length = 1;
    try {
      peg$result = start();
      if (peg$result !== peg$FAILED && peg$currPos === input.length) return peg$result;
      if (isSilent) return undefined;
      if (peg$result !== peg$FAILED) peg$fail(peg$endExpectation());
      throw peg$buildStructuredError(
        peg$maxFailExpected,
        peg$maxFailPos < input.length ? peg$getUnicode(peg$maxFailPos) : null,
        peg$computeLocation(peg$maxFailPos, Math.min(peg$maxFailPos + 1, input.length)),
      );
    } finally {
      // Neither the text nor what was made of it is to stay.
      input = '';
      peg$result = undefined;
    }
  };
})();

function peg$parse(text, options) {
  return peg$run(text, options?.startRule, false);
}
`;

/**
 * What every parser offers besides parse(): nobody reads the words of a refusal, and finding them takes several
 * times as long as the refusal itself. What is left to catch: brackets so deep that the stack ends.
 */
const ACCEPT = `
export function accept(text, startRule) {
  try {
    return peg$run(text, startRule, true);
  } catch {
    return undefined;
  }
}
`;

/** @param {Record<string, string>} types */
function acceptTypes(types) {
  const results = Object.entries(types).map(([rule, type]) => `  readonly ${rule}: ${type};\n`);
  return `
interface Results {
${results.join('')}}

/** As parse(), but undefined where the text is refused. Never throws. */
export declare function accept<Rule extends keyof Results = '${Object.keys(types)[0]}'>(
  input: string,
  startRule?: Rule,
): Results[Rule] | undefined;
`;
}

/** @param {string} name @param {string} scratch */
async function compile(name, scratch) {
  const types = startRules[name];
  if (types === undefined) {
    throw new Error(`grammars/${name}.peggy: name its start rules in grammars/build.mjs`);
  }
  const source = join('grammars', `${name}.peggy`);
  const output = join(scratch, `${name}.js`);
  const rules = Object.keys(types).join();
  // Without --cache: a line is short, so a memo table would cost more than backtracking does.
  const args = ['--format', 'es', '--allowed-start-rules', rules, '--dts', '--return-types'];
  args.push(JSON.stringify(types), '--output', output, source);
  await run(process.execPath, [peggy, ...args], { cwd: root });
  await writeFile(output, madeOnce(name, await readFile(output, 'utf8')));
  await appendFile(join(scratch, `${name}.d.ts`), acceptTypes(types));
  await install(output, join(root, 'dist/grammar'));
  await install(output, join(root, 'src/grammar'));
  await install(join(scratch, `${name}.d.ts`), join(root, 'src/grammar'));
}

/**
 * Leaves equal files untouched (watchers stay quiet) and replaces others in one step, so that nobody
 * reads half a parser.
 *
 * @param {string} from @param {string} folder
 */
async function install(from, folder) {
  const to = join(folder, basename(from));
  const text = await readFile(from, 'utf8');
  if ((await readFile(to, 'utf8').catch(() => undefined)) === text) return;
  await writeFile(`${to}.${process.pid}`, text);
  await rename(`${to}.${process.pid}`, to);
}

/** @param {string} folder @param {readonly string[]} names */
async function removeOthers(folder, names) {
  for (const file of await readdir(folder)) {
    const name = /^(.+?)(?:\.d\.ts|\.js)$/.exec(file)?.[1];
    if (name !== undefined && !names.includes(name)) await rm(join(folder, file), { force: true });
  }
}

const names = (await readdir(join(root, 'grammars')))
  .filter((file) => file.endsWith('.peggy'))
  .map((file) => basename(file, '.peggy'));
const scratch = await mkdtemp(join(tmpdir(), 'vhtrace-grammars-'));
try {
  for (const folder of ['src/grammar', 'dist/grammar']) {
    await mkdir(join(root, folder), { recursive: true });
    await removeOthers(join(root, folder), names);
  }
  const compiled = await Promise.allSettled(names.map((name) => compile(name, scratch)));
  for (const { reason } of compiled) if (reason !== undefined) throw reason;
} catch (error) {
  // peggy prints the place and the line of a mistake in a grammar; a stack of this script adds nothing.
  console.error(error.stderr || error.message);
  process.exitCode = 1;
} finally {
  await rm(scratch, { recursive: true });
}
