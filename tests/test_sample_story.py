import ast
import csv
import gzip
import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

SAMPLE = Path(__file__).parent.parent / "sample"
ZONE = ZoneInfo("America/Los_Angeles")
AS_OF = datetime(2026, 11, 23, 13, 10, tzinfo=UTC)
WEEK_END = datetime(2026, 11, 23, tzinfo=ZONE)
WEEK_START = datetime(2026, 11, 16, tzinfo=ZONE)


def plain(attribute):
    """The value of one DynamoDB attribute: numbers exact, NULL as None."""
    kind, value = next(iter(attribute.items()))
    if kind == "N":
        return Decimal(value)
    return None if kind == "NULL" else value


def scan(name):
    """The items of one table, as mappings of plain values."""
    content = json.loads(gzip.decompress((SAMPLE / "tables" / f"{name}.json.gz").read_bytes()))
    return [{key: plain(value) for key, value in item.items()} for item in content["Items"]]


def book(name):
    """The rows of one file of the books."""
    with (SAMPLE / "books" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def instant(seconds):
    return datetime.fromtimestamp(int(seconds), UTC)


def cents(amount):
    return int(Decimal(amount) * 100)


@pytest.fixture(scope="module")
def trips():
    """Every event with its instants as datetimes and its money in cents."""
    found = []
    for item in scan("Events"):
        booked, cancelled = item.get("bookedEpoch"), item.get("cancelledMs")
        found.append(
            item
            | {
                "starts": datetime.fromisoformat(item["departIso"]),
                "ends": datetime.fromisoformat(item["returnLocal"]).replace(tzinfo=ZONE),
                "booked": instant(booked) if booked else None,
                "cancelled": instant(cancelled / 1000) if cancelled else None,
                "price": cents(item["priceUsd"]) if "priceUsd" in item else None,
                "paid": int(item["paidCents"]),
            }
        )
    return found


@pytest.fixture(scope="module")
def jobs():
    return scan("Claims")


@pytest.fixture(scope="module")
def kinds():
    """Kind of account by its number."""
    return {row["account"]: row["kind"] for row in book("chart_of_accounts")}


@pytest.fixture(scope="module")
def expenses():
    return [row | {"day": date.fromisoformat(row["date"]), "cents": cents(row["amount"])} for row in book("expenses")]


def test_sample_is_as_large_as_it_says(trips):
    """About 6,000 events and 3,000 users, 42 of them crew; 104 weeks of trips, then bookings; three years of books."""
    roles = Counter(person["role"] for person in scan("Users"))
    sailed = [trip["starts"] for trip in trips if trip["state"] == "sailed"]
    to_come = [trip["starts"] for trip in trips if trip["state"] == "confirmed"]
    days = [date.fromisoformat(row["date"]) for row in book("balances")]

    assert 5_500 < len(trips) < 6_500
    assert roles == {"guest": 2950, "crew": 42, "admin": 6}
    assert timedelta(weeks=103) < max(sailed) - min(sailed) < timedelta(weeks=104)
    assert timedelta(weeks=16) < max(to_come) - WEEK_END < timedelta(weeks=26)
    assert max(days) - min(days) > timedelta(days=1000)
    assert {row["month"][:4] for row in book("plan")} == {"2025", "2026", "2027"}


def test_nobody_is_left_on_the_pier(trips):
    """No trip has more guests than its vessel takes, ends before it starts, or was booked before it was asked for."""
    for trip in trips:
        assert 2 <= trip["party"] <= trip["maxGuests"]
        assert trip["starts"] < trip["ends"]
        assert trip["booked"] is None or datetime.fromisoformat(trip["createdAt"]) <= trip["booked"] < trip["starts"]


def test_no_vessel_is_in_two_places(trips):
    """Two trips of one vessel never overlap, unless one of them is cancelled."""
    by_vessel = defaultdict(list)
    for trip in trips:
        if trip["state"] in {"sailed", "confirmed"}:
            by_vessel[trip["vessel"]].append((trip["starts"], trip["ends"]))

    for sailings in by_vessel.values():
        sailings.sort()
        assert all(ends <= starts for (_, ends), (starts, _) in pairwise(sailings))
    assert len(by_vessel) == 4


def test_nothing_is_known_that_lies_ahead(trips, jobs):
    """No inquiry, booking, cancellation or claim is dated after the as-of."""
    dated = [trip[key] for trip in trips for key in ("booked", "cancelled") if trip[key]]
    written = [trip["createdAt"] for trip in trips] + [job["takenAt"] for job in jobs if job["takenAt"]]

    assert max(dated) <= AS_OF
    assert max(map(datetime.fromisoformat, written)) <= AS_OF


def recognised(trips, business, start, end):
    """Cents of what *business* sailed and closed in [*start*, *end*)."""
    return sum(
        trip["price"]
        for trip in trips
        if trip["state"] == "sailed" and trip["brand"] == business and start <= trip["ends"] < end
    )


def planned(business, start, end):
    """Cents of revenue that *business* was planned to make in the days of [*start*, *end*)."""
    names = {"HL": "Harbour Lights", "BS": "Bay Sails", "WW": "Whale Watch"}
    months = {
        row["month"]: cents(row["amount"])
        for row in book("plan")
        if row["account"] == "4000" and row["business"] == names[business]
    }
    total, day = Decimal(0), start
    while day < end:
        next_month = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        length = (next_month - day.replace(day=1)).days
        total += Decimal(months[f"{day:%Y-%m}"]) / length
        day += timedelta(days=1)
    return int(total)


def test_bay_sails_is_under_plan(trips):
    """Bay Sails misses its plan by over 15 % in the week and by about $52k in the year; the others are near theirs."""
    new_year = datetime(2026, 1, 1, tzinfo=ZONE)

    def missed(business, start):
        plan = planned(business, start.date(), WEEK_END.date())
        return recognised(trips, business, start, WEEK_END) - plan, plan

    week, week_plan = missed("BS", WEEK_START)
    year, _ = missed("BS", new_year)

    assert week < -0.15 * week_plan
    assert -5_800_000 < year < -4_700_000
    assert all(abs(missed(business, new_year)[0]) < 3_000_000 for business in ("HL", "WW"))


def test_revenue_is_under_plan_for_weeks(trips):
    """The three businesses together have missed their plan in each of the last seven weeks."""
    for weeks in range(7):
        start, end = WEEK_START - timedelta(weeks=weeks), WEEK_END - timedelta(weeks=weeks)
        made = sum(recognised(trips, business, start, end) for business in ("HL", "BS", "WW"))
        assert made < sum(planned(business, start.date(), end.date()) for business in ("HL", "BS", "WW"))


def test_charters_without_captain(trips, jobs):
    """Six booked trips of the next 14 days have no captain, the first of them on Saturday; no other place is open."""
    near = {
        trip["tripId"]: trip
        for trip in trips
        if trip["state"] == "confirmed" and WEEK_END <= trip["starts"] < WEEK_END + timedelta(days=14)
    }

    unfilled = [job for job in jobs if job["jobState"] == "open" and job["tripId"] in near]

    assert [job["post"] for job in unfilled] == ["captain"] * 6
    assert min(near[job["tripId"]]["starts"] for job in unfilled).date() == date(2026, 11, 28)


def test_marketplaces_cancel_more_every_week(trips):
    """Marketplace bookings are cancelled three, five and seven times in the last three weeks, hardly any others."""
    by_week = Counter()
    for trip in trips:
        if trip["booked"] and trip["cancelled"] and trip["cancelled"] >= WEEK_START - timedelta(weeks=2):
            by_week[trip["source"] == "ota", (WEEK_END - trip["cancelled"]).days // 7] += 1

    assert [by_week[True, weeks] for weeks in (2, 1, 0)] == [3, 5, 7]
    assert sum(count for (is_marketplace, _), count in by_week.items() if not is_marketplace) <= 4


def zone_texts(zone):
    """Name, type and values of every record of *zone*."""
    content = json.loads((SAMPLE / "route53" / f"{zone}.json").read_text(encoding="utf-8"))
    return {
        (record["Name"], record["Type"]): [value["Value"] for value in record["ResourceRecords"]]
        for record in content["ResourceRecordSets"]
    }


def test_one_public_zone_has_no_dmarc():
    """Of four public zones three are in order, and bay-sails.example lacks DMARC alone."""
    hosted = json.loads((SAMPLE / "route53/hosted-zones.json").read_text(encoding="utf-8"))["HostedZones"]
    zones = {zone["Name"][:-1]: zone["Config"]["PrivateZone"] for zone in hosted}
    public = [zone for zone, is_private in zones.items() if not is_private]
    without_dmarc = [zone for zone in public if (f"_dmarc.{zone}.", "TXT") not in zone_texts(zone)]

    assert len(zones) == 5
    assert without_dmarc == ["bay-sails.example"]
    for zone in public:
        records = zone_texts(zone)
        assert any("v=spf1" in text and "all" in text for text in records[f"{zone}.", "TXT"])
        assert (f"{zone}.", "CAA") in records
    assert zone_texts("whale-watch.example")["whale-watch.example.", "MX"] == ["0 ."]


def test_a_domain_is_about_to_expire():
    """One domain expires within 60 days, and two do not renew by themselves."""
    domains = json.loads((SAMPLE / "route53/domains.json").read_text(encoding="utf-8"))["Domains"]
    soon = [
        domain["DomainName"]
        for domain in domains
        if datetime.fromisoformat(domain["Expiry"]) < AS_OF + timedelta(days=60)
    ]

    assert soon == ["whale-watch.example"]
    assert sum(not domain["AutoRenew"] for domain in domains) == 2


def test_functions_hold_defaults_that_look_like_secrets():
    """Six Lambda sources parse; three hold an obviously fake secret, and four read the same payment key."""
    sources = {path.parent.name: path.read_text(encoding="utf-8") for path in (SAMPLE / "lambdas").rglob("*.py")}
    texts = {
        name: {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
        for name, source in sources.items()
    }

    assert len(sources) == 6
    assert "whsec_obviously_fake_do_not_use_0000" in texts["payments"]
    assert "changeme-not-a-real-token" in texts["crew_roster"]
    assert "fake-password-for-local-runs" in texts["reminders"]
    assert sum("PAYMENT_API_KEY" in found for found in texts.values()) == 4


def test_one_handoff_is_forgotten():
    """Ten handoffs; the one on the weather was last touched 97 days before the week's end."""
    documents = {path.stem: path.read_text(encoding="utf-8") for path in (SAMPLE / "handoffs/projects").glob("*.md")}

    assert len(documents) == 10
    assert "Last touched: 18 August 2026" in documents["weather-watch"]
    assert (WEEK_END.date() - date(2026, 8, 18)).days == 97


def test_one_handoff_is_sloppy():
    """The log of sightings has dates that may be two days, and an amount in euros."""
    text = (SAMPLE / "handoffs/projects/sightings-log.md").read_text(encoding="utf-8")

    assert "03/04/2027" in text
    assert "EUR 45 / month" in text


def test_expenses_without_account(expenses, kinds):
    """Seven expenses of the week, $1,910 together, have no account of the chart; most vendors had one before."""
    lost = [row for row in expenses if row["account"] not in kinds and row["day"] >= WEEK_START.date()]
    usual = {row["vendor"] for row in expenses if row["account"] in kinds}

    assert len(lost) == 7
    assert sum(row["cents"] for row in lost) == 191_000
    assert {row["account"] for row in lost} == {"", "5299", "6999"}
    assert len({row["vendor"] for row in lost} & usual) >= 5


def test_one_bill_is_entered_twice(expenses):
    """One vendor, day and amount stands twice in the books of 2026, and only one."""
    counts = Counter((row["vendor"], row["day"], row["cents"]) for row in expenses if row["day"].year == 2026)

    assert [key for key, count in counts.items() if count > 1] == [("Bayline Marine Fuels", date(2026, 11, 18), 18640)]


def test_one_booking_is_paid_over_its_price(trips):
    """One trip was paid $240 over its price, and one booking has no price at all."""
    over = [
        trip["paid"] - trip["price"] for trip in trips if trip["price"] is not None and trip["paid"] > trip["price"]
    ]

    assert over == [24_000]
    assert [trip["state"] for trip in trips if trip["price"] is None] == ["confirmed"]


def test_trips_are_over_and_not_closed(trips):
    """Three trips are over and still confirmed, two of them in the last full week, for $1,300."""
    unclosed = [trip for trip in trips if trip["state"] == "confirmed" and trip["ends"] < WEEK_END]
    in_week = [trip["price"] for trip in unclosed if trip["ends"] >= WEEK_START]

    assert len(unclosed) == 3
    assert sorted(in_week) == [58_000, 72_000]


def owed(trips):
    """Open cents and end of every trip that sailed and is not paid, with who owes it."""
    return [
        (trip["price"] - trip["paid"], trip["ends"], trip["guestAccount"])
        for trip in trips
        if trip["state"] == "sailed" and trip["paid"] < trip["price"]
    ]


def test_trips_that_sailed_are_owed(trips):
    """$61,600 is owed on 32 trips, $31,500 of it for over 60 days and $12,600 of that by one guest."""
    late, by_guest = 0, Counter()
    for open_cents, ends, guest in owed(trips):
        is_late = (WEEK_END - ends).days > 60
        late += open_cents if is_late else 0
        by_guest[guest] += open_cents if is_late else 0

    assert len(owed(trips)) == 32
    assert sum(open_cents for open_cents, _, _ in owed(trips)) == 6_160_000
    assert late == 3_150_000
    assert by_guest.most_common(1)[0][1] == 1_260_000


def test_admins_can_be_taken_over():
    """One admin has no second factor, one has not been seen for over 90 days."""
    admins = [person for person in scan("Users") if person["role"] == "admin"]

    assert [admin["mfa"] for admin in admins].count(False) == 1
    assert sum(AS_OF - instant(admin["lastSeen"]) > timedelta(days=90) for admin in admins) == 1


def test_boat_shows_cost_more_than_they_bring(trips, expenses):
    """In 13 weeks boat shows cost more than the trips that they brought; every other channel brings far more."""
    start = WEEK_END - timedelta(weeks=13)
    brought, cost = Counter(), Counter()
    for trip in trips:
        if trip["booked"] and start <= trip["booked"] < WEEK_END and trip["price"]:
            brought[trip["source"]] += trip["price"]
    for row in expenses:
        if start.date() <= row["day"] < WEEK_END.date():
            cost[row["channel"]] += row["cents"]

    assert cost["Boat shows"] > brought["show"] > 0
    assert cost["Marketplaces"] < brought["ota"] / 3
    assert cost["Website"] < brought["web"] / 10


def test_idle_projects_are_paid_for(expenses):
    """A retired and a paused project cost $829 in the last full month."""
    october = [row for row in expenses if (row["day"].year, row["day"].month) == (2026, 10)]

    assert sum(row["cents"] for row in october if row["project"] in {"Gift cards", "CRM move"}) == 82_900


def test_saturdays_in_summer_sail_full(trips):
    """Summer Saturdays sail over 90 % full, winter Tuesdays under 25 %."""
    guests, places = Counter(), Counter()
    for trip in trips:
        if trip["state"] == "sailed" and trip["ends"] >= WEEK_END - timedelta(weeks=52):
            key = (trip["starts"].month % 12 // 3, trip["starts"].weekday())
            guests[key] += trip["party"]
            places[key] += trip["maxGuests"]

    assert guests[2, 5] / places[2, 5] > 0.9
    assert guests[0, 1] / places[0, 1] < 0.25


def test_marketplaces_ask_much_and_book_little(trips):
    """Of 13 weeks' inquiries marketplaces bring over a third and book under a fifth; referrals book half of theirs."""
    asked, booked = Counter(), Counter()
    for trip in trips:
        if datetime.fromisoformat(trip["createdAt"]) >= WEEK_END - timedelta(weeks=13):
            asked[trip["source"]] += 1
            booked[trip["source"]] += trip["booked"] is not None

    assert asked["ota"] > asked.total() / 3
    assert booked["ota"] < asked["ota"] / 5
    assert booked["referral"] > asked["referral"] / 2
