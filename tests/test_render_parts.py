"""What a rendering is made of: foreign HTML taken apart, tables, pictures and columns of text."""

import base64
import io

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo
from seeing import colour_difference, likeness

from quarterdeck.blocks import Cell, Table, TableColumn
from quarterdeck.display import cut_at_word
from quarterdeck.render.columns import _letters, columns_that_fit, keeps, phone_fit
from quarterdeck.render.fragments import read_fragment
from quarterdeck.render.items import Picture, Prose
from quarterdeck.render.pictures import fit_for_mail
from quarterdeck.render.text import WIDTH, display_width, draw_table


def drawn(mode="RGB", size=(40, 30), colour="red", kind="PNG", **options):
    written = io.BytesIO()
    Pillow.new(mode, size, colour).save(written, kind, **options)
    return written.getvalue()


def noise(size):
    """A picture that no encoder makes small, as a photograph is."""
    picture = Pillow.effect_noise(size, 90).convert("RGB")
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def opened(picture):
    return Pillow.open(io.BytesIO(picture.data))


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


# --- HTML that nobody wrote for Quarterdeck ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("bare text", "<p>bare text</p>"),
        ("one<div>two</div>three", "<p>one</p><p>two</p><p>three</p>"),
        ("<h1>Big</h1><h6>small</h6>", "<h3>Big</h3><h3>small</h3>"),
        ("a<br>b<hr>c", "<p>a<br>b</p><hr><p>c</p>"),
        ("bare<ul><li>one<li>two</ul>", "<p>bare</p><ul><li>one</li><li>two</li></ul>"),
        ("<li>no list", "<p>no list</p>"),
        ("<p></p><p> </p>kept", "<p>kept</p>"),
        ("<blockquote><p>said</p></blockquote>", "<blockquote><p>said</p></blockquote>"),
        ("1 &lt; 2 &amp; <b>3", "<p>1 &lt; 2 &amp; <b>3</b></p>"),
        ('<a href="https://example.com/?a=1&b=2">x</a>', '<p><a href="https://example.com/?a=1&amp;b=2">x</a></p>'),
        ('<a href="javascript:alert(1)">x</a>', "<p>x</p>"),
        ('<a href="data:text/html,x">x</a>', "<p>x</p>"),
        ('<p style="color:red" class="a" id="b" onclick="x()">x</p>', "<p>x</p>"),
        ("<li><p>a</p></li></ul></div>", "<p>a</p>"),
        ("<![foo bar]]>a<![if !mso]>b<![endif]>c<!-- <b>d -->", "<p>abc</p>"),
    ],
)
def test_prose_keeps_its_structure_and_nothing_else(source, expected):
    """Paragraphs, lists, quotes and links stay; everything else is plain text in a paragraph."""
    fragment = read_fragment(source)

    assert fragment.items == (Prose(expected),)


def test_table_stands_by_itself():
    """A table inside text becomes a table of ours, with the text before and behind it."""
    before, table, behind = read_fragment("Before<table><tr><th>k<th>v<tr><td>a<td>1</table>behind").items

    assert before == Prose("<p>Before</p>")
    assert [column.head for column in table.columns] == ["k", "v"]
    assert [column.align for column in table.columns] == ["left", "right"]
    assert texts(table) == [["a", "1"]]
    assert behind == Prose("<p>behind</p>")


