import { Args, Flags } from '@oclif/core';
import { VhtraceError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { BaseCommand } from './shared/base-command.js';
import { complain, describeError } from './shared/complain.js';
import { openOutput, refuseOverlap, writePrivate } from './shared/outputs.js';

export default class Scrub extends BaseCommand {
  static override summary = 'Make a capture fit for a public bug report.';
  static override description =
    'Pointers, host, user and VM names, paths, network addresses and UUIDs become pseudonyms that stay the same throughout the capture. Lines, verdicts, flow and fingerprints stay as they are. What a terminal or a mail program cut in mid-word is put together for that, and cut again. What was replaced is counted on standard error; read the result before you publish it: names in free text are found only where a path, a prompt, an address or an option anywhere in the file shows them (on standard input: further up), or where --word names them.';
  static override examples = [
    '<%= config.bin %> scrub gdb.txt > public.txt',
    '<%= config.bin %> scrub gdb.txt.gz --output public.txt --map private.json',
    '<%= config.bin %> scrub gdb.txt --word acme --word db-server > public.txt',
  ];
  static override args = {
    file: Args.string({
      description:
        "text of a capture, plain or packed with gzip, zstd or xz; '-' for standard input",
      ignoreStdin: true,
    }),
  };
  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'write to this file; standard output by default',
      helpValue: 'PATH',
    }),
    map: Flags.string({
      description: 'write what was replaced by what to this file; not for the public',
      helpValue: 'PATH',
    }),
    word: Flags.string({
      description: 'replace this word too; may be given several times',
      helpValue: 'WORD',
      multiple: true,
      multipleNonGreedy: true,
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Scrub);
    if (args.file === undefined) {
      throw new VhtraceError('USAGE', 'no FILE given', "'-' reads standard input");
    }
    const [{ runScrub }, { renderCutPointers, renderScrubCounts, scrubMapText }] =
      await Promise.all([import('../pipeline/scrub.js'), import('../reporters/scrub-text.js')]);
    await refuseOverlap([flags.output, flags.map], [args.file]);
    const output = openOutput(flags.output);
    // A file gets the line as it is; a terminal would obey what is in it.
    const isSeen = flags.output === undefined && process.stdout.isTTY;
    let result;
    try {
      result = await runScrub({
        path: args.file,
        words: flags.word ?? [],
        emit: (line) => {
          output.write(`${isSeen ? printable(line) : line}\n`);
        },
        settle: () => output.settle(),
      });
      output.close();
    } catch (error) {
      if (error instanceof VhtraceError && error.code === 'OUTPUT_UNWRITABLE') throw error;
      this.complainAbout([{ path: args.file, error: asError(error) }]);
      process.exitCode = 2;
      return;
    }
    if (flags.map !== undefined) writePrivate(flags.map, scrubMapText(result.mapping));
    process.stderr.write(renderScrubCounts(result.counts, result.lines));
    if (result.cut.length > 0) {
      complain(renderCutPointers(result.cut), args.file);
      process.exitCode = 2;
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(describeError(error));
}
