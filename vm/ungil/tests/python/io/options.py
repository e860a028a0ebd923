"""Options of the command line and variables that stand for them: what the program sees of them, and what is refused."""

import os
import subprocess
import sys
import tempfile


def run(*args, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ended = subprocess.run([sys.executable, *args], capture_output=True, text=True, env=environment | variables)
    print(ended.returncode, ended.stdout + ended.stderr)


SHOW = "import sys; print(sys._xoptions, sys.get_int_max_str_digits(), sys.flags[:18])"
run("-X", "one", "-X", "two=2", "-X", "two=3=4", "-c", SHOW)
run("-d", "-O", "-b", "-c", SHOW)
for value in "640", "0", "639", "-1", "many", "":
    run("-X", f"int_max_str_digits={value}", "-c", SHOW)
run("-c", SHOW, PYTHONINTMAXSTRDIGITS="1000", PYTHONDEBUG="2")
run("-c", SHOW, PYTHONINTMAXSTRDIGITS="5")
run("-E", "-c", SHOW, PYTHONINTMAXSTRDIGITS="5")
run("-X", "int_max_str_digits=700", "-c", "print(len(str(10**700 - 1))); str(10**700)")
run("-c", "import sys; print(hash('text') == hash('te' + str('xt')), sys.flags.hash_randomization)", PYTHONHASHSEED="0")
run("-R", "-c", "import sys; print(sys.flags.hash_randomization)", PYTHONHASHSEED="0")

run("-c", """
    if 1:
        print("in")

    print("out")
""")
run("-c", "    print('one line')")
run("-c", "    print(1)\n  print(2)")
run("-c", "  x = 1\n\ty = 2")
run("-c", "\n   \n")

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    with open("skips.py", "w") as file:
        file.write("this is no Python\nprint('second line')\n")
    run("-x", "skips.py")
    with open("start.py", "w") as file:
        file.write("started = 'by PYTHONSTARTUP'\n")
    for name in "start.py", "missing.py":
        ended = subprocess.run([sys.executable, "-i", "-q"], input="started\n", capture_output=True, text=True,
                               env=os.environ | {"PYTHONSTARTUP": name})
        print(ended.stdout, ended.stderr)
