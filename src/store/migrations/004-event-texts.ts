/**
 * Schema 4: the text of a trace event is stored where its shape and its values do not tell it.
 *
 * In `block.records`, such an event has no text, and no last line; the text of its shape ends with an array of
 * what stands around the values.
 */
export const eventTexts = `
DROP VIEW v_event;

-- One row a trace event; "args" is a JSON object (args ->> 'dev') or NULL where the event is unknown.
CREATE VIEW v_event AS
SELECT r.capture, c.path, r.seq, r.line, shape.value ->> 0 AS name, r.record ->> 4 AS tid,
       r.record ->> 5 AS time,
       coalesce(r.record ->> 6, (
         SELECT group_concat(part, '') FROM (
           SELECT piece.value || coalesce(r.record -> 7 ->> piece.key, '') AS part
           FROM json_each(shape.value -> (json_array_length(shape.value) - 1)) piece
           ORDER BY piece.key)
       )) AS text,
       CASE WHEN r.record ->> 7 IS NOT NULL THEN (
         SELECT json_group_object(k.value, v.value)
         FROM json_each(r.record -> 7) v JOIN json_each(shape.value) k ON k.key = v.key + 1
       ) END AS args
FROM v_record r JOIN capture c ON c.id = r.capture JOIN text shape ON shape.id = r.record ->> 3
WHERE r.kind = 'event';
`;
