/** The rows of a list that are near what is shown, kept in pages. A list may have millions of rows; here are few. */
import type { BrowseList, BrowseRow } from '../model/browse.js';

const PAGE = 256;
const PAGES_KEPT = 24;

export class RowWindow {
  private readonly pages = new Map<number, readonly BrowseRow[] | Promise<void>>();

  constructor(
    readonly list: BrowseList,
    private readonly onLoad: () => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** The row at a place; undefined while it is being loaded. */
  row(place: number): BrowseRow | undefined {
    const page = this.pages.get(Math.floor(place / PAGE));
    return Array.isArray(page) ? (page as readonly BrowseRow[])[place % PAGE] : undefined;
  }

  /** Loads what is shown, and beside it what the next keys will show. */
  want(from: number, count: number): void {
    const first = Math.floor(Math.max(0, from) / PAGE);
    const last = Math.floor((from + count) / PAGE);
    for (let page = first; page <= last; page++) this.load(page);
    if (from % PAGE > PAGE / 2) this.load(last + 1);
    else this.load(first - 1);
    this.forget(first, last);
  }

  /** Waits until a row is there. */
  async loaded(place: number): Promise<BrowseRow | undefined> {
    const page = Math.floor(place / PAGE);
    this.load(page);
    const kept = this.pages.get(page);
    if (kept instanceof Promise) await kept;
    return this.row(place);
  }

  private load(page: number): void {
    if (page < 0 || page * PAGE >= this.list.length || this.pages.has(page)) return;
    const loading = this.list.rows(page * PAGE, PAGE).then(
      (rows) => {
        this.pages.set(page, rows);
        this.onLoad();
      },
      (error: unknown) => {
        this.pages.delete(page);
        this.onError(error);
      },
    );
    this.pages.set(page, loading);
  }

  /** Pages that were asked for first go first, but never what is shown. */
  private forget(first: number, last: number): void {
    for (const page of this.pages.keys()) {
      if (this.pages.size <= PAGES_KEPT) return;
      if (page < first - 1 || page > last + 1) this.pages.delete(page);
    }
  }
}
