"""From an executed notebook to a document: blocks are read back, everything else is made safe."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbformat import NotebookNode
from pydantic import ValidationError

from quarterdeck.blocks import (
    BLOCK,
    MIME,
    PREVIEW,
    Actions,
    Chart,
    FigureRecord,
    Headline,
    Kpis,
    Note,
    Provenance,
    SinceLastWeek,
    Table,
)
from quarterdeck.errors import InputInvalid
from quarterdeck.render.fragments import Fragment, read_fragment
from quarterdeck.render.items import Document, Item, Picture, Printed, Prose, Section, readable

_HIDDEN_CELLS = frozenset({"parameters", "injected-parameters"})

# What an object is called when it has no other words, and where in memory it lay: no news to a reader, and
# different in every run.
_NAME_OF_OBJECT = re.compile(r"[\[(]?<[A-Za-z_][\w.]*(?:\s[^<>]*|:\s?[^<>]*)?>(?:,\s*<[^<>]*>)*[\])]?|Text\([^\n]*\)")
_DRAWN_BY_SCRIPT = "interactive chart without a picture"
_IN_ITS_PLACE = "An interactive chart, which only the notebook can show"
_WIDGET = "application/vnd.jupyter.widget-view+json"
_CHART = re.compile(r"application/vnd\.(plotly|vega|bokeh)")
_BASE64 = frozenset({"png", "png_dark"})
_WIDEST = 10_000  # CSS pixels that a notebook may ask for; what is none, or no width at all, is as if it did not say
_SINCE = "Since last week"
_AGENDA = "The next 30 days"


def read_document(notebook: NotebookNode, *, name: str = "notebook") -> Document:
    """
    The document that an executed notebook holds.

    Args:
        notebook: `nbformat` node of version 4, executed to its end.
        name: What errors call it.

    Raises:
        InputInvalid: A cell ended in an error, a block is malformed, there are two headlines, or one metric
            stands there with two values.
    """
    reader = _Reader(name)
    for number, cell in enumerate(notebook.cells, start=1):
        if not _HIDDEN_CELLS & set(cell.metadata.get("tags", ())):
            reader.read_cell(number, cell)
    return reader.document()


@dataclass
class _Draft:
    """A section in the making; where it holds what changed, KPIs or an agenda, the next chart opens another."""

    name: str
    items: list[Item] = field(default_factory=list)
    is_full: bool = False


@dataclass
class _Reader:
    """Reads one notebook, cell by cell."""

    name: str
    cell: int = 0
    headline: Headline | None = None
    title: str = ""
    drafts: list[_Draft] = field(default_factory=lambda: [_Draft("")])
    care: list[Note] = field(default_factory=list)
    provenance: Provenance | None = None
    metrics: dict[str, FigureRecord] = field(default_factory=dict)
    seen_in: dict[str, int] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)

    def read_cell(self, number: int, cell: NotebookNode) -> None:
        self.cell = number
        if cell.cell_type == "markdown":
            self._read_markdown(cell.source, cell.get("attachments", {}))
        elif cell.cell_type == "raw" and cell.source.strip():
            self._drop("a raw cell")
        elif cell.cell_type == "code":
            for output in _streams_joined(cell.outputs):
                self._read_output(output)

    def document(self) -> Document:
        used: dict[str, int] = {}
        headline = self.headline.text if self.headline else self.title
        drafts = _pictures_named([draft for draft in self.drafts if draft.items], headline)
        return Document(
            headline=headline,
            lead=self.headline.lead if self.headline else "",
            sections=tuple(Section(each.name, _anchor(each.name, used), tuple(each.items)) for each in drafts),
            care=tuple(self.care),
            provenance=self.provenance,
            metrics=self.metrics,
            dropped=tuple(self.dropped),
        )

    def _read_markdown(self, source: str, attachments: Mapping[str, Mapping[str, str]]) -> None:
        for level, heading, markup in _markdown_parts(source):
            if heading is not None:
                read = _heading_of(heading)
                if text := _words_of(read):
                    self._heading(level, text)
                self._drop(*read.dropped, *_lost_in(heading))
            if markup:
                self._fragment(read_fragment(markup, attachments))

    def _heading(self, level: int, text: str) -> None:
        has_title = self.headline is not None or self.title
        if not has_title and len(self.drafts) == 1 and not self.drafts[0].items:
            self.title = text
        elif level <= 2:
            self.drafts.append(_Draft(text))
        else:
            self._fragment(Fragment((Prose(f"<h3>{_escaped(text)}</h3>"),), ()))

    def _read_output(self, output: NotebookNode) -> None:
        if output.output_type == "error":
            found = f"{output.get('ename', 'an error')}: {readable(output.get('evalue', ''))}"
            raise self._invalid(found, "a notebook that ran to its end")
        if output.output_type == "stream":
            self._read_stream(output)
        elif MIME in output.data:
            self._read_block(output.data[MIME])
        elif PREVIEW not in output.data:
            self._read_foreign(output.data, output.get("metadata", {}))

    def _read_stream(self, output: NotebookNode) -> None:
        text = "\n".join(_overwritten(line) for line in output.text.split("\n"))
        text = readable(text, keep_lines=True).strip("\n")
        if output.name == "stderr":
            lines = len(text.splitlines())
            self._drop(f"{lines} {'line' if lines == 1 else 'lines'} written to standard error")
        elif text.strip():
            self.drafts[-1].items.append(Printed(text))

    def _read_foreign(self, data: Mapping[str, str], metadata: Mapping[str, object]) -> None:
        """The first of an output's forms that a reader can be given; pictures first, they are finished."""
        for subtype in ("png", "jpeg", "svg+xml"):
            if f"image/{subtype}" in data:
                self._read_picture(data[f"image/{subtype}"], subtype, metadata.get(f"image/{subtype}", {}))
                return
        forms = [(mime, convert(data[mime])) for mime, convert in _MARKUP.items() if mime in data]
        fragments = {mime: read_fragment(markup) for mime, markup in forms}
        for fragment in fragments.values():
            if fragment.items:
                self._fragment(fragment)
                return
        if _is_drawn_by_script(data):
            self._fragment(Fragment((Prose(f"<p>[{_IN_ITS_PLACE}]</p>"),), (_DRAWN_BY_SCRIPT,)))
            return
        self._drop(*(lost for fragment in fragments.values() for lost in fragment.dropped))
        if _WIDGET in data:  # its text is how a program would write it
            self._drop("interactive control")
            return
        for mime in ("text/latex", "text/plain"):
            text = readable(data.get(mime, ""), keep_lines=True).strip("\n")
            if text.strip() and not _NAME_OF_OBJECT.fullmatch(text.strip()):
                self.drafts[-1].items.append(Printed(text))
                return
        told = {mime for mime, fragment in fragments.items() if fragment.dropped} | {"text/plain"}
        self._drop(*(f"an output of type {mime}" for mime in sorted(data) if mime not in told))

    def _read_picture(self, content: str, subtype: str, metadata: object) -> None:
        facts = metadata if isinstance(metadata, Mapping) else {}
        width = facts.get("width", 0)
        picture = Picture(
            content.encode() if subtype == "svg+xml" else self._decoded(content),
            subtype,
            alt=readable(str(facts.get("alt", ""))),
            width=int(width) if isinstance(width, int | float) and 1 <= width <= _WIDEST else 0,
        )
        self.drafts[-1].items.append(picture)

    def _read_block(self, content: object) -> None:
        try:
            block = BLOCK.validate_python(_readable_throughout(content))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "block"
            raise self._invalid(f"a block with {place} = {first['input']!r:.80}", first["msg"]) from error
        self._record(block.metrics)
        if isinstance(block, Headline):
            self._read_headline(block)
        elif isinstance(block, Provenance):
            self.provenance = block
        elif isinstance(block, Note) and block.weight == "care":
            self.care.append(block)
        else:
            self._place(block)

    def _read_headline(self, block: Headline) -> None:
        if self.headline is not None:
            raise self._invalid(f"a second headline, {block.text!r:.80}", "one headline in a notebook")
        self.headline = block
        said = [item for draft in self.drafts for item in draft.items]
        if all(isinstance(item, Prose) for item in said):
            # What stands above the headline tells an analyst what the notebook is: title, question, owner.
            self.drafts = [_Draft("")]

    def _place(self, block: SinceLastWeek | Kpis | Chart | Table | Actions | Note) -> None:
        """Put *block* under its heading, or under the one that its kind has."""
        current = self.drafts[-1]
        if current.name and not current.items:
            pass  # the notebook has just named this section
        elif isinstance(block, SinceLastWeek):
            self._open_section(_SINCE)
        elif isinstance(block, Actions):
            self._open_section(block.title or _AGENDA)
            block = block.model_copy(update={"title": ""})
        elif current.is_full and not isinstance(block, Note):
            self._open_section("")
        if isinstance(block, Chart):
            self._decoded(block.png)
            self._decoded(block.png_dark)
        self.drafts[-1].items.append(block)
        self.drafts[-1].is_full |= isinstance(block, SinceLastWeek | Kpis | Actions)

    def _open_section(self, name: str) -> None:
        self.drafts.append(_Draft(name))

    def _record(self, metrics: Mapping[str, FigureRecord]) -> None:
        for metric, record in metrics.items():
            known = self.metrics.setdefault(metric, record)
            first_cell = self.seen_in.setdefault(metric, self.cell)
            if known != record:
                found = f"{metric} = {record.value} {record.unit}"
                raise self._invalid(found, f"the {known.value} {known.unit} that cell {first_cell} shows")

    def _fragment(self, fragment: Fragment) -> None:
        items = self.drafts[-1].items
        for item in fragment.items:
            if isinstance(item, Prose) and items and isinstance(items[-1], Prose):
                items[-1] = Prose(items[-1].html + item.html)  # one text, whatever cells it was written in
            else:
                items.append(item)
        self._drop(*fragment.dropped)

    def _drop(self, *what: str) -> None:
        self.dropped.extend(f"cell {self.cell}: {each}" for each in what)

    def _decoded(self, encoded: str) -> bytes:
        try:
            return base64.b64decode("".join(encoded.split()), validate=True)
        except binascii.Error as error:
            raise self._invalid(f"a picture that is no base64, {encoded[:20]!r}", "a PNG or JPEG in base64") from error

    def _invalid(self, found: str, expected: str) -> InputInvalid:
        return InputInvalid(f"{self.name}, cell {self.cell}", found, expected, "python runner.py run")


