# exit: 5
"""What `site` adds to the built-in names; `exit` ends the program."""

import builtins

print(exit, quit, sep="\n")
print([type(getattr(builtins, name)).__name__ for name in ("exit", "quit", "help", "copyright", "credits", "license")])
print(repr(help))
for end in exit, quit:
    try:
        end("why")
    except SystemExit as ended:
        print(ended.code)
exit(5)
