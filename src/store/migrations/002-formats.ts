/**
 * Schema 2: records of other formats than gdb and QEMU's log, and what they mean.
 *
 * Their rows in `block.records` are [kind, first line, last line, object with the members].
 */
export const formats = `
ALTER TABLE fact ADD COLUMN endpoint TEXT;   -- stands for the device where no pointer is seen: pid and fd, socket
ALTER TABLE fact ADD COLUMN result TEXT;     -- what the call returned, as printed

DROP VIEW v_fact;

-- One row a fact: what a call or event means in the protocol. "device" is the short form that reports
-- print, "device_key" the same with 16 digits, for sorting and comparing. "value" and "result" are
-- text: a u64 does not fit a number everywhere.
CREATE VIEW v_fact AS
SELECT f.capture, c.path, f.seq, f.line, f.session, thread.value AS thread, kind.value AS kind,
       func.value AS func, f.role, f.activation,
       CASE WHEN f.device IS NULL THEN NULL
            ELSE '0x' || coalesce(nullif(ltrim(substr(f.device, 3), '0'), ''), '0') END AS device,
       f.device AS device_key, f.incarnation, f.backend, f.vring, f.enable, f.value, f.endpoint,
       f.result
FROM fact f JOIN capture c ON c.id = f.capture
JOIN text thread ON thread.id = f.thread
JOIN text kind ON kind.id = f.kind
JOIN text func ON func.id = f.func;

-- One row a line of a kernel trace.
CREATE VIEW v_kernel_event AS
SELECT r.capture, c.path, r.seq, r.line, r.record -> 3 ->> 'what' AS what,
       r.record -> 3 ->> 'name' AS name, r.record -> 3 ->> 'func' AS func,
       r.record -> 3 ->> 'caller' AS caller, r.record -> 3 ->> 'pid' AS pid,
       r.record -> 3 ->> 'comm' AS comm, r.record -> 3 ->> 'cpu' AS cpu,
       r.record -> 3 ->> 'time' AS time, r.record -> 3 -> 'args' AS args
FROM v_record r JOIN capture c ON c.id = r.capture WHERE r.kind = 'kernel-event';

-- One row a system call.
CREATE VIEW v_syscall AS
SELECT r.capture, c.path, r.seq, r.line, r.record -> 3 ->> 'name' AS name,
       r.record -> 3 ->> 'fd' AS fd, r.record -> 3 ->> 'path' AS file,
       r.record -> 3 ->> 'request' AS request, r.record -> 3 ->> 'result' AS result,
       r.record -> 3 ->> 'errno' AS errno, r.record -> 3 ->> 'pid' AS pid,
       r.record -> 3 ->> 'time' AS time
FROM v_record r JOIN capture c ON c.id = r.capture WHERE r.kind = 'syscall';

-- One row a vhost-user message; "payload" is a JSON object.
CREATE VIEW v_message AS
SELECT r.capture, c.path, r.seq, r.line, r.record -> 3 ->> 'sender' AS sender,
       r.record -> 3 ->> 'request' AS request, r.record -> 3 ->> 'name' AS name,
       r.record -> 3 ->> 'flags' AS flags, r.record -> 3 ->> 'channel' AS channel,
       r.record -> 3 -> 'payload' AS payload, r.record -> 3 ->> 'pid' AS pid,
       r.record -> 3 ->> 'time' AS time
FROM v_record r JOIN capture c ON c.id = r.capture WHERE r.kind = 'message';
`;
