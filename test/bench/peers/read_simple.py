"""The way of QEMU's scripts/simpletrace.py: struct.unpack for each record and its arguments, one line an event."""
import re
import struct
import sys

with open(sys.argv[1]) as declarations:
    texts = {
        found[1]: ["char" in one for one in found[2].split(",") if one != "void"]
        for found in map(re.compile(r"(\w+)\((.*?)\)").match, declarations)
    }
names = {}
out = sys.stdout
with open(sys.argv[2], "rb") as trace:
    trace.read(24)
    while True:
        head = trace.read(8)
        if len(head) < 8:
            break
        (kind,) = struct.unpack("=Q", head)
        if kind == 0:
            event, length = struct.unpack("=QL", trace.read(12))
            names[event] = trace.read(length).decode()
            continue
        event, time, length, pid = struct.unpack("=QQLL", trace.read(24))
        name = names[event]
        payload = trace.read(length - 24)
        values = []
        at = 0
        for is_text in texts[name]:
            if is_text:
                (size,) = struct.unpack_from("=L", payload, at)
                values.append(payload[at + 4 : at + 4 + size].decode())
                at += 4 + size
            else:
                values.append(hex(struct.unpack_from("=Q", payload, at)[0]))
                at += 8
        out.write(f"{name} {time} pid={pid} {' '.join(values)}\n")
