"""assert: message evaluated only on failure, and the shape of AssertionError."""


def say(text):
    print("evaluated", text)
    return text


assert True, say("never")
assert 1 < 2
try:
    assert [], say("message")
except AssertionError as error:
    print(repr(error))
try:
    assert 0
except AssertionError as error:
    print(repr(error), error.args)
try:
    assert None, ("a", 1)
except AssertionError as error:
    print(repr(error))
print(__debug__)
AssertionError = ValueError
try:
    assert False, "the builtin is raised, whatever the name means now"
except ValueError:
    print("never")
except Exception as error:
    print(type(error).__name__)
