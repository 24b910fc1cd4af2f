"""The least that a reader of a log of lines does: one regular expression, one formatted line for each that fits."""
import re
import sys

LINE = re.compile(sys.argv[1])
out = sys.stdout
with open(sys.argv[2], encoding="utf-8", errors="replace") as log:
    for line in log:
        found = LINE.match(line)
        if found:
            out.write("\t".join(part or "" for part in found.groups()) + "\n")