def _formula(content: str, options: Mapping[str, bool]) -> str:
    """A formula as its author typed it: neither a mail nor a page without scripts can set it."""
    mark = "$$" if options["display_mode"] else "$"
    return _escaped(f"{mark}{content}{mark}")


# Markdown would take the backslash out of a formula's `\{` and `\,`. Prices are no formulas: none begins or ends with
# a blank, or has a digit beside its dollars.
_markdown = (
    MarkdownIt("commonmark", {"html": True})
    .enable(["table", "strikethrough"])
    .use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True, renderer=_formula)
)
_MARKUP: Mapping[str, Callable[[str], str]] = {"text/html": str, "text/markdown": _markdown.render}


def _is_drawn_by_script(data: Mapping[str, str]) -> bool:
    """Whether an output is an empty place and a script that would fill it, as of plotly, altair or bokeh."""
    html = data.get("text/html", "")
    return ("<script" in html and "<div" in html) or any(_CHART.match(mime) for mime in data)


def _markdown_parts(source: str) -> Iterator[tuple[int, Token | None, str]]:
    """(level, heading, HTML under it) for each part of a markdown cell; the first may have no heading."""
    tokens = _markdown.parse(source)
    level, heading, start = 0, None, 0
    for at, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0:
            yield level, heading, _rendered(tokens[start:at])
            level, heading, start = int(token.tag[1]), tokens[at + 1], at + 3
    yield level, heading, _rendered(tokens[start:])


