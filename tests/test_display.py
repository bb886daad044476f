from datetime import UTC, date, datetime

import numpy as np
import pytest

from quarterdeck.display import Display, in_words

US = Display("en_US", "USD", "America/Los_Angeles")
GERMAN = Display("de_DE", "EUR", "Europe/Berlin")
JAPANESE = Display("ja_JP", "JPY", "Asia/Tokyo")


@pytest.mark.parametrize(
    ("minor", "text"),
    [
        (0, "$0"),
        (-40, "$0"),
        (41_249, "$412"),
        (99_949, "$999"),
        (99_951, "$1.0k"),
        (4_120_000, "$41.2k"),
        (-2_930_000, "−$29.3k"),
        (99_999_000, "$1.00m"),
        (124_000_000, "$1.24m"),
    ],
)
def test_money_is_short_and_rounds_up_into_the_next_unit(minor, text):
    """Under $1,000 in full, then k with one decimal, then m with two; never $1000 and never −$0."""
    assert US.money(minor) == text


def test_money_in_full_has_no_decimals():
    """Where thousands and hundreds stand in one column, all are printed in full; −$0 is $0."""
    printed = list(map(US.money_whole, [153_476, -81_833, 0, -40, 123_456_789]))

    assert printed == ["$1,535", "−$818", "$0", "$0", "$1,234,568"]
    assert GERMAN.money_whole(153_476) == "1.535\xa0€"


def test_a_column_has_one_unit():
    """Printed like the column's largest amount, a small one keeps its unit; nothing is still 0."""
    assert US.money(-31_000, like=1_020_000) == "−$0.3k"
    assert US.money(1_020_000, like=124_000_000) == "$0.01m"
    assert US.money(0, like=1_020_000) == "$0"
    assert US.money(-1, like=1_020_000) == "$0.0k"
    assert list(map(US.money_like([72_000, -2_820_000]), [72_000, -2_820_000])) == ["$0.7k", "−$28.2k"]
    assert US.money_like([])(500) == "$5"


def test_a_delta_always_has_its_sign():
    """With sign, a gain has its plus and a loss U+2212; nothing has none."""
    assert US.money(844_000, sign=True) == "+$8.4k"
    assert US.money(-844_000, sign=True) == "−$8.4k"
    assert US.money(0, sign=True) == "$0"
    assert US.points(-0.0214) == "−2.1 pt"
    assert US.count(-3, sign=True) == "−3"


def test_the_locale_decides_symbol_and_separators():
    """The suffix stays at the number where the locale puts the symbol behind it."""
    assert GERMAN.money(4_120_000) == "41,2k\xa0€"
    assert GERMAN.money_exact(1_261_450) == "12.614,50\xa0€"
    assert GERMAN.percent(0.382) == "38,2\xa0%"
    assert US.percent(0.382) == "38.2%"
    assert US.percent(0.39, 0) == "39%"
    assert [US.percent(ratio, 0) for ratio in (0.996, 1 - 1e-12, 1.004, -0.997)] == [
        ">\xa099%",
        "100%",
        "100%",
        "−100%",
    ]
    assert US.percent(0.9999) == ">\xa099.9%"


def test_shares_of_one_whole_sum_to_a_hundred():
    """The largest remainders get what rounding down lost, and what is more than nothing is never `0%`."""
    revenue = [92_360, 49_870, 34_610, 26_870, 23_700, 860, 0]
    thirds = US.shares([1 / 3, 1 / 3, 1 / 3])
    shown = US.shares([amount / sum(revenue) for amount in revenue])

    assert thirds == ["34%", "33%", "33%"]
    assert US.shares([0.996, 0.004]) == [">\xa099%", "<\xa01%"]
    assert US.shares([1.0, 0.0]) == ["100%", "0%"]
    assert shown == ["41%", "22%", "15%", "12%", "10%", "<\xa01%", "0%"]
    assert GERMAN.shares([0.996, 0.004]) == [">\xa099\xa0%", "<\xa01\xa0%"]
    assert US.shares([]) == []


def test_a_rate_that_is_not_zero_is_not_printed_as_zero():
    """What rounds to nothing says that it is less than the least that is shown; nothing itself is 0."""
    assert US.percent(0.004, 0) == "<\xa01%"
    assert US.percent(0.0004) == "<\xa00.1%"
    assert US.percent(0.0) == "0.0%"
    assert US.percent(0.0004, sign=True) == "0.0%"


def test_money_is_whole_minor_units():
    """Numpy's whole numbers are money as Python's are; a float is refused, it may have lost a cent."""
    assert US.money(np.int64(4_120_000)) == "$41.2k"
    with pytest.raises(TypeError, match="float"):
        US.money(41_200.5)


def test_a_currency_without_cents_has_none():
    """Yen have no minor unit: 3 is three yen."""
    assert JAPANESE.money_exact(3) == "￥3"


def test_exact_money_keeps_every_cent_of_eighteen_digits():
    """No float stands between the ledger and the page."""
    assert US.money_exact(123_456_789_012_345_678) == "$1,234,567,890,123,456.78"


def test_months_carry_their_year():
    """A month in a table is short, one in prose is written out, and a range says a year that both share once."""
    display = Display("en_US", "USD", "America/Los_Angeles")

    assert display.month(date(2026, 11, 30)) == "Nov 2026"
    assert display.month_in_prose(date(2026, 11, 30)) == "November 2026"
    assert display.months(date(2027, 1, 1), date(2027, 3, 31)) == "January to March 2027"
    assert display.months(date(2026, 12, 1), date(2027, 2, 1)) == "December 2026 to February 2027"
    assert Display("pt_PT", "EUR", "Europe/Lisbon").month_in_prose(date(2016, 12, 1)) == "dezembro 2016"


def test_days_and_instants_are_the_companys():
    """An instant is shown in the company's time zone, with the zone; the day stands before the month."""
    instant = datetime(2026, 11, 23, 13, 10, tzinfo=UTC)

    assert US.instant(instant) == "23 November 2026, 05:10 PST"
    assert US.local_day(datetime(2026, 11, 23, 7, tzinfo=UTC)) == date(2026, 11, 22)
    assert US.day(date(2026, 11, 20), weekday=True) == "Fri 20 Nov"
    assert US.days(date(2026, 11, 16), date(2026, 11, 22)) == "16 to 22 November 2026"
    assert US.days(date(2026, 11, 30), date(2026, 12, 6)) == "30 November to 6 December 2026"
    assert US.days(date(2026, 12, 28), date(2027, 1, 3)) == "28 December 2026 to 3 January 2027"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("online_travel_agent", "Online travel agent"),
        ("direct", "Direct"),
        ("not recorded", "Not recorded"),
        ("über_uns", "Über uns"),
        ("Boat shows", "Boat shows"),
        ("OTA", "OTA"),
        ("eBay", "eBay"),
        ("0–30", "0–30"),
        ("web.example", "web.example"),
    ],
)
def test_names_of_data_become_words(name, words):
    """What is small throughout is written out for readers; what somebody wrote for readers stays as it is."""
    assert in_words(name) == words
