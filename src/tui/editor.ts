/** How editors are told to open a file at a line, and where a frame's source lies. */
import { existsSync, realpathSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';

export interface EditorCommand {
  readonly command: string;
  readonly args: readonly string[];
}

const PLUS_LINE =
  /^(?:n?vim?|view|vimx|nano|pico|emacs|emacsclient|kak|joe|jed|mg|ne|micro|ed|ex|less)$/;
const GOTO = /^(?:code|code-insiders|codium|vscodium|cursor)$/;
const COLON_LINE = /^(?:hx|helix|subl|zed|atom)$/;

/** `editor` is what $VISUAL or $EDITOR says, perhaps with arguments; it is not given to a shell. */
export function editorCommand(editor: string, path: string, line: number): EditorCommand {
  const [command = 'vi', ...fixed] = editor.split(/\s+/).filter((word) => word !== '');
  // Absolute: a name that begins with a dash would be an option.
  const file = resolve(path);
  const name = basename(command);
  if (PLUS_LINE.test(name)) return { command, args: [...fixed, `+${line}`, file] };
  if (GOTO.test(name)) return { command, args: [...fixed, '-g', `${file}:${line}`] };
  if (COLON_LINE.test(name)) return { command, args: [...fixed, `${file}:${line}`] };
  return { command, args: [...fixed, file] };
}

export interface SourcePlace {
  readonly path: string;
  readonly line: number;
}

/**
 * `../migration/ram.c:2782` → the file below `root`. Paths in a capture are those of the machine that built
 * QEMU: leading parts are left out until a file is there. Undefined where there is none, and for a file
 * that lies outside of the root, by `..` or by a link.
 */
export function sourcePlace(root: string, at: string): SourcePlace | undefined {
  const [, name = '', line = ''] = /^(.+):(\d+)$/.exec(at) ?? [];
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  const own = parts.slice(parts.findLastIndex((part) => part === '..') + 1);
  if (own.length === 0 || !existsSync(root)) return undefined;
  const realRoot = realpathSync(root);
  for (let skip = 0; skip < own.length; skip++) {
    const path = join(realRoot, ...own.slice(skip));
    if (!existsSync(path)) continue;
    const real = realpathSync(path);
    return real.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep)
      ? { path: real, line: Number(line) }
      : undefined;
  }
  return undefined;
}