def test_table_inside_a_table_is_text_of_its_cell():
    """Tables that only arrange others do not break the one that they stand in, and their figures stay apart."""
    inner = "<table><tr><td>12</td><td>34</td></tr><tr><td>56</table>"

    fragment = read_fragment(f"<table><tr><td>a{inner}</td><td>b</td></tr></table>")

    assert texts(fragment.items[0]) == [["a 12 34 56", "b"]]
    assert fragment.dropped == ("table inside a table, whose cells are text of its cell",)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("10<sup>6</sup>", "10⁶"),
        ("10<sup>−6</sup>", "10⁻⁶"),
        ("$5<sup>1</sup>", "$5¹"),
        ("$5<sup><a href='#n'>12</a></sup>", "$5¹²"),
        ("CO<sub>2</sub>", "CO₂"),
        ("4<sup>th</sup>", "4th"),
        ("$5<sup>see 3</sup>", "$5^(see 3)"),
        ("x<sup>2<sup>3</sup></sup>", "x^(2³)"),
        ("CO<sub>2e</sub>", "CO_(2e)"),
    ],
)
def test_what_stands_high_or_low_is_no_digit_of_the_figure(source, text):
    """A power and a footnote's mark stay what they are in cells, prose and text: 10⁶ is never 106."""
    table, prose = read_fragment(f"<table><tr><td>{source}</td></tr></table><p>{source}</p>").items

    assert texts(table) == [[text]]
    assert prose == Prose(f"<p>{text}</p>")


def test_links_in_a_table_are_listed_once():
    """Cells of a table have words only, as pandas' `render_links` does not know; upper case leads somewhere too."""
    cells = "".join(f"<tr><td><a href='HTTPS://example.com/{number}'>B{number}</a></td></tr>" for number in range(3))

    fragment = read_fragment(f"<table>{cells}</table><p><a href=' https://example.com/all'>All</a></p>")

    assert texts(fragment.items[0]) == [["B0"], ["B1"], ["B2"]]
    assert fragment.items[1] == Prose('<p><a href="https://example.com/all">All</a></p>')
    assert fragment.dropped == ("links in a table, of which the words are left",)


@pytest.mark.parametrize("tag", ["del", "s", "strike"])
def test_what_was_struck_out_is_said_to_be(tag):
    """A price that was struck out does not stand beside the new one as if both held."""
    (table,) = read_fragment(f"<table><tr><td><{tag}>$40k</{tag}> $50k</td></tr></table>").items

    assert texts(table) == [["[deleted: $40k] $50k"]]


def test_what_a_browser_hides_is_not_published():
    """Text that a browser does not show stays unseen, is listed, and what stands around it is whole."""
    source = (
        "a<div hidden>secret <b>one</b><br></div>b<p style='color:red; DISPLAY : none'>two</p>"
        "<section>c<span style='visibility:hidden'>three<img src=x></span></section>"
        "<table><tr><td>d</td><td style='display:none'>four</td></tr></table><span hidden></span>e"
    )

    fragment = read_fragment(source)

    assert fragment.items[0] == Prose("<p>ab</p><p>c</p>")
    assert texts(fragment.items[1]) == [["d"]]
    assert fragment.items[2] == Prose("<p>e</p>")
    assert fragment.dropped == ("hidden text",) * 4


def test_links_that_lead_nowhere_and_gauges_are_listed():
    """What only the notebook or a browser has is named, with where it led and what it showed; its words stay."""
    source = (
        "<a href='../budget.ipynb'>budget</a> <a href='JavaScript:alert(1)'>run</a> <a href='#top'>top</a>"
        "<a href='https://example.com'>far</a> <meter value=7 max=10>7</meter> <progress value=0.4></progress>"
    )

    fragment = read_fragment(source)

    assert fragment.items == (Prose('<p>budget run top<a href="https://example.com">far</a> 7 </p>'),)
    assert fragment.dropped == (
        "gauge (0.4 of 1)",
        "gauge (7 of 10)",
        "link that runs a script",
        "link to #top",
        "link to ../budget.ipynb",
    )


