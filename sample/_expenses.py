"""What the company pays: the same bills every month, direct costs that follow the trips, and the odd ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from _chance import Chance
from _company import (
    BAY_SAILS,
    BOAT_SHOWS,
    BUSINESSES,
    FIRST_WEEK,
    HARBOUR_LIGHTS,
    HOTEL_DESKS,
    LAST_FULL_WEEK,
    MARKETPLACES,
    PHONE,
    REFERRAL,
    WEBSITE,
    WHALE_WATCH,
    expected_revenue,
    local_day,
    monday,
)
from _trips import Trip

BOOKS_START = date(2024, 1, 1)  # a Monday
_LAST_DAY = LAST_FULL_WEEK + timedelta(days=6)

# Share of revenue, by account: the plan uses it, and the bills scatter around it.
DIRECT_SHARES: Mapping[str, Mapping[str, float]] = {
    "5200": {HARBOUR_LIGHTS: 0.045, BAY_SAILS: 0.030, WHALE_WATCH: 0.150},
    "5210": {HARBOUR_LIGHTS: 0.130, BAY_SAILS: 0.080, WHALE_WATCH: 0.025},
    "5220": {HARBOUR_LIGHTS: 0.025, BAY_SAILS: 0.052, WHALE_WATCH: 0.045},
    "5230": {HARBOUR_LIGHTS: 0.015, BAY_SAILS: 0.065, WHALE_WATCH: 0.020},
    "5240": {HARBOUR_LIGHTS: 0.048, BAY_SAILS: 0.078, WHALE_WATCH: 0.089},
}
# Two vendors share each kind of cost, in turn more and less, so that neither is the same every month.
_VENDORS = {
    "5200": ("Pier Nine Fuel", "Bayline Marine Fuels", "diesel"),
    "5210": ("Galley & Vine", "Saltmarsh Catering", "food and drinks"),
    "5220": ("Marlow Landing Fees", "Passenger Fee Office", "landing and passenger fees"),
    "5230": ("Chandlery on Third", "Ropewalk Supply", "charter supplies"),
    "5240": ("Tidepool Payments", "Northquay Pay", "card fees"),
}
_FIRST_VENDOR = (0.68, 0.28, 0.80, 0.22)  # by month in turn
_CARD_FEES = 0.024
_PARTNERS = ("TripHarbor", "SeaSeeker")
_PARTNER_COMMISSION = 0.21
_DESKS = ("North Quay Concierges", "Grand Marlow Concierges")
_DESK_COMMISSION = 0.10

# Vendor, what for, dollars, day of the month, account, project, channel.
_MONTHLY = (
    ("Port Marlow Harbor District", "berths of four vessels", 6800, 1, "6170", "", ""),
    ("Pier 4 Properties", "office and ticket booth", 3900, 1, "6110", "", ""),
    ("Saltgate Mutual", "hull and liability", 5200, 5, "6120", "", ""),
    ("Ledgerline Payroll", "office salaries", 16500, 28, "6100", "", ""),
    ("Bright Wharf Bookkeeping", "monthly closing", 1450, 12, "6160", "", ""),
    ("AWS", "booking site", 540, 3, "6140", "Booking site", ""),
    ("AWS", "crew app", 212, 3, "6140", "Crew app", ""),
    ("AWS", "payments", 148, 3, "6140", "Payments", ""),
    ("AWS", "marketplace sync", 96, 3, "6140", "Marketplace sync", ""),
    ("Helmsman Software", "availability calendar", 620, 7, "6140", "Booking site", ""),
    ("Keelson CRM", "twelve seats, not in use", 640, 9, "6140", "CRM move", ""),
    ("Giftwell", "gift card service", 189, 11, "6140", "Gift cards", ""),
    ("Barometer API", "marine weather", 210, 14, "6140", "Weather watch", ""),
    ("Postline Mail", "mailboxes", 144, 8, "6140", "Domains and mail", ""),
    ("Beacon Phones", "office lines", 310, 6, "6180", "", ""),
    ("Beacon Call Tracking", "numbers on leaflets", 95, 6, "6150", "", PHONE),
    ("Concierge Rack Company", "leaflets at 22 hotels", 850, 10, "6150", "", HOTEL_DESKS),
)
_SCATTERED = {"AWS": 0.03, "Beacon Phones": 0.03}  # the others are the same to the cent

# Day, vendor, what for, dollars, account, business, channel.
_ODD = (
    (date(2025, 4, 3), "Golden Coast Boat Show", "stand and booth", 5400, "6150", "", BOAT_SHOWS),
    (date(2025, 9, 25), "Harbor Boat Expo", "stand and booth", 6100, "6150", "", BOAT_SHOWS),
    (date(2026, 4, 9), "Golden Coast Boat Show", "stand and booth", 5600, "6150", "", BOAT_SHOWS),
    (date(2026, 9, 17), "Harbor Boat Expo", "stand and booth", 6400, "6150", "", BOAT_SHOWS),
    (date(2026, 9, 24), "Inkwell Print", "boat show leaflets and banners", 1850, "6150", "", BOAT_SHOWS),
    (date(2026, 10, 1), "Harbor Boat Expo", "demo sails and staff passes", 3200, "6150", "", BOAT_SHOWS),
    (date(2025, 1, 20), "Cove Boatyard", "haul-out of Second Wind", 14800, "6130", BAY_SAILS, ""),
    (date(2026, 1, 19), "Cove Boatyard", "haul-out of Second Wind", 16900, "6130", BAY_SAILS, ""),
    (date(2026, 8, 13), "Cove Boatyard", "new mainsail for Second Wind", 7400, "6130", BAY_SAILS, ""),
    (date(2026, 3, 12), "Fairlead Law", "charter contract review", 2600, "6160", "", ""),
    (date(2025, 12, 18), "Harbour crew", "holiday bonus", 4200, "5100", "", ""),
    (date(2024, 12, 19), "Harbour crew", "holiday bonus", 3900, "5100", "", ""),
)
# The planted ones: bills of the last weeks without an account, or with one that no chart knows.
_UNCATEGORISED = (
    (date(2026, 11, 6), "Galley & Vine", "tasting for the holiday menu", 38500, "", HARBOUR_LIGHTS),
    (date(2026, 11, 10), "Ropewalk Supply", "mooring lines", 21460, "", BAY_SAILS),
    (date(2026, 11, 12), "Bayline Marine Fuels", "diesel, card 2", 46215, "", WHALE_WATCH),
    (date(2026, 11, 16), "Pier Nine Fuel", "diesel, card 2", 61240, "", WHALE_WATCH),
    (date(2026, 11, 17), "Galley & Vine", "extra trays", 28750, "", HARBOUR_LIGHTS),
    (date(2026, 11, 17), "Chandlery on Third", "winch handles", 18990, "5299", BAY_SAILS),
    (date(2026, 11, 18), "Inkwell Print", "holiday posters", 23400, "", ""),
    (date(2026, 11, 19), "Ropewalk Supply", "fenders", 31275, "", BAY_SAILS),
    (date(2026, 11, 20), "Cove Boatyard", "bilge pump", 17845, "6999", BAY_SAILS),
    (date(2026, 11, 21), "Mudlark Diving", "hull cleaning", 9500, "", ""),
)
_DISTRIBUTIONS = (
    (date(2024, 7, 16), 60_000),
    (date(2024, 10, 16), 50_000),
    (date(2025, 4, 16), 40_000),
    (date(2025, 7, 16), 55_000),
    (date(2025, 10, 16), 55_000),
    (date(2026, 4, 16), 35_000),
    (date(2026, 7, 16), 70_000),
    (date(2026, 10, 16), 20_000),
)
_DOUBLED = (date(2026, 11, 18), "Bayline Marine Fuels", "diesel", 18640, "5200", WHALE_WATCH)  # entered twice


@dataclass(frozen=True)
class Expense:
    """One line of the books, *cents* paid on *day*; what is not known is an empty text."""

    day: date
    vendor: str
    description: str
    cents: int
    account: str
    business: str = ""
    project: str = ""
    channel: str = ""


def all_expenses(trips: list[Trip], revenue: Mapping[tuple[str, date], float]) -> list[Expense]:
    """Every expense from the first day of the books to the last full week, by day."""
    found = [*_monthly(), *_direct(revenue), *_commissions(trips, revenue), *_advertising(trips), *_upkeep(), *_odd()]
    known = [expense for expense in found if BOOKS_START <= expense.day <= _LAST_DAY and expense.cents]
    return sorted(known, key=lambda expense: (expense.day, expense.vendor, expense.business, expense.description))


def _months() -> Iterator[tuple[int, int]]:
    return ((year, month) for year in (2024, 2025, 2026) for month in range(1, 13))


def _mondays() -> Iterator[date]:
    first = BOOKS_START
    while first <= LAST_FULL_WEEK:
        yield first
        first += timedelta(weeks=1)


def _monthly() -> Iterator[Expense]:
    chance = Chance("monthly bills")
    for year, month in _months():
        raised = {2024: 0.94, 2025: 0.97, 2026: 1.0}[year]
        for vendor, what, dollars, day, account, project, channel in _MONTHLY:
            scatter = chance.around(1, _SCATTERED[vendor]) if vendor in _SCATTERED else 1.0
            cents = round(dollars * raised * scatter * 100)
            yield Expense(date(year, month, day), vendor, what, cents, account, "", project, channel)
        power = {12: 1.22, 1: 1.25, 2: 1.18, 6: 0.86, 7: 0.84, 8: 0.84}.get(month, 1.0)
        cents = round(chance.around(780 * raised * power, 0.03) * 100)
        yield Expense(date(year, month, 18), "Marlow Power and Water", "pier and office", cents, "6180")


def _turn(day: date) -> float:
    """The first vendor's share of what two vendors are paid in the month of *day*."""
    return _FIRST_VENDOR[(day.year * 12 + day.month) % len(_FIRST_VENDOR)]


