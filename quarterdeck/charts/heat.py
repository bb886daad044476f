"""A heat map in five fixed bands, each cell labelled."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.charts.canvas import WIDTH, Box, Canvas, Label, base_at_middle
from quarterdeck.charts.drawing import Drawing
from quarterdeck.charts.layout import alt_list, alt_text, demand_rows
from quarterdeck.charts.lettering import NAME, NOTE, VALUE
from quarterdeck.charts.rows import Rows, rows_shown
from quarterdeck.theme import readable_on

SHARE_EDGES = (0.30, 0.45, 0.60, 0.80)  # of shares: where a new band begins
COLUMN_LIMIT = 9
_HEAD = 26


@dataclass(frozen=True)
class HeatCell:
    """
    One cell.

    Args:
        text: What stands in it, finished; at most six characters or so.
        band: 0 to 4, low to high; None where there is nothing to judge.
        is_framed: The title speaks of it.
    """

    text: str
    band: int | None
    is_framed: bool = False


def band_of(value: float, edges: Sequence[float] = SHARE_EDGES) -> int:
    """The band, 0 to 4, of *value*: how many of the four *edges* it has reached."""
    return bisect.bisect_right(edges, value)


def heat_map(
    rows: Sequence[str], heads: Sequence[str], cells: Sequence[Sequence[HeatCell]], *, subject: str
) -> Drawing:
    """
    A table of coloured cells, in the order given.

    Args:
        rows: Names. Over twelve, the last without a framed cell are left out and counted in a note.
        heads: Of the columns, at most 9.
        cells: One sequence a row, one cell a head.
        subject: Measure, unit and period for the alt text.

    Raises:
        ValueError: No rows, or cells that do not match rows and heads.
    """
    demand_rows(rows, f"heat map of {subject}")
    if len(cells) != len(rows) or any(len(row) != len(heads) for row in cells) or len(heads) > COLUMN_LIMIT:
        raise ValueError(f"heat map of {subject}: one row of cells for each name, one cell for each of up to 9 heads")
    named = list(zip(rows, map(tuple, cells), strict=True))
    shown = rows_shown(named, lambda row: any(cell.is_framed for cell in row[1]))
    names, kept = zip(*shown, strict=True)
    chart = _HeatMap(names, len(rows) - len(shown), tuple(heads), kept)
    return Drawing(chart.layout.height, chart.alt(subject), chart.paint)


@dataclass(frozen=True)
class _HeatMap:
    rows: tuple[str, ...]
    left_out: int
    heads: tuple[str, ...]
    cells: tuple[tuple[HeatCell, ...], ...]

    @property
    def layout(self) -> Rows:
        return Rows(self.rows, _HEAD, left_out=self.left_out)

    def alt(self, subject: str) -> str:
        flat = [
            (f"{name}, {head}: {cell.text}", cell)
            for name, row in zip(self.rows, self.cells, strict=True)
            for head, cell in zip(self.heads, row, strict=True)
        ]
        framed = [text for text, cell in flat if cell.is_framed]
        judged = [(cell.band, text) for text, cell in flat if cell.band is not None]
        more = f" and {self.left_out} more" if self.left_out else ""
        head = f"Heat map of {subject}, {len(self.rows)} rows{more} by {len(self.heads)} columns."
        if framed:
            return alt_list(head, framed)
        extremes = [f"Low: {min(judged)[1]}.", f"High: {max(judged)[1]}."] if judged else []
        return alt_text(head, *extremes)

    def paint(self, canvas: Canvas) -> None:
        layout, theme = self.layout, canvas.theme
        layout.write_names(canvas)
        column = (WIDTH - layout.left) / len(self.heads)
        for number, head in enumerate(self.heads):
            x = layout.left + column * (number + 0.5)
            text = NOTE.cut(head, column - 4)
            canvas.write(Label(text, NOTE, x, layout.head_base + 4, "center"), theme.ink_2)
        boxes = {
            (row, number): Box(
                layout.left + column * number + 1.5,
                layout.middle(row) - layout.step / 2 + 1.5,
                layout.left + column * (number + 1) - 1.5,
                layout.middle(row) + layout.step / 2 - 1.5,
            )
            for row in range(len(self.rows))
            for number in range(len(self.heads))
        }
        for (row, number), box in boxes.items():
            self._paint_cell(canvas, self.cells[row][number], box)

    @staticmethod
    def _paint_cell(canvas: Canvas, cell: HeatCell, box: Box) -> None:
        ground = canvas.theme.sheet if cell.band is None else canvas.theme.bands[cell.band]
        if cell.is_framed:  # a line of the sheet between frame and cell: on the darkest band the frame alone is lost
            canvas.outline(box.grown(1.5), 2)
            canvas.fill(box.grown(-2.5), ground)
        else:
            canvas.fill(box, ground)
        type_ = VALUE if cell.is_framed else NAME
        text = type_.cut(cell.text, box.right - box.left - 4)
        middle, base = (box.left + box.right) / 2, base_at_middle((box.top + box.bottom) / 2, type_)
        canvas.write(Label(text, type_, middle, base, "center"), readable_on(ground, canvas.theme))
