/** Text of captures in HTML and SVG: never markup. */
import { printable } from '../../base/printable.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe as text and inside of quoted attributes; control characters are made visible. */
export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '');
}
