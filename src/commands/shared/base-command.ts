import { Command } from '@oclif/core';
import type { Interfaces } from '@oclif/core';
import { whyIdle } from '../../model/report.js';
import { complain, describeError } from './complain.js';

/** What all commands share: results on standard output as they are, errors in one line on standard error. */
export abstract class BaseCommand extends Command {
  /** Writes a result. */
  protected print(text: string): void {
    process.stdout.write(text);
  }

  /** Says that a store is named and not looked at. One of the environment is there for other commands. */
  protected tellUnusedStore(
    files: readonly string[] | undefined,
    words: readonly { readonly type: string; readonly flag?: string }[],
  ): void {
    const isTyped = words.some(({ type, flag }) => type === 'flag' && flag === 'db');
    if (files !== undefined && isTyped) {
      complain(
        'only the files that are named are read, not the store of --db (vhtrace ingest FILE... puts files into it)',
      );
    }
  }

  /** Writes one line for each file that could not be used. */
  protected complainAbout(failures: readonly { path: string; error: Error }[]): void {
    for (const { path, error } of failures) complain(describeError(error), path);
  }

  /** Writes one line for each file that another one stands for. */
  protected tellTwins(twins: readonly { path: string; of: string }[]): void {
    for (const { path, of } of twins) {
      complain(`the same bytes as ${of === '-' ? '<stdin>' : of}, judged once`, path);
    }
  }

  /** Writes one line for each capture that has nothing to judge. */
  protected complainAboutIdle(
    captures: readonly { path: string; facts: number }[],
    problems: Parameters<typeof whyIdle>[1],
  ): void {
    for (const { path, facts } of captures) {
      if (facts === 0) complain(whyIdle(path, problems), path);
    }
  }

  protected override catch(error: Error): Promise<void> {
    complain(describeError(error, this.id, flagNames(this.ctor.flags)));
    process.exitCode = 2;
    // Else oclif warns that a command whose command line was wrong did not parse it.
    this.parsed = true;
    return Promise.resolve();
  }
}

// A command without flags of its own has none, whatever oclif's types say.
function flagNames(
  flags: Readonly<Record<string, Interfaces.Flag<unknown>>> | undefined,
): readonly string[] {
  return Object.values(flags ?? {}).flatMap((flag) => [
    `--${flag.name}`,
    ...(flag.type === 'boolean' && flag.allowNo ? [`--no-${flag.name}`] : []),
  ]);
}
