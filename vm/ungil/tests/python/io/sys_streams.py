"""sys.stdout, stderr and their buffers; replacing them; writing bytes; argv and flags."""

import io
import sys

sys.stdout.flush()
sys.stdout.buffer.write(b"bytes\n")
sys.stdout.buffer.flush()
print("after")
captured = io.StringIO()
old = sys.stdout
sys.stdout = captured
print("captured")
sys.stdout = old
print(repr(captured.getvalue()), sys.__stdout__ is old, len(sys.argv), sys.argv[0])
err = sys.stderr
sys.stderr = io.StringIO()
print("error text", file=sys.stderr)
print(repr(sys.stderr.getvalue()))
sys.stderr = err
sys.stdout.writelines(["a", "b\n"])
sys.stdout.reconfigure(line_buffering=True)
print(sys.stdout.line_buffering, sys.stdout.isatty(), sys.stdin.readable())
sys.displayhook("shown")
sys.displayhook(None)
import builtins

print(builtins._)
print(sys.getsizeof(1) > 0, sys.intern("abc") is sys.intern("ab" + "c"), sys.getdefaultencoding(), sys.getfilesystemencoding(), sys.maxsize == 2**63 - 1)
