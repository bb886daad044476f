"""
A handoff document as plain parts: fields of its front matter, headings, lines, items, table rows.

Markdown and YAML end here: what comes out is text with the line where it stands. Markup is dropped, its words
are kept; HTML is kept as the text that it is, and nothing of it is interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import yaml
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.front_matter import front_matter_plugin

_BOX = re.compile(r"\[(.)\](?:\s+(?=\S)|\s*$)")
_BREAK = re.compile(r"</?br\s*/?>", re.IGNORECASE)
# "ca. EUR 900" is no end of a sentence
_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\bca\.)(?<!approx\.)(?<!max\.)(?<!min\.)(?<!e\.g\.)(?<!i\.e\.)(?<!vs\.)(?<!incl\.)(?<!excl\.)\s+(?=[A-Z])"
)
_LABEL = re.compile(r"\w[\w' /-]{1,40}:")
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNCLOSED = re.compile(r"---\s*\n[A-Za-z][\w -]*:(?:\s|$)")


FRONT_LEVEL = 9  # of a section that is a key of the front matter; Markdown's headings end with 6


@dataclass(frozen=True)
class Field:
    """One `key: value` of the front matter."""

    key: str
    value: str
    line: int


@dataclass(frozen=True)
class Prose:
    """A paragraph: its lines as they stand, the first of them on *line*; *is_strong* when all of it is bold."""

    lines: tuple[str, ...]
    line: int
    is_strong: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    def sentences(self) -> Iterator[tuple[str, int]]:
        """Its sentences, each with the line on which it begins."""
        ends = [0]
        for text in self.lines:
            ends.append(ends[-1] + len(text) + 1)
        start = 0
        for match in (*_SENTENCE_END.finditer(self.text), None):
            stop = match.start() if match else len(self.text)
            line = sum(1 for end in ends[1:] if end <= start)
            yield self.text[start:stop].strip(), self.line + line
            start = match.end() if match else stop


@dataclass(frozen=True)
class Item:
    """
    A list item.

    Args:
        text: Its first paragraph, on one line, without its box.
        line: Where it begins.
        box: What stands between the brackets of a task list, ` ` or `x`; None without brackets.
        struck: The words that are struck through where it begins with them.
        children: What is nested in it.
    """

    text: str
    line: int
    box: str | None = None
    struck: str = ""
    children: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Row:
    """A table's row; *is_struck* when the whole text of one of its cells is struck through."""

    cells: tuple[str, ...]
    line: int
    is_struck: bool = False


@dataclass(frozen=True)
class Grid:
    """A table."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]
    line: int


@dataclass(frozen=True)
class Unread:
    """Something that no reader of ours looks into: a code block, raw HTML."""

    what: str
    line: int


Entry = Prose | Item | Grid | Unread


@dataclass(frozen=True)
class Section:
    """What stands under one heading; level 0 before the first one, `FRONT_LEVEL` for a key of the front matter."""

    title: str
    line: int
    level: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Outline:
    """A document's parts, in their order, and what could not be read: line and reason."""

    fields: tuple[Field, ...] = ()
    sections: tuple[Section, ...] = ()
    problems: tuple[tuple[int, str], ...] = ()


def outline_of(text: str) -> Outline:
    """The parts of a handoff document's *text*; never raises."""
    root = SyntaxTreeNode(_markdown().parse(text))
    children = list(root.children)
    fields: list[Field] = []
    sections: list[Section] = []
    problems: list[tuple[int, str]] = []
    if children and children[0].type == "front_matter":
        front = _FrontMatter(first_line=_line(children[0]) + 1)
        front.read(children.pop(0).content)
        fields, sections, problems = front.fields, front.sections, front.problems
    elif _UNCLOSED.match(text):
        problems.append((1, "the front matter has no closing ---, so it is read as text"))
    return Outline(tuple(fields), (*sections, *_sections(children)), tuple(problems))


def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(front_matter_plugin)


def _sections(nodes: Sequence[SyntaxTreeNode]) -> Iterator[Section]:
    title, line, level = "", 1, 0
    entries: list[Entry] = []
    for node in nodes:
        if node.type == "heading":
            yield Section(title, line, level, tuple(entries))
            title, line, level = " ".join(_lines(node)), _line(node), int(node.tag[1:])
            entries = []
        else:
            entries += _entries(node)
    yield Section(title, line, level, tuple(entries))


def _entries(node: SyntaxTreeNode) -> Iterator[Entry]:
    match node.type:
        case "paragraph":
            lines = _lines(node)
            if any(lines):
                yield Prose(tuple(lines), _line(node), _is_wholly(node.children[0], "strong"))
        case "bullet_list" | "ordered_list":
            for item in node.children:
                yield from _item(item)
        case "table":
            yield _grid(node)
        case "fence" | "code_block":
            yield Unread("a code block", _line(node))
        case "html_block":
            if not _is_comment(node.content) and _TAG.sub("", node.content).strip():
                yield Unread("HTML", _line(node))
        case _:  # a quotation, a heading in a list: what is inside counts
            for child in node.children:
                yield from _entries(child)


def _item(node: SyntaxTreeNode) -> Iterator[Entry]:
    first = node.children[0] if node.children and node.children[0].type == "paragraph" else None
    lines = _lines(first) if first else []
    children = [entry for child in node.children[1 if first else 0 :] for entry in _entries(child)]
    # "Next:" right below a list is, for Markdown, more of its last item; for people it is a heading
    label = lines.pop() if len(lines) > 1 and not children and _LABEL.fullmatch(lines[-1]) else None
    text = " ".join(lines)
    box = _BOX.match(text)
    yield Item(
        text[box.end() :] if box else text,
        _line(node),
        box[1] if box else None,
        _struck(first.children[0]) if first else "",
        tuple(children),
    )
    if label is not None:
        yield Prose((label,), _line(node) + len(lines))


