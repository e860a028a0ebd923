"""return, break and continue inside finally swallow exceptions, and are warned about at compile time."""

import warnings

source = '''
def swallow():
    try:
        raise ValueError("lost")
    finally:
        return "returned"

def loop():
    for i in range(2):
        try:
            1 / 0
        finally:
            continue
    for i in range(2):
        try:
            return 5
        finally:
            break
    return "after"
'''
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    code = compile(source, "source.py", "exec")
for warning in caught:
    print(warning.category.__name__, warning.lineno, warning.message)
exec(code)
print(swallow(), loop())