def test_spans_are_filled():
    """Joined heads are repeated over each column, joined cells stand once, short rows are made even."""
    source = """<table><caption>Seats</caption>
        <thead><tr><th rowspan=2>Route</th><th colspan=2>Sold_seats</th></tr><tr><th>Mon</th><th>Tue</th></tr></thead>
        <tbody><tr><th rowspan=2>North</th><td>1</td><td>2</td></tr><tr><td>3</td><td colspan=9999>4</td></tr>
        <tr><th>South</th></tr></tbody></table>"""

    (table,) = read_fragment(source).items

    assert table.title == "Seats"
    assert [column.head for column in table.columns[:3]] == ["Route", "Sold seats · Mon", "Sold seats · Tue"]
    assert [row[:3] for row in texts(table)] == [["North", "1", "2"], ["", "3", "4"], ["South", "", ""]]
    assert len(table.columns) == 202  # a span is somebody else's number: it is believed up to 200


@pytest.mark.parametrize(
    ("values", "align"),
    [
        (["1", "2,000.5", "n", ""], "left"),
        (["1", "−2,000.5", "NaN", ""], "right"),
        (["$1.2k", "(€3)", "+4 %", "1e-05", "..."], "right"),
        (["2026-11-01", "2026-11-02"], "left"),
        (["10:30"], "left"),
        (["NaN", ""], "left"),
    ],
)
def test_columns_of_figures_stand_right(values, align):
    """A column stands right when all that is there are figures; dates and times are none."""
    rows = "".join(f"<tr><td>{value}</td></tr>" for value in values)

    (table,) = read_fragment(f"<table>{rows}</table>").items

    assert table.columns[0].align == align


def test_figures_of_others_are_sorted_by_their_size():
    """What a foreign table prints as a figure has its size for the page's sorting; words and dates have none."""
    texts = ["$1,200", "9", "10%", "−4", "(3.5k)", "1e3", "n/a"]
    body = "".join(f"<tr><td>x</td><td>{text}</td></tr>" for text in [*texts[:-1], "NaN"])
    (table,) = read_fragment(f"<table><tr><th>Name</th><th>Size</th></tr>{body}</table>").items

    assert [row[1].sort for row in table.rows] == [1200, 9, 10, -4, -3500, 1000, None]
    assert {row[0].sort for row in table.rows} == {None}


def test_missing_values_are_not_available():
    """What pandas prints for a missing value is n/a, and its dots are an ellipsis."""
    row = "".join(f"<td>{value}</td>" for value in ("NaN", "None", "NaT", "&lt;NA&gt;", "...", "Nonesuch"))

    (table,) = read_fragment(f"<table><tr>{row}</tr></table>").items

    assert texts(table) == [["n/a", "n/a", "n/a", "n/a", "…", "Nonesuch"]]


@pytest.mark.parametrize(
    "source", ["", "  ", "<table></table>", "<table><tr></tr></table>", "<script>x</script>", "<td>"]
)
def test_nothing_is_nothing(source):
    """What holds nothing to read makes no empty paragraph and no empty table."""
    assert read_fragment(source).items == ()


def test_cell_of_several_lines_is_one_line():
    """A line break inside a cell is a space, and a cell that spans rows at their end leaves room in each."""
    (table,) = read_fragment("<table><tr><td>a<br>b</td><td rowspan=2>c</td></tr><tr><td>d</td></tr></table>").items

    assert texts(table) == [["a b", "c"], ["d", ""]]


def test_unclosed_table_is_still_read():
    """HTML that ends in the middle of a table loses nothing that was there."""
    (table,) = read_fragment("<table><tr><td>a").items

    assert texts(table) == [["a"]]


def test_losses_are_counted():
    """Everything that is taken away is named with its number; of a style sheet of tables, only its colours."""
    source = (
        "<style>#T {color: red}</style><script>a</script><script>b</script>"
        "<form><input><select><option>x</select></form>"
        "<svg><circle/></svg><p onclick=x onload=y>kept</p><object></object><embed><link rel=stylesheet>"
    )

    fragment = read_fragment(source)

    assert fragment.items == (Prose("<p>kept</p>"),)
    assert fragment.dropped == (
        "SVG drawing",
        "colours of cells",
        "event handler",
        "form",
        "2 × form control",
        "2 × plug-in",
        "2 × script",
        "style sheet",
    )


