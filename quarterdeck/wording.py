"""Figures in prose, each in its unit."""

from __future__ import annotations

from quarterdeck.blocks import Number, Unit
from quarterdeck.display import Display


def printed(display: Display, value: Number, unit: Unit, *, sign: bool = False, decimals: int = 1) -> str:
    """A figure in prose: `$84.6k`, `38.2%`, `1,904`, `12 days`, `1 week`."""
    if unit in ("days", "weeks"):
        return f"{figure_and_unit(display, value, unit, sign=sign)[0]} {unit.removesuffix('s') if value == 1 else unit}"
    if unit == "ratio":
        return display.percent(value, decimals, sign=sign)
    return figure_and_unit(display, value, unit, sign=sign)[0]


def figure_and_unit(display: Display, value: Number, unit: Unit, *, sign: bool = False) -> tuple[str, str]:
    """A figure and, apart from it, the unit that it does not carry itself: (`10`, `weeks`), (`$84.6k`, ``)."""
    match unit:
        case "minor":
            return display.money(int(value), sign=sign), ""
        case "count":
            return display.count(int(value), sign=sign), ""
        case "ratio":
            return display.percent(value, sign=sign), ""
        case "days" | "weeks":
            return display.number(value, 0 if value == int(value) else 1, sign=sign), unit
