/**
 * Schema 3: what calls from one place have in common is stored once, in `shape`; a frame adds its values.
 *
 * In `block.records`, a backtrace ends with its stack where nothing more is to be said of it, a stop has no
 * reason where that is a breakpoint, chatter of one line has no last line, and the thread of both a stop and a notice may be the row of a text that holds
 * it as JSON.
 */
export const shapes = `
CREATE TABLE shape (
  id    INTEGER PRIMARY KEY,
  func  INTEGER NOT NULL REFERENCES text,
  names INTEGER NOT NULL REFERENCES text,  -- JSON array; x@entry is the value of x at the function's entry
  file  INTEGER NOT NULL REFERENCES text,
  line  INTEGER NOT NULL,                  -- -1 without line
  kind  TEXT NOT NULL,
  lib   INTEGER NOT NULL REFERENCES text,
  UNIQUE (func, names, file, line, kind, lib)
);

CREATE TABLE frame_of_shape (
  id      INTEGER PRIMARY KEY,
  shape   INTEGER NOT NULL REFERENCES shape,
  digest  INTEGER NOT NULL,                -- of address and args, see store/frame-rows.ts
  address INTEGER NOT NULL REFERENCES text,  -- as printed
  args    TEXT NOT NULL                    -- JSON array with a value, or null, for each name; '' without list
);

CREATE TEMP TABLE frame_args AS
SELECT f.id AS frame, f.args AS old,
       (SELECT json_group_array(name) FROM (
          SELECT CASE slot.key WHEN 0 THEN a.value ->> 'name' ELSE a.value ->> 'name' || '@entry' END AS name
          FROM json_each(args.value) a, json_each('[0,1]') slot
          WHERE CASE slot.key WHEN 1 THEN a.value ->> 'entry' IS NOT NULL
                ELSE a.value ->> 'value' IS NOT NULL OR a.value ->> 'entry' IS NULL END
          ORDER BY a.key, slot.key)) AS names,
       (SELECT json_group_array(value) FROM (
          SELECT CASE slot.key WHEN 0 THEN a.value ->> 'value' ELSE a.value ->> 'entry' END AS value
          FROM json_each(args.value) a, json_each('[0,1]') slot
          WHERE CASE slot.key WHEN 1 THEN a.value ->> 'entry' IS NOT NULL
                ELSE a.value ->> 'value' IS NOT NULL OR a.value ->> 'entry' IS NULL END
          ORDER BY a.key, slot.key)) AS value_list
FROM frame f JOIN text args ON args.id = f.args WHERE f.args <> 0;

INSERT OR IGNORE INTO text (value) SELECT DISTINCT names FROM frame_args;
INSERT OR IGNORE INTO text (value)
SELECT DISTINCT coalesce(nullif(printed, ''), address) FROM frame WHERE address <> '';

INSERT INTO shape (func, names, file, line, kind, lib)
SELECT DISTINCT f.func, coalesce(names.id, 0), f.file, f.line, f.kind, f.lib
FROM frame f LEFT JOIN frame_args a ON a.frame = f.id LEFT JOIN text names ON names.value = a.names;

INSERT INTO frame_of_shape (id, shape, digest, address, args)
WITH RECURSIVE content (id, shape, address, printed, args) AS (
  SELECT f.id, s.id, coalesce(address.id, 0), coalesce(address.value, ''), coalesce(a.value_list, '')
  FROM frame f LEFT JOIN frame_args a ON a.frame = f.id LEFT JOIN text names ON names.value = a.names
  LEFT JOIN text address ON f.address <> '' AND address.value = coalesce(nullif(f.printed, ''), f.address)
  JOIN shape s ON s.func = f.func AND s.names = coalesce(names.id, 0) AND s.file = f.file
   AND s.line = f.line AND s.kind = f.kind AND s.lib = f.lib
), digest (id, rest, value) AS (
  SELECT id, printed || args, 0 FROM content
  UNION ALL
  SELECT id, substr(rest, 2), (value * 31 + unicode(rest)) % 2147483648 FROM digest WHERE rest <> ''
)
SELECT c.id, c.shape, d.value, c.address, c.args
FROM content c JOIN digest d ON d.id = c.id AND d.rest = '';

DELETE FROM text WHERE id IN (SELECT old FROM frame_args) AND id NOT IN (SELECT names FROM shape);
DROP TABLE frame_args;

DROP VIEW v_record;
DROP VIEW v_backtrace;
DROP VIEW v_frame;

-- One row a record of any kind; "record" is the JSON array.
CREATE VIEW v_record AS
SELECT b.capture, b.first_seq + r.key AS seq, r.value ->> 0 AS kind, r.value ->> 1 AS line,
       coalesce(r.value ->> 2, r.value ->> 1) AS last_line, r.value AS record
FROM block b, json_each(b.records) r;

DROP TABLE frame;
ALTER TABLE frame_of_shape RENAME TO frame;
CREATE INDEX frame_digest ON frame (shape, digest);

-- One row a backtrace. "func" is its innermost function; "stack" is equal for equal call stacks.
CREATE VIEW v_backtrace AS
SELECT r.capture, c.path, r.seq, r.line, r.last_line, r.record ->> 3 AS stack,
       func.value AS func, r.record -> 6 ->> 'num' AS thread_num, r.record -> 6 ->> 'name' AS thread_name,
       r.record -> 6 ->> 'lwp' AS lwp, coalesce(r.record ->> 7, 0) AS incomplete
FROM v_record r JOIN capture c ON c.id = r.capture
JOIN stack s ON s.id = r.record ->> 3
LEFT JOIN frame f ON f.id = s.frame
LEFT JOIN shape p ON p.id = f.shape
LEFT JOIN text func ON func.id = p.func
WHERE r.kind = 'backtrace';

-- One row a frame of each backtrace: (capture, seq) names the backtrace, "level" is the number
-- printed after #. "address" has 16 digits; "args" is a JSON array of {name, value, entry}.
CREATE VIEW v_frame AS
WITH RECURSIVE walk (capture, seq, line, record, position, stack) AS (
  SELECT capture, seq, line, record, 0, record ->> 3 FROM v_record WHERE kind = 'backtrace'
  UNION ALL
  SELECT w.capture, w.seq, w.line, w.record, w.position + 1, s.parent
  FROM walk w JOIN stack s ON s.id = w.stack WHERE s.parent <> 0
)
SELECT w.capture, c.path, w.seq, coalesce(w.record -> 4 ->> w.position, w.position) AS level,
       coalesce(w.record -> 5 ->> w.position, w.line + w.position) AS line,
       p.kind,
       CASE WHEN address.value GLOB '0x?*' AND length(address.value) <= 18
             AND substr(address.value, 3) NOT GLOB '*[^0-9a-f]*'
            THEN '0x' || substr('0000000000000000' || substr(address.value, 3), -16)
            ELSE address.value END AS address,
       func.value AS func,
       CASE WHEN f.args <> '' THEN (
         SELECT json_group_array(json(arg)) FROM (
           SELECT CASE
               WHEN n.value LIKE '%@entry' THEN
                 json_object('name', substr(n.value, 1, length(n.value) - 6), 'entry', v.value)
               WHEN e.value IS NOT NULL THEN
                 json_object('name', n.value, 'value', v.value, 'entry', f.args ->> e.key)
               WHEN v.value IS NULL THEN json_object('name', n.value)
               ELSE json_object('name', n.value, 'value', v.value) END AS arg
           FROM json_each(names.value) n
           JOIN json_each(f.args) v ON v.key = n.key
           LEFT JOIN json_each(names.value) e ON e.key = n.key + 1 AND e.value = n.value || '@entry'
           LEFT JOIN json_each(names.value) b ON b.key = n.key - 1 AND n.value = b.value || '@entry'
           WHERE b.key IS NULL
           ORDER BY n.key))
       END AS args,
       file.value AS file, nullif(p.line, -1) AS source_line, lib.value AS lib
FROM walk w JOIN capture c ON c.id = w.capture
JOIN stack s ON s.id = w.stack
JOIN frame f ON f.id = s.frame
JOIN shape p ON p.id = f.shape
JOIN text address ON address.id = f.address
JOIN text func ON func.id = p.func
JOIN text names ON names.id = p.names
JOIN text file ON file.id = p.file
JOIN text lib ON lib.id = p.lib;
`;
