/**
 * Schema 5: facts in blocks, as records are. A row a fact took two thirds of the time of a trace log's ingest.
 *
 * What a fact is and where it was seen repeats, so both are rows of their own that the facts of a block name.
 * Shapes of trace events have a table of their own, in which the same may be twice: who
 * writes need not ask.
 */
export const factBlocks = `
-- What a fact is.
CREATE TABLE fact_shape (
  id      INTEGER PRIMARY KEY,
  kind    TEXT NOT NULL,
  func    TEXT NOT NULL,
  role    TEXT NOT NULL,
  backend TEXT,
  enable  INTEGER
);

-- Where it was seen, and of which device.
CREATE TABLE fact_place (
  capture     INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  id          INTEGER NOT NULL,
  session     INTEGER NOT NULL,
  thread      TEXT,
  device      TEXT,                     -- 0x and 16 digits
  incarnation INTEGER,                  -- which life of that address
  endpoint    TEXT,                     -- stands for the device where no pointer is seen: pid and fd, socket
  PRIMARY KEY (capture, id)
) WITHOUT ROWID;

-- Facts in their order, about a thousand a row: a JSON array of arrays
-- [line, fact_shape, fact_place, value, vring, activation, result], which end where all that follows is null.
CREATE TABLE fact_block (
  capture    INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  first_seq  INTEGER NOT NULL,          -- 0-based number of its first fact in the capture
  first_line INTEGER NOT NULL,          -- least and greatest of its lines: those of stacks do not rise
  last_line  INTEGER NOT NULL,
  facts      TEXT NOT NULL,
  PRIMARY KEY (capture, first_seq)
);

-- By the texts of their columns, which an index finds.
CREATE TEMP TABLE shape_key (key TEXT PRIMARY KEY, id INTEGER);
INSERT INTO shape_key
SELECT key, row_number() OVER ()
FROM (SELECT DISTINCT json_array(kind, func, role, backend, enable) AS key FROM fact);
INSERT INTO fact_shape (id, kind, func, role, backend, enable)
SELECT k.id, kind.value, func.value, k.key ->> 2, k.key ->> 3, k.key ->> 4
FROM shape_key k JOIN text kind ON kind.id = k.key ->> 0 JOIN text func ON func.id = k.key ->> 1;

CREATE TEMP TABLE place_key (capture INTEGER, key TEXT, id INTEGER, PRIMARY KEY (capture, key));
INSERT INTO place_key
SELECT capture, key, row_number() OVER (PARTITION BY capture)
FROM (SELECT DISTINCT capture, json_array(session, thread, device, incarnation, endpoint) AS key FROM fact);
INSERT INTO fact_place (capture, id, session, thread, device, incarnation, endpoint)
SELECT k.capture, k.id, k.key ->> 0, thread.value, k.key ->> 2, k.key ->> 3, k.key ->> 4
FROM place_key k JOIN text thread ON thread.id = k.key ->> 1;

CREATE TEMP TABLE coded AS
SELECT f.capture, f.seq, f.line,
       json_array(f.line, s.id, p.id, f.value, f.vring, f.activation, f.result) AS fact
FROM fact f
CROSS JOIN shape_key s ON s.key = json_array(f.kind, f.func, f.role, f.backend, f.enable)
CROSS JOIN place_key p ON p.capture = f.capture
 AND p.key = json_array(f.session, f.thread, f.device, f.incarnation, f.endpoint);

INSERT INTO fact_block (capture, first_seq, first_line, last_line, facts)
SELECT capture, min(seq), min(line), max(line), json_group_array(json(fact))
FROM (SELECT * FROM coded ORDER BY capture, seq)
GROUP BY capture, seq / 1000;

DROP TABLE coded;
DROP TABLE shape_key;
DROP TABLE place_key;
DROP VIEW v_fact;
DROP TABLE fact;

-- One row a fact: what a call or event means in the protocol. "device" is the short form that reports
-- print, "device_key" the same with 16 digits, for sorting and comparing. "value" and "result" are
-- text: a u64 does not fit a number everywhere.
CREATE VIEW v_fact AS
SELECT b.capture, c.path, b.first_seq + f.key AS seq, f.value ->> 0 AS line, p.session, p.thread,
       s.kind, s.func, s.role, f.value ->> 5 AS activation,
       CASE WHEN p.device IS NULL THEN NULL
            ELSE '0x' || coalesce(nullif(ltrim(substr(p.device, 3), '0'), ''), '0') END AS device,
       p.device AS device_key, p.incarnation, s.backend, f.value ->> 4 AS vring, s.enable,
       f.value ->> 3 AS value, p.endpoint, f.value ->> 6 AS result
FROM fact_block b JOIN capture c ON c.id = b.capture
JOIN json_each(b.facts) f
JOIN fact_shape s ON s.id = f.value ->> 1
JOIN fact_place p ON p.capture = b.capture AND p.id = f.value ->> 2;

CREATE TABLE event_shape (
  id    INTEGER PRIMARY KEY,
  value TEXT NOT NULL                   -- JSON array [name, names of the arguments ..., [what stands around their values ...]]
);

-- An event that comes again in a capture: its records name it, as a negative number, in the place of a shape.
CREATE TABLE event_again (
  capture INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  id      INTEGER NOT NULL,
  shape   INTEGER NOT NULL REFERENCES event_shape,
  args    TEXT NOT NULL,                -- JSON array of the values
  PRIMARY KEY (capture, id)
) WITHOUT ROWID;

INSERT INTO event_shape (id, value)
SELECT id, value FROM text
WHERE id IN (SELECT record ->> 3 FROM v_record WHERE kind = 'event');

DROP VIEW v_event;

-- One row a trace event; "args" is a JSON object (args ->> 'dev') or NULL where the event is unknown.
CREATE VIEW v_event AS
SELECT r.capture, c.path, r.seq, r.line, shape.value ->> 0 AS name, r.record ->> 4 AS tid,
       r.record ->> 5 AS time,
       coalesce(r.record ->> 6, (
         SELECT group_concat(part, '') FROM (
           SELECT piece.value || coalesce(coalesce(again.args, r.record -> 7) ->> piece.key, '') AS part
           FROM json_each(shape.value -> (json_array_length(shape.value) - 1)) piece
           ORDER BY piece.key)
       )) AS text,
       CASE WHEN coalesce(again.args, r.record ->> 7) IS NOT NULL THEN (
         SELECT json_group_object(k.value, v.value)
         FROM json_each(coalesce(again.args, r.record -> 7)) v
         JOIN json_each(shape.value) k ON k.key = v.key + 1
       ) END AS args
FROM v_record r JOIN capture c ON c.id = r.capture
LEFT JOIN event_again again ON again.capture = r.capture AND again.id = -(r.record ->> 3)
JOIN event_shape shape ON shape.id = coalesce(again.shape, r.record ->> 3)
WHERE r.kind = 'event';
`;
