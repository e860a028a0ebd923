"""An exception in a thread: threading.excepthook, SystemExit ignored, the others go on."""

import threading


def hook(args):
    print("hook", args.exc_type.__name__, args.exc_value, args.thread.name, args.exc_traceback.tb_frame is not None)


threading.excepthook = hook


def fails():
    raise ValueError("in thread")


def exits():
    raise SystemExit("ignored")


for target in (fails, exits, lambda: 1 / 0):
    t = threading.Thread(target=target, name="T")
    t.start()
    t.join()
    print("joined", t.is_alive())


class Fails(threading.Thread):
    def run(self):
        raise KeyError("in run")


f = Fails(name="sub")
f.start()
f.join()
print(threading.__excepthook__ is not hook)
