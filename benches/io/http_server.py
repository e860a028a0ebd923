"""The standard library's threading HTTP server, and clients that ask for a small page over connections kept open.

Usage: http_server.py [THREADS] [SECONDS]
    THREADS  connections; each has a server thread and a client thread (default 4)
    SECONDS  how long to measure (default 1.0)
"""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from _measure import Clients, arguments, report


class Handler(BaseHTTPRequestHandler):
    """Answers with the path that was asked for."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        body = f"<p>{self.path}</p>\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def make_operation(address, index):
    connection = socket.create_connection(address)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = connection.makefile("rb")
    asked = 0

    def operation():
        nonlocal asked
        asked += 1
        path = f"/{index}/{asked}"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        status = stream.readline()
        length = 0
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = stream.read(length)
        if not status.startswith(b"HTTP/1.1 200") or body != f"<p>{path}</p>\n".encode():
            raise RuntimeError(f"asked for {path}, got {status!r} {body!r}")

    def close():
        stream.close()
        connection.close()

    return operation, close


def main():
    threads, seconds = arguments()
    server = Server(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    connections = [make_operation(server.server_address, i) for i in range(threads)]
    clients = Clients([operation for operation, _ in connections], seconds)
    try:
        clients.run()
    finally:
        for _, close in connections:
            close()
        server.shutdown()
        serving.join()
        server.server_close()
    report(clients, "every page was right")


if __name__ == "__main__":
    main()
