"""Every chart with plain, extreme and absent data: laid out without overlap, drawn the same everywhere."""

import io
import itertools
import os
import re
import subprocess
import sys
from datetime import date, timedelta

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from seeing import colour_difference, likeness

from quarterdeck import charts
from quarterdeck.charts import DARK, LIGHT, drawing, lettering
from quarterdeck.charts.canvas import WIDTH
from quarterdeck.charts.lettering import INSIDE, KEY, NAME, NOTE, VALUE
from quarterdeck.display import Display
from quarterdeck.errors import InputInvalid
from quarterdeck.theme import contrast, readable_on

US = Display("en_US", "USD", "America/Los_Angeles")
GERMAN = Display("de_DE", "EUR", "Europe/Berlin")
TODAY = date(2026, 11, 22)
LONG = "Harbour Lights and Evening Tours"
HUGE = 10**15  # minor units: ten thousand billion


def weeks(count, first=TODAY):
    return [first + timedelta(weeks=number) for number in range(count)]


def cash(actual, forecast, minimum=10_000_000, display=US):
    past = [(TODAY - timedelta(weeks=len(actual) - 1 - at), value) for at, value in enumerate(actual)]
    coming = [(TODAY + timedelta(weeks=at + 1), value) for at, value in enumerate(forecast)]
    return charts.cash_forecast(past, coming, minimum_minor=minimum, display=display)


SAMPLE_CASH = (
    [24_830_000, 24_500_000, 23_900_000, 24_000_000, 23_400_000, 22_700_000, 22_000_000, 21_240_000],
    [number * 10_000 for number in (2080, 2010, 1940, 1860, 1710, 1750, 1650, 1480, 1330, 1150, 980, 846, 1128)],
)


def plan_rows(*amounts):
    return [charts.PlanRow(f"{LONG} {number}", *row) for number, row in enumerate(amounts)]


def bridge(steps, start=26_800_000, display=US):
    half = len(steps) // 2 or 1
    groups = [charts.StepGroup("Revenue", tuple(steps[:half])), charts.StepGroup("Costs", tuple(steps[half:]))]
    end = charts.Total("Actual", start + sum(effect for _, effect in steps))
    return charts.bridge(charts.Total("Plan", start), groups, end, subject="operating result", display=display)


def named_steps(*effects):
    return [(f"{LONG} {number}", effect) for number, effect in enumerate(effects)]


def weekly(actual, plan=None, last_year=None):
    plans, befores = plan or [None] * len(actual), last_year or [None] * len(actual)
    rows = [charts.Week(*row) for row in zip(weeks(len(actual)), actual, plans, befores, strict=True)]
    return charts.weekly_against_plan(rows, subject="recognised revenue, USD", display=US)


def funnel(*counts, stages=("Inquiries", "Quoted", "Booked")):
    rows = [charts.FunnelRow(f"{LONG} {number}", row, number == 0) for number, row in enumerate(counts)]
    return charts.funnel(rows, stages=stages, share_head="Booked of inquiries", subject="events", display=US)


def heat(rows, columns, text="94%"):
    corners = {(0, 0), (rows - 1, columns - 1)}
    cells = [
        [charts.HeatCell(text, (row + column) % 5, (row, column) in corners) for column in range(columns)]
        for row in range(rows)
    ]
    return charts.heat_map([f"{LONG} {row}" for row in range(rows)], ["Wednesday"] * columns, cells, subject="use")


def multiples(*values, is_forecast=False):
    series = [charts.Series(f"{LONG} {number}", tuple(row)) for number, row in enumerate(values)]
    return charts.weekly_multiples(
        series, weeks(len(values[0])), subject="bookings", show=US.count, display=US, is_forecast=is_forecast
    )


def columns(*values, is_forecast=False):
    items = [charts.Column(f"Over {number} days", value, "worse") for number, value in enumerate(values)]
    return charts.columns(items, subject="receivables by age", show=US.money, is_forecast=is_forecast)


def bars(*values, detail="12%"):
    rows = [charts.Bar(f"{LONG} {number}", value, detail) for number, value in enumerate(values)]
    return charts.bars(rows, subject="revenue by channel", show=US.money, heads=("Revenue", "Share"))


def outlined(*pairs):
    rows = [
        charts.Bar(f"{LONG} {at}", value, US.money(other), outline=other) for at, (value, other) in enumerate(pairs)
    ]
    return charts.bars(rows, subject="cost by project", show=US.money, heads=("Paid, stated outlined", "Stated"))


