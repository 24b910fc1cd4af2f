/** A configuration file's content → settings, or the first thing that is wrong with it. */
import { dirname, resolve } from 'node:path';
import { nearest } from '../base/nearest.js';
import { VhtraceError } from '../base/errors.js';
import { LEVELS, options } from './options.js';
import type { SettingName, Settings, Shape } from './options.js';

/** Flags of check that are called otherwise. */
const OTHER_NAMES: ReadonlyMap<string, SettingName> = new Map([
  ['severity', 'rules'],
  ['severities', 'rules'],
]);

/** Ids of all rules, for the keys that name some. */
export interface Known {
  readonly rules: readonly string[];
}

/**
 * Checks what a file says; paths become absolute. Errors: CONFIG_INVALID, naming file, key and what to write.
 */
export function validateConfig(content: unknown, file: string, known: Known): Partial<Settings> {
  const fail: Fail = failing(file);
  if (!isRecord(content)) return fail('', 'must be an object with settings');
  const settings: Partial<Record<SettingName, unknown>> = {};
  for (const [key, value] of Object.entries(content)) {
    if (key === '$schema') continue;
    if (!isSetting(key)) {
      const near = OTHER_NAMES.get(key) ?? nearest(key, Object.keys(options));
      return fail(key, 'is no setting', near === undefined ? undefined : `did you mean ${near}?`);
    }
    settings[key] = valueOf(value, options[key].shape, key, file, known);
  }
  return settings as Partial<Settings>;
}

function valueOf(value: unknown, shape: Shape, key: string, file: string, known: Known): unknown {
  const fail = failing(file);
  switch (shape.is) {
    case 'boolean':
      return typeof value === 'boolean' ? value : fail(key, 'must be true or false');
    case 'text':
      // 9.1 without quotes is a number in YAML and JSON; 9.10 would have lost its end.
      return typeof value === 'string' ? value : fail(key, 'must be a text in quotes');
    case 'path':
      return typeof value === 'string' ? fromFile(file, value) : fail(key, 'must be a path');
    case 'word':
      return shape.words.includes(value as string)
        ? value
        : fail(key, `must be one of ${shape.words.join(', ')}`, suggestion(value, shape.words));
    case 'list':
      if (!Array.isArray(value)) return fail(key, 'must be a list');
      return value.map((item: unknown) => {
        if (typeof item !== 'string') return fail(key, 'must be a list of texts');
        return shape.of === 'path' ? fromFile(file, item) : ruleOf(item, key, file, known);
      });
    case 'levels':
      if (!isRecord(value)) return fail(key, 'must be an object of rules and severities');
      return Object.fromEntries(
        Object.entries(value).map(([rule, level]) => {
          const id = ruleOf(rule, key, file, known);
          if (LEVELS.some((each) => each === level)) return [id, level];
          return fail(
            `${key}.${rule}`,
            `must be one of ${LEVELS.join(', ')}`,
            suggestion(level, LEVELS),
          );
        }),
      );
  }
}

function ruleOf(text: string, key: string, file: string, { rules }: Known): string {
  const id = text.toUpperCase();
  if (rules.includes(id)) return id;
  const near = nearest(id, rules);
  const hint = near === undefined ? 'vhtrace rules lists them' : `did you mean ${near}?`;
  return failing(file)(key, `names a rule that does not exist: ${text}`, hint);
}

function fromFile(file: string, path: string): string {
  return resolve(dirname(file), path);
}

type Fail = (key: string, what: string, hint?: string) => never;

function failing(file: string): Fail {
  return (key, what, hint) => {
    const subject = key === '' ? '' : `"${key}" `;
    throw new VhtraceError('CONFIG_INVALID', `${file}: ${subject}${what}`, hint);
  };
}

function suggestion(value: unknown, words: readonly string[]): string | undefined {
  const near = typeof value === 'string' ? nearest(value, words) : undefined;
  return near === undefined ? undefined : `did you mean ${near}?`;
}

function isSetting(key: string): key is SettingName {
  return Object.hasOwn(options, key);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
