"""Reading from an empty stdin: input raises EOFError, reads give nothing."""

import sys

try:
    input("prompt> ")
except EOFError as error:
    print()
    print(repr(error))
print(repr(sys.stdin.read()), repr(sys.stdin.readline()), list(sys.stdin), sys.stdin.buffer.read())
