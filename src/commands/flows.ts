import { Flags } from '@oclif/core';
import { VhtraceError } from '../base/errors.js';
import type { FlowsResult } from '../pipeline/flows.js';
import { BaseCommand } from './shared/base-command.js';
import { judgeFlags, settingsFrom } from './shared/check-flags.js';
import { complain } from './shared/complain.js';
import { files, json } from './shared/flags.js';
import { columns, hasColor } from './shared/terminal.js';

export default class Flows extends BaseCommand {
  static override summary = 'Show the call flow of captures.';
  static override description = `By time, backtraces and trace events become one tree: the phases of each migration, the calls in them with decoded arguments, and the lines of the capture that show them. By code, all backtraces of all captures are merged by function and call site: the canonical flow, from whatever pieces a note has. By path, call chains that a note documents are compared with what was captured.

Notes, whose order is unknown, and stacks without a call of the logging protocol, such as those of a QEMU that hangs, are shown by code unless you say otherwise.`;
  static override examples = [
    '<%= config.bin %> flows gdb.txt',
    '<%= config.bin %> flows notes.txt --by code',
    '<%= config.bin %> flows notes.txt gdb.txt --by path',
    '<%= config.bin %> flows gdb.txt --format html > flow.html',
    '<%= config.bin %> flows gdb.txt --format collapsed | flamegraph.pl > flow.svg',
  ];
  static override args = { file: files };
  static override flags = {
    json,
    by: Flags.option({ options: ['time', 'code', 'path'] as const })({
      description: 'what puts the calls together',
    }),
    format: Flags.option({
      options: ['tree', 'json', 'mermaid', 'dot', 'collapsed', 'chrome', 'html'] as const,
    })({
      description:
        'how to print the flow; by code: tree, json, dot, collapsed; by path: tree, json',
      default: 'tree',
    }),
    unfold: Flags.boolean({ description: 'show every frame, also those that no rule knows' }),
    ...judgeFlags,
  };

  async run(): Promise<void> {
    const { args, flags, raw } = await this.parse(Flows);
    this.tellUnusedStore(args.file, raw);
    const { settings } = await settingsFrom(flags);
    const { flowReporters } = await import('../reporters/flow/index.js');
    const { runFlows } = await import('../pipeline/flows.js');
    const result = await runFlows({
      ...settings,
      paths: args.file ?? [],
      database: flags.db,
      unfold: flags.unfold,
    });
    this.complainAbout(result.failures);
    this.tellTwins(result.twins);
    const by = flags.by ?? (flags.format === 'tree' ? bestOrder(result) : 'time');
    const format = flags.json ? 'json' : flags.format;
    const reporters: Readonly<Record<string, (typeof flowReporters)['time']['tree']>> =
      flowReporters[by];
    const render = reporters[format];
    if (render === undefined) {
      const names = Object.keys(reporters).join(', ');
      throw new VhtraceError('USAGE', `--by ${by} has no format ${format}`, `it has ${names}`);
    }
    const text = render(result, {
      color: hasColor(),
      width: columns(),
      terminal: process.stdout.isTTY ? columns() : undefined,
      unfold: flags.unfold,
    });
    if (text === '' && result.failures.length === 0) {
      const others = by === 'time' && result.codeFlow().backtraces > 0;
      complain(`there is no call to show${others ? ' (--by code shows other stacks)' : ''}`);
    }
    this.print(text);
    if (result.failures.length > 0) process.exitCode = 2;
  }
}

/** By time only calls of the protocol are shown; by code, every stack. */
function bestOrder({ isNote, flows, codeFlow }: FlowsResult): 'code' | 'time' {
  if (isNote) return 'code';
  const hasCalls = flows().some(({ nodes }) => nodes.length > 0);
  return !hasCalls && codeFlow().backtraces > 0 ? 'code' : 'time';
}
