"""A proxy between boto3 and a stand-in, on which a test decides what becomes of each call."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

# Between two machines on the way, not between boto3 and the service; and what each sets anew.
_NOT_PASSED_ON = frozenset({"connection", "content-length", "date", "expect", "server", "transfer-encoding"})


@dataclass(frozen=True)
class Call:
    """
    One request on the wire.

    Args:
        operation: `PutItem` of what names its operations, `PUT /bucket/key` of what is addressed by paths.
        number: How many of that operation came, this one counted.
        said: Its JSON; empty where it speaks none.
        signed_for: The region that it was signed for.
    """

    operation: str
    number: int
    said: Mapping[str, object]
    signed_for: str = ""


class Wire(http.server.ThreadingHTTPServer):
    """
    A proxy before a stand-in, whose *fate* says what becomes of a call.

    `None` passes it on; `"request lost"` breaks the line before the service hears it, `"answer lost"` after
    it did; a (status, name, message) is an error in the service's place, and a mapping its answer.
    """

    def __init__(self, upstream: str, fate: Callable[[Call], object]) -> None:
        super().__init__(("127.0.0.1", 0), WireHandler)
        self.upstream = upstream.removeprefix("http://")
        self.fate = fate
        self.calls: list[Call] = []
        self.counting = threading.Lock()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]

    def heard(self, operation: str, said: Mapping[str, object], signed_for: str) -> Call:
        with self.counting:
            call = Call(operation, self.operations().count(operation) + 1, said, signed_for)
            self.calls.append(call)
        return call

    def handle_error(self, request, client_address) -> None:
        """Whoever did not wait for an answer is no news."""


def sent_on(bucket: str, region: str) -> Callable[[Call], object]:
    """The fate of calls to a *bucket* of *region*: S3 serves those signed for it, and sends the others on."""

    def fate(call: Call) -> object:
        is_question = call.operation == f"HEAD /{bucket}"  # where it lies, which every region says
        if is_question or call.signed_for == region:
            return None
        return 301, "PermanentRedirect", "The bucket must be addressed using the specified endpoint."

    return fate


class WireHandler(http.server.BaseHTTPRequestHandler):
    """One request of one connection: the server closes it afterwards."""

    protocol_version = "HTTP/1.1"  # which tells boto3 to go on with a body that it announced

    def handle_call(self) -> None:
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # AWS4-HMAC-SHA256 Credential=KEY/DAY/REGION/SERVICE/aws4_request, …
        signed_for = [*self.headers.get("Authorization", "").split("/"), "", ""][2]
        match self.server.fate(self.server.heard(*self.read(body), signed_for)):
            case None:
                self.answer(*self.passed_on(body))
            case "answer lost":
                self.passed_on(body)
            case "request lost":
                return
            case (int(status), str(name), str(message)):
                self.answer(status, {}, self.refusal(name, message))
            case answer:
                self.answer(200, {}, json.dumps(answer).encode())

    do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = handle_call  # noqa: N815 - as http.server calls them

    def read(self, body: bytes) -> tuple[str, Mapping[str, object]]:
        """What *body* asks for, and what it says, in the three protocols of AWS."""
        target, kind = self.headers.get("X-Amz-Target"), self.headers.get("Content-Type", "")
        if "x-www-form-urlencoded" in kind:
            said = {name: value[0] for name, value in parse_qs(body.decode()).items()}
            return str(said["Action"]), said
        speaks_json = target is not None or "json" in kind
        said = json.loads(body) if speaks_json and body else {}
        return (target.rpartition(".")[2] if target else f"{self.command} {urlsplit(self.path).path}"), said

    def refusal(self, name: str, message: str) -> bytes:
        if self.headers.get("X-Amz-Target") or self.path.startswith("/v2/"):
            return json.dumps({"__type": f"aws#{name}", "message": message}).encode()
        return f"<Error><Code>{name}</Code><Message>{message}</Message></Error>".encode()

    def passed_on(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        asked = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
        with contextlib.closing(http.client.HTTPConnection(self.server.upstream, timeout=30)) as service:
            service.request(self.command, self.path, body, asked)
            answer = service.getresponse()
            told = {name: value for name, value in answer.getheaders() if name.lower() not in _NOT_PASSED_ON}
            if self.command == "HEAD":
                told["Content-Length"] = answer.headers.get("Content-Length", "0")
            return answer.status, told, answer.read()

    def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *told: object) -> None:
        """The calls are kept; nothing is printed."""
