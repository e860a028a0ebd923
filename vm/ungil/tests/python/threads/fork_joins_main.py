# In the child of a fork only the thread that forked is left: whoever joins another thread of the parent, its main thread too,
# does not wait.
import os
import sys
import threading
import warnings

warnings.simplefilter("ignore", DeprecationWarning)
go = threading.Event()
main = threading.main_thread()
daemon = threading.Thread(target=go.wait, daemon=True)
daemon.start()


def join_in_child():
    for thread in main, daemon:
        thread.join()
        print("joined", thread.is_alive())
    sys.stdout.flush()


def fork():
    child = os.fork()
    if child == 0:
        thread = threading.Thread(target=join_in_child)
        thread.start()
        thread.join()
        os._exit(3)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


forking = threading.Thread(target=fork)
forking.start()
forking.join()
go.set()
daemon.join()
