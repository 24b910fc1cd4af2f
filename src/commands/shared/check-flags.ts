/** Flags that say how captures are judged, for every command that does. */
import { Flags } from '@oclif/core';
import { VhtraceError } from '../../base/errors.js';
import { BACKENDS, FAIL_ON, LEVELS } from '../../settings/options.js';
import type { Settings } from '../../settings/options.js';
import { resolveSettings } from '../../settings/settings.js';
import type { SettingsResult } from '../../settings/settings.js';
import { complain } from './complain.js';
import { db, traceEvents } from './flags.js';

const ruleList = { helpValue: 'RULE', multiple: true, multipleNonGreedy: true } as const;

/** Whoever shows a finding takes them all: what `check` reports with some of them is found again only so. */
export const judgeFlags = {
  db,
  'assume-ordered': Flags.boolean({
    description: 'backtraces in notes stand in the order in which they happened',
    allowNo: true,
  }),
  'trace-events': traceEvents,
  'qemu-version': Flags.string({
    description: 'version of the QEMU that made the captures, where they do not show it',
    helpValue: 'X.Y',
  }),
  backend: Flags.option({ options: BACKENDS })({
    description: 'backend of the devices that do not show theirs',
  }),
  only: Flags.string({
    description: 'judge by this rule, or a family of them, such as LS; may be given several times',
    ...ruleList,
  }),
  severity: Flags.string({
    description: 'what violations of a rule count as: error, warning, note, or off to leave it out',
    helpValue: 'RULE=LEVEL',
    multiple: true,
    multipleNonGreedy: true,
  }),
  config: Flags.boolean({
    description: 'use the configuration file of this folder or the nearest one above',
    allowNo: true,
    default: true,
  }),
};

/** Those of the commands to which known findings are something else. */
export const checkFlags = {
  ...judgeFlags,
  baseline: Flags.string({ description: 'file with known findings', helpValue: 'PATH' }),
};

/** Flags that say when a check fails. */
export const failFlags = {
  strict: Flags.boolean({
    description: 'exit with 3 when something is inconclusive',
    allowNo: true,
  }),
  'fail-on': Flags.option({ options: FAIL_ON })({
    description: 'least severity that makes the exit code 1 (default: error)',
  }),
  require: Flags.string({
    description: 'exit with 3 when this rule had nothing to judge; may be given several times',
    ...ruleList,
  }),
};

interface GivenFlags {
  readonly 'assume-ordered'?: boolean;
  readonly 'trace-events'?: string[] | undefined;
  readonly 'qemu-version'?: string | undefined;
  readonly backend?: Settings['backend'];
  readonly only?: string[] | undefined;
  readonly severity?: string[] | undefined;
  readonly baseline?: string | undefined;
  readonly config: boolean;
  readonly strict?: boolean;
  readonly 'fail-on'?: Settings['failOn'] | undefined;
  readonly require?: string[] | undefined;
}

/** What holds: defaults, configuration file, command line. Says on standard error what is doubtful. Errors: USAGE, CONFIG_INVALID. */
export async function settingsFrom(flags: GivenFlags): Promise<SettingsResult> {
  const { findRule, ruleInfos, rulesNamed } = await import('../../pipeline/catalogue.js');
  const ids = (names: readonly string[] | undefined): string[] | undefined =>
    names?.map((name) => findRule(name).id);
  const only = flags.only?.flatMap((name) => rulesNamed(name).map(({ id }) => id));
  const levels = flags.severity?.map((text) => {
    const [name = '', word] = text.split('=', 2);
    const level = LEVELS.find((each) => each === word);
    if (level === undefined) {
      const hint = `RULE=LEVEL with one of ${LEVELS.join(', ')}`;
      throw new VhtraceError('USAGE', `--severity ${text} names no rule and level`, hint);
    }
    return [findRule(name).id, level] as const;
  });
  const result = await resolveSettings({
    cwd: process.cwd(),
    useConfig: flags.config,
    rules: ruleInfos().map(({ id }) => id),
    given: {
      failOn: flags['fail-on'],
      strict: flags.strict,
      require: ids(flags.require),
      only,
      rules: levels === undefined ? undefined : Object.fromEntries(levels),
      assumeOrdered: flags['assume-ordered'],
      qemuVersion: flags['qemu-version'],
      backend: flags.backend,
      traceEvents: flags['trace-events'],
      baseline: flags.baseline,
    },
  });
  const { versionDoubt } = await import('../../pipeline/version.js');
  const doubt = versionDoubt(result.settings.qemuVersion);
  if (doubt !== undefined) complain(doubt);
  return result;
}

/** The day, as entries of a baseline name it. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}
