/** The program: from the command line to the exit code. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { complain, describeError, unknownCommand } from './complain.js';

/** Runs a command line. Never throws; sets the exit code. `entry` is the URL of the executable. */
export async function main(argv: readonly string[], entry: string): Promise<void> {
  process.stdout.prependListener('error', refuseToGoOn);
  // There is nobody left to complain to; the exit code still says it.
  process.stderr.on('error', () => undefined);
  try {
    if (argv.length === 1 && argv[0] === '--version') {
      process.stdout.write(`${versionLine(entry)}\n`);
      return;
    }
    const { Config, run } = await import('@oclif/core');
    // Plugins of users would be looked for in their home, which may be closed to who runs this.
    const options = { root: fileURLToPath(entry), userPlugins: false, devPlugins: false };
    const config = await Config.load(options);
    const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
    const [name = '--help'] = words;
    if (!name.startsWith('-') && !config.commandIDs.includes(name)) {
      throw unknownCommand(name, config.commandIDs, existsSync(name));
    }
    await run(words, config);
  } catch (error) {
    complain(describeError(error));
    // oclif ends with 1 on some errors; for scripts, 1 means that `check` found violations.
    process.exitCode = 2;
  }
}

/** What oclif prints for --version, without oclif, whose loading takes longer than node's start. */
function versionLine(entry: string): string {
  const { name, version } = JSON.parse(readFileSync(new URL('../package.json', entry), 'utf8')) as {
    readonly name: string;
    readonly version: string;
  };
  return `${name}/${version} ${process.platform}-${process.arch} node-${process.version}`;
}

// A reader that went away (`| head`) has seen enough; a report lost to a full disk must not end with 0 or 1.
function refuseToGoOn(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  complain(`standard output: could not be written: ${error.message}`);
  process.exit(2);
}
