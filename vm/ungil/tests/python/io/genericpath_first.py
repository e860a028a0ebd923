"""`genericpath` is the first module that the program imports, although it needs `os`, which needs it."""

import genericpath

print(genericpath.commonprefix(["/usr/lib", "/usr/local"]), genericpath.isdir("/"), genericpath.os.path.isdir is not None)
