import { CommandHelp, Help } from '@oclif/core';

const ROOT = `Reads gdb logs, QEMU and kernel traces, straces and backend logs of a vhost live migration, replays
them against the vhost logging protocol, and says what is wrong, where, and why it matters.

EXAMPLES
  $ vhtrace check gdb.txt                  judge a capture; exit code 1 when something is wrong
  $ vhtrace check run.zst 'logs/*.gz'      compressed files, and a pattern for several
  $ vhtrace check gdb.txt --json           the same for programs
  $ vhtrace tui gdb.txt                    look through it: facts, device states, findings, flow
  $ vhtrace flows gdb.txt                  the call flow as one tree
  $ vhtrace diff good.txt bad.txt          where two runs first diverge
  $ vhtrace explain LS-ALL-RINGS           what a rule demands, and why
  $ vhtrace probes gdb > vhost.gdb         a gdb script that makes a capture; gdb -p PID -x vhost.gdb
  $ vhtrace ingest run1.txt run2.txt       keep captures in vhtrace.db
  $ vhtrace check                          judge everything kept there

USAGE
  $ vhtrace COMMAND
`;

/** Help that starts with examples: most readers look for a line to copy. */
class ExamplesFirstCommandHelp extends CommandHelp {
  protected override sections(): ReturnType<CommandHelp['sections']> {
    const sections = super.sections();
    return [
      ...sections.filter(({ header }) => header === 'EXAMPLES'),
      ...sections.filter(({ header }) => header !== 'EXAMPLES'),
    ];
  }
}

/** The help of oclif with examples first, also on the root page. */
export default class ExamplesFirstHelp extends Help {
  protected override CommandHelpClass = ExamplesFirstCommandHelp;

  override formatRoot(): string {
    return ROOT;
  }
}
