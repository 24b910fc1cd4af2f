/** The views for other people's SQL, described from the schema itself. */
import { Database } from './database.js';
import { migrations } from './migrations/index.js';

export interface ViewInfo {
  readonly name: string;
  readonly columns: readonly string[];
  /** The comment above the view. */
  readonly text: string;
}

const VIEW = /((?:^--.*\n)+)^CREATE VIEW (v_\w+) AS$/gm;

/** In alphabetical order; needs no store. */
export async function describeViews(): Promise<ViewInfo[]> {
  const texts = new Map<string, string>();
  for (const sql of migrations) {
    for (const [, comment = '', name = ''] of sql.matchAll(VIEW)) {
      texts.set(name, comment.replace(/^-- ?/gm, '').trim().replaceAll('\n', ' '));
    }
  }
  const database = await Database.open(':memory:', true);
  try {
    for (const sql of migrations) await database.exec(sql);
    const rows = await database.all<{ view: string; columns: string }>(
      `SELECT v.name AS view, json_group_array(c.name) AS columns
       FROM sqlite_schema v, pragma_table_info(v.name) c
       WHERE v.type = 'view' GROUP BY v.name ORDER BY v.name`,
    );
    return rows.map(({ view, columns }) => ({
      name: view,
      columns: JSON.parse(columns) as string[],
      text: texts.get(view) ?? '',
    }));
  } finally {
    await database.close();
  }
}
