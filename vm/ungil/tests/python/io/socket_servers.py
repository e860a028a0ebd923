"""Servers and clients over the loopback: threads, asyncio, HTTP."""
import asyncio
import http.server
import socket
import socketserver
import threading
import urllib.request


class Upper(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.upper())


def client(address, number, done):
    with socket.create_connection(address) as s, s.makefile("rwb") as f:
        for k in range(20):
            f.write(b"hello %d %d\n" % (number, k))
            f.flush()
            assert f.readline() == b"HELLO %d %d\n" % (number, k)
    done.append(number)


with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Upper) as server:
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    done = []
    clients = [threading.Thread(target=client, args=(server.server_address, i, done)) for i in range(6)]
    for t in clients:
        t.start()
    for t in clients:
        t.join()
    print(sorted(done))
    server.shutdown()
    serving.join()


async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line[::-1])
        await writer.drain()
    writer.close()


async def ask(port, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"%d\n" % number)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(await asyncio.gather(*(ask(port, i) for i in range(5))))
    server.close()
    await server.wait_closed()
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(10)
    except TimeoutError as e:
        print(repr(e))
    print(await asyncio.to_thread(sum, [1, 2, 3]))


asyncio.run(main())


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[::-1])


with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    threading.Thread(target=server.serve_forever).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    with urllib.request.urlopen(url, data=b"abc" * 1000) as answer:
        print(answer.status, answer.read() == b"cba" * 1000)
    try:
        urllib.request.urlopen(url)
    except urllib.error.HTTPError as e:
        print(e)
        e.close()
    server.shutdown()
