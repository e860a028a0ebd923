"""The traceback module: formatting, extracting, limits, TracebackException."""

import sys
import traceback


def inner():
    raise ValueError("inner failed")


def outer():
    inner()


try:
    outer()
except ValueError as error:
    print(traceback.format_exc())
    print("".join(traceback.format_exception(error, limit=1)))
    for entry in traceback.extract_tb(error.__traceback__):
        print(entry.name, entry.lineno, entry.line)
    print(traceback.format_exception_only(error))
    print(error.__traceback__.tb_lineno, error.__traceback__.tb_next.tb_frame.f_code.co_name)
    caught = error
print(traceback.format_exception_only(KeyError("k")), traceback.format_exception_only(ValueError()))
print("".join(traceback.TracebackException.from_exception(caught).format()) == "".join(traceback.format_exception(caught)))
try:
    raise caught.with_traceback(None)
except ValueError as again:
    print(len(traceback.extract_tb(again.__traceback__)))


def reraise():
    try:
        inner()
    except ValueError:
        raise


try:
    reraise()
except ValueError as error:
    print([entry.lineno for entry in traceback.extract_tb(error.__traceback__)])
print([entry.name for entry in traceback.extract_stack()])
