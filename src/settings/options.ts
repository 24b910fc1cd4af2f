/**
 * Everything that a configuration file can set: one row a key. Checking, the JSON Schema, `vhtrace config`
 * and the documentation are made from this table.
 */
import type { Backend } from '../model/fact.js';
import type { Severity } from '../model/report.js';

export const FAIL_ON = ['error', 'warning', 'note', 'inconclusive', 'never'] as const;
export type FailOn = (typeof FAIL_ON)[number];

export const LEVELS = ['error', 'warning', 'note', 'off'] as const;

export const BACKENDS = ['kernel', 'user', 'vdpa'] as const satisfies readonly Backend[];

/** What `vhtrace check` goes by. */
export interface Settings {
  readonly failOn: FailOn;
  readonly strict: boolean;
  /** Rules that must have been exercised. */
  readonly require: readonly string[];
  /** Rules to judge by; all where there are none. */
  readonly only: readonly string[];
  /** Severity of the violations of single rules; `off` for rules that are left out. */
  readonly rules: Readonly<Record<string, Severity | 'off'>>;
  readonly assumeOrdered: boolean;
  readonly qemuVersion: string | undefined;
  readonly backend: Backend | undefined;
  readonly traceEvents: readonly string[];
  readonly baseline: string | undefined;
}

export type SettingName = keyof Settings;

/** The shape of a value. `path` is relative to the file that says it. */
export type Shape =
  | { readonly is: 'boolean' }
  | { readonly is: 'text' }
  | { readonly is: 'path' }
  | { readonly is: 'word'; readonly words: readonly string[] }
  | { readonly is: 'list'; readonly of: 'rule' | 'path' }
  | { readonly is: 'levels' };

export interface Option {
  readonly shape: Shape;
  readonly what: string;
}

export const options: Readonly<Record<SettingName, Option>> = {
  failOn: {
    shape: { is: 'word', words: FAIL_ON },
    what: 'least severity that makes the exit code 1; inconclusive: that verdict does, too',
  },
  strict: { shape: { is: 'boolean' }, what: 'exit with 3 when something is inconclusive' },
  require: {
    shape: { is: 'list', of: 'rule' },
    what: 'rules that must have been exercised, else the exit code is 3',
  },
  only: { shape: { is: 'list', of: 'rule' }, what: 'rules to judge by; all without it' },
  rules: {
    shape: { is: 'levels' },
    what: 'severity of the violations of single rules: error, warning, note or off',
  },
  assumeOrdered: {
    shape: { is: 'boolean' },
    what: 'backtraces in notes stand in the order in which they happened',
  },
  qemuVersion: {
    shape: { is: 'text' },
    what: 'version of the QEMU that made the captures, where they do not show it',
  },
  backend: {
    shape: { is: 'word', words: BACKENDS },
    what: 'backend of the devices that do not show theirs',
  },
  traceEvents: {
    shape: { is: 'list', of: 'path' },
    what: 'trace-events-all of the QEMU that made the traces',
  },
  baseline: { shape: { is: 'path' }, what: 'file with known findings, see vhtrace baseline' },
};

export const defaults: Settings = {
  failOn: 'error',
  strict: false,
  require: [],
  only: [],
  rules: {},
  assumeOrdered: false,
  qemuVersion: undefined,
  backend: undefined,
  traceEvents: [],
  baseline: undefined,
};
