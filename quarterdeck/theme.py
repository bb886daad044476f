"""The house's colours, for light and dark grounds: one meaning each, the same in all reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """
    Colours as `#RRGGBB`, named after what they mean.

    Text keeps a contrast of at least 4.5 to `sheet`, marks that carry meaning at least 3 or a label.
    `better` and `worse` share their grey on purpose: the sign tells them apart, never the shade.

    Args:
        name: `light` or `dark`.
        sheet: Ground of mail, page and charts.
        ink: Text, axes, the outline of a plan.
        ink_2: Second lines and heads.
        ink_3: Connectors, brackets, leaders.
        hair: Lines between rows; never the only sign of anything.
        actual: Solid marks.
        last_year: The grey tick or column of the year before.
        better: Good news; always with a sign.
        worse: Bad news, late dates, the minimum line.
        stages: A funnel, from its first stage to its last.
        bands: A heat map's five steps, low to high.
    """

    name: str
    sheet: str
    ink: str
    ink_2: str
    ink_3: str
    hair: str
    actual: str
    last_year: str
    better: str
    worse: str
    stages: tuple[str, str, str]
    bands: tuple[str, str, str, str, str]


LIGHT = Theme(
    name="light",
    sheet="#FBFAF7",
    ink="#15202B",
    ink_2="#46525F",
    ink_3="#616B76",
    hair="#DAD5CA",
    actual="#22384D",
    last_year="#A7AEB6",
    better="#1A7193",
    worse="#B23F17",
    stages=("#B6C2CC", "#5C7287", "#22384D"),
    bands=("#ECE8DF", "#CDD7DE", "#9DB0BF", "#4E6B83", "#1B3147"),
)

DARK = Theme(
    name="dark",
    sheet="#131A22",
    ink="#EEEAE1",
    ink_2="#B7BEC6",
    ink_3="#939DA8",
    hair="#2B3642",
    actual="#C9D2DB",
    last_year="#5F6B78",
    better="#6FC3E0",
    worse="#F0946C",
    stages=("#44525F", "#8E9BA8", "#C9D2DB"),
    bands=("#1A232D", "#2F4254", "#4D657C", "#93AABD", "#DCE5EC"),
)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable_on(ground: str, theme: Theme) -> str:
    """The theme's ink or its sheet, whichever reads better on *ground*."""
    return max((theme.ink, theme.sheet), key=lambda text: contrast(text, ground))


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