def test_pictures_in_text_become_pictures():
    """Attached and embedded pictures follow the paragraph that they stand in."""
    data = drawn()
    encoded = base64.b64encode(data).decode()
    embedded = f'<img src="data:image/png;base64,{encoded}">'
    source = f'<p>Two <img src="attachment:a.png" alt="Attached"> and {embedded}.</p><p>More.</p>'

    fragment = read_fragment(source, {"a.png": {"image/png": encoded}})

    assert fragment.items == (
        Prose("<p>Two  and .</p>"),
        Picture(data, "png", "Attached"),
        Picture(data, "png"),
        Prose("<p>More.</p>"),
    )
    assert fragment.dropped == ()


@pytest.mark.parametrize(
    ("source", "dropped"),
    [
        ("https://example.com/a.png", "remote picture (Logo)"),
        ("local.png", "picture that the notebook does not hold (Logo)"),
        ("attachment:none.png", "picture that the notebook does not hold (Logo)"),
        ("data:image/png;base64,!!", "picture that the notebook does not hold (Logo)"),
        ("data:image/svg+xml;base64,AAAA", "picture that the notebook does not hold (Logo)"),
    ],
)
def test_picture_that_is_not_there_leaves_its_words(source, dropped):
    """A picture that cannot travel is listed, and its words stand in its place."""
    fragment = read_fragment(f'See <img src="{source}" alt="Logo">')

    assert fragment.items == (Prose("<p>See [Logo]</p>"),)
    assert fragment.dropped == (dropped,)


def test_picture_in_a_cell_is_listed_and_the_table_stays():
    """A remote picture inside a table is listed once, and its cell is empty."""
    fragment = read_fragment('<table><tr><td><img src="https://example.com/a.png" alt="x"></td><td>b</td></tr></table>')

    assert texts(fragment.items[0]) == [["", "b"]]
    assert fragment.dropped == ("remote picture (x)",)


# --- pictures ----------------------------------------------------------------------------------------------------


def test_picture_that_fits_travels_as_it_is():
    """An opaque small drawing is not touched, and is shown no wider than it is."""
    data = drawn(size=(400, 300))

    fit = fit_for_mail(Picture(data, "png", "Alt"))

    assert fit == Picture(data, "png", "Alt", 400)


def test_asked_width_is_kept_within_the_mail():
    """A notebook on a dense screen says how wide its picture is shown; 592 px is the most."""
    assert fit_for_mail(Picture(drawn(size=(800, 300)), "png", width=400)).width == 400
    assert fit_for_mail(Picture(drawn(size=(800, 300)), "png")).width == 592


@pytest.mark.parametrize(("mode", "colour"), [("RGBA", (0, 0, 0, 0)), ("LA", (0, 0))])
def test_transparent_picture_gets_an_opaque_ground(mode, colour):
    """Black text on nothing is invisible in dark mode: the ground becomes white."""
    fit = fit_for_mail(Picture(drawn(mode, colour=colour), "png"))

    assert "transparency" not in opened(fit).info
    assert opened(fit).convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_palette_with_a_transparent_colour_gets_an_opaque_ground():
    """Transparency can hide in a palette too."""
    written = io.BytesIO()
    Pillow.new("P", (9, 9)).save(written, "PNG", transparency=0)

    assert opened(fit_for_mail(Picture(written.getvalue(), "png"))).convert("RGB").getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("size", [(5000, 400), (300, 4000)])
def test_large_picture_is_made_smaller(size):
    """Nothing is wider than two pixels for each that is shown, nor higher than Outlook shows."""
    fit = opened(fit_for_mail(Picture(drawn(size=size), "png")))

    assert fit.width <= 1184
    assert fit.height <= 1728
    assert abs(fit.width / fit.height - size[0] / size[1]) < 0.1


def test_a_tall_picture_is_not_blown_up_again():
    """What Outlook's height made narrow is shown no wider than it is; a width under 0 is none."""
    assert fit_for_mail(Picture(drawn(size=(592, 6000)), "png")).width == 170
    assert fit_for_mail(Picture(drawn(size=(400, 300)), "png", width=-5)).width == 400


