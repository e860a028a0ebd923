#!/bin/sh
# Writes NAME.out, and NAME.err where something goes to stderr, beside each program by running it under
# CPython 3.14. Usage: renew.sh [PROGRAM.py...]; without arguments all programs. PYTHON names the interpreter.
cd "$(dirname "$0")" || exit 1
if [ $# -eq 0 ]; then
    set -- [a-gi-z]*/*.py
fi
for program in "$@"; do
    (
        cd "$(dirname "$program")" || exit 1
        name=$(basename "$program" .py)
        wanted=$(sed -n '1s/^# exit: //p' "$name.py")
        "${PYTHON:-python3.14}" "$name.py" >"$name.out" 2>"$name.err" </dev/null
        status=$?
        # The traceback of a script names it by its absolute path; the tests leave out the folder.
        sed -i "s|$PWD/||g" "$name.out" "$name.err"
        [ -s "$name.err" ] || rm "$name.err"
        [ "$status" -eq "${wanted:-0}" ] || echo "$program: exit status $status, not ${wanted:-0}"
    )
done
