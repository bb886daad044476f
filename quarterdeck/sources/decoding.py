"""A document's bytes to text, and to JSON values with the line each begins on."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from decimal import Decimal

from quarterdeck.errors import InputInvalid
from quarterdeck.sources.reading import Document

_GZIP_MAGIC = b"\x1f\x8b"
_BLANK = re.compile(r"[ \t\r\n]*")
# Floats would be the first step away from exact: the few JSON numbers that we read stay decimal.
_JSON = json.JSONDecoder(parse_float=Decimal)


def text_of(document: Document) -> str:
    """
    The text of *document*: UTF-8, with or without a byte order mark, gzipped or not.

    Raises:
        InputInvalid: It is neither; the place names file and line.
    """
    content = document.content
    if content.startswith(_GZIP_MAGIC):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise InputInvalid(document.place, f"damaged gzip ({error})", "a whole .gz file") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{content[error.start]:02x}, which is not UTF-8"
        raise InputInvalid(f"{document.place}, line {line}", found, "UTF-8 text") from error


def json_values(document: Document) -> Iterator[tuple[int, object]]:
    """
    The JSON values of *document*, one after the other, each with its line (from 1).

    One document, one value a line, and pages written behind one another are all read by this.

    Raises:
        InputInvalid: It is no JSON; the place names file and line.
    """
    text = text_of(document)
    line, counted = 1, 0
    position = _after_blanks(text, 0)
    while position < len(text):
        line += text.count("\n", counted, position)
        counted = position
        try:
            value, position = _JSON.raw_decode(text, position)
        except json.JSONDecodeError as error:
            place = f"{document.place}, line {error.lineno}, column {error.colno}"
            found = f"malformed JSON ({error.msg})"
            raise InputInvalid(place, found, "JSON as the AWS CLI prints it") from error
        except RecursionError as error:
            found = "JSON nested too deeply"
            raise InputInvalid(f"{document.place}, line {line}", found, "JSON as the AWS CLI prints it") from error
        yield line, value
        position = _after_blanks(text, position)


def _after_blanks(text: str, position: int) -> int:
    blank = _BLANK.match(text, position)
    return blank.end() if blank else position
