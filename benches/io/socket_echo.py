"""A socket echo server with a thread for each connection, and as many clients.

Usage: socket_echo.py [THREADS] [SECONDS]
    THREADS  connections; each has a server thread and a client thread (default 4)
    SECONDS  how long to measure (default 1.0)
"""

import socket
import threading

from _measure import Clients, arguments, report

SIZE = 128


def receive_exactly(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            return data
        data += part
    return data


def serve(connection):
    with connection:
        while data := connection.recv(4096):
            connection.sendall(data)


def accept(listener, count):
    servers = []
    for _ in range(count):
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = threading.Thread(target=serve, args=(connection,))
        server.start()
        servers.append(server)
    for server in servers:
        server.join()


def make_operation(connection, index):
    sent = 0

    def operation():
        nonlocal sent
        sent += 1
        message = f"{index} {sent}".encode().ljust(SIZE)
        connection.sendall(message)
        answer = receive_exactly(connection, SIZE)
        if answer != message:
            raise RuntimeError(f"sent {message!r}, got back {answer!r}")

    return operation


def main():
    threads, seconds = arguments()
    listener = socket.create_server(("127.0.0.1", 0), backlog=threads)
    acceptor = threading.Thread(target=accept, args=(listener, threads))
    acceptor.start()
    connections = []
    for _ in range(threads):
        connection = socket.create_connection(listener.getsockname())
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connections.append(connection)
    clients = Clients([make_operation(c, i) for i, c in enumerate(connections)], seconds)
    try:
        clients.run()
    finally:
        for connection in connections:
            connection.close()
        acceptor.join()
        listener.close()
    report(clients, "every message came back")


if __name__ == "__main__":
    main()