def split(*sizes, parts=("Secret in source", "Shared secret", "No default")):
    rows = [charts.SplitRow(f"{LONG} {number}", row) for number, row in enumerate(sizes)]
    return charts.split_bars(rows, parts, subject="risks by function", show=US.count, worse=parts[:1])


def ranges(*rows):
    named = [charts.Range(f"{LONG} {number}", *row) for number, row in enumerate(rows)]
    return charts.ranges(named, subject="lead time", show=lambda days: f"{days:,.0f} days")


DRAWINGS = {
    "cash": cash(*SAMPLE_CASH),
    "cash in another locale": cash(*SAMPLE_CASH, display=GERMAN),
    "cash far under its minimum": cash(*SAMPLE_CASH, minimum=90_000_000),
    "cash without minimum": cash(*SAMPLE_CASH, minimum=0),
    "cash of one week": cash([5_000_000], [4_000_000]),
    "cash lowest at once": cash([5_000_000] * 8, [100_000, *[30_000_000] * 12]),
    "cash lowest at the end": cash([5_000_000] * 8, [*[30_000_000] * 12, 100_000]),
    "cash that rises": cash([100_000] * 8, [number * 3_000_000 for number in range(1, 14)]),
    "cash all zero": cash([0] * 8, [0] * 13, minimum=0),
    "cash all negative": cash([-5_000_000] * 8, [-6_000_000 - number for number in range(13)]),
    "cash that ends at the minimum": cash([20_000_000] * 8, [10_000_000] * 13),
    "cash huge": cash([HUGE] * 8, [HUGE // 2] * 13, minimum=HUGE // 3),
    "cash that swings": cash([9_000_000, 1] * 4, [1, 12_000_000] * 6 + [3_000_000]),
    "against plan": charts.against_plan(
        [
            charts.PlanRow("Harbour Lights", 1_020_000, 910_000, 0.468),
            charts.PlanRow("Bay Sails", 410_000, 680_000, 0.281),
            charts.PlanRow("Whale Watch", 390_000, 420_000, 0.371),
            charts.PlanRow("Unallocated", -30_000, 0),
        ],
        subject="gross margin by business, week 47",
        display=US,
    ),
    "against plan, one": charts.against_plan(plan_rows((HUGE, HUGE // 3, 9.99)), subject="margin", display=US),
    "against plan, twelve": charts.against_plan(plan_rows(*[(HUGE, -HUGE, -1.5)] * 12), subject="margin", display=US),
    "against plan, zeros": charts.against_plan(plan_rows((0, 0, 0.0), (0, None)), subject="margin", display=US),
    "against plan, negative": charts.against_plan(plan_rows((-5, -900_000), (-7, 9)), subject="m", display=US),
    "against plan, unknown": charts.against_plan(plan_rows((None, None), (None, 5)), subject="m", display=US),
    "costs against plan": charts.against_plan(
        plan_rows((500_000, 400_000), (300_000, 350_000)), subject="costs", display=US, better="less"
    ),
    "bridge": bridge(
        [
            ("Bay Sails", -5_230_000),
            ("Harbour Lights", 2_140_000),
            ("Whale Watch", -770_000),
            ("Labour", 690_000),
            ("Direct cost", 1_180_000),
            ("Operating cost", -940_000),
        ]
    ),
    "bridge of one step": bridge(named_steps(-26_800_000)),
    "bridge of twelve steps": bridge(named_steps(*[300_000, -200_000] * 6)),
    "bridge of zeros": bridge(named_steps(0, 0, 0), start=0),
    "bridge into the red": bridge(named_steps(-20_000_000, -20_000_000, 5_000_000, -3_000_000), start=10_000_000),
    "bridge all negative": bridge(named_steps(-200, -30_000, 100), start=-5_000_000),
    "bridge out of the red": bridge(named_steps(5_000_000, -1_000_000, 9_000_000), start=-8_000_000),
    "bridge, huge": bridge(named_steps(*[HUGE // 7, -HUGE // 9] * 4), start=HUGE),
    "weekly": weekly(
        [58_200, 56_000, 54_000, 53_000, 54_500, 53_500, 51_000, 49_500, 50_500, 49_200, 48_800, 48_500, 46_900],
        [54_500, 54_500, 54_500, 54_200, 54_000, 55_000, 54_800, 54_000, 53_500, 53_000, 52_800, 51_200, 50_100],
        [52_000, 51_000, 50_000, 49_500, 50_000, 49_000, 48_800, 48_000, 47_800, 47_000, 46_500, 46_000, 44_200],
    ),
    "weekly, one": weekly([100_000]),
    "weekly, equal": weekly([100_000] * 26, [100_000] * 26, [100_000] * 26),
    "weekly, zeros": weekly([0] * 13, [0] * 13),
    "weekly, over plan": weekly([HUGE] * 13, [HUGE // 2] * 13),
    "funnel": funnel((63, 58, 35), (186, 171, 92), (412, 371, 168), (118, 112, 47), (498, 402, 71)),
    "funnel of two stages": funnel((63, 35), stages=("Inquiries", "Booked")),
    "funnel, zeros": funnel((0, 0, 0)),
    "funnel, huge": funnel(*[(10**7, 10**6, 3)] * 12),
    "heat": heat(4, 7),
    "heat, one": heat(1, 1),
    "heat, large": heat(12, 9, text="not available"),
    "multiples": multiples(*[[number * 7 % 31 for number in range(26)]] * 5),
    "multiples, one": multiples([3]),
    "multiples, ten": multiples(*[[10**6, 0] * 13] * 10),
    "multiples, zeros": multiples([0] * 13, [0] * 13, is_forecast=True),
    "commitments": multiples([5, 900_000, 3] * 4, [800_000, 2, 1] * 4, is_forecast=True),
    "columns": columns(1_820_000, 1_190_000, 1_940_000, 1_210_000),
    "columns, one": columns(HUGE),
    "columns, eight": columns(*[HUGE] * 8),
    "columns, many": columns(*[number % 7 * 100_000 for number in range(53)], is_forecast=True),
    "columns, zeros": columns(0, 0, None),
    "columns, negative": columns(-5, -900_000, -HUGE),
    "columns, partly unknown": columns(*[None] * 11, 5),
    "bars": bars(41_200_000, 24_900_000, 12_000_000, None),
    "bars, one": bars(0, detail=""),
    "bars, twenty": bars(*[HUGE] * 20),
    "bars, negative": bars(-5, -900_000, -HUGE),
    "bars, outlined": outlined((114_638, 116_000), (64_000, 64_000), (None, 7_500), (9_983, 9_600)),
    "bars, outlined and negative": outlined((-5, HUGE), (-900_000, 3)),
    "split": split((1, 0, 3), (1, 1, 2), (0, 1, 6), (0, 0, 1)),
    "split, one": split((0,), parts=("Risks",)),
    "split, twenty": split(*[(10**6, 0, 3)] * 20),
    "split, six parts": split(
        *[(1, 22, 333, 0, 5, 6)] * 5, parts=("To 30 days", "31–60", "61–90", "Over 90", "Late", "?")
    ),
    "split, huge": split((10**15, 10**15, 10**15)),
    "ranges": ranges((12, 28, 55), (1, 4, 9), (0, 1, 3)),
    "ranges, one": ranges((0, 0, 0)),
    "ranges, twelve": ranges(*[(-3, 10**6, 10**9)] * 12),
}

every_drawing = pytest.mark.parametrize("chart", DRAWINGS.values(), ids=DRAWINGS)


def lettering_of(figure):
    """Text and bounding box (pixels) of everything that is written, measured as it is drawn."""
    renderer = figure.canvas.get_renderer()
    with drawing._house_settings():
        texts = [text for text in figure.findobj(mpl.text.Text) if text.get_text()]
        return [(text.get_text(), text.get_window_extent(renderer)) for text in texts]


@every_drawing
def test_no_label_touches_another_or_leaves_the_picture(chart):
    """Whatever the data, words neither overlap nor are clipped."""
    figure = chart.figure(LIGHT)
    written = lettering_of(figure)
    width, height = figure.canvas.get_width_height()

    clipped = [text for text, box in written if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1]
    overlapping = [
        (one, other)
        for (one, first), (other, second) in itertools.combinations(written, 2)
        if min(first.x1, second.x1) - max(first.x0, second.x0) > 1
        and min(first.y1, second.y1) - max(first.y0, second.y0) > 1
    ]

    assert clipped == []
    assert overlapping == []
    assert written


@every_drawing
def test_alt_text_fits_and_has_numbers(chart):
    """The alt text has at most 350 characters, a number, and no raw None."""
    assert len(chart.alt) <= 350
    assert any(character.isdigit() for character in chart.alt) or "n/a" in chart.alt
    assert "None" not in chart.alt


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", ["cash", "against plan", "bridge", "heat", "multiples, ten"])
def test_picture_is_small_opaque_and_keeps_its_ground(name, theme):
    """A PNG is 1184 pixels wide, has at most 128 colours, no transparency, and exactly the theme's sheet as ground."""
    content = DRAWINGS[name].png(theme)
    picture = Image.open(io.BytesIO(content))
    sheet = tuple(int(theme.sheet[at : at + 2], 16) for at in (1, 3, 5))

    assert picture.size == (1184, 2 * DRAWINGS[name].height)
    assert picture.mode == "P"
    assert len(picture.convert("RGB").getcolors()) <= 128
    assert picture.convert("RGB").getpixel((1183, 0)) == sheet
    assert set(picture.info) == {"dpi"}
    assert len(content) < 42_000


@pytest.mark.parametrize("name", ["cash", "against plan", "bridge"])
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_solid_marks_keep_their_exact_colours(name, theme):
    """Reducing colours moves no mark's colour: a dark page and its charts stay of one piece."""
    picture = Image.open(io.BytesIO(DRAWINGS[name].png(theme))).convert("RGB")
    found = {"#{:02X}{:02X}{:02X}".format(*colour) for _, colour in picture.getcolors()}

    marks = {theme.sheet, theme.actual, theme.worse, *([] if name == "cash" else [theme.better])}
    assert marks <= found


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", ["cash", "bridge", "heat", "funnel"])
def test_nobody_sees_that_colours_are_fewer(name, theme):
    """With 128 colours a chart has half the bytes at most; of its pixels 99 in 100 differ by less than eyes tell."""
    surface = DRAWINGS[name].figure(theme).canvas
    with drawing._house_settings():
        surface.draw()
    whole = np.asarray(surface.buffer_rgba())[:, :, :3]
    plain = io.BytesIO()
    Image.fromarray(whole).save(plain, "PNG", optimize=True)

    content = DRAWINGS[name].png(theme)
    reduced = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))

    assert len(content) < plain.getbuffer().nbytes / 2
    assert np.percentile(colour_difference(whole, reduced), 99) < 2
    assert likeness(whole, reduced) > 0.999


def opaque(pixels):
    """As a canvas gives them: with an alpha of 255."""
    return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])


def test_few_colours_are_kept_as_they_are():
    """A picture of fewer than 128 colours loses none of them."""
    pixels = np.arange(100 * 3, dtype=np.uint8).reshape(10, 10, 3)

    reduced = np.asarray(drawing._with_palette(opaque(pixels)).convert("RGB"))

    assert (reduced == pixels).all()


def test_many_colours_are_replaced_by_near_ones():
    """A picture of thousands of colours keeps each of them within a few steps."""
    across, down = np.meshgrid(np.arange(256), np.arange(128))
    pixels = np.stack([across, down, np.full_like(across, 90)], axis=2).astype(np.uint8)

    reduced = np.asarray(drawing._with_palette(opaque(pixels)).convert("RGB")).astype(int)

    assert len(np.unique(reduced.reshape(-1, 3), axis=0)) <= 128
    assert np.abs(reduced - pixels).mean() < 8


SCRIPT = """
import hashlib, locale, os, matplotlib as mpl
if os.environ["PYTHONHASHSEED"] == "1":
    mpl.rcParams.update({"patch.antialiased": False, "path.snap": False, "lines.dashed_pattern": [1, 1]})
before = dict(mpl.rcParams)
from datetime import date, timedelta
from quarterdeck import charts
from quarterdeck.display import Display
locale.setlocale(locale.LC_ALL, "")
weeks = [(date(2026, 11, 22) + timedelta(weeks=number), 9_000_000 + number * 1_000_000) for number in range(9)]
shown = Display("en_US", "USD", "UTC")
chart = charts.cash_forecast(weeks[:4], weeks[4:], minimum_minor=10_000_000, display=shown)
print(hashlib.sha256(chart.png(charts.LIGHT) + chart.png(charts.DARK)).hexdigest(), dict(mpl.rcParams) == before)
"""


def test_bytes_depend_on_the_data_alone(tmp_path):
    """Another time zone, locale, folder, hash seed or rcParams: the same bytes, and rcParams as they were."""
    outputs = set()
    for number, changed in enumerate([{"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}, {"TZ": "UTC", "LC_ALL": "C"}]):
        folder = tmp_path / str(number)
        folder.mkdir()
        environment = {**os.environ, **changed, "PYTHONHASHSEED": str(number)}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        outputs.add(done.stdout)

    assert len(outputs) == 1
    assert outputs.pop().endswith("True\n")


def test_a_missing_font_stops_the_run(tmp_path, monkeypatch):
    """Without its face a chart is not drawn in another one; the error names the file and the way to mend it."""
    monkeypatch.setattr(lettering.font_source_sans_pro, "font_directory", str(tmp_path))

    with pytest.raises(InputInvalid) as refused:
        lettering.font_file("Semibold")

    assert "SourceSansPro-Semibold.ttf: found no such file" in str(refused.value)
    assert "pip install -r requirements.lock" in str(refused.value)


def test_two_dollars_are_no_formula():
    """A label with two dollar signs is drawn as it is read."""
    chart = charts.bars([charts.Bar("$5 and $6", 500)], subject="prices", show=US.money)

    assert "$5 and $6" in [text for text, _ in lettering_of(chart.figure(LIGHT))]
    assert all(not text.get_parse_math() for text in chart.figure(LIGHT).axes[0].texts)


def test_characters_without_a_glyph_are_marked():
    """What the face lacks becomes a question mark, a full-width sign its plain form; nothing warns."""
    chart = charts.bars([charts.Bar("日本 ￥ Zürich", 500)], subject="prices", show=US.money)

    assert "?? ¥ Zürich" in [text for text, _ in lettering_of(chart.figure(LIGHT))]
    assert chart.png(DARK)


def test_text_is_cut_and_wrapped_by_its_width():
    """A line is never wider than it may be; what does not fit ends with an ellipsis."""
    face = lettering.NAME

    lines = face.wrapped(LONG, 80, 2)

    assert lines[0] == "Harbour"
    assert lines[1].endswith("…")
    assert all(face.width(line) <= 80 for line in lines)
    assert face.cut("Bay", 80) == "Bay"
    assert face.cut("Bay", 1) == "…"
    assert face.wrapped("", 80, 2) == [""]


NOTHING = {
    "cash": lambda: cash([], [1]),
    "cash forecast": lambda: cash([1], []),
    "against plan": lambda: charts.against_plan([], subject="margin", display=US),
    "bridge": lambda: bridge([]),
    "weekly": lambda: weekly([]),
    "funnel": funnel,
    "heat": lambda: charts.heat_map([], [], [], subject="use"),
    "multiples": lambda: charts.weekly_multiples([], [], subject="b", show=US.count, display=US),
    "columns": columns,
    "columns without value": lambda: columns(None, None),
    "bars": bars,
    "bars without value": lambda: bars(None),
    "split": split,
    "ranges": ranges,
}


@pytest.mark.parametrize("empty", NOTHING.values(), ids=NOTHING)
def test_nothing_to_draw_is_refused(empty):
    """An empty chart is never drawn: the error says what to do instead."""
    with pytest.raises(ValueError, match="there is nothing to draw; say so in a note instead"):
        empty()


REFUSED = {
    "a bridge that does not arrive": (
        lambda: charts.bridge(
            charts.Total("Plan", 5),
            [charts.StepGroup("Costs", (("Labour", 1),))],
            charts.Total("Actual", 7),
            subject="result",
            display=US,
        ),
        "the steps lead to 6, not to 7",
    ),
    "too many weeks": (lambda: weekly([1] * 27), "27 do not fit, 26 do"),
    "too many columns": (lambda: columns(*[1] * 54), "54 do not fit, 53 do; group them"),
    "a stage without a count": (lambda: funnel((1, 2)), "one count for each of two or three stages"),
    "a cell too few": (
        lambda: charts.heat_map(["A"], ["Mon", "Tue"], [[charts.HeatCell("1%", 0)]], subject="use"),
        "one cell for each",
    ),
    "a week too few": (
        lambda: charts.weekly_multiples([charts.Series("A", (1,))], weeks(2), subject="b", show=US.count, display=US),
        "a series does not have 2 values",
    ),
    "a part too few": (lambda: split((1, 2)), "one size for each of up to 6 parts"),
    "a part too many": (lambda: split((1,) * 7, parts=("a",) * 7), "one size for each of up to 6 parts"),
    "a median outside": (lambda: ranges((5, 4, 6)), "a median lies outside of its quartiles"),
}


@pytest.mark.parametrize(("wrong", "message"), REFUSED.values(), ids=REFUSED)
def test_data_that_contradicts_itself_is_refused(wrong, message):
    """A chart that would say something untrue is not drawn."""
    with pytest.raises(ValueError, match=message):
        wrong()


@pytest.mark.parametrize("type_", [KEY, VALUE, NAME, NOTE, INSIDE])
def test_labels_are_read_on_a_phone(type_):
    """Where a phone of 360 px shows a chart 344 px wide, no lettering is under 10 px."""
    assert type_.size * 344 / WIDTH >= 10


def test_an_alt_text_ends_at_a_whole_item_and_counts_the_rest():
    """What does not fit into 350 characters is left out item by item, and the text says of how many."""
    names = [f"{LONG} {number}" for number in range(15)]
    bars = charts.bars([charts.Bar(name, 100 - at) for at, name in enumerate(names)], subject="cost", show=US.whole)
    columns = charts.columns(
        [charts.Column(f"{name} and so on", 1) for name in names[:8]], subject="cost", show=US.whole
    )
    rows = [charts.SplitRow(name, (1, 2)) for name in names]
    split = charts.split_bars(rows, ["Break", "Leak"], subject="risks", show=US.count)

    for chart, there, last in ((bars, 15, r" \d+"), (columns, 8, " and so on 1"), (split, 15, ": Break 1, Leak 2")):
        ended = re.search(rf"{LONG} \d+{last}[,;] and (\d+) more\.$", chart.alt)
        assert ended, chart.alt
        assert chart.alt.count(LONG) + int(ended[1]) == there
        assert len(chart.alt) <= 350


def test_cash_alt_text_tells_the_story():
    """Start, today, the lowest week with its shortfall, and the end stand in the words, not in the picture alone."""
    assert DRAWINGS["cash"].alt == (
        "Area chart of cash at week's end, 4 October 2026 to 21 February 2027. "
        "Actual goes from $248.3k to $212.4k on 22 November. "
        "Forecast is lowest in the week of 8 February, $84.6k, $15.4k under the $100.0k minimum, and ends at $112.8k."
    )


def test_split_bars_tell_what_there_is_of_each_part():
    """The alt text names for each row the parts that it has any of; the parts of the title are drawn as bad news."""
    chart = split((1, 0, 3), (0, 0, 0))

    assert chart.alt == (
        "Bars of risks by function, by Secret in source, Shared secret, No default. "
        f"{LONG} 0: Secret in source 1, No default 3; {LONG} 1: 0. Bad news: Secret in source."
    )
    assert "Bad news" not in split((0, 0, 3), (0, 0, 0)).alt  # of the part there is none
    picture = Image.open(io.BytesIO(chart.png(LIGHT))).convert("RGB")
    found = {"#{:02X}{:02X}{:02X}".format(*colour) for _, colour in picture.getcolors()}
    assert {LIGHT.worse, LIGHT.actual} <= found


def test_an_outline_is_what_a_bar_is_compared_with():
    """The alt text gives both sizes by the heads of their columns; where nothing is known the outline still stands."""
    chart = outlined((114_638, 116_000), (None, 7_500))

    assert f"{LONG} 0 $1.1k (stated $1.2k), {LONG} 1 n/a (stated $75)." in chart.alt
    assert len({chart.png(LIGHT), bars(114_638, None).png(LIGHT)}) == 2


def test_bars_stand_by_size_and_unallocated_last():
    """The order tells the ranking; what belongs to nobody ends it, however large; what is not known comes before it."""
    rows = [charts.Bar("Unallocated", 9), charts.Bar("Small", 1), charts.Bar("Unknown", None), charts.Bar("Large", 5)]

    chart = charts.bars(rows, subject="revenue", show=US.money)

    assert chart.alt == "Horizontal bars of revenue. Large $0, Small $0, Unknown n/a, Unallocated $0."


@pytest.mark.parametrize("count", range(1, 9))
def test_a_bridge_says_how_much_more_or_less_its_end_is(count):
    """However narrow its columns are, the last total says by how many percent it differs from the first."""
    chart = bridge([(f"Step {number}", -500_000) for number in range(count)], start=10_000_000)

    written = [text for text, _ in lettering_of(chart.figure(LIGHT))]

    assert written.count(f"−{5 * count}.0%") == 1


NUMBERS = range(20)
LEFT_OUT = {
    "bars": charts.bars(
        [charts.Bar(f"No. {at}", 100 - at, tone="worse" if at == 19 else "neutral") for at in NUMBERS],
        subject="costs",
        show=US.money,
    ),
    "split": charts.split_bars(
        [charts.SplitRow(f"No. {at}", (at,), is_worse=at == 19) for at in NUMBERS],
        ["Risks"],
        subject="risks",
        show=US.count,
    ),
    "funnel": charts.funnel(
        [charts.FunnelRow(f"No. {at}", (100, 90 - at), is_worse=at == 19) for at in NUMBERS],
        stages=("Inquiries", "Booked"),
        share_head="Booked",
        subject="events",
        display=US,
    ),
    "ranges": charts.ranges(
        [charts.Range(f"No. {at}", 1, 90 - at, 99) for at in NUMBERS], subject="lead time", show=US.number
    ),
    "heat map": charts.heat_map(
        [f"No. {at}" for at in NUMBERS],
        ["Mon"],
        [[charts.HeatCell(f"{at}%", 1, is_framed=at == 19)] for at in NUMBERS],
        subject="use",
    ),
    "against plan": charts.against_plan(
        [charts.PlanRow(f"No. {at}", 100_000 - 1_000 * at, 100_000 if at < 19 else 1_000) for at in NUMBERS],
        subject="expenses",
        display=US,
        better="less",
    ),
}


@pytest.mark.parametrize("chart", LEFT_OUT.values(), ids=LEFT_OUT)
def test_rows_that_are_not_drawn_are_counted_and_told_ones_stay(chart):
    """Of 20 rows twelve are drawn, among them the last, of which the title speaks; both count the rest."""
    written = [text for text, _ in lettering_of(chart.figure(LIGHT))]

    assert {"No. 0", "No. 19", "and 8 more"} <= set(written)
    assert sum(text.startswith("No. ") for text in written) == 12
    assert "8 more" in chart.alt or re.search(
        r"and (?:9|1\d) more", chart.alt
    )  # an alt text may hold fewer than are drawn


COLOURS = {colour for theme in (LIGHT, DARK) for colour in (theme.better, theme.worse)}


@every_drawing
def test_no_chart_tells_good_or_bad_by_colour_alone(chart):
    """Who sees no colours finds a sign, a word or bold letters at the mark; who sees nothing, a word in the alt."""
    figure = chart.figure(LIGHT)
    texts = [text for text in figure.findobj(mpl.text.Text) if text.get_text()]
    written = {text.get_text() for text in texts}
    judged = {text.get_text() for text in texts if mpl.colors.to_hex(text.get_color()).upper() in COLOURS}
    bold = {text.get_text() for text in texts if "Semibold" in str(text.get_fontproperties().get_file())}
    names = written - judged

    unmarked = {text for text in judged if text[0] not in "+−" and "Minimum" not in written and "plan:" not in text}
    assert not unmarked or names & bold
    if judged:
        assert re.search(r"better|worse|minimum|(?:Good|Bad) news: ", chart.alt)
    if any(text[0] in "+−" for text in judged) and "Actual, plan outlined" in written:
        assert written & {"Over plan is worse", "Under plan is worse"}


def test_a_verdict_names_its_marks():
    """Alt texts name what is drawn as good or bad news; of many the first four, and how many more."""
    many = charts.columns([charts.Column(f"{at} days", at, "worse") for at in range(6)], subject="debt", show=US.count)
    both = charts.bars(
        [charts.Bar("Phone", 3, tone="better"), charts.Bar("Fair", 2, tone="worse"), charts.Bar("Site", 1)],
        subject="worth",
        show=US.count,
    )

    assert many.alt.endswith("Bad news: 0 days, 1 days, 2 days, 3 days, 2 more.")
    assert both.alt == "Horizontal bars of worth. Phone 3, Fair 2, Site 1. Good news: Phone. Bad news: Fair."


def test_a_long_bridge_keeps_its_sums():
    """Over eight steps the smallest become one, and the sum of their group stays."""
    effects = [10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 70_000, 80_000, 90_000, 100_000]
    steps = [(f"Shop {number}", effect) for number, effect in enumerate(effects)]
    groups = [charts.StepGroup("Revenue", tuple(steps)), charts.StepGroup("Costs", (("Labour", -6_000),))]

    chart = charts.bridge(
        charts.Total("Plan", 0), groups, charts.Total("Actual", 544_000), subject="result", display=US
    )

    assert "Shop 9 +$1.0k, Other +$1.0k, Labour −$0.1k" in chart.alt
    assert "Sums: Revenue +$5.5k, Costs −$0.1k" in chart.alt


def test_small_multiples_fold_what_is_too_many():
    """Of more than seven series the five largest are shown, and the sum of the others."""
    series = [charts.Series(f"Channel {number}", (number, 1)) for number in range(9)]

    chart = charts.weekly_multiples(series, weeks(2), subject="bookings", show=US.count, display=US)

    assert chart.alt.startswith("6 panels")
    assert "Other: 10 in all, highest 6, last 4." in chart.alt


def test_a_run_under_plan_is_bracketed_with_its_sum():
    """Three or more weeks on one side of the plan are told with their sum; two are not."""
    three = weekly([200_000, 90_000, 90_000, 90_000], [100_000] * 4)
    two = weekly([200_000, 200_000, 90_000, 90_000], [100_000] * 4)

    assert "3 weeks under plan: −$0.3k" in three.alt
    assert "plan:" not in two.alt


def test_bands_are_fixed():
    """A share falls into the same band in every report: edges belong to the band above them."""
    assert [charts.band_of(share) for share in (0, 0.29, 0.30, 0.45, 0.60, 0.79, 0.80, 1)] == [0, 0, 1, 2, 3, 3, 4, 4]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_every_text_can_be_read(theme):
    """Text has a contrast of at least 4.5 to its ground, also in the cells of a heat map."""
    on_sheet = [theme.ink, theme.ink_2, theme.ink_3, theme.actual, theme.better, theme.worse]

    assert min(contrast(colour, theme.sheet) for colour in on_sheet) >= 4.5
    assert min(contrast(readable_on(band, theme), band) for band in theme.bands) >= 4.5
    assert theme.actual == theme.stages[-1]


def test_rows_of_a_frame_become_plain_values():
    """Charts get Python's own values: None for what is missing, days without a time, whole numbers without a float."""
    frame = pd.DataFrame(
        {
            "name": ["A", None],
            "minor": pd.Series([10**17 + 1, None], dtype="Int64"),
            "rate": [0.5, float("nan")],
            "day": pd.to_datetime(["2026-11-22", None]),
        }
    )

    assert charts.records(frame, "name", "minor", "rate", "day") == [
        ("A", 10**17 + 1, 0.5, date(2026, 11, 22)),
        (None, None, None, None),
    ]


def test_neighbouring_steps_of_one_group_share_a_bracket():
    """A bridge's brackets follow from its rows."""
    steps = [("Bay", -5, "revenue"), ("Lights", 2, "revenue"), ("Labour", 1, "costs")]

    assert charts.grouped(steps) == [
        charts.StepGroup("Revenue", (("Bay", -5), ("Lights", 2))),
        charts.StepGroup("Costs", (("Labour", 1),)),
    ]


def test_a_grid_of_shares_becomes_cells():
    """Rows in their own order, whole percents, five bands; the framed row is the title's; a missing share says so."""
    frame = pd.DataFrame(
        {"name": ["B", "B", "A", "A"], "week": [1, 2, 1, 2], "filled": pd.Series([0.2, 0.5, 1, None], dtype="Float64")}
    )

    names, cells = charts.share_grid(frame, "name", "week", "filled", display=US, framed="B")

    assert names == ["B", "A"]
    assert cells[0] == [charts.HeatCell("20%", 0, is_framed=True), charts.HeatCell("50%", 2, is_framed=True)]
    assert cells[1] == [charts.HeatCell("100%", 4), charts.HeatCell("–", None)]


def test_a_grid_of_sizes_has_bands_in_fifths_of_the_largest():
    """Sizes have no fixed bands; a column may say which cells the title speaks of, and nothing is framed unknown."""
    sizes = pd.Series([10.0, 0, 4.1, None], dtype="Float64")
    frame = pd.DataFrame({"name": ["B", "B", "A", "A"], "day": [1, 2, 1, 2], "size": sizes, "is_told": [1, 0, 0, 1]})

    names, cells = charts.size_grid(frame, "name", "day", "size", show=US.number, framed="is_told")
    _, empty = charts.size_grid(frame[3:], "name", "day", "size", show=US.number)

    assert names == ["B", "A"]
    assert cells[0] == [charts.HeatCell("10.0", 4, is_framed=True), charts.HeatCell("0.0", 0)]
    assert cells[1] == [charts.HeatCell("4.1", 2), charts.HeatCell("–", None)]
    assert empty == [[charts.HeatCell("–", None)]]
