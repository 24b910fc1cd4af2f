/**
 * Schema 1: captures with their records, interned call stacks, facts, and the public views.
 *
 * Tables are private and may change with a migration. The views `v_*` are the interface for other
 * people's SQL: columns may be added, none goes away or changes its meaning.
 */
export const captures = `
CREATE TABLE capture (
  id         INTEGER PRIMARY KEY,
  sha256     TEXT NOT NULL UNIQUE,
  path       TEXT NOT NULL,             -- as given when it was ingested first
  bytes      INTEGER NOT NULL,
  lines      INTEGER NOT NULL,
  blank      INTEGER NOT NULL,
  formats    TEXT NOT NULL,             -- JSON array of names
  ordered    INTEGER NOT NULL,          -- 0: snippets whose mutual order is unknown
  sessions   INTEGER NOT NULL,
  threads    INTEGER NOT NULL,
  backtraces INTEGER NOT NULL,
  frames     INTEGER NOT NULL,
  events     INTEGER NOT NULL,
  facts      INTEGER NOT NULL,
  prose      INTEGER NOT NULL,
  problems   INTEGER NOT NULL
);

-- Every text that repeats, once. Row 0 is the absent text.
CREATE TABLE text (
  id    INTEGER PRIMARY KEY,
  value TEXT UNIQUE
);
INSERT INTO text VALUES (0, NULL);

CREATE TABLE frame (
  id      INTEGER PRIMARY KEY,
  kind    TEXT NOT NULL,
  address TEXT NOT NULL,                -- 0x and 16 digits, so that it sorts; '' without address
  printed TEXT NOT NULL,                -- the address as printed where that differs, else ''
  func    INTEGER NOT NULL REFERENCES text,
  args    INTEGER NOT NULL REFERENCES text,  -- JSON array of {name, value, entry}
  file    INTEGER NOT NULL REFERENCES text,
  line    INTEGER NOT NULL,             -- -1 without line
  lib     INTEGER NOT NULL REFERENCES text,
  UNIQUE (func, address, args, file, line, kind, printed, lib)
);

-- Call stacks as a trie: a row is a frame and the stack of its callers, row 0 the empty stack.
CREATE TABLE stack (
  id     INTEGER PRIMARY KEY,
  parent INTEGER REFERENCES stack,
  frame  INTEGER REFERENCES frame,
  UNIQUE (parent, frame)
);
INSERT INTO stack VALUES (0, NULL, NULL);

-- Records in file order, about a thousand a row: a JSON array of arrays [kind, first line, last line, ...].
-- A row a record would make ingest of a trace log ten times slower; the views unpack the blocks.
CREATE TABLE block (
  capture    INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  first_seq  INTEGER NOT NULL,          -- 0-based number of its first record in the capture
  first_line INTEGER NOT NULL,
  last_line  INTEGER NOT NULL,
  records    TEXT NOT NULL,
  PRIMARY KEY (capture, first_seq)
);

CREATE TABLE problem (
  capture    INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  seq        INTEGER NOT NULL,
  code       TEXT NOT NULL,
  message    TEXT NOT NULL,
  first_line INTEGER NOT NULL,
  last_line  INTEGER NOT NULL,
  PRIMARY KEY (capture, seq)
) WITHOUT ROWID;

CREATE TABLE fact (
  capture    INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  seq        INTEGER NOT NULL,
  line       INTEGER NOT NULL,
  session    INTEGER NOT NULL,
  thread     INTEGER NOT NULL REFERENCES text,
  kind       INTEGER NOT NULL REFERENCES text,
  func       INTEGER NOT NULL REFERENCES text,
  role       TEXT NOT NULL,
  activation INTEGER,
  device     TEXT,                      -- 0x and 16 digits
  incarnation INTEGER,                  -- which life of that address
  backend    TEXT,
  vring      INTEGER,
  enable     INTEGER,
  value      TEXT,                      -- as printed; never a number, see store/values.md
  PRIMARY KEY (capture, seq)
) WITHOUT ROWID;
CREATE INDEX fact_device ON fact (capture, session, device) WHERE device IS NOT NULL;

-- One row a capture, with the counts of "vhtrace ingest --json".
CREATE VIEW v_capture AS
SELECT id AS capture, path, sha256, bytes, lines, formats, ordered, sessions, threads, backtraces,
       frames, events, facts, prose, problems
FROM capture;

-- One row a fact: what a call or event means in the protocol. "device" is the short form that reports
-- print, "device_key" the same with 16 digits, for sorting and comparing. "value" is text: a u64 does
-- not fit a number everywhere.
CREATE VIEW v_fact AS
SELECT f.capture, c.path, f.seq, f.line, f.session, thread.value AS thread, kind.value AS kind,
       func.value AS func, f.role, f.activation,
       CASE WHEN f.device IS NULL THEN NULL
            ELSE '0x' || coalesce(nullif(ltrim(substr(f.device, 3), '0'), ''), '0') END AS device,
       f.device AS device_key, f.incarnation, f.backend, f.vring, f.enable, f.value
FROM fact f JOIN capture c ON c.id = f.capture
JOIN text thread ON thread.id = f.thread
JOIN text kind ON kind.id = f.kind
JOIN text func ON func.id = f.func;

-- One row a record of any kind; "record" is the JSON array.
CREATE VIEW v_record AS
SELECT b.capture, b.first_seq + r.key AS seq, r.value ->> 0 AS kind, r.value ->> 1 AS line,
       r.value ->> 2 AS last_line, r.value AS record
FROM block b, json_each(b.records) r;

-- One row a trace event; "args" is a JSON object (args ->> 'dev') or NULL where the event is unknown.
CREATE VIEW v_event AS
SELECT r.capture, c.path, r.seq, r.line, shape.value ->> 0 AS name, r.record ->> 4 AS tid,
       r.record ->> 5 AS time, r.record ->> 6 AS text,
       CASE WHEN r.record ->> 7 IS NOT NULL THEN (
         SELECT json_group_object(k.value, v.value)
         FROM json_each(r.record -> 7) v JOIN json_each(shape.value) k ON k.key = v.key + 1
       ) END AS args
FROM v_record r JOIN capture c ON c.id = r.capture JOIN text shape ON shape.id = r.record ->> 3
WHERE r.kind = 'event';

-- One row a backtrace. "func" is its innermost function; "stack" is equal for equal call stacks.
CREATE VIEW v_backtrace AS
SELECT r.capture, c.path, r.seq, r.line, r.last_line, r.record ->> 3 AS stack,
       func.value AS func, r.record -> 6 ->> 'num' AS thread_num, r.record -> 6 ->> 'name' AS thread_name,
       r.record -> 6 ->> 'lwp' AS lwp, r.record ->> 7 AS incomplete
FROM v_record r JOIN capture c ON c.id = r.capture
JOIN stack s ON s.id = r.record ->> 3
LEFT JOIN frame f ON f.id = s.frame
LEFT JOIN text func ON func.id = f.func
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
       f.kind, nullif(f.address, '') AS address, func.value AS func, args.value AS args,
       file.value AS file, nullif(f.line, -1) AS source_line, lib.value AS lib
FROM walk w JOIN capture c ON c.id = w.capture
JOIN stack s ON s.id = w.stack
JOIN frame f ON f.id = s.frame
JOIN text func ON func.id = f.func
JOIN text args ON args.id = f.args
JOIN text file ON file.id = f.file
JOIN text lib ON lib.id = f.lib;

-- One row a trouble with reading.
CREATE VIEW v_problem AS
SELECT p.capture, c.path, p.seq, p.code, p.message, p.first_line AS line, p.last_line
FROM problem p JOIN capture c ON c.id = p.capture;
`;
