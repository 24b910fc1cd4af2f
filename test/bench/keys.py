"""
From a key to the screen: how long `vhtrace tui` on a store needs to answer, through a pseudo-terminal.

    keys.py PROGRAM DATABASE [REPEATS]

Each key is sent when the screen has been quiet for a moment; the delay ends with the first whole frame. What
belongs to the row (its detail) may come in a later one. Prints the percentiles in milliseconds, while the rules
are at work behind the view, and afterwards.
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


def frames(quiet=QUIET, until=None, limit=900.0):
    """Reads until the screen is quiet, or shows a text; gives the times at which frames were complete."""
    times, seen, end = [], b"", time.perf_counter() + limit
    while time.perf_counter() < end:
        ready, _, _ = select.select([terminal], [], [], quiet if until is None else 1)
        if ready:
            try:
                seen += os.read(terminal, 1 << 16)
            except OSError:
                break
            if b"\x1b[?2026l" in seen:
                times.append(time.perf_counter())
        if until is not None and until in seen:
            break
        if until is None and not ready:
            break
        if until is None:
            seen = seen[-16:]
    return times


def is_judged():
    """Help covers the header; when it is closed the header is written anew, with the verdict where there is one."""
    os.write(terminal, b"?")
    frames(quiet=0.5)
    os.write(terminal, b"?")
    seen = b""
    while select.select([terminal], [], [], 0.5)[0]:
        seen += os.read(terminal, 1 << 16)
    return b"violation" in seen.split(b"\x1b[3;1H")[0]


def percentiles(name, delays):
    delays = sorted(delays)
    cells = [delays[min(len(delays) - 1, int(len(delays) * part))] for part in (0.5, 0.95, 1)]
    print(f"{name:<34}" + "".join(f"{cell * 1000:8.1f}" for cell in cells), flush=True)


def measure(name, keys):
    first, last = [], []
    for key in keys:
        start = time.perf_counter()
        os.write(terminal, key)
        times = frames()
        if times:
            first.append(times[0] - start)
            last.append(times[-1] - start)
    percentiles(name, first)
    return first, last


def session(title):
    print(title.ljust(34) + "     p50     p95     max")
    results = [
        measure("j", [b"j"] * repeats),
        measure("PgDn", [b"\x1b[6~"] * repeats),
        measure("PgUp", [b"\x1b[5~"] * repeats),
        measure("G and g", [b"G", b"g"] * (repeats // 2)),
        measure("Tab", [b"\t"] * (repeats // 3 * 3)),
    ]
    os.write(terminal, b"g/dev_start\r")
    frames(quiet=1.0)
    results.append(measure("n (next match)", [b"n"] * repeats))
    percentiles("all keys", [delay for first, _ in results for delay in first])
    percentiles("all keys, with the detail", [delay for _, last in results for delay in last])


start = time.perf_counter()
frames(until=b"Timeline")
print(f"first frame after {time.perf_counter() - start:.1f} s")
frames(quiet=1.0)
session("while the rules are at work")
while not is_judged():
    time.sleep(2)
print(f"judged after {time.perf_counter() - start:.1f} s at most")
session("afterwards")
os.write(terminal, b"q")
frames(quiet=1.0)
