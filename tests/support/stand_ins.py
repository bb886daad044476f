"""Stand-ins for AWS: servers of others that speak the real protocol, for tests and for the rehearsal."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from quarterdeck.aws import client

KEY = "arn:aws:kms:eu-west-1:123456789012:key/quarterdeck"
MINISTACK = Path(__file__).parent.parent.parent / ".venv-ministack" / "bin" / "ministack"

# moto reads an item and writes it in two steps; its own server answers in threads, between which a second
# writer slips, as in DynamoDB none can. One request at a time makes a conditional write what it is there.
_MOTO = """
import sys
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple
application = DomainDispatcherApplication(create_backend_app)
run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=False, request_handler=MotoRequestHandler)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serving_moto(log: Path) -> AbstractContextManager[str]:
    """A moto server, which writes to *log*; its endpoint."""
    port = free_port()
    return _serving([sys.executable, "-c", _MOTO, str(port)], port, "/moto-api/", log)


def serving_ministack(log: Path) -> AbstractContextManager[str]:
    """A MiniStack server, which writes to *log*; its endpoint."""
    port = free_port()
    return _serving([MINISTACK], port, "/_ministack/health", log)


def mailed_by(moto: str, about: str = "") -> list[str]:
    """Who was mailed by SES at *moto*, once for each mail in which *about* stands, in order of their names."""
    with urllib.request.urlopen(f"{moto}/moto-api/data.json") as answer:  # noqa: S310 - our own http://127.0.0.1
        kept = json.load(answer).get("ses", {}).get("RawMessage", [])
    # Each is one message to one reader and copies; moto lists who stands in both envelope and header twice
    return sorted(reader for one in kept if about in one["raw_data"] for reader in set(one["destinations"]))


def boto3_variables(endpoint: str, nowhere: Path) -> dict[str, str]:
    """What points boto3 at *endpoint* and at nothing else; in the folder *nowhere* lie no settings of AWS."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(nowhere / "no-aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(nowhere / "no-aws-credentials"),
    }


@contextmanager
def _serving(command: Sequence[object], port: int, alive: str, log: Path) -> Iterator[str]:
    """A server on *port* of this machine, from when it answers at *alive*; its endpoint."""
    # Without AWS's own variables: what a developer's shell says must reach neither stand-in nor test.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "LAMBDA_EXECUTOR": "local"}
    endpoint = f"http://127.0.0.1:{port}"
    with (
        log.open("wb") as written,
        subprocess.Popen(command, stdout=written, stderr=written, env=environment) as server,
    ):
        try:
            _await(server, endpoint + alive, log)
            yield endpoint
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _await(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Wait until *server* answers at *address*, half a minute at most."""
    for _ in range(600):
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(address, timeout=1).close()  # noqa: S310 - our own http://127.0.0.1
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"no answer at {address}: {log.read_text()}")


def new_bucket(default_key: str | None = KEY) -> str:
    """The name of an empty bucket, which encrypts with *default_key*."""
    name = f"store-{secrets.token_hex(6)}"
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    if default_key:
        by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": default_key}
        s3.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]},
        )
    return name