def _grid(node: SyntaxTreeNode) -> Grid:
    head: tuple[str, ...] = ()
    rows: list[Row] = []
    for part in node.children:
        for row in part.children:
            cells = tuple(" ".join(_lines(cell)) for cell in row.children)
            if part.type == "thead":
                head = cells
            else:
                struck = any(_is_wholly(cell.children[0], "s") for cell in row.children if cell.children)
                rows.append(Row(cells, _line(row), struck))
    return Grid(head, tuple(rows), _line(node))


def _lines(node: SyntaxTreeNode) -> list[str]:
    """The lines of a paragraph, heading or cell, without markup."""
    text = "".join(_plain(child) for child in node.children)
    return [re.sub(r"[^\S\n]{3,}", "  ", line).strip() for line in text.split("\n")]


def _plain(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text" | "code_inline":
            return node.content
        case "softbreak" | "hardbreak":
            return "\n"
        case "image":
            return node.content  # its alternative text
        case "html_inline":
            # A break separates words; a comment is nothing a reader sees; a tag is text like any other.
            return "  " if _BREAK.fullmatch(node.content) else "" if _is_comment(node.content) else node.content
        case _:
            return "".join(_plain(child) for child in node.children)


def _is_comment(html: str) -> bool:
    return html.lstrip().startswith("<!--") and not html.rpartition("-->")[2].strip()


def _is_wholly(inline: SyntaxTreeNode, kind: str) -> bool:
    """Whether all the words of *inline* stand in nodes of *kind*; its box and punctuation do not count."""
    inside = any(child.type == kind for child in inline.children)
    outside = "".join(_plain(child) for child in inline.children if child.type != kind)
    return inside and not re.search(r"\w", re.sub(r"^\s*\[.\]", "", outside))


def _struck(inline: SyntaxTreeNode) -> str:
    """The struck words with which *inline* begins, after its box."""
    before = ""
    for child in inline.children:
        if child.type == "s":
            return " ".join(_plain(child).split()) if not _BOX.sub("", before).strip() else ""
        before += _plain(child)
    return ""


def _line(node: SyntaxTreeNode) -> int:
    return node.map[0] + 1 if node.map else 1


@dataclass
class _FrontMatter:
    """Reads YAML by its nodes, so that every value keeps its line and stays the text that was written."""

    first_line: int
    fields: list[Field] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def read(self, text: str) -> None:
        try:
            root = yaml.compose(text, yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = self.first_line + (mark.line if mark else 0)
            self.problems.append(
                (line, f"the front matter is not YAML: {getattr(error, 'problem', None) or 'a forbidden character'}")
            )
            return
        except RecursionError:
            self.problems.append((self.first_line, "the front matter is nested too deep to be read"))
            return
        if isinstance(root, yaml.MappingNode):
            self._mapping(root)
        elif root is not None:
            self.problems.append((self.first_line, "the front matter holds no key: value lines"))

    def _mapping(self, root: yaml.MappingNode) -> None:
        seen: set[str] = set()
        for key_node, value in root.value:
            key = _scalar(key_node)
            if key in seen:
                self.problems.append((self._line(key_node), f"the key “{key}” stands twice: only the first one counts"))
            elif isinstance(value, yaml.ScalarNode):
                self.fields.append(Field(key, _scalar(value), self._line(key_node)))
            else:
                self._nested(key, key_node, value)
            seen.add(key)

    def _nested(self, key: str, key_node: yaml.Node, value: yaml.Node) -> None:
        """A list or mapping: items or rows under a heading of the key's name; a list of words is a field as well."""
        entries: list[Entry] = []
        if isinstance(value, yaml.MappingNode):
            entries = [Item(f"{_scalar(name)}: {_scalar(inner)}", self._line(name)) for name, inner in value.value]
        elif isinstance(value, yaml.SequenceNode):
            for element in value.value:
                entries.append(self._element(element))
            words = [_scalar(element) for element in value.value if isinstance(element, yaml.ScalarNode)]
            self.fields.append(Field(key, ", ".join(words), self._line(key_node)))
        self.sections.append(Section(key, self._line(key_node), FRONT_LEVEL, tuple(entries)))

    def _element(self, element: yaml.Node) -> Entry:
        line = self._line(element)
        if isinstance(element, yaml.MappingNode):
            head = tuple(_scalar(name) for name, _ in element.value)
            cells = tuple(_scalar(inner) for _, inner in element.value)
            return Grid(head, (Row(cells, line),), line)
        box = _BOX.match(_scalar(element))
        return Item(_scalar(element)[box.end() if box else 0 :], line, box[1] if box else None)

    def _line(self, node: yaml.Node) -> int:
        return self.first_line + int(node.start_mark.line)


def _scalar(node: yaml.Node) -> str:
    """A node's text on one line; a nested one has none, for nothing we read nests deeper."""
    text = node.value if isinstance(node, yaml.ScalarNode) else ""
    if node.tag == "tag:yaml.org,2002:null" and isinstance(node, yaml.ScalarNode):
        return ""
    return " ".join(_SURROGATE.sub("\ufffd", text).split())
