"""
Charts in the house style: plain data in, a `Drawing` out, which is drawn in light and in dark.

Actual is solid, forecast hatched, plan outlined, last year grey; better and worse are told by colour, by sign or
bold letters, and by the alt text. Bars start at zero, labels stand at their marks, and every label's place is
computed from its measured width. Title and subtitle are text of the report, never part of a picture.
"""

from quarterdeck.charts.against_plan import PlanRow, against_plan
from quarterdeck.charts.bars import Bar, bars
from quarterdeck.charts.bridge import StepGroup, Total, bridge
from quarterdeck.charts.cash import cash_forecast
from quarterdeck.charts.columns import Column, columns
from quarterdeck.charts.drawing import Drawing
from quarterdeck.charts.frames import grouped, plain, records, share_grid, size_grid
from quarterdeck.charts.funnel import FunnelRow, funnel
from quarterdeck.charts.heat import HeatCell, band_of, heat_map
from quarterdeck.charts.multiples import Series, weekly_multiples
from quarterdeck.charts.ranges import Range, ranges
from quarterdeck.charts.split import SplitRow, split_bars
from quarterdeck.charts.weekly import Week, weekly_against_plan
from quarterdeck.theme import DARK, LIGHT, Theme

__all__ = [
    "DARK",
    "LIGHT",
    "Bar",
    "Column",
    "Drawing",
    "FunnelRow",
    "HeatCell",
    "PlanRow",
    "Range",
    "Series",
    "SplitRow",
    "StepGroup",
    "Theme",
    "Total",
    "Week",
    "against_plan",
    "band_of",
    "bars",
    "bridge",
    "cash_forecast",
    "columns",
    "funnel",
    "grouped",
    "heat_map",
    "plain",
    "ranges",
    "records",
    "share_grid",
    "size_grid",
    "split_bars",
    "weekly_against_plan",
    "weekly_multiples",
]
