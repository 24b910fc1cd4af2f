/** Defaults, configuration file and command line → what holds, and where each value comes from. */
import { relative } from 'node:path';
import { findConfig } from './find-config.js';
import { defaults } from './options.js';
import type { SettingName, Settings } from './options.js';
import { validateConfig } from './validate.js';
import type { Known } from './validate.js';

export interface SettingsResult {
  readonly settings: Settings;
  /** `default`, `command line`, or the path of the file from the working directory. */
  readonly origins: Readonly<Record<SettingName, string>>;
  /** Path of the configuration file from the working directory; undefined where there is none, or none was wanted. */
  readonly file: string | undefined;
}

export interface SettingsRequest extends Known {
  readonly cwd: string;
  /** False for `--no-config`. */
  readonly useConfig: boolean;
  /** What the command line says; undefined members are not given there. */
  readonly given: { readonly [Name in SettingName]?: Settings[Name] | undefined };
}

/** Errors: CONFIG_INVALID. */
export async function resolveSettings(request: SettingsRequest): Promise<SettingsResult> {
  const config = request.useConfig ? await findConfig(request.cwd) : undefined;
  const fromFile = config === undefined ? {} : validateConfig(config.content, config.path, request);
  const file = config === undefined ? undefined : relative(request.cwd, config.path);
  const layers = [
    { origin: 'default', values: defaults },
    { origin: file ?? '', values: fromFile },
    { origin: 'command line', values: request.given },
  ];
  const settings: Partial<Record<SettingName, unknown>> = {};
  const origins: Partial<Record<SettingName, string>> = {};
  for (const name of Object.keys(defaults) as SettingName[]) {
    for (const { origin, values } of layers) {
      if (origin !== 'default' && values[name] === undefined) continue;
      settings[name] = values[name];
      origins[name] = origin;
    }
  }
  return {
    settings: settings as unknown as Settings,
    origins: origins as Record<SettingName, string>,
    file,
  };
}
