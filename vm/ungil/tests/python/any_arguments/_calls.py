"""Calls functions and methods written in Rust with arguments of every kind.

Nothing is said about the results: a call may give any value or raise any exception. It must not end the process,
hang, or take memory without bounds. Arguments: how many random calls to make of each callable beyond the systematic
ones (default: few), a part of the names of the callables to look at, and the seed. With `UNGIL_CALLS_LOG` in the
environment, each call is written to that file before it is made; callables named in `UNGIL_CALLS_SKIP` are not called.
"""

import os
import random
import sys
import tempfile

import _socket

# What would end, stop or change the process itself, or wait for something that never comes.
FORBIDDEN = set("""
    builtins.breakpoint builtins.input builtins.exit builtins.quit builtins.help
    posix._exit posix.abort posix.fork posix.fork1 posix.forkpty posix.execv posix.execve posix.kill posix.killpg
    posix.closerange posix.posix_spawn posix.posix_spawnp posix.system posix.chroot posix.nice posix.pause
    posix.setuid posix.setgid posix.seteuid posix.setegid posix.setreuid posix.setregid posix.setresuid
    posix.setresgid posix.setgroups posix.initgroups posix.setsid posix.setpgid posix.setpriority posix.unshare
    posix.setns posix.wait posix.wait3 posix.wait4 posix.waitpid posix.waitid posix.register_at_fork posix.lockf
    posix.login_tty posix.tcsetpgrp posix.sched_setaffinity posix.sched_setscheduler posix.sched_setparam
    posix.pidfd_open posix.openpty posix.chdir posix.fchdir posix.sync posix.ctermid posix.eventfd_read posix.eventfd_write
    _posixsubprocess.fork_exec
    _signal.alarm _signal.setitimer _signal.pause _signal.sigwait _signal.sigwaitinfo _signal.sigtimedwait
    _signal.raise_signal _signal.pthread_kill _signal.pidfd_send_signal _signal.pthread_sigmask
    _signal.set_wakeup_fd _signal.signal
    _thread.start_new_thread _thread.start_new _thread.start_joinable_thread _thread.interrupt_main
    _thread._shutdown _thread.daemon_threads_allowed _thread._make_thread_handle _thread.stack_size
    time.sleep time.pthread_getcpuclockid time.clock_settime time.clock_settime_ns time.tzset
    select.select _socket.setdefaulttimeout
    fcntl.flock fcntl.lockf
    resource.setrlimit resource.prlimit
    gc.disable gc.set_threshold gc.freeze gc.set_debug gc.unfreeze
    atexit.register atexit._run_exitfuncs atexit._clear atexit.unregister
    faulthandler.enable faulthandler.dump_traceback_later faulthandler.register faulthandler._sigsegv
    faulthandler._sigabrt faulthandler._sigfpe faulthandler._sigill faulthandler._stack_overflow
    faulthandler._fatal_error_c_thread faulthandler._read_null faulthandler._fatal_error
    sys.setrecursionlimit sys.settrace sys.setprofile sys.setswitchinterval sys.exit sys.breakpointhook sys.__breakpointhook__
    sys.set_int_max_str_digits sys._settraceallthreads sys._setprofileallthreads sys.set_asyncgen_hooks
    sys.set_coroutine_origin_tracking_depth sys.addaudithook sys.excepthook sys.unraisablehook
    _testcapi.call_in_temporary_c_thread _testcapi.exception_print _testcapi.make_exception_with_doc
    _testcapi.raise_SIGINT_then_send_None _testcapi.raise_exception _testcapi.traceback_print
    _ctypes.call_function _ctypes.call_cdeclfunction _ctypes.dlopen _ctypes.dlsym _ctypes.dlclose _ctypes.PyObj_FromPtr
    _imp.acquire_lock _imp.release_lock _imp.lock_held _ungil.check
    """.split())
# Methods that wait, by name, whatever their type.
WAITING = {"acquire", "acquire_lock", "__enter__", "_acquire_restore", "poll", "join", "lock", "accept", "get"}
WAITING_TYPES = {"lock", "RLock", "_ThreadHandle", "SimpleQueue", "Condition", "epoll", "poll", "socket"}
# Powers and shifts with these would compute for ever in CPython too.
POWERS = {"pow", "__pow__", "__rpow__", "__ipow__", "ldexp", "round", "__round__"}


