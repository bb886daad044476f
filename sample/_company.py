"""What Harbour Day Charters is: its calendar, businesses, vessels, channels and how its demand moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Los_Angeles")
AS_OF = datetime(2026, 11, 23, 13, 10, tzinfo=UTC)  # Monday, ten past five in the morning over there
FIRST_WEEK = date(2024, 11, 25)  # Monday of the first of 104 weeks of history
WEEKS = 104 + 26
LAST_FULL_WEEK = date(2026, 11, 16)

HARBOUR_LIGHTS, BAY_SAILS, WHALE_WATCH = "Harbour Lights", "Bay Sails", "Whale Watch"
BUSINESSES = (HARBOUR_LIGHTS, BAY_SAILS, WHALE_WATCH)
CODES = {HARBOUR_LIGHTS: "HL", BAY_SAILS: "BS", WHALE_WATCH: "WW"}  # as their own tables write them

CAPACITY = {"Lady Marin": 60, "Tidewater": 40, "Gray Pilgrim": 44, "Second Wind": 16}

WEBSITE, PHONE, REFERRAL = "Website", "Phone", "Referral"
HOTEL_DESKS, MARKETPLACES, BOAT_SHOWS = "Hotel desks", "Marketplaces", "Boat shows"
CHANNEL_CODES = {
    WEBSITE: "web",
    PHONE: "phone",
    REFERRAL: "referral",
    HOTEL_DESKS: "concierge",
    MARKETPLACES: "ota",
    BOAT_SHOWS: "show",
}


@dataclass(frozen=True)
class Slot:
    """One kind of trip: *vessel* leaves at *hour* (local, 18.5 is half past six) for *hours*; *price* in dollars."""

    vessel: str
    hour: float
    hours: float
    price: int
    weight: float


SLOTS: Mapping[str, tuple[Slot, ...]] = {
    HARBOUR_LIGHTS: (
        Slot("Lady Marin", 18, 3.5, 3950, 0.60),
        Slot("Tidewater", 18.5, 3, 2750, 0.28),
        Slot("Lady Marin", 12, 3, 3100, 0.12),
    ),
    BAY_SAILS: (
        Slot("Second Wind", 9.5, 6.5, 2900, 0.42),
        Slot("Second Wind", 9, 3.5, 1750, 0.25),
        Slot("Second Wind", 13.5, 4, 1850, 0.33),
    ),
    WHALE_WATCH: (
        Slot("Gray Pilgrim", 8.5, 4, 2250, 0.50),
        Slot("Gray Pilgrim", 13.5, 4, 2150, 0.25),
        Slot("Tidewater", 9, 4, 1950, 0.25),
    ),
}
USUAL_PRICE = {HARBOUR_LIGHTS: 3480, BAY_SAILS: 2270, WHALE_WATCH: 2150}  # dollars, the mean of the slots

# Expected revenue a week by month, dollars, at the level of November 2026.
_WEEKLY = {
    HARBOUR_LIGHTS: (10200, 12000, 14000, 17000, 20000, 23000, 25000, 25200, 24000, 22200, 21700, 19500),
    BAY_SAILS: (6000, 7000, 10000, 13000, 16000, 19000, 21000, 21000, 18500, 16000, 14300, 9200),
    WHALE_WATCH: (8200, 10500, 12600, 12500, 11500, 12000, 13000, 13000, 12500, 11500, 10600, 8000),
}
_YEARLY_GROWTH = 0.062

# Guests in per cent of capacity, Monday to Sunday.
FILL = {
    "winter": (24, 21, 26, 31, 48, 67, 58),
    "spring": (38, 36, 41, 47, 64, 82, 76),
    "summer": (61, 63, 66, 72, 88, 97, 91),
    "autumn": (33, 29, 35, 42, 59, 79, 70),
}
WEEKDAY_WEIGHTS = {0: 0.09, 1: 0.08, 2: 0.10, 3: 0.12, 4: 0.17, 5: 0.25, 6: 0.19}

# Share of bookings, by business.
CHANNEL_MIX: Mapping[str, Mapping[str, float]] = {
    HARBOUR_LIGHTS: {WEBSITE: 0.39, PHONE: 0.30, REFERRAL: 0.14, HOTEL_DESKS: 0.10, MARKETPLACES: 0.07},
    BAY_SAILS: {WEBSITE: 0.42, PHONE: 0.19, REFERRAL: 0.10, HOTEL_DESKS: 0.09, MARKETPLACES: 0.20},
    WHALE_WATCH: {WEBSITE: 0.42, PHONE: 0.14, REFERRAL: 0.06, HOTEL_DESKS: 0.15, MARKETPLACES: 0.23},
}
# Share of inquiries that book (those lost at boat shows are planted), and of the others that at least got a quote.
CONVERSION = {REFERRAL: 0.60, PHONE: 0.51, WEBSITE: 0.395, HOTEL_DESKS: 0.40, MARKETPLACES: 0.135, BOAT_SHOWS: 1.0}
QUOTED = {REFERRAL: 0.82, PHONE: 0.84, WEBSITE: 0.83, HOTEL_DESKS: 0.92, MARKETPLACES: 0.77, BOAT_SHOWS: 0.88}
# Days from booking to departure: the median.
LEAD_DAYS = {REFERRAL: 44, PHONE: 43, WEBSITE: 29, HOTEL_DESKS: 8, MARKETPLACES: 22, BOAT_SHOWS: 70}


def local(day: date, hour: float) -> datetime:
    """*hour* o'clock (18.5 is half past six) of *day* over there, as UTC; rounded to the minute."""
    minutes = int(hour * 60 + 0.5)
    return datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=ZONE).astimezone(UTC)


def local_day(instant: datetime) -> date:
    return instant.astimezone(ZONE).date()


def monday(day: date) -> date:
    """The Monday of the ISO week of *day*."""
    return day - timedelta(days=day.weekday())


def season(day: date) -> str:
    return ("winter", "spring", "summer", "autumn")[day.month % 12 // 3]


def expected_revenue(business: str, day: date) -> float:
    """Expected revenue of *business* in dollars a week, at *day*: months run into each other, years grow."""
    curve = _WEEKLY[business]
    middle = date(day.year, day.month, 15)
    other = (day.month - 2) % 12 if day < middle else day.month % 12
    away = min(abs((day - middle).days) / 30.5, 1)
    level = curve[day.month - 1] * (1 - away) + curve[other] * away
    years = (day - LAST_FULL_WEEK).days / 365
    return level * (1 + _YEARLY_GROWTH * years)
