"""`f_back`: of a function's frame that has ended its caller's, of a generator's none unless it runs."""

import sys


def generate():
    yield sys._getframe().f_back is sys._getframe(1)


def call():
    return sys._getframe()


generator = generate()
frame = generator.gi_frame
print(frame.f_back)
print(next(generator), frame.f_back)
print(next(generator, "ended"), frame.f_back)
print(call().f_back is sys._getframe())
