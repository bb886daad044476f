"""A document's bytes to text, and to JSON values with the line each begins on."""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal

import pyarrow as pa

from quarterdeck.errors import InputInvalid
from quarterdeck.sources.reading import Document

_GZIP_MAGIC = b"\x1f\x8b"
_PIECE_BYTES = 4 * 2**20  # some ten thousand items: worth a call of pyarrow, and a small part of a large document
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


def text_pieces(document: Document) -> Iterator[bytes]:
    """
    The text of *document* in pieces of some megabytes, each of whole lines, so that no more of it need be held.

    Raises:
        InputInvalid: As `text_of` does.
    """
    source = pa.BufferReader(document.content)
    is_gzipped = document.content.startswith(_GZIP_MAGIC)
    stream = pa.CompressedInputStream(source, "gzip") if is_gzipped else source
    rest = b""
    try:
        while read := stream.read(_PIECE_BYTES):
            whole, newline, begun = (rest + read).rpartition(b"\n")
            if newline:
                yield _checked(document, whole + newline)
            rest = begun
    except (OSError, pa.ArrowException) as error:
        text_of(document)  # which says what is wrong
        raise InputInvalid(document.place, f"damaged gzip ({error})", "a whole .gz file") from error
    if rest:
        yield _checked(document, rest)


def _checked(document: Document, piece: bytes) -> bytes:
    """*piece*, which is UTF-8, without a byte order mark."""
    if not piece.isascii():
        with suppress(UnicodeDecodeError):
            piece.decode()
            return piece.removeprefix(codecs.BOM_UTF8)
        text_of(document)  # which says where
    return piece


def json_values(document: Document) -> Iterator[tuple[int, object]]:
    """As `text_values`, of all of *document*."""
    return text_values(text_of(document), document.place)


def text_values(text: str, place: str, first: int = 1) -> Iterator[tuple[int, object]]:
    """
    The JSON values of *text*, one after the other, each with its line; the text begins on line *first* of *place*.

    One document, one value a line, and pages written behind one another are all read by this.

    Raises:
        InputInvalid: It is no JSON; the place names file and line.
    """
    line, counted = first, 0
    position = _after_blanks(text, 0)
    while position < len(text):
        line += text.count("\n", counted, position)
        counted = position
        try:
            value, position = _JSON.raw_decode(text, position)
        except json.JSONDecodeError as error:
            where = f"{place}, line {error.lineno + first - 1}, column {error.colno}"
            found = f"malformed JSON ({error.msg})"
            raise InputInvalid(where, found, "JSON as the AWS CLI prints it") from error
        except ValueError as error:  # a whole number of more digits than Python reads
            found = f"JSON that cannot be read ({error})"
            raise InputInvalid(f"{place}, line {line}", found, "JSON as the AWS CLI prints it") from error
        except RecursionError as error:
            found = "JSON nested too deeply"
            raise InputInvalid(f"{place}, line {line}", found, "JSON as the AWS CLI prints it") from error
        yield line, value
        position = _after_blanks(text, position)


def _after_blanks(text: str, position: int) -> int:
    blank = _BLANK.match(text, position)
    return blank.end() if blank else position
