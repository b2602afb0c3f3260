"""What stands between the upstream and the webhook: it passes callbacks on, and for a while refuses them."""

import http.client
import socket
import struct
import time

from torture.listening import Handler, Listening, Server


class HookProxy(Listening):
    """A context manager. Addressed by `url`."""

    def __init__(self, service, tally):
        self.service = service
        self.tally = tally
        self.refuses = False
        # Says whether the table of callbacks that no reading has confirmed may be full.
        self.may_be_full = lambda: False
        self.seconds = []
        proxy = self

        class Called(Handler):
            def do_POST(self):
                proxy.take(self)

        class Refusing(Server):
            def process_request(self, request, address):
                if proxy.refuses:
                    proxy.tally.count("callbacks refused")
                    return proxy.reset(self, request)
                return super().process_request(request, address)

        self.listen(Called, Refusing)
        self.url = f"http://127.0.0.1:{self.port}/hooks/{service.hook_secret}"

    @staticmethod
    def reset(server, request):
        """As from a port where nobody listens: no byte is read, and the connection is reset."""
        request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close_request(request)

    def take(self, handler):
        # A connection that was kept open from before the outage is cut as well.
        if self.refuses:
            self.tally.count("callbacks refused")
            handler.close_connection = True
            return
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        began = time.monotonic()
        status = self.forward(handler.path, body)
        if 200 <= status < 300:
            self.tally.count("callbacks taken")
            self.seconds.append(time.monotonic() - began)
        else:
            self.tally.count("callbacks failed")
            if status == 429 and self.may_be_full():
                self.tally.count("callbacks that found the table full")
            elif status not in (502, 503):
                self.tally.err(f"a callback was answered {status}")
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def forward(self, path, body):
        """502 when the service is not there, as proxies answer then."""
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=9)
        try:
            connection.request("POST", path, body=body, headers={"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return 502
        finally:
            connection.close()
