/**
 * A call, and below it what it calls behind arrows → CallPath.
 *
 *     vhost_scsi_evt_work() or vhost_scsi_send_evt()
 *     -> vhost_scsi_complete_events()
 *        -> vhost_get_vq_desc()
 *
 * Producers: people; every author has an indentation of his own, so only deeper and less deep count.
 * Unit:      one record per tree, to the next blank line or line at the margin without an arrow.
 * Not read:  members of structures among the branches; a tree of members only is prose. Branches without
 *            brackets (`=> os_setup_post`). A tree that hangs below a sentence begins at its first arrow.
 */
import type { CallPath, PathCall, Prose } from '../../model/record.js';
import type { NoteFormat, NoteLine } from './note-format.js';
import { readBranch, readRoot } from './note-lines.js';
import type { NotedCall } from './note-lines.js';

export function createCallTrees(): NoteFormat {
  return new CallTrees();
}

/** A longer tree goes on in another record. */
const MOST_LINES = 4096;

/** A branch that others may hang below. */
interface Limb {
  readonly column: number;
  /** Depth of a call right below it. */
  readonly depth: number;
}

class CallTrees implements NoteFormat {
  readonly isPersons = true;
  #first: number | undefined;
  #last = 0;
  #calls: PathCall[] = [];
  #limbs: Limb[] = [];

  get isOpen(): boolean {
    return this.#first !== undefined;
  }

  mayHead({ text, nearOutput }: NoteLine): boolean {
    return !nearOutput && (readRoot(text) !== undefined || isOuterBranch(text));
  }

  takeBelow(head: NoteLine, line: NoteLine): readonly (CallPath | Prose)[] | undefined {
    const branch = readBranch(line.text);
    if (branch === undefined) return undefined;
    const root = readBranch(head.text) ?? { column: -1, calls: readRoot(head.text) ?? [] };
    this.#limbs = [];
    this.#add(root.column, root.calls, head.lineNo);
    this.#add(branch.column, branch.calls, line.lineNo);
    return [];
  }

  take({ text, lineNo }: NoteLine): readonly (CallPath | Prose)[] | undefined {
    if (this.#first === undefined) return undefined;
    const branch = readBranch(text);
    // Comments, the rest of a call, a remark: below the margin they belong to the tree.
    if (branch === undefined && !/^[ \t]/.test(text)) return undefined;
    const full = lineNo - this.#first >= MOST_LINES ? this.end() : [];
    if (branch === undefined) this.#cover(lineNo);
    else this.#add(branch.column, branch.calls, lineNo);
    return full;
  }

  end(): readonly (CallPath | Prose)[] {
    if (this.#first === undefined) return [];
    const span = { first: this.#first, last: this.#last };
    const calls = this.#calls;
    this.#first = undefined;
    this.#calls = [];
    return [
      calls.length > 0 ? { kind: 'call-path', span, calls } : { kind: 'prose', span, human: true },
    ];
  }

  #add(column: number, calls: readonly NotedCall[], line: number): void {
    this.#cover(line);
    while ((this.#limbs.at(-1)?.column ?? -2) >= column) this.#limbs.pop();
    const base = this.#limbs.at(-1)?.depth ?? 0;
    for (const { func, depth } of calls) this.#calls.push({ func, depth: base + depth, line });
    const inner = calls.at(-1);
    this.#limbs.push({ column, depth: inner === undefined ? base : base + inner.depth + 1 });
  }

  #cover(line: number): void {
    this.#first ??= line;
    this.#last = line;
  }
}

function isOuterBranch(text: string): boolean {
  return readBranch(text) !== undefined && !/^[ \t]/.test(text);
}