def _rendered(tokens: list[Token]) -> str:
    return str(_markdown.renderer.render(tokens, _markdown.options, {}))


def _heading_of(inline: Token) -> Fragment:
    """A heading as a cell of a table is read: its words in one line, and what they lost."""
    return read_fragment(f"<table><tr><td>{_rendered([inline])}</td></tr></table>")


def _words_of(heading: Fragment) -> str:
    return next((row[0].text for item in heading.items if isinstance(item, Table) for row in item.rows if row), "")


def _lost_in(heading: Token) -> Iterator[str]:
    """What a heading, of which the words are left, had besides them."""
    for child in heading.children or []:
        if child.type == "link_open":
            yield "link in a heading"
        elif child.type == "image":
            yield "picture in a heading"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _streams_joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """A kernel cuts one text into pieces as it likes; the pieces of one stream belong together."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last is not None and output.output_type == last.output_type == "stream" and output.name == last.name:
            joined[-1] = NotebookNode({**last, "text": last.text + output.text})
        else:
            joined.append(output)
    return joined


def _overwritten(line: str) -> str:
    """What a terminal would show of a line that returns to its start, as progress bars do."""
    return next((part for part in reversed(line.split("\r")) if part), "")


def _readable_throughout(content: object) -> object:
    """Block JSON with control characters taken out of every text."""
    if isinstance(content, str):
        return readable(content)
    if isinstance(content, Mapping):
        return {key: value if key in _BASE64 else _readable_throughout(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_readable_throughout(value) for value in content]
    return content


def _pictures_named(drafts: list[_Draft], headline: str) -> list[_Draft]:
    """
    Each picture without words of its own gets its number and its section: `Chart 2 of 3: Cash`.

    Who blocks pictures, or hears the mail, must know at least that there is one.
    """
    total = sum(isinstance(item, Picture) for draft in drafts for item in draft.items)
    number = 0
    for draft in drafts:
        for at, item in enumerate(draft.items):
            if isinstance(item, Picture):
                number += 1
                where = draft.name or headline
                name = f"Chart {number} of {total}" + (f": {where}" if where else "")
                draft.items[at] = replace(item, alt=item.alt or name)
    return drafts


def _anchor(name: str, used: dict[str, int]) -> str:
    """`the-next-30-days`: unique on a page, and the same in every run."""
    plain = "-".join(re.findall(r"[^\W_]+", name.lower())) or "section"
    used[plain] = used.get(plain, 0) + 1
    return plain if used[plain] == 1 else f"{plain}-{used[plain]}"
