"""Suggestions: names and attributes that were nearly right, missing imports, self."""

import traceback


class Thing:
    def __init__(self):
        self.position = 1
        self.velocity = 2

    def method(self):
        return velocity


def local_names():
    counter = 1
    return conter


def global_name():
    return Thng()


def builtin_name():
    return pritn("x")


def attribute():
    return Thing().positon


def builtin_attribute():
    return [].appendd


def module_attribute():
    import math

    return math.sqr(4)


def import_name():
    from math import sqr


def forgot_import():
    return sys.path


def forgot_self():
    return Thing().method()


def nothing_near():
    return completely_different


def keyword():
    local_names(counter=1)


def argument(first_argument=1):
    return argument(first_arg=2)


def inner_attribute():
    class Box:
        def __init__(self):
            self.inner = Thing()

    return Box().position


def key():
    return {"name": 1}["nam"]


for function in (local_names, global_name, builtin_name, attribute, builtin_attribute, module_attribute, import_name, forgot_import, forgot_self, nothing_near, keyword, argument, inner_attribute, key):
    try:
        function()
    except Exception as error:
        print(function.__name__, "|", traceback.format_exception(error)[-1].rstrip().replace("(unknown location)", "LOCATION"))