class Raises:
    """Every special method raises."""

    def method(self, *args, **kwargs):
        raise ZeroDivisionError("from a special method")

    for _name in """__eq__ __ne__ __lt__ __le__ __gt__ __ge__ __hash__ __bool__ __len__ __length_hint__ __iter__
            __next__ __contains__ __getitem__ __setitem__ __delitem__ __index__ __int__ __float__ __complex__
            __str__ __repr__ __bytes__ __format__ __call__ __add__ __radd__ __mul__ __rmul__ __sub__ __rsub__
            __fspath__ __get__ __set__ __reversed__ __missing__ __enter__ __exit__ __await__ __aiter__ __anext__
            __mod__ __rmod__ __and__ __or__ __xor__ __neg__ __abs__ __round__ __trunc__ __buffer__ keys""".split():
        locals()[_name] = method


class Wrong:
    """Special methods give values of types that nobody expects."""

    for _name, _value in {
            "__eq__": "", "__lt__": [], "__hash__": "h", "__bool__": 2, "__len__": -1, "__length_hint__": "x",
            "__iter__": 1, "__next__": None, "__contains__": (), "__getitem__": None, "__index__": 1.5,
            "__int__": "7", "__float__": 3, "__complex__": "1j", "__str__": b"", "__repr__": None, "__bytes__": "",
            "__format__": 5, "__fspath__": 9, "__reversed__": 0, "__add__": NotImplemented, "__iadd__": None,
            "__buffer__": b"", "__await__": 3, "__round__": None, "__set_name__": 1, "__mro_entries__": 3,
            "__class_getitem__": 1, "__dict__": None, "__doc__": 4, "__name__": 5, "keys": 3, "__trunc__": "t",
            "__reduce_ex__": 3, "__reduce__": (1,), "__getstate__": 1, "__abs__": None}.items():
        locals()[_name] = lambda self, *args, _value=_value: _value


class Changes:
    """Special methods empty or lengthen what is being worked on."""

    target = None

    def _change(self):
        target = Changes.target
        for name in ("clear", "release", "close", "detach"):
            method = getattr(type(target), name, None)
            if method is not None and not isinstance(target, type):
                try:
                    method(target)
                except Exception:
                    pass
                return

    def __eq__(self, other):
        self._change()
        return False

    def __lt__(self, other):
        self._change()
        return True

    def __hash__(self):
        self._change()
        return 1

    def __index__(self):
        self._change()
        return 1

    def __len__(self):
        self._change()
        return 3

    def __iter__(self):
        self._change()
        yield 1
        self._change()
        yield 2

    def __str__(self):
        self._change()
        return "text"

    __repr__ = __fspath__ = __str__

    def __format__(self, spec):
        return str(self)

    def __bool__(self):
        self._change()
        return True

    def __float__(self):
        self._change()
        return 1.0

    def __call__(self, *args, **kwargs):
        self._change()
        return args[0] if args else None

    def __getitem__(self, key):
        self._change()
        if isinstance(key, int) and key > 3:
            raise IndexError
        return key


class Text(str):
    __hash__ = str.__hash__

    def __eq__(self, other):
        Changes()._change()
        return True


class Number(int):
    def __index__(self):
        return 3


def raising(*args, **kwargs):
    raise LookupError("called")


def generator():
    yield 1
    yield "two"


async def coroutine():
    pass


async def async_generator():
    yield 1


def self_list():
    made = []
    made.append(made)
    return made


def self_dict():
    made = {}
    made["self"] = made
    return made


class Plain:
    """A class whose instances have attributes and weak references."""

    attribute = 1

    def method(self):
        return self


# Every call gets arguments of its own, so that what one call does to them is not seen by the next.
VALUES = [
    lambda: None, lambda: True, lambda: 0, lambda: 1, lambda: -1, lambda: 3, lambda: 2**63, lambda: 10**30,
    lambda: -(10**30), lambda: -(2**63), lambda: 1.5, lambda: float("nan"), lambda: float("inf"), lambda: -0.0,
    lambda: 1e300, lambda: 1j, lambda: "", lambda: "a", lambda: "abc", lambda: "\ud800", lambda: "\U0001f600x",
    lambda: "%s{}", lambda: "\0", lambda: b"", lambda: b"ab", lambda: b"\xff\0", lambda: bytearray(b"xy"),
    lambda: (), lambda: (1, 2), lambda: ("a", None, 3), lambda: [], lambda: [3, 1, 2], self_list, dict,
    lambda: {"a": 1, 2: "b"}, self_dict, set, lambda: {1, "x"}, lambda: frozenset({1}), object,
    lambda: int, lambda: str, lambda: list, lambda: type, lambda: ValueError, Plain, lambda: Plain, Raises, Wrong,
    Changes, Changes, lambda: Text("abc"), lambda: Number(2), lambda: raising, lambda: lambda *args: None,
    lambda: len, lambda: iter([1, 2]), generator, lambda: range(5), lambda: slice(1, None),
    lambda: slice(None, None, -1), lambda: memoryview(b"abc"), lambda: memoryview(bytearray(b"abcdef"))[::2],
    lambda: NotImplemented, lambda: Ellipsis, lambda: KeyError("k"), lambda: Plain().method,
    lambda: [Changes(), Changes(), 1], lambda: (Changes(), 2), lambda: {Plain(): 1}, lambda: [(1, 2), ("a", 3)],
    lambda: range(2**63, 2**63 + 3), lambda: ["a", "b"], lambda: 'utf-8', lambda: 'i', lambda: 'r', lambda: '>10',
]


