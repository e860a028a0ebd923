"""Statements typed to the interpreter: what is echoed, when more lines are asked for, errors, prompts, and the end."""

import os
import subprocess
import sys


def session(text, *options):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ended = subprocess.run([sys.executable, "-i", "-q", *options], input=text, capture_output=True, text=True, env=environment)
    print(f"status {ended.returncode}", ended.stdout, ended.stderr, sep="\n")


session("1 + 1\nNone\nx = [1,\n2]\nx\n_\n")
session("def f(a):\n    return a\n\nf(3)\nfor i in range(2): i\n\nif x:\n  1\n")
session("x =\n1/0\nf(\n1)\n")
session("import sys\nsys.ps1 = 'more? '\n'''a\nb'''\nclass A:\n    y = 1\n\nA.y\n")
session("# only a comment\n\n'last'")
session("raise SystemExit(3)\nprint('never')\n")
session("y\n", "-c", "y = 5")
session("y\nsys\n", "-c", "import sys; y = 6; sys.exit(2)")
session("z = 7; exit(z)\n")
