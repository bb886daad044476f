"""A small SES of our own, which can lose an answer, and a clock on which nobody waits."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from harbour import NOW

HEALTHY = {
    "ProductionAccessEnabled": True,
    "SendingEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 120.0},
}
THROTTLED = (429, "TooManyRequestsException", "Maximum sending rate exceeded.")
STS = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/ops</Arn><UserId>U</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


@dataclass
class FakeSes:
    """
    As much of SES as a mailer meets. What it does to the next posts stands in `answers`, the first one first.

    An answer is `(status, code, message)`, or one of `take`, `lose` (reads it, and hangs up), `hang` (says
    nothing for long), `page` (somebody else's answer, in HTML), `no id`.
    """

    endpoint: str = ""
    account: dict | None = field(default_factory=lambda: json.loads(json.dumps(HEALTHY)))
    identities: dict[str, bool] = field(default_factory=lambda: {"harbour.boats": True})
    suppressed: dict[str, str] = field(default_factory=dict)
    sets: dict[str, bool] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    answers: list = field(default_factory=list)
    refuses_all_with: str = ""
    is_going_away: bool = False
    asked: list[str] = field(default_factory=list)
    posts: list[dict] = field(default_factory=list)
    callers: list[int] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def looked_up(self, what: str, name: str):
        """The status and content of the answer to a question."""
        if self.refuses_all_with or what in self.denied:
            return 403, self.refuses_all_with or "AccessDeniedException", f"not for {what}"
        match what:
            case "account" if self.account is not None:
                return 200, self.account
            case "identities" if name in self.identities:
                return 200, {"VerifiedForSendingStatus": self.identities[name]}
            case "suppression" if name in self.suppressed:
                return 200, {
                    "SuppressedDestination": {
                        "EmailAddress": name,
                        "Reason": self.suppressed[name],
                        "LastUpdateTime": 1763900000,
                    }
                }
            case "configuration-sets" if name in self.sets:
                return 200, {"SendingOptions": {"SendingEnabled": self.sets[name]}}
        return 404, "NotFoundException", f"{name} does not exist."


class Handler(BaseHTTPRequestHandler):
    """One connection to the fake; HTTP/1.1, so that a client may keep it."""

    protocol_version = "HTTP/1.1"
    ses: FakeSes

    def log_message(self, *said) -> None:
        """Say nothing: a test's output is not the place."""

    def reply(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def answer(self, status: int, *said) -> None:
        match said:
            case (content,):
                self.reply(status, json.dumps(content).encode(), Content_Type="application/json")
            case code, message:
                self.reply(status, json.dumps({"message": message}).encode(), x_amzn_ErrorType=code)

    def do_GET(self) -> None:
        _, _, _, what, *rest = self.path.split("/")
        name = unquote(rest[-1]) if rest else ""
        self.ses.asked.append(what)
        if self.ses.is_going_away and what == "suppression":
            self.server.socket.shutdown(socket.SHUT_RDWR)  # answers this one, and takes no connection after it
        self.answer(*self.ses.looked_up(what, name))
        self.close_connection = self.ses.is_going_away

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/":
            self.reply(200, STS.encode(), Content_Type="text/xml")
            return
        self.ses.posts.append(json.loads(body))
        self.ses.callers.append(self.client_address[1])
        match self.ses.answers.pop(0) if self.ses.answers else "take":
            case "take":
                self.answer(200, {"MessageId": f"ses-{len(self.ses.posts)}"})
            case "no id":
                self.answer(200, {})
            case "garbage":
                self.reply(200, b"<<<", Content_Type="application/json")
            case "page":
                self.reply(403, b"<html>blocked by the company's proxy</html>", Content_Type="text/html")
            case "hang":
                self.ses.released.wait(20)
                self.close_connection = True
            case "lose":
                self.close_connection = True
            case status, code, message:
                self.answer(status, code, message)


@contextmanager
def serving_ses() -> Iterator[FakeSes]:
    """One on a free port of this machine."""
    fake = FakeSes()
    handler = type("Own", (Handler,), {"ses": fake})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        fake.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield fake
        fake.released.set()
        server.shutdown()
        thread.join()


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    time: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.time += timedelta(seconds=seconds)


def kept_by(moto: str) -> list[dict]:
    with urllib.request.urlopen(f"{moto}/moto-api/data.json") as answer:  # noqa: S310 - likewise
        return json.load(answer).get("ses", {}).get("RawMessage", [])
