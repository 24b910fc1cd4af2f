/** What an export has written, in a few words. */
import { printable } from '../base/printable.js';
import { thousands } from './text.js';

type Exported =
  | { readonly captures: readonly { readonly files: readonly { readonly bytes: number }[] }[] }
  | { readonly captures: number; readonly batches: number; readonly spans: number };

/** One line. Pure. */
export function renderExported(to: string, exported: Exported): string {
  return `${printable(to)}: ${wordsOf(exported)}\n`;
}

function wordsOf(exported: Exported): string {
  if ('spans' in exported) {
    const { captures, spans, batches } = exported;
    return `${count(captures, 'capture')}, ${count(spans, 'span')} in ${count(batches, 'batch', 'batches')}`;
  }
  const files = exported.captures.flatMap((capture) => capture.files);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return `${count(exported.captures.length, 'capture')}, ${count(files.length, 'file')}, ${thousands(bytes)} bytes`;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${thousands(number)} ${number === 1 ? one : many}`;
}
