"""
From a key to the screen: how long `vhtrace tui` on a store needs to answer, through a pseudo-terminal.

    keys.py PROGRAM DATABASE [REPEATS]

Each key is sent when the screen has been quiet for a moment; the delay ends with the last byte that is written
before the screen is quiet again. Prints the percentiles for each kind of key in milliseconds.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

QUIET = 0.15
COLUMNS, ROWS = 80, 24

program, database = sys.argv[1:3]
repeats = int(sys.argv[3]) if len(sys.argv) > 3 else 40

environment = {name: value for name, value in os.environ.items() if not name.startswith("CI")}
environment.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
pid, terminal = pty.fork()
if pid == 0:
    os.execvpe("node", ["node", program, "tui", "--db", database], environment)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))


def answer(quiet=QUIET, limit=60.0):
    """Reads until the screen is quiet; gives the time of the last byte and how many there were."""
    last, size, end = None, 0, time.perf_counter() + limit
    while time.perf_counter() < end:
        ready, _, _ = select.select([terminal], [], [], quiet)
        if not ready:
            break
        size += len(os.read(terminal, 1 << 16))
        last = time.perf_counter()
    return last, size


def percentiles(name, delays):
    delays = sorted(delays)
    cells = [delays[min(len(delays) - 1, int(len(delays) * part))] for part in (0.5, 0.95, 1)]
    print(f"{name:<26}" + "".join(f"{cell * 1000:8.1f}" for cell in cells), flush=True)


def measure(name, keys):
    delays, total = [], 0
    for key in keys:
        start = time.perf_counter()
        os.write(terminal, key)
        last, size = answer()
        if last is not None:
            delays.append(last - start)
            total += size
    percentiles(name, delays)
    return delays


start = time.perf_counter()
last, _ = answer(quiet=3.0)
print("key to screen; milliseconds".ljust(26) + "    p50     p95     max")
all_delays = []
all_delays += measure("j", [b"j"] * repeats)
all_delays += measure("PgDn", [b"\x1b[6~"] * repeats)
all_delays += measure("PgUp", [b"\x1b[5~"] * repeats)
all_delays += measure("G and g", [b"G", b"g"] * (repeats // 2))
all_delays += measure("Tab", [b"\t"] * repeats)
os.write(terminal, b"g/dev_start\r")
answer(quiet=1.0)
all_delays += measure("n (next match)", [b"n"] * repeats)
percentiles("all", all_delays)
os.write(terminal, b"q")
answer(quiet=1.0)
