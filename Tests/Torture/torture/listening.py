"""Servers on loopback that stand in for others, each on a thread of its own."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Says nothing of its requests, and keeps connections open."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Listening:
    """A context manager that serves while it lasts. Has a `port`."""

    def listen(self, handler, server=Server):
        self.server = server(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