def _direct(revenue: Mapping[tuple[str, date], float]) -> Iterator[Expense]:
    """Bills that follow what sailed, two vendors a week; diesel has cost more since September 2026."""
    chance = Chance("direct costs")
    for first in _mondays():
        turn = _turn(first)
        for business in BUSINESSES:
            for account, (one, other, what) in _VENDORS.items():
                share = _CARD_FEES if account == "5240" else DIRECT_SHARES[account][business]
                dearer = 1.09 if account == "5200" and first >= date(2026, 9, 7) else 1.0
                dollars = revenue.get((business, first), 0.0) * share * dearer * chance.around(1, 0.06)
                for vendor, part in ((one, turn), (other, 1 - turn)):
                    day = first + timedelta(days=chance.whole(0, 6))
                    day = day if day.month == first.month else first  # so that the turns do not blur
                    cents = round(dollars * part * 100)
                    yield Expense(day, vendor, what, cents, account, business)


def _commissions(trips: list[Trip], revenue: Mapping[tuple[str, date], float]) -> Iterator[Expense]:
    """What partners and hotel desks keep of the trips that they sold, paid in the week of the trip."""
    sold: dict[tuple[date, str, str, str], int] = {}
    turns = dict.fromkeys((MARKETPLACES, HOTEL_DESKS), 0.0)  # cents that the first vendor still has to get
    for trip in sorted(trips, key=lambda trip: (trip.ends, trip.number)):
        if trip.state != "sailed" or trip.channel not in turns:
            continue
        first = monday(local_day(trip.ends))
        vendors = _PARTNERS if trip.channel == MARKETPLACES else _DESKS
        turns[trip.channel] += trip.price * _turn(first + timedelta(days=4))
        is_first = turns[trip.channel] >= trip.price / 2
        turns[trip.channel] -= trip.price if is_first else 0
        vendor = vendors[0 if is_first else 1]
        key = (first, vendor, trip.business, trip.channel)
        sold[key] = sold.get(key, 0) + trip.price
    for (first, vendor, business, channel), cents in sold.items():
        share = _PARTNER_COMMISSION if channel == MARKETPLACES else _DESK_COMMISSION
        yield Expense(
            first + timedelta(days=4), vendor, "commission", round(cents * share), "5240", business, "", channel
        )
    for (business, first), dollars in revenue.items():
        if first < FIRST_WEEK:  # the year before the booking system
            cents = round(dollars * 0.035 * 100)
            vendor = _PARTNERS[first.month % 2]
            yield Expense(first + timedelta(days=4), vendor, "commission", cents, "5240", business, "", MARKETPLACES)


