"""The plain interactive loop, for a terminal that cannot be controlled, and for standard input that is none (`-i`)."""

import codeop
import sys


def report(error):
    """Show an exception without the entry of this file."""
    trace = error.__traceback__
    error.__traceback__ = trace.tb_next if trace is not None else None
    sys.last_exc = error
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    sys.excepthook(type(error), error, error.__traceback__)


def read(prompt):
    """Read a line; empty at the end."""
    sys.stdout.flush()
    sys.stderr.write(str(prompt))
    sys.stderr.flush()
    return sys.stdin.readline()


def compiled(compiler, source, at_end):
    """The code of a statement, or what is wrong with it; nothing if there must be more lines of it."""
    try:
        code = compiler(source, "<stdin>", "single")
        if code is not None or not at_end:
            return code
    except (SyntaxError, OverflowError, ValueError):
        pass
    # The last line is ended by then: that is what errors show.
    try:
        return compile(source + "\n", "<stdin>", "single")
    except (SyntaxError, OverflowError, ValueError) as error:
        error.__traceback__ = None
        return error


def execute(compiler, lines, namespace, at_end):
    """Run the statement that the lines are. False if there must be more of them."""
    source = "\n".join(lines)
    code = compiled(compiler, source, at_end)
    if code is None:
        return False
    if isinstance(code, Exception):
        report(code)
        return True
    remember(code, source)
    try:
        exec(code, namespace)
    except SystemExit:
        raise
    except BaseException as error:
        report(error)
    return True


def remember(code, source):
    """Let tracebacks show the lines."""
    import linecache
    linecache._register_code(code, source, "<stdin>")


def run(namespace):
    """Run what is typed until the end of the input."""
    compiler = codeop.CommandCompiler()
    for name, prompt in ("ps1", ">>> "), ("ps2", "... "):
        if not hasattr(sys, name):
            setattr(sys, name, prompt)
    lines = []
    while True:
        try:
            line = read(sys.ps2 if lines else sys.ps1)
            at_end = not line.endswith("\n")
            if line:
                lines.append(line.removesuffix("\n"))
            if at_end:
                sys.stderr.write(f"{sys.ps2}\n" if line else "\n")
                if not lines:
                    return
            if execute(compiler, lines, namespace, at_end) or not lines[0]:
                lines = []
        except KeyboardInterrupt:
            sys.stderr.write("\nKeyboardInterrupt\n")
            lines = []
