/**
 * The parts of the gdb recipe that Python does, and what stands in for them where gdb has none. The lines that
 * they print are read by grammars/probes-line.peggy.
 *
 * Source: gdb/python/py-finishbreakpoint.c, gdb/python/py-breakpoint.c, gdb/python/py-block.c (gdb 8 to 16).
 */

/**
 * gdb with Python has $_streq(), which is written in it. `-ex 'set $vhtrace_plain = 1'` before the script
 * goes without.
 */
const HAS_PYTHON = 'if !$_isvoid($_streq) && $_isvoid($vhtrace_plain)';

/** Defines vhtrace-print and vhtrace-return, before any breakpoint is set. */
export const DEFINITIONS: readonly string[] = `
define vhtrace-print
end
define vhtrace-return
end
${HAS_PYTHON}
python
import gdb

def vhtrace_say(text):
    gdb.write("vhtrace-probes 1 %s.\\n" % text)

class VhtracePrint(gdb.Command):
    """Print an expression, if it can be read."""
    def __init__(self):
        super(VhtracePrint, self).__init__("vhtrace-print", gdb.COMMAND_DATA)
    def invoke(self, text, from_tty):
        try:
            gdb.execute("print " + text)
        except gdb.error:
            pass

# Where a call leaves its result, by gdb's names of the architectures.
vhtrace_results = {"i386:x86-64": "rax", "aarch64": "x0", "powerpc:common64": "r3", "s390:64-bit": "r2",
                   "riscv:rv64": "a0"}

class VhtraceFinish(gdb.FinishBreakpoint):
    """Says what a call returned. A call that never comes back (longjmp) says nothing."""
    def watch(self, frame, of_call):
        self.func = frame.name()
        # GCC takes away return values that nobody uses, and those that the rest of a function knows without the part
        # that was split off; the register then holds something else.
        symbol = gdb.execute("info symbol %d" % frame.pc(), to_string=True)
        self.returns = ".isra" not in symbol and ".part" not in symbol
        self.of_call = of_call
        function = frame.function()
        self.kind = function and function.type.target().strip_typedefs()
        self.result = vhtrace_results.get(frame.architecture().name())
    def value(self):
        if self.of_call:
            return self.return_value
        if self.kind is None or self.result is None:
            return None
        if self.kind.code not in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_PTR):
            return None
        register = int(gdb.newest_frame().read_register(self.result))
        return gdb.Value(register & ((1 << 8 * self.kind.sizeof) - 1)).cast(self.kind)
    def stop(self):
        text = "return %s thread %d" % (self.func, gdb.selected_thread().num)
        try:
            value = self.value() if self.returns else None
            if value is not None:
                text += " value %s" % value
        except (gdb.error, ValueError):
            pass
        vhtrace_say(text)
        return False

def vhtrace_is_copy(frame):
    """A function that the compiler has put into its caller, or that has ended with a jump into another."""
    return frame is not None and frame.type() in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME)

def vhtrace_entered(frame):
    """The function that begins here: behind a call that it begins with and that is a part of it."""
    while frame.type() == gdb.INLINE_FRAME:
        frame = frame.older()
    begins = frame.function() and int(frame.function().value().address) == frame.pc()
    return frame if begins else None

class VhtraceReturn(gdb.Command):
    """Watch the call that has just begun return."""
    def __init__(self):
        super(VhtraceReturn, self).__init__("vhtrace-return", gdb.COMMAND_DATA)
    def invoke(self, text, from_tty):
        try:
            frame = gdb.newest_frame()
            if frame.type() == gdb.INLINE_FRAME:
                frame = vhtrace_entered(frame)
            if frame is None or frame.type() != gdb.NORMAL_FRAME:
                return
            # gdb waits for the frame behind the one it is given, and never finds it if that is a copy.
            last = frame
            while vhtrace_is_copy(last.older()):
                last = last.older()
            VhtraceFinish(last, internal=True).watch(frame, last == frame)
        except (gdb.error, RuntimeError, ValueError):
            pass

VhtracePrint()
VhtraceReturn()
end
else
  # A line of gdb itself comes first: what trace-commands echoes below it is told from any other text.
  info breakpoints
  set trace-commands on
end
`
  .trim()
  .split('\n')
  .concat('');

/** Says of each breakpoint whether every call of its function stops there, after all were set. */
export const DECLARATION: readonly string[] = `
set trace-commands off
${HAS_PYTHON}
python
def vhtrace_starts_function(pc, func):
    """Whether the code at pc belongs to func itself, and not to a copy inside another function."""
    try:
        block = gdb.block_for_pc(pc)
    except (gdb.error, RuntimeError):
        return False
    functions = []
    while block is not None:
        if block.function is not None:
            functions.append(block.function)
        block = block.superblock
    if len(functions) == 0 or functions[-1].name != func:
        return False
    # A part that was split off may be put back. A function may begin with a copy of another: its first instruction is
    # its own all the same.
    return all(each.name == func for each in functions) or int(functions[-1].value().address) == pc

def vhtrace_stops_always(breakpoint):
    return (breakpoint.enabled and not breakpoint.temporary and breakpoint.condition is None
            and breakpoint.ignore_count == 0 and breakpoint.thread is None)

def vhtrace_clones():
    """Of functions that are not there by their names: the copies by which GCC's link-time optimisation left them."""
    import re
    pending = [each.location for each in gdb.breakpoints() if each.pending]
    clones = {}
    try:
        # Before gdb 8.3 "-n" is part of the pattern, which then matches nothing.
        text = gdb.execute(r"info functions -n ^\\(%s\\)\\.[a-z]" % r"\\|".join(pending), to_string=True)
    except gdb.error:
        return clones
    for clone in re.findall(r"\\b\\w+(?:\\.(?:isra|constprop|lto_priv)\\.\\d+)+(?=\\()", text):
        clones.setdefault(clone.split(".")[0], set()).add(clone)
    return clones

def vhtrace_break_on(clone, commands):
    """The number of a breakpoint on a copy, or None."""
    breakpoint = None
    try:
        breakpoint = gdb.Breakpoint(clone)
        breakpoint.commands = commands
        return breakpoint.number
    except (gdb.error, AttributeError, NotImplementedError):
        if breakpoint is not None:
            breakpoint.delete()
        return None

def vhtrace_declare(breakpoint, clones):
    func = breakpoint.location
    if breakpoint.pending:
        numbers = [vhtrace_break_on(clone, breakpoint.commands) for clone in sorted(clones.get(func, ()))]
        breakpoint.delete()
        for number in numbers:
            if number is not None:
                vhtrace_say("partly %s breakpoint %d" % (func, number))
        if not any(numbers):
            vhtrace_say("absent " + func)
        return
    try:
        places = gdb.decode_line(func)[1] or ()
    except gdb.error:
        places = ()
    whole = len(places) > 0 and all(vhtrace_starts_function(place.pc, func) for place in places)
    state = "watched" if whole and vhtrace_stops_always(breakpoint) else "partly"
    vhtrace_say("%s %s breakpoint %d" % (state, func, breakpoint.number))

vhtrace_copies = vhtrace_clones()
for vhtrace_breakpoint in gdb.breakpoints():
    if vhtrace_breakpoint.commands and "continue" in vhtrace_breakpoint.commands:
        vhtrace_declare(vhtrace_breakpoint, vhtrace_copies)
end
end
`
  .trim()
  .split('\n');