def is_mad(name, args):
    """Whether the call would compute for ever."""
    if name.rpartition(".")[2] in POWERS:
        return sum(isinstance(a, int) and abs(a) > 3 for a in args) > 0
    return False


class Calls:
    """Makes the calls; `count` random ones of each callable beyond the systematic ones."""

    def __init__(self):
        arguments = sys.argv[1:] + [None] * 3
        self.count = int(arguments[0] or 12)
        self.only = arguments[1]
        self.random = random.Random(int(arguments[2] or 1))
        log = os.environ.get("UNGIL_CALLS_LOG")
        # The streams that a call could close or write to are /dev/null; what the program says goes elsewhere.
        self.out = os.dup2(1, 200)
        self.log = os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), 201) if log else None
        null = os.open(os.devnull, os.O_RDWR)
        for number in 0, 1, 2:
            os.dup2(null, number)
        os.close(null)
        # What waits for a message that nobody sends.
        _socket.setdefaulttimeout(0.01)
        self.directory = tempfile.TemporaryDirectory()
        os.chdir(self.directory.name)
        self.made = {}
        self.skipped = FORBIDDEN.union(os.environ.get("UNGIL_CALLS_SKIP", "").split())

    def say(self, text):
        os.write(self.out, text.encode("utf-8", "backslashreplace") + b"\n")

    def one(self, name, function, receiver, indexes):
        """One call; `receiver` makes the object that a method is called on."""
        if self.log is not None:
            os.pwrite(self.log, f"{name} {indexes}".encode().ljust(200) + b"\n", 0)
        try:
            args = [VALUES[i]() for i in indexes]
            if is_mad(name, args):
                return None
            target = Changes.target = receiver() if receiver is not None else args[0] if args else None
            if receiver is not None:
                args.insert(0, target)
            return function(*args)
        except BaseException as error:
            if type(error) is SystemError:
                self.say(f"{name}{indexes}: {error}")
            return None
        finally:
            Changes.target = None

    def function(self, name, function, receiver=None):
        """Calls with no, one, two, three arguments. Instances that come out are kept for their methods."""
        if name in self.skipped or self.only is not None and self.only not in name:
            return
        several = len(VALUES)
        choices = [[]] + [[i] for i in range(several)]
        choices += [[self.random.randrange(several) for _ in range(2)] for _ in range(self.count)]
        choices += [[self.random.randrange(several) for _ in range(3)] for _ in range(self.count)]
        for indexes in choices:
            made = self.one(name, function, receiver, indexes)
            if isinstance(function, type) and type(made) is function and function not in self.made:
                self.made[function] = (name, indexes)

    def methods(self, kind, receiver, name=None):
        """Calls everything callable in the namespace of a type, on fresh instances."""
        name = name or f"{kind.__module__}.{kind.__qualname__}"
        for attribute, value in sorted(vars(kind).items()):
            if kind.__name__ in WAITING_TYPES and attribute in WAITING:
                continue
            full = f"{name}.{attribute}"
            if isinstance(value, (staticmethod, classmethod)) or attribute in ("__new__", "__class_getitem__"):
                self.function(full, getattr(kind, attribute))
            elif type(value).__name__ == "classmethod_descriptor":
                self.function(full, getattr(kind, attribute))
            elif callable(value):
                self.function(full, value, receiver)
            elif hasattr(type(value), "__get__"):
                self.function(full, lambda target, attribute=attribute: getattr(target, attribute), receiver)
                self.function(
                    full, lambda target, *args, attribute=attribute: setattr(target, attribute, *args), receiver)
                self.function(full, lambda target, attribute=attribute: delattr(target, attribute), receiver)

    def module(self, module):
        """Calls what is callable in a module, then the methods of its types."""
        for attribute, value in sorted(vars(module).items()):
            if callable(value):
                self.function(f"{module.__name__}.{attribute}", value)
        made, self.made = self.made, {}
        for kind, (name, indexes) in made.items():
            self.methods(kind, lambda: kind(*[VALUES[i]() for i in indexes]), name)

    def finish(self):
        os.chdir("/")
        self.directory.cleanup()
        self.say("ok")
