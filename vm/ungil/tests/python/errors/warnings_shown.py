"""warnings.warn: once per place, filters, categories, turned into errors."""

import warnings


def old():
    warnings.warn("old is deprecated", DeprecationWarning, stacklevel=2)


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    old()
    warnings.warn("text")
    warnings.warn(RuntimeWarning("instance"))
print([(w.category.__name__, str(w.message), w.lineno) for w in caught])
with warnings.catch_warnings():
    warnings.simplefilter("error")
    try:
        warnings.warn("as error", UserWarning)
    except UserWarning as error:
        print(repr(error))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    warnings.warn("unseen")
for source in ("x = 5 is 5", "assert (1, 'always true')", "'a' 'b'()", "f = '\\d'", "[1, 2]['a']", "1if 1 else 0"):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compile(source, "<source>", "exec")
    print(source, [(w.category.__name__, str(w.message)) for w in caught])
