"""The way of QEMU's scripts/simpletrace.py: struct.unpack for each record and its arguments, one line an event."""
import struct
import sys

names = {}
arguments = {"vhost_vdpa_set_vring_num": 3}
out = sys.stdout
with open(sys.argv[1], "rb") as trace:
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
        count = arguments.get(name, 2)
        payload = trace.read(length - 24)
        values = [struct.unpack_from("=Q", payload, 8 * i)[0] for i in range(count)]
        out.write(f"{name} {time} pid={pid} {' '.join(map(hex, values))}\n")