def _advertising(trips: list[Trip]) -> Iterator[Expense]:
    chance = Chance("advertising")
    for first in _mondays():
        season = sum(expected_revenue(business, first) for business in BUSINESSES) / 46000
        turn = _turn(first)
        for vendor, part in (("Lighthouse Search Ads", turn), ("Gullwing Social", 1 - turn)):
            cents = round(chance.around(900 * season * part, 0.08) * 100)
            yield Expense(first + timedelta(days=2), vendor, "advertising", cents, "6150", "", "", WEBSITE)
        for vendor, part in zip(_PARTNERS, (turn, 1 - turn), strict=True):
            cents = round(chance.around(330 * season * part, 0.08) * 100)
            yield Expense(first + timedelta(days=3), vendor, "sponsored listing", cents, "6150", "", "", MARKETPLACES)
    for year, month in _months():
        if month % 3 == 1:
            quarter = [
                trip
                for trip in trips
                if trip.channel == REFERRAL and trip.state == "sailed" and _quarter_before(trip, year, month)
            ]
            yield Expense(
                date(year, month, 5),
                "Referral vouchers",
                "thank-you vouchers",
                4500 * len(quarter),
                "6150",
                "",
                "",
                REFERRAL,
            )


def _quarter_before(trip: Trip, year: int, month: int) -> bool:
    """Whether *trip* ended in the three months before *month*."""
    day = local_day(trip.ends)
    return 1 <= (year - day.year) * 12 + month - day.month <= 3


