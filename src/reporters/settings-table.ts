/** What `vhtrace config` prints. */
import { displayPath, table } from './text.js';

/** One line a setting: name, value, and where it comes from. */
export function renderSettings(
  settings: object,
  origins: Readonly<Record<string, string>>,
  file: string | undefined,
): string {
  const rows = Object.entries(settings).map(([name, value]) => [
    name,
    valueText(value),
    displayPath(origins[name] ?? ''),
  ]);
  const head = file === undefined ? 'no configuration file' : `file: ${displayPath(file)}`;
  return `${head}\n\n${table([['setting', 'value', 'from'], ...rows])}`;
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ') || '-';
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  const entries = Object.entries(value ?? {}).map(([key, each]) => `${key}=${String(each)}`);
  return entries.join(', ') || '-';
}
