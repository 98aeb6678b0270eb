"""MLflow's server on a database, behind a door that asks for a name and a password."""

import base64
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

START_SECONDS = 120.0


class TrackingServer:
    """`mlflow server` with proxied artifacts; it can be killed and started again on the same port.

    Args:
        backend: URI of its database.
        folder: Where artifacts lie.

    Attributes:
        address: Of the server itself.
    """

    def __init__(self, backend, folder):
        self.backend, self.folder = backend, folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", self.backend,
             "--artifacts-destination", str(self.folder), "--serve-artifacts", "--host", "127.0.0.1",
             "--port", str(self.port), "--workers", "1"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(f"{self.address}/health", timeout=2):
                return
            time.sleep(0.1)
        raise TimeoutError("MLflow's server does not start")

    def kill(self):
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Door(ThreadingHTTPServer):
    """Lets those through who know the password or the token; remembers whom it let through and whom not.

    Args:
        server: The tracking server behind it.
        user, password: As in `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`.
        token: As in `MLFLOW_TRACKING_TOKEN`.
    """

    daemon_threads = True

    def __init__(self, server, *, user, password, token):
        super().__init__(("127.0.0.1", 0), _Visit)
        self.server = server
        known = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.keys = {f"Basic {known}", f"Bearer {token}"}
        self.let_through, self.refused = 0, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def place(self):
        return f"127.0.0.1:{self.server_address[1]}"


class _Visit(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _pass(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Authorization") not in self.server.keys:
            self.server.refused += 1
            return self._answer(401, b"who are you?", {})
        self.server.let_through += 1
        onward = http.client.HTTPConnection("127.0.0.1", self.server.server.port, timeout=30)
        kept = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "authorization")}
        try:
            onward.request(self.command, self.path, body, kept)
            answer = onward.getresponse()
            return self._answer(answer.status, answer.read(), dict(answer.getheaders()))
        except OSError:
            return self._answer(502, b"nobody behind the door", {})
        finally:
            onward.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass

    def _answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""
