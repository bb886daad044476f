"""A funnel by channel: how many reach each stage, and what share reaches the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.charts.canvas import WIDTH, Canvas, Label, base_at_middle
from quarterdeck.charts.drawing import Drawing
from quarterdeck.charts.layout import Scale, alt_list, demand_rows, verdict
from quarterdeck.charts.lettering import NAME, NOTE, VALUE
from quarterdeck.charts.rows import Rows, rows_shown
from quarterdeck.display import NOT_AVAILABLE, Display

STAGES = 3


@dataclass(frozen=True)
class FunnelRow:
    """
    One channel's counts by stage.

    Args:
        name: The channel.
        counts: As many as there are stages, first stage first.
        is_worse: Its share is what the title is about: bad news, with its name in bold, and said in the alt text.
    """

    name: str
    counts: tuple[int, ...]
    is_worse: bool = False

    @property
    def share(self) -> float | None:
        """Of those in the first stage, how many are in the last."""
        return self.counts[-1] / self.counts[0] if self.counts[0] else None


def funnel(
    rows: Sequence[FunnelRow], *, stages: Sequence[str], share_head: str, subject: str, display: Display
) -> Drawing:
    """
    For each stage a column of bars, all on one scale, and the share at the right; best share first.

    Args:
        rows: In any order. Over twelve, those of the least shares are left out and counted in a note, but none that
            is worse.
        stages: Two or three names, first stage first.
        share_head: Over the shares: `Booked of inquiries`.
        subject: Measure and period for the alt text.
        display: The company's way to print counts and shares.

    Raises:
        ValueError: No rows, or counts that do not match the stages.
    """
    demand_rows(rows, f"funnel of {subject}")
    if not 2 <= len(stages) <= STAGES or any(len(row.counts) != len(stages) for row in rows):
        raise ValueError(f"funnel of {subject}: every row needs one count for each of two or three stages")
    ordered = sorted(rows, key=lambda row: (row.share is None, -(row.share or 0), row.name))
    shown = rows_shown(ordered, lambda row: row.is_worse)
    chart = _Funnel(tuple(shown), len(ordered) - len(shown), tuple(stages), share_head, display)
    return Drawing(chart.layout.height, chart.alt(subject), chart.paint)


@dataclass(frozen=True)
class _Funnel:
    rows: tuple[FunnelRow, ...]
    left_out: int
    stages: tuple[str, ...]
    share_head: str
    display: Display

    @property
    def layout(self) -> Rows:
        told = tuple(row.is_worse for row in self.rows)
        return Rows(tuple(row.name for row in self.rows), told=told, left_out=self.left_out)

    def share(self, row: FunnelRow) -> str:
        return NOT_AVAILABLE if row.share is None else self.display.percent(row.share, 0)

    def alt(self, subject: str) -> str:
        def named(row: FunnelRow) -> str:
            counts = ", ".join(self.display.count(count) for count in row.counts)
            return f"{row.name} {counts} ({self.share(row)})"

        head = f"Funnel of {subject}: {', '.join(self.stages)} ({self.share_head.lower()})."
        told = verdict((row.name, "worse") for row in self.rows if row.is_worse)
        return alt_list(head, [named(row) for row in self.rows], others=self.left_out, after=told)

    def paint(self, canvas: Canvas) -> None:
        layout, theme = self.layout, canvas.theme
        layout.write_names(canvas)
        shares = [self.share(row) for row in self.rows]
        canvas.write(Label(self.share_head, NOTE, WIDTH, layout.head_base, "right"), theme.ink_2)
        for number, (row, text) in enumerate(zip(self.rows, shares, strict=True)):
            colour = theme.worse if row.is_worse else theme.ink_2 if row.share is None else theme.ink
            base = base_at_middle(layout.middle(number), VALUE)
            canvas.write(Label(text, VALUE, WIDTH, base, "right"), colour)
        right = WIDTH - max(NOTE.width(self.share_head), *map(VALUE.width, shares)) - 16
        self._paint_stages(canvas, layout, right)

    def _paint_stages(self, canvas: Canvas, layout: Rows, right: float) -> None:
        gap = 10
        counts = [[row.counts[stage] for row in self.rows] for stage in range(len(self.stages))]
        largest = [max(column) for column in counts]
        # A stage gets what its head or its widest count needs, and on one scale for all the length of its longest bar.
        needs = [
            max(NOTE.width(name), *(NAME.width(self.display.count(count)) + 5 for count in column))
            for name, column in zip(self.stages, counts, strict=True)
        ]
        room = right - layout.left - sum(needs) - gap * (len(self.stages) - 1)
        scale = Scale(0, sum(largest), 0, max(room, 0))
        shades = canvas.theme.stages[:1] + canvas.theme.stages[-(len(self.stages) - 1) :]
        zero = layout.left
        for stage, (name, shade) in enumerate(zip(self.stages, shades, strict=True)):
            canvas.write(Label(name, NOTE, zero, layout.head_base), canvas.theme.ink_2)
            for number, row in enumerate(self.rows):
                end = zero + scale(row.counts[stage])
                canvas.fill(layout.bar(number, 0.5, zero, end), shade)
                base = base_at_middle(layout.middle(number), NAME)
                canvas.write(Label(self.display.count(row.counts[stage]), NAME, end + 5, base), canvas.theme.ink)
            layout.axis(canvas, zero)
            zero += scale(largest[stage]) + needs[stage] + gap