def _upkeep() -> Iterator[Expense]:
    """Maintenance, training and legal advice: often, but never the same."""
    chance = Chance("upkeep")
    for year, month in _months():
        raised = {2024: 0.94, 2025: 0.97, 2026: 1.04}[year]
        busy = 1.2 if 3 <= month <= 11 else 0.9
        for vendor, what, dollars, business in (
            ("Cove Boatyard", "repairs", 1700, BAY_SAILS),
            ("Harbor Diesel Works", "engine service", 2100, WHALE_WATCH),
            ("Brightwork Joinery", "saloon and deck", 1300, HARBOUR_LIGHTS),
        ):
            if chance.happens(0.4):
                continue
            cents = round(chance.quantile(0.3, 0.8, 1.1, 1.6, 2.9) * dollars * raised * busy * 100)
            yield Expense(date(year, month, chance.whole(3, 26)), vendor, what, cents, "6130", business)
        if chance.happens(0.6):
            cents = round(chance.quantile(300, 700, 1100, 1900) * 100)
            yield Expense(
                date(year, month, chance.whole(3, 26)), "Coastal Safety School", "crew courses", cents, "6190"
            )
        if chance.happens(0.3):
            cents = round(chance.quantile(400, 900, 2000) * 100)
            yield Expense(date(year, month, chance.whole(3, 26)), "Fairlead Law", "advice", cents, "6160")


def _odd() -> Iterator[Expense]:
    for day, vendor, what, dollars, account, business, channel in _ODD:
        yield Expense(day, vendor, what, dollars * 100, account, business, "", channel)
    for day, vendor, what, cents, account, business in (*_UNCATEGORISED, _DOUBLED, _DOUBLED):
        yield Expense(day, vendor, what, cents, account, business)
    for year in (2024, 2025, 2026):
        for month in (1, 4, 6, 9):
            yield Expense(date(year, month, 15), "State and federal tax", "estimated tax", 14_000_00, "7000")
        for month in (5, 11):
            yield Expense(date(year, month, 17), "Marlow Savings Bank", "vessel loan", 24_000_00, "2400")
    yield Expense(date(2024, 9, 12), "Harbor Diesel Works", "two engines for Gray Pilgrim", 110_000_00, "1500")
    for day, dollars in _DISTRIBUTIONS:
        yield Expense(day, "Owners", "distribution", dollars * 100, "3100")
