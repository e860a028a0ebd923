"""termios, tty and pty: settings of a terminal that the program has opened itself, and a child on a terminal of its own."""

import os
import pty
import termios
import tty


def attempt(f, *args):
    try:
        print(f.__name__, f(*args))
    except Exception as e:
        print(f.__name__, type(e).__name__, e.args)


main, fd = os.openpty()
before = termios.tcgetattr(fd)
print(len(before), len(before[6]), before[6][termios.VINTR], before[4:6], before[3] & termios.ICANON)
print(os.ttyname(fd) == os.ptsname(main), os.isatty(fd))

for speed in termios.B9600, termios.B115200, 12345:
    termios.tcsetattr(fd, termios.TCSANOW, before[:4] + [speed, speed] + before[6:])
    print(termios.tcgetattr(fd)[4:6])
termios.tcsetattr(fd, termios.TCSANOW, before)

raw = before[:3] + [before[3] & ~termios.ICANON] + before[4:6] + [list(before[6])]
raw[6][termios.VMIN] = 3
raw[6][termios.VTIME] = b"\x05"
termios.tcsetattr(fd, termios.TCSADRAIN, raw)
print(termios.tcgetattr(fd)[6][:8])

os.write(main, b"abc")
print(os.read(fd, 10))
tty.setraw(fd)
print(termios.tcgetattr(fd)[:2], termios.tcgetattr(fd)[3] & (termios.ECHO | termios.ICANON | termios.ISIG))
termios.tcsetattr(fd, termios.TCSANOW, before)
os.write(main, b"lost")
termios.tcflush(fd, termios.TCIFLUSH)
os.write(main, b"line\n")
# What the terminal has echoed by now is a matter of time.
print(os.read(fd, 10))

for f, *args in (
    (termios.tcgetattr, "x"), (termios.tcgetattr, -1), (termios.tcgetattr, 999),
    (termios.tcsetattr, fd, 0, [1, 2]), (termios.tcsetattr, fd, 0, tuple(before)),
    (termios.tcsetattr, fd, 0, before[:6] + [5]), (termios.tcsetattr, fd, 0, before[:6] + [["x"] * 32]),
    (termios.tcsetattr, fd, 0, before[:6] + [[b"xx"] * 32]), (termios.tcsetattr, fd, 9, before),
    (termios.tcsetattr, fd, 0, ["x"] + before[1:]), (termios.tcsetattr, fd, 0, [2**70] + before[1:]),
    (termios.tcsendbreak, fd, 0), (termios.tcflush, fd, 99), (termios.tcflow, fd, termios.TCOON), (termios.tcflow, fd, 99),
    (termios.tcgetwinsize, fd), (termios.tcsetwinsize, fd, (24, 80)), (termios.tcgetwinsize, fd),
    (termios.tcsetwinsize, fd, (1,)), (termios.tcsetwinsize, fd, 5), (termios.tcsetwinsize, fd, (70000, 1)),
    (termios.tcsetwinsize, fd, (-1, 1)), (termios.tcsetwinsize, fd, ("a", 1)), (termios.tcsetwinsize, fd, (2**70, 1)),
    (termios.tcgetattr, os.pipe()[0]),
):
    attempt(f, *args)
print(termios.error, termios.error.__mro__)

pid, terminal = pty.fork()
if pid == 0:
    os.write(1, b"child %d\n" % os.isatty(0))
    os._exit(3)
text = b""
try:
    while more := os.read(terminal, 100):
        text += more
except OSError as e:
    print(e)
print(text, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
