"""The functions and types in builtins, called with everything."""

import builtins

from _calls import Calls

calls = Calls()
for name, value in sorted(vars(builtins).items()):
    if callable(value):
        calls.function(f"builtins.{name}", value)
calls.finish()
