/** `vhtrace sql`: what a user asks of the store, row by row. */
import { openQuery } from '../store/query.js';
import type { Cell } from '../store/query.js';

export { readText } from '../input/read-text.js';
export { describeViews } from '../store/views.js';

/** Takes the names of the columns, then rows. */
export interface RowSink {
  begin(columns: readonly string[]): void;
  row(cells: readonly Cell[]): void;
  end(): void;
}

/** `settle` is waited for: a reader may be slower than SQLite. Errors: those of {@link openQuery}. */
export async function runSql(
  path: string,
  sql: string,
  sink: RowSink,
  settle: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const query = await openQuery(path, sql);
  try {
    sink.begin(query.columns);
    await query.each((cells) => {
      sink.row(cells);
    }, settle);
    sink.end();
  } finally {
    await query.close();
  }
}