def photograph():
    """Soft shapes in all colours, with the grain of a sensor."""
    random = np.random.default_rng(1)
    soft = Pillow.fromarray((random.random((30, 50, 3)) * 255).astype(np.uint8)).resize((1184, 700), 3)
    return np.clip(np.asarray(soft) + random.normal(0, 3, (700, 1184, 3)), 0, 255).astype(np.uint8)


def gradient():
    """More colours than a palette has, in an order that a PNG packs well."""
    down, across = np.mgrid[0:700, 0:1184]
    return np.stack([across * 255 // 1184, down * 255 // 700, (across + down) * 255 // 1884], axis=2).astype(np.uint8)


@pytest.mark.parametrize(
    ("picture", "subtype", "most_difference", "least_likeness"),
    [(gradient, "png", 0, 1), (photograph, "jpeg", 4, 0.9)],
)
def test_nobody_sees_what_a_mail_takes_from_a_picture(picture, subtype, most_difference, least_likeness):
    """A gradient keeps every colour, and a photograph loses grain alone: no banding, no wrong colours."""
    whole = picture()
    written = io.BytesIO()
    Pillow.fromarray(whole).save(written, "PNG")

    fit = fit_for_mail(Picture(written.getvalue(), "png"))
    shown = np.asarray(opened(fit).convert("RGB"))

    assert fit.subtype == subtype
    assert len(fit.data) <= 400_000
    assert colour_difference(whole, shown).mean() <= most_difference
    assert likeness(whole, shown) >= least_likeness - 1e-9


def test_photograph_becomes_a_jpeg():
    """What is heavy as a PNG is a photograph, and a JPEG of it is a tenth."""
    source = noise((1600, 1200))

    fit = fit_for_mail(Picture(source, "png"))

    assert fit.subtype == "jpeg"
    assert opened(fit).format == "JPEG"
    assert len(fit.data) < len(source) / 2


def test_large_jpeg_is_a_smaller_jpeg():
    """A photograph stays one when it is made smaller."""
    fit = fit_for_mail(Picture(drawn(size=(3000, 200), kind="JPEG"), "jpeg"))

    assert fit.subtype == "jpeg"
    assert opened(fit).width == 1184


def test_jpeg_stays_one():
    """A JPEG that fits is not touched."""
    data = drawn(kind="JPEG")

    assert fit_for_mail(Picture(data, "jpeg")) == Picture(data, "jpeg", "", 40)


def test_bomb_and_rubbish_are_no_pictures(monkeypatch):
    """What is no picture, or unpacks to more than a machine holds, is left out instead of stopping the mail."""
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 100)

    assert fit_for_mail(Picture(b"no picture", "png")) is None
    assert fit_for_mail(Picture(drawn()[:60], "png")) is None
    assert fit_for_mail(Picture(drawn(size=(12, 12)), "png")) is None  # a warning of Pillow's
    assert fit_for_mail(Picture(drawn(size=(100, 100)), "png")) is None  # an error of Pillow's
    assert fit_for_mail(Picture(drawn("RGB", (9, 9), kind="GIF"), "png")) is None


def test_metadata_does_not_change_what_is_shown():
    """Comments inside a PNG are no reason to draw it again."""
    info = PngInfo()
    info.add_text("Software", "Matplotlib")
    data = drawn(pnginfo=info)

    assert fit_for_mail(Picture(data, "png")).data == data


# --- columns -----------------------------------------------------------------------------------------------------


def sized(widths, *, figures=True):
    columns = tuple(TableColumn(head=f"h{at}", align="right" if figures else "left") for at in range(len(widths)))
    return Table(title="", columns=columns, rows=(tuple(Cell(text="9" * width) for width in widths),))


def test_columns_of_a_mail_are_those_that_fit():
    """Columns are taken from the left until the width of the mail is used: two at least, seven at most."""
    assert columns_that_fit(sized([5] * 7)) == 7
    assert columns_that_fit(sized([3] * 12)) == 7
    assert columns_that_fit(sized([14] * 7)) == 5
    assert columns_that_fit(sized([24] * 7)) == 3
    assert columns_that_fit(sized([5])) == 1
    assert columns_that_fit(Table(title="", columns=(), rows=())) == 0


def test_phone_gets_smaller_letters_before_broken_words():
    """A table is set as it is where it fits a phone, then smaller, and only then are its words broken."""
    assert phone_fit(sized([6] * 5)) == ""
    assert phone_fit(sized([6] * 7)) == "tight"
    assert phone_fit(sized([12] * 6)) == "tight broken"
    assert phone_fit(sized([400], figures=False)) == ""  # its one word is broken anyway


def test_a_day_stands_on_one_line():
    """A column of days needs room for the longest of them, and its cells are not wrapped; other words are."""
    days = Cell(text="Fri 27 Nov", sort="2026-11-27")
    columns = (TableColumn(head="Gap"), TableColumn(head="Due"))

    assert keeps(days) == "n"
    assert keeps(Cell(text="Fri 27 Nov")) == ""
    assert keeps(Cell(text="27", sort=27)) == ""
    assert _letters(Table(title="", columns=columns, rows=((Cell(text="Some words of a gap"), days),))) == [8, 10]


# --- text --------------------------------------------------------------------------------------------------------


def test_text_table_wraps_words_and_never_figures():
    """The widest column of words gives way; figures stay whole, and heads over them are wrapped."""
    text = draw_table(
        ["Project", "Against last year"],
        [["A name that is far too long for one line of a terminal, " * 3, "−$1,234.50"]],
        [["Total", "$0"]],
        [False, True],
        after="and 3 more, on the page",
    )

    lines = text.splitlines()
    assert max(map(len, lines)) == WIDTH
    assert lines[2].endswith("−$1,234.50")
    assert lines[-3].startswith("and 3 more")
    assert lines[-1].split() == ["Total", "$0"]


def test_text_table_of_too_many_figures_becomes_a_list():
    """Where figures alone are wider than a line, each row is a list of head and value."""
    text = draw_table([f"Month {n}" for n in range(12)], [["$1,234.50"] * 12], [], [True] * 12, after="and more")

    assert "Month 3: $1,234.50\n" in text
    assert text.endswith("and more")
    assert max(map(len, text.splitlines())) <= WIDTH


def test_text_list_without_heads_has_values_alone():
    """A table without heads is listed without names."""
    text = draw_table(None, [["1234567890"] * 12], [], [True] * 12)

    assert text.splitlines() == ["1234567890"] * 12


@pytest.mark.parametrize(
    ("text", "columns"), [("Cash", 4), ("項目", 4), ("e\u0301a", 2), ("🚢", 2), ("a\u200db", 2), ("−", 1)]
)
def test_width_is_that_of_a_terminal(text, columns):
    """Wide letters take two columns, joiners and accents none."""
    assert display_width(text) == columns


def test_columns_line_up_under_wide_letters():
    """Chinese names do not shift the figures beside them."""
    text = draw_table(["Name", "n"], [["項目管理", "1"], ["Bay", "22"]], [], [False, True])

    assert [display_width(line) for line in text.splitlines()] == [12, 12, 12, 12]


@pytest.mark.parametrize(
    ("text", "length", "cut"),
    [
        ("short", 9, "short"),
        ("one two three", 9, "one two…"),
        ("one two, three", 9, "one two…"),
        ("unbreakable", 6, "unbre…"),
        ("one twothree", 8, "one two…"),
    ],
)
def test_text_is_cut_at_a_word(text, length, cut):
    """What is cut ends with a whole word, unless one word is longer than half the room."""
    assert cut_at_word(text, length) == cut
    assert len(cut) <= length
