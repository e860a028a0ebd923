# exit: 1
"""The traceback of nested calls, with carets under the failing part."""


def divide(a, b):
    return a / b


def middle(values):
    total = 0
    for value in values:
        total += divide(100, value)
    return total


class Runner:
    def run(self, values):
        return [middle(values), 1]


if __name__ == "__main__":
    print("before")
    Runner().run([1, 2, 0])
