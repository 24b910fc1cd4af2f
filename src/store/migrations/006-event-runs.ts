/**
 * Schema 6: trace events line after line are a block of their own, in which a row says what differs.
 *
 * Rows are [event_shape, or -event_again; time; thread; JSON array of the values], and end where all that
 * follows is null. Lines rise by one from the first of the block on.
 */
export const eventRuns = `
-- JSON object with "tid" and "pid" of the events of the block; NULL for a block of records of any kind.
ALTER TABLE block ADD COLUMN run TEXT;

DROP VIEW v_record;

-- One row a record of any kind; "record" is the JSON array.
CREATE VIEW v_record AS
SELECT b.capture, b.first_seq + r.key AS seq,
       CASE WHEN b.run IS NULL THEN r.value ->> 0 ELSE 'event' END AS kind,
       CASE WHEN b.run IS NULL THEN r.value ->> 1 ELSE b.first_line + r.key END AS line,
       CASE WHEN b.run IS NULL THEN coalesce(r.value ->> 2, r.value ->> 1)
            ELSE b.first_line + r.key END AS last_line,
       CASE WHEN b.run IS NULL THEN r.value
            ELSE json_array('event', b.first_line + r.key, NULL, r.value -> 0,
                            coalesce(r.value ->> 2, b.run ->> 'tid'),
                            r.value ->> 1,
                            NULL, json(r.value -> 3), b.run ->> 'pid') END AS record
FROM block b, json_each(b.records) r;

DROP VIEW v_event;

-- One row a trace event; "args" is a JSON object (args ->> 'dev') or NULL where the event is unknown.
CREATE VIEW v_event AS
SELECT e.capture, c.path, e.seq, e.line, shape.value ->> 0 AS name, e.tid, e.time,
       coalesce(e.text, (
         SELECT group_concat(part, '') FROM (
           SELECT piece.value || coalesce(coalesce(again.args, e.list) ->> piece.key, '') AS part
           FROM json_each(shape.value -> (json_array_length(shape.value) - 1)) piece
           ORDER BY piece.key)
       )) AS text,
       CASE WHEN coalesce(again.args, nullif(e.list, 'null')) IS NOT NULL THEN (
         SELECT json_group_object(k.value, v.value)
         FROM json_each(coalesce(again.args, e.list)) v
         JOIN json_each(shape.value) k ON k.key = v.key + 1
       ) END AS args
FROM (
  SELECT b.capture, b.first_seq + r.key AS seq,
         CASE WHEN b.run IS NULL THEN r.value ->> 1 ELSE b.first_line + r.key END AS line,
         r.value ->> CASE WHEN b.run IS NULL THEN 3 ELSE 0 END AS shape,
         CASE WHEN b.run IS NULL THEN r.value ->> 4
              ELSE coalesce(r.value ->> 2, b.run ->> 'tid') END AS tid,
         r.value ->> CASE WHEN b.run IS NULL THEN 5 ELSE 1 END AS time,
         CASE WHEN b.run IS NULL THEN r.value ->> 6 END AS text,
         r.value -> CASE WHEN b.run IS NULL THEN 7 ELSE 3 END AS list
  FROM block b, json_each(b.records) r
  WHERE b.run IS NOT NULL OR r.value ->> 0 = 'event'
) e JOIN capture c ON c.id = e.capture
LEFT JOIN event_again again ON again.capture = e.capture AND again.id = -e.shape
JOIN event_shape shape ON shape.id = coalesce(again.shape, e.shape);
`;
