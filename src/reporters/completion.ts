/**
 * Scripts by which shells complete command lines: the table of commands → bash, zsh, fish.
 *
 * The scripts hold everything, so that a press of Tab starts no program. oclif's own plugin would add
 * three packages, writes to the user's home, and completes neither values nor rules.
 */

/** What comes after a flag, or as an argument. */
export type Completed = 'nothing' | 'text' | 'file' | readonly string[];

export interface CompletedFlag {
  readonly name: string;
  /** `U` for `-U`. */
  readonly char?: string | undefined;
  readonly summary: string;
  readonly takes: Completed;
  /** It may be given several times. */
  readonly repeats: boolean;
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** In their order; files are completed after the last one, too. */
  readonly args: readonly Completed[];
}

export const completions = { bash: renderBash, fish: renderFish, zsh: renderZsh };

function renderBash(commands: readonly CompletedCommand[]): string {
  const cases = commands.flatMap(({ name, flags, args }) => [
    `    ${name})`,
    `      flags=${quote(flags.flatMap(bashFlags).join(' '))}`,
    `      words=${quote(wordsOf(args).join(' '))}`,
    '      ;;',
  ]);
  const values = commands.flatMap(({ name, flags }) =>
    flags.flatMap((flag) => {
      if (flag.takes === 'nothing') return [];
      const pattern = bashFlags(flag).map((text) => `${name}:${text}`);
      const words = typeof flag.takes === 'string' ? '' : flag.takes.join(' ');
      return [`    ${pattern.join(' | ')}) values=${quote(words)} ;;`];
    }),
  );
  return lines([
    '# source <(vhtrace completion bash)',
    '_vhtrace() {',
    '  local current=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD - 1]}',
    "  local flags='' words='' values=none",
    '  # bash takes `--flag=value` for three words.',
    '  if [[ $current == = ]]; then current=; elif [[ $flag == = ]]; then flag=${COMP_WORDS[COMP_CWORD - 2]}; fi',
    '  COMPREPLY=()',
    '  if ((COMP_CWORD == 1)); then',
    `    COMPREPLY=($(compgen -W ${quote([...commands.map(({ name }) => name), '--help', '--version'].join(' '))} -- "$current"))`,
    '    return',
    '  fi',
    '  case ${COMP_WORDS[1]} in',
    ...cases,
    '  esac',
    '  case ${COMP_WORDS[1]}:$flag in',
    ...values,
    '  esac',
    '  # Behind `--` is no flag.',
    '  if [[ " ${COMP_WORDS[*]:0:COMP_CWORD} " == *" -- "* ]]; then flags= values=none; fi',
    '  # Where nothing is found, bash goes on with the names of files.',
    '  if [[ $values != none ]]; then words=$values; elif [[ $current == -* ]]; then words=$flags; fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -o default -F _vhtrace vhtrace',
  ]);
}

function bashFlags({ name, char }: CompletedFlag): readonly string[] {
  return char === undefined ? [`--${name}`] : [`--${name}`, `-${char}`];
}

function renderZsh(commands: readonly CompletedCommand[]): string {
  const names = commands.map(
    ({ name, summary }) => `    ${quote(`${name}:${summary.replaceAll(':', '\\:')}`)}`,
  );
  const cases = commands.flatMap(({ name, flags, args }) => [
    `    ${name})`,
    `      _arguments -S \\`,
    ...flags.flatMap(zshFlags).map((spec) => `        ${quote(spec)} \\`),
    `        ${zshArgs(args)
      .map((spec) => quote(spec))
      .join(' ')}`,
    '      ;;',
  ]);
  return lines([
    '#compdef vhtrace',
    '# source <(vhtrace completion zsh), after compinit; or as a file _vhtrace in a folder of $fpath',
    '_vhtrace() {',
    '  local -a commands=(',
    ...names,
    '  )',
    '  if ((CURRENT == 2)); then',
    "    _describe 'command' commands",
    '    return',
    '  fi',
    '  local command=$words[2]',
    '  shift words',
    '  ((CURRENT--))',
    '  case $command in',
    ...cases,
    '  esac',
    '}',
    'if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then _vhtrace "$@"; else compdef _vhtrace vhtrace; fi',
  ]);
}

function zshFlags({ name, char, summary, takes, repeats }: CompletedFlag): readonly string[] {
  const text = `[${summary.replace(/[[\]\\:]/g, String.raw`\$&`)}]`;
  const spec = (flag: string, sign: string): string =>
    takes === 'nothing'
      ? `${repeats ? '*' : ''}${flag}${text}`
      : `${repeats ? '*' : ''}${flag}${sign}${text}:${name}:${zshAction(takes)}`;
  return char === undefined
    ? [spec(`--${name}`, '=')]
    : [spec(`--${name}`, '='), spec(`-${char}`, '+')];
}

function zshArgs(args: readonly Completed[]): readonly string[] {
  const specs = args.map((arg, i) =>
    arg === 'file' && i === args.length - 1 ? '*:file:_files' : `:argument:${zshAction(arg)}`,
  );
  return specs.length === 0 ? [':'] : specs;
}

function zshAction(takes: Completed): string {
  if (takes === 'file') return '_files';
  return typeof takes === 'string' ? ' ' : `(${takes.join(' ')})`;
}

function renderFish(commands: readonly CompletedCommand[]): string {
  return lines([
    '# vhtrace completion fish | source',
    'complete -c vhtrace -f -n __fish_use_subcommand -l help -l version',
    ...commands.map(
      ({ name, summary }) =>
        `complete -c vhtrace -f -n __fish_use_subcommand -a ${name} -d ${fishQuote(summary)}`,
    ),
    ...commands.flatMap(({ name, flags, args }) => {
      const start = `complete -c vhtrace -n '__fish_seen_subcommand_from ${name}'`;
      const words = wordsOf(args);
      const hasFiles = args.includes('file');
      return [
        ...(hasFiles ? [] : [`${start} -f`]),
        ...(words.length === 0 ? [] : [`${start} -a ${fishQuote(words.join(' '))}`]),
        ...flags.map(
          (flag) =>
            `${start.slice(0, -1)}; and not contains -- -- (commandline -opc)' ${fishFlag(flag)}`,
        ),
      ];
    }),
  ]);
}

function fishFlag({ name, char, summary, takes }: CompletedFlag): string {
  const flag = `${char === undefined ? '' : `-s ${char} `}-l ${name}`;
  const text = `-d ${fishQuote(summary)}`;
  if (takes === 'nothing') return `${flag} ${text}`;
  if (takes === 'file') return `${flag} -r -F ${text}`;
  return typeof takes === 'string'
    ? `${flag} -x ${text}`
    : `${flag} -x -a ${fishQuote(takes.join(' '))} ${text}`;
}

/** Words that can stand as an argument. */
function wordsOf(args: readonly Completed[]): readonly string[] {
  return args.flatMap((arg) => (typeof arg === 'string' ? [] : arg));
}

/** One word for bash and zsh, whatever is in it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function fishQuote(text: string): string {
  return `'${text.replace(/['\\]/g, String.raw`\$&`)}'`;
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
