"""The endpoint of a scheduled process: is it well, and its metrics."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

METRICS = "text/plain; version=0.0.4; charset=utf-8"


@contextmanager
def answering(
    host: str, port: int, *, health: Callable[[], Mapping[str, Any]], metrics: Callable[[], bytes]
) -> Iterator[int]:
    """Answer `/health` (200, or 503 when `health()["well"]` is false) and `/metrics` while the block runs; the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/health":
                found = health()
                self._answer(200 if found["well"] else 503, "application/json", json.dumps(found, default=str).encode())
            elif self.path == "/metrics":
                self._answer(200, METRICS, metrics())
            else:
                self._answer(404, "text/plain", b"/health or /metrics\n")

        def log_message(self, *_: object) -> None:
            """Probes come every few seconds: not a line each."""

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer((host, port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
