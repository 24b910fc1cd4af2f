"""The least that a reader of QEMU's log backend does: one regular expression, one formatted line an event."""
import re
import sys

EVENT = re.compile(r"(\d+)@(\d+\.\d+):(\w+) ?(.*)")
out = sys.stdout
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        found = EVENT.match(line)
        if found:
            pid, time, name, args = found.groups()
            out.write(f"{name}\t{time}\t{pid}\t{args}\n")
