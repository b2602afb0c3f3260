"""What stands between the service and the upstream: one door to its API, one to its storage host. Each can be out of order."""

import random
import re
import select
import socket
import struct
import threading
import time

PAGE = b"<!doctype html><html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>\n"
# How a door is out of order. With `cut` the real answer breaks off in its middle.
FORMS = ["refused", "503", "404", "page", "hang", "cut"]
LONGEST_ANSWER = 60


class Door:
    """A context manager. Addressed by `url`; `form` is how it is out of order, `None` for not at all.

    Links of the upstream that lead to its own address are rewritten to lead to `storage`, another door.
    """

    def __init__(self, upstream, tally, name, storage=None):
        self.target = ("127.0.0.1", int(upstream.rsplit(":", 1)[1]))
        self.tally = tally
        self.name = name
        self.form = None
        self.ended = False
        # Not one that the kernel gives to others while this one is closed.
        self.listener, self.port = listen_anywhere()
        self.url = f"http://127.0.0.1:{self.port}"
        old = f"127.0.0.1:{self.target[1]}".encode()
        new = f"127.0.0.1:{(storage or self).port}".encode()
        assert len(old) == len(new), "lengths must stay"
        self.rewrite = lambda data: data.replace(old, new)
        self.rewrites_bodies = storage is not None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        self.listener.close()

    def run(self):
        is_open = True
        while not self.ended:
            if is_open == (self.form == "refused"):
                is_open = not is_open
                self.listener.close()
                self.listener = bound(self.port)
                if is_open:
                    self.listener.listen(256)
            if not is_open:
                time.sleep(0.02)
                continue
            if not select.select([self.listener], [], [], 0.05)[0]:
                continue
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            client.settimeout(LONGEST_ANSWER)
            request = read_request(client)
            if request is None:
                return
            form = self.form
            if form:
                self.tally.count(f"{self.name} calls answered by {form}")
            {None: self.hand_on, "cut": self.hand_on, "hang": self.hang}.get(form, self.refuse)(client, request, form)
        except (ConnectionResetError, BrokenPipeError):
            reset(client)
        except OSError:
            pass
        finally:
            client.close()

    def refuse(self, client, request, form):
        if form == "refused":
            # The connection was there before the door was closed.
            return reset(client)
        status, kind, body, more = {
            "503": (b"503 Service Unavailable", b"text/html", PAGE, b"Retry-After: 3\r\n"),
            "404": (b"404 Not Found", b"application/json", b'{"error":{"code":"not_found","message":"Not Found"}}', b""),
            "page": (b"200 OK", b"text/html; charset=utf-8", PAGE, b""),
        }[form]
        return client.sendall(
            b"HTTP/1.1 " + status + b"\r\nContent-Type: " + kind + b"\r\n" + more + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
            + body)

    def hang(self, client, request, form):
        """Says nothing, until the client goes or the outage takes another form."""
        while self.form == "hang" and not self.ended:
            if select.select([client], [], [], 0.2)[0] and not client.recv(4096):
                return
        reset(client)

    def hand_on(self, client, request, form):
        head, body = request
        with socket.create_connection(self.target, timeout=LONGEST_ANSWER) as server:
            server.sendall(with_close(head) + body)
            answer = b""
            while b"\r\n\r\n" not in answer:
                part = server.recv(65536)
                if not part:
                    return client.sendall(answer)
                answer += part
            head, _, rest = answer.partition(b"\r\n\r\n")
            head = self.rewrite(with_close(head + b"\r\n\r\n"))
            if not self.rewrites_bodies and form is None:
                client.sendall(head + rest)
                while part := server.recv(65536):
                    client.sendall(part)
                return None
            reset_after = False
            try:
                while part := server.recv(65536):
                    rest += part
            except ConnectionResetError:
                reset_after = True
            if self.rewrites_bodies:
                rest = self.rewrite(rest)
            client.sendall(head + (rest[: len(rest) // 2] if form == "cut" else rest))
            return reset(client) if reset_after else None


def forms(seed, name, slots):
    """A form for each slot of an outage: every form comes before any comes again."""
    dice, chosen = random.Random(f"{seed}:{name}"), []
    while len(chosen) < slots:
        turn = FORMS[:]
        dice.shuffle(turn)
        chosen += turn
    return chosen[:slots]


def bound(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


def listen_anywhere():
    for port in random.sample(range(12000, 32000), 200):
        try:
            listener = bound(port)
        except OSError:
            continue
        listener.listen(256)
        return listener, port
    raise RuntimeError("no port is free")


def reset(client):
    """Ends a connection with a reset in place of a close."""
    try:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass


def with_close(head):
    """A head that says that its connection is closed afterwards."""
    head = re.sub(rb"\r\n(?i:connection|keep-alive):[^\r\n]*", b"", head)
    return head[:-2] + b"Connection: close\r\n\r\n"


def read_request(client):
    """Head and body as they came; `None` when nothing whole came."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = client.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    head += b"\r\n\r\n"
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    is_chunked = re.search(rb"\r\ntransfer-encoding: *chunked", head, re.IGNORECASE)
    while (not body.endswith(b"0\r\n\r\n")) if is_chunked else len(body) < int(length.group(1) if length else 0):
        part = client.recv(65536)
        if not part:
            return None
        body += part
    return head, body
