"""A bucket, as the store needs it: objects that are put once, hashed, encrypted, and read back verified."""

from __future__ import annotations

import base64
import functools
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import ClientError

from quarterdeck.aws import client, code_of, error_code, in_our_words
from quarterdeck.errors import AwsUnavailable, InputInvalid
from quarterdeck.files import saying_what_could_not_be_written, sha256_of

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

# A question that hangs is given up within the wrap-up of a start on Lambda (`pipeline/time_left.py`): no attempt
# begins with less time left than it may take (5 s to connect, and these to answer) and the 5 s to say so.
_ATTEMPTS = 4
_ANSWER_WITHIN_S = 10.0
_ATTEMPT_S = 5.0 + _ANSWER_WITHIN_S + 5.0

# Bucket and prefix that are safe as parts of a path, since the working folder is named after them.
_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[A-Za-z0-9_][A-Za-z0-9_.=-]*)*)/?")
_HASH = "sha256"  # of our own metadata: lower-case hex, verified by S3 when the object was put
_ABSENT = frozenset({"404", "NoSuchKey"})
# The answers to a conditional PUT that another has come before, or is at it now; NoSuchKey where it took ours away.
_ANOTHER_FIRST = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class Standing:
    """A small object as it was read; *tag* is S3's name for just these bytes."""

    content: bytes
    tag: str


class Bucket:
    """The objects below one prefix of one bucket; keys are relative to it."""

    def __init__(self, address: str, seconds_left: Callable[[], float]) -> None:
        """
        Name the place; nothing is asked yet, and later only what can be answered in the *seconds_left*.

        Raises:
            InputInvalid: *address* is not `s3://bucket/prefix`.
        """
        found = _ADDRESS.fullmatch(address)
        if found is None:
            expected = "s3://bucket/prefix, the prefix of letters, digits and _ . = - /"
            raise InputInvalid("QUARTERDECK_STORE", repr(address), expected, "python runner.py run --outputs FOLDER")
        self._seconds_left = seconds_left
        self.name = found[1]
        self.prefix = found[2].removeprefix("/")

    def address(self, key: str = "") -> str:
        return "/".join(part for part in (f"s3://{self.name}", self.prefix, key) if part)

    @functools.cached_property
    def _client(self) -> S3Client:
        made = client("s3", attempts=_ATTEMPTS, answer_within_s=_ANSWER_WITHIN_S)
        made.meta.events.register("request-created.s3", self._in_time)
        return made

    def _in_time(self, **_: object) -> None:
        """Called by botocore before each attempt."""
        if self._seconds_left() < _ATTEMPT_S:
            reason = "the time of this start is nearly over, and what it had to answer might outlast it"
            raise AwsUnavailable(self.address(), reason, "Look whether S3 was slow")

    @functools.cached_property
    def _encryption(self) -> dict[str, Any]:
        """
        How objects are encrypted: by KMS, with the bucket's own key where it has one.

        The key has to be named with each object: `aws:kms` without one is the account's `aws/s3`, whatever
        the bucket's default says.
        """
        with in_our_words(self.address(), permission="s3:GetEncryptionConfiguration"):
            try:
                answer = self._client.get_bucket_encryption(Bucket=self.name)
            except ClientError as error:
                if error_code(error) != "ServerSideEncryptionConfigurationNotFoundError":
                    raise
                return {"ServerSideEncryption": "aws:kms"}
        rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
        keys = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") for rule in rules]
        return {"ServerSideEncryption": "aws:kms", **({"SSEKMSKeyId": keys[0]} if keys and keys[0] else {})}

    def hash_of(self, key: str) -> str | None:
        """The SHA-256 of the object's bytes, lower-case hex, empty where another program put it; None without one."""
        with in_our_words(self.address(key), permission="s3:GetObject"):
            try:
                return self._client.head_object(Bucket=self.name, Key=self._full(key))["Metadata"].get(_HASH, "")
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise

    def put(self, key: str, path: Path) -> None:
        """
        Put the file *path*, which S3 compares with its hash before it takes it, whatever stands there.

        One PUT and no upload in parts: only it takes a condition and the hash of the whole, up to 5 GiB.
        """
        self._put(key, path)

    def put_if(self, key: str, path: Path, standing: Standing | None) -> bool:
        """
        Put the file *path* as `put` does, if *standing* is still what is there; None: nothing.

        Returns:
            Whether it was; False also where somebody else is putting it right now.
        """
        condition = {"IfMatch": standing.tag} if standing else {"IfNoneMatch": "*"}
        try:
            self._put(key, path, **condition)
        except AwsUnavailable as refused:
            if code_of(refused) in _ANOTHER_FIRST:
                return False
            raise
        return True

    def _put(self, key: str, path: Path, **condition: str) -> None:
        digest = sha256_of(path)
        more: dict[str, Any] = {**self._encryption, **condition}  # asked for before the file is opened
        with in_our_words(self.address(key), permission="s3:PutObject"), path.open("rb") as body:
            self._client.put_object(
                Bucket=self.name,
                Key=self._full(key),
                Body=body,
                ChecksumSHA256=base64.b64encode(bytes.fromhex(digest)).decode(),
                Metadata={_HASH: digest},
                ContentType=_TYPES.get(path.suffix, "text/plain"),
                **more,
            )

    def read(self, key: str) -> Standing | None:
        """A small object; None without one."""
        # Without ListBucket, S3 does not say of an object that it is missing: it denies it
        with in_our_words(self.address(key), permission="s3:GetObject or s3:ListBucket"):
            try:
                answer = self._client.get_object(Bucket=self.name, Key=self._full(key))
                return Standing(answer["Body"].read(), answer["ETag"])
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise

    def fetch(self, key: str, path: Path, sha256: str) -> bool:
        """
        Bring the object to *path*, if its bytes have that hash.

        Returns:
            Whether they have; False also without such an object. *path* is then as it was.
        """
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with saying_what_could_not_be_written(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                if not self._downloaded(key, beside) or sha256_of(beside) != sha256:
                    return False
                beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        return True

    def _downloaded(self, key: str, path: Path) -> bool:
        """boto3's managed transfer, which goes on where a connection broke; False without such an object."""
        with in_our_words(self.address(key), permission="s3:GetObject"):
            try:
                self._client.download_file(self.name, self._full(key), str(path))
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return False
                raise
            except Boto3Error as error:  # of the transfer itself, after its own attempts
                reason = f"it broke off again and again ({type(error).__name__})"
                raise AwsUnavailable(self.address(key), reason, "Check the network") from error
        return True

    def names(self, below: str) -> list[str]:
        """The keys of all objects whose key begins with *below*."""
        return [key for _, key in self._listed(below)]

    def newest(self, below: str, name: str) -> str | None:
        """The key of the object called *name* below the prefix *below* that was put last; None without one."""
        found = [(put_at, key) for put_at, key in self._listed(below) if key.endswith(f"/{name}")]
        return max(found)[1] if found else None

    def _listed(self, below: str) -> list[tuple[datetime, str]]:
        with in_our_words(self.address(below), permission="s3:ListBucket"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self._full(below))
            return [
                (entry["LastModified"], entry["Key"].removeprefix(self._full("")))
                for page in pages
                for entry in page.get("Contents", ())
            ]

    def _full(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key
