"""Functions and types of all native modules but builtins, called with everything."""

import importlib
import sys

from _calls import Calls

calls = Calls()
for name in sys.builtin_module_names:
    if name in ("builtins", "_frozen_importlib", "_frozen_importlib_external"):
        continue
    calls.module(importlib.import_module(name))
calls.module(sys.monitoring)
calls.finish()
