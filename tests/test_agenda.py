"""The agenda: what handoffs promise and figures need, each task once, ranked, and each role's part of it."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from quarterdeck import metrics
from quarterdeck.config import Policies, load_company
from quarterdeck.errors import InputInvalid
from quarterdeck.inventory import NotAvailable
from quarterdeck.metrics.tasks.task import listed
from quarterdeck.period import Period
from quarterdeck.snapshot import open_snapshot, take_snapshot
from quarterdeck.sources import collect

SAMPLE = Path(__file__).resolve().parents[1] / "sample"
AS_OF = "2026-11-23 09:00"  # a Monday; t is its 00:00
WEEK = Period(2026, 47, "UTC")


def handoff(*rows, gaps=(), project="Pay", status="live"):
    """A handoff's tables from rows (text, due, amount, owner) and gaps (text, due, amount, severity, area)."""
    document = f"{project.lower()}.md"
    return {
        "projects": [
            {
                "project": project, "status": status, "has_tests_or_ci": True, "owner": None,
                "document": document, "line": 1,
            }
        ],
        "actions": [
            {
                "project": project, "action": text, "is_done": False, "due_on": due, "amount_minor": amount,
                "owner": owner, "document": document, "line": line,
            }
            for line, (text, due, amount, owner) in enumerate(rows, start=2)
        ],
        "gaps": [
            {
                "project": project, "area": area, "severity": severity, "gap": text, "due_on": due, "is_open": True,
                "amount_minor": amount, "document": document, "line": line, "opened_on": "2026-10-01", "owner": None,
            }
            for line, (text, due, amount, severity, area) in enumerate(gaps, start=50)
        ],
    }  # fmt: skip


def both(*parts):
    """Handoffs of several projects, or other tables, together."""
    tables = {}
    for part in parts:
        for name, rows in part.items():
            tables[name] = [*tables.get(name, []), *rows]
    return tables


def served(name, day, owed, **more):
    """An event that was over on *day*, of which *owed* is unpaid."""
    return {
        "event_id": name, "business": "Sails", "status": "completed",
        "created_at": "2026-01-01", "booked_at": "2026-01-02", "starts_at": f"{day} 10:00",
        "ends_at": f"{day} 12:00", "price_minor": owed + 100, "paid_minor": 100,
        "customer_id": f"C{name}", "channel": "Marketplaces", **more,
    }  # fmt: skip


def coming(name, day, price):
    return served(name, day, price - 100) | {"status": "booked", "paid_minor": price}


def place(event, role="captain", number=1):
    return {
        "claim_id": f"{event}-{role}-{number}", "event_id": event, "user_id": None, "role": role, "status": "open",
        "hours": 4, "rate_minor": 5000,
    }  # fmt: skip


def zone(name):
    return {"zone": name, "is_private": False, "record_count": 2}


def records(name, *kinds):
    """Records of a zone that takes mail; of DMARC, CAA and SPF those in *kinds*."""
    values = {
        "SPF": (name, "TXT", "v=spf1 -all"),
        "DMARC": (f"_dmarc.{name}", "TXT", "v=DMARC1; p=reject"),
        "CAA": (name, "CAA", '0 issue "ca.example"'),
    }
    rows = [(name, "MX", "10 mx.mail.example"), *(values[kind] for kind in kinds)]
    return [{"zone": name, "name": where, "type": kind, "value": value} for where, kind, value in rows]


def registered(domain, expires_on, *, auto_renew=True):
    return {"domain": domain, "expires_on": expires_on, "auto_renew": auto_renew}


@pytest.fixture(scope="module")
def tasks_of(inventory_of):
    """A function (role, rows, **tables) → the agenda as records, of a company that has just these tables."""

    def build(role="ceo", rows=None, settings=None, **tables):
        return metrics.agenda(inventory_of(AS_OF, settings=settings, **tables), WEEK, role, rows).to_dict("records")

    return build


def actions(tasks):
    return [task["action"] for task in tasks]


def day(task):
    return task["due_on"].date()


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    company = load_company(SAMPLE)
    as_of = company.as_of or datetime(2026, 1, 1, tzinfo=UTC)
    store = tmp_path_factory.mktemp("snapshots")
    return open_snapshot(take_snapshot(collect(company, SAMPLE), company, as_of=as_of, store=store, collected_at=as_of))


def test_late_ones_come_first_and_undated_ones_last(tasks_of):
    """By day, then by the money at stake; what is due after 30 days is left out, and what has no day ends the list."""
    rows = handoff(
        ("Paint", None, None, None),
        ("Sell", None, 900, None),
        ("Buy", "2026-11-30", 100, "Robin"),
        ("Rent", "2026-11-30", 500, None),
        ("Call", "2026-11-20", None, None),
        ("Last day", "2026-12-23", None, None),
        ("Too far", "2026-12-24", None, None),
    )

    tasks = tasks_of(**rows)

    assert actions(tasks) == ["Call", "Rent", "Buy", "Last day", "Sell", "Paint"]
    assert tasks[2]["owner"] == "Robin"
    assert [task["owner"] == task["owner"] for task in tasks].count(True) == 1  # NaN: nobody is named
    assert tasks[0]["evidence"] == "pay.md, line 6"


def test_an_amount_at_the_end_has_a_column_of_its_own(tasks_of):
    """Amounts and `since` leave the words; a decision loses its verb, and an action begins as a sentence does."""
    rows = handoff(
        ("Decide whether to sell, $1,200.50", "2026-11-27", 120_050, "Dana"),
        ("ask the yard, €6.000,00", "2026-11-28", 600_000, None),
        gaps=[("Refunds are slow; $240 came twice, since 2026-10-15", "2026-11-29", 24_000, "low", "data")],
    )

    tasks = tasks_of(**rows)

    assert actions(tasks) == ["whether to sell", "Ask the yard", "Close the gap: Refunds are slow; $240 came twice"]
    assert [task["is_decision"] for task in tasks] == [True, False, False]
    assert [task["amount_minor"] for task in tasks] == [120_050, 600_000, 24_000]


def test_money_to_collect_is_one_task_a_large_customer_and_one_an_age(tasks_of):
    """Who owes a tenth of what is overdue is named apart; it was due 30 days after the event; the tasks sum to it."""
    events = [
        served("E1", "2026-08-01", 400_000, customer_id="big"),
        served("E2", "2026-09-10", 200_000, customer_id="big"),
        served("E3", "2026-09-11", 30_000),
        served("E4", "2026-10-20", 40_000),
        served("E5", "2026-11-10", 50_000),  # not yet due
    ]

    tasks = tasks_of(events=events)

    assert [(task["action"], day(task), task["amount_minor"], task["evidence"]) for task in tasks] == [
        (
            "Collect from one customer for 2 events, the oldest 113 days over",
            date(2026, 8, 31),
            600_000,
            "customer big, E1, E2",
        ),
        ("Collect for 1 event that ended 61–90 days ago", date(2026, 10, 11), 30_000, "events E3"),
        ("Collect for 1 event that ended 31–60 days ago", date(2026, 11, 19), 40_000, "events E4"),
    ]


def test_the_very_amount_makes_two_sources_one_task(tasks_of):
    """An action with the amount that the figures want collected is that task: its words, owner and day, both places."""
    events = [served("E1", "2026-08-01", 400_000), served("E2", "2026-10-20", 40_000)]
    rows = handoff(("Write to the club, $4,000", "2026-11-30", 400_000, "Dana"))

    tasks = tasks_of(events=events, **rows)

    assert actions(tasks) == ["Collect for 1 event that ended 31–60 days ago", "Write to the club"]
    assert (tasks[1]["owner"], day(tasks[1]), tasks[1]["amount_minor"]) == ("Dana", date(2026, 11, 30), 400_000)
    assert tasks[1]["evidence"] == "pay.md, line 2; customer CE1, E1"
    assert tasks[1]["kind"] == "collect"


def test_other_amounts_stay_two_tasks(tasks_of):
    """A cent more is another task."""
    rows = handoff(("Write to the club, $4,000.01", "2026-11-30", 400_001, "Dana"))

    assert len(tasks_of(events=[served("E1", "2026-08-01", 400_000)], **rows)) == 2


CREWLESS = {
    "events": [
        coming("T-7", "2026-11-28", 200_000),
        coming("T-71", "2026-12-01", 300_000),
        coming("T-8", "2026-12-02", 100),
    ],
    "claims": [place("T-7"), place("T-71"), place("T-8", "engineer")],
}


def test_booked_events_need_crew(tasks_of):
    """One task for each role that is missing: due on the day of the first such event, with the price of all."""
    tasks = tasks_of(**CREWLESS)

    assert [(task["action"], day(task), task["amount_minor"]) for task in tasks] == [
        ("Find a captain for 2 booked events, the first on 28 November", date(2026, 11, 28), 500_000),
        ("Find an engineer for 1 booked event, on 2 December", date(2026, 12, 2), 100),
    ]
    assert tasks[0]["evidence"] == "claims of T-7, T-71"
    assert {task["severity"] for task in tasks} == {"critical"}


def test_several_places_of_one_event_are_one_task(tasks_of):
    """An event that lacks two hands and a captain is found once, with its price once."""
    claims = [place("T-7"), place("T-7", "hand"), place("T-7", "hand", 2)]

    (task,) = tasks_of(events=CREWLESS["events"][:1], claims=claims)

    assert task["action"] == "Find captain, hand × 2 for 1 booked event, on 28 November"
    assert task["amount_minor"] == 200_000


@pytest.mark.parametrize(
    ("named", "taken", "left", "when"),
    [("T-7", 200_000, 300_000, "1 December"), ("T-71", 300_000, 200_000, "28 November")],
)
def test_an_action_takes_the_event_that_it_names(tasks_of, named, taken, left, when):
    """`T-7` is not `T-71`: the named event's money goes to the action, the other one is still to be crewed."""
    rows = handoff((f"Find a captain for {named}", "2026-11-25", None, "Robin"))

    tasks = tasks_of(**CREWLESS, **rows)

    assert [(task["action"], task["amount_minor"]) for task in tasks[:2]] == [
        (f"Find a captain for {named}", taken),
        (f"Find a captain for 1 booked event, on {when}", left),
    ]
    assert tasks[0]["owner"] == "Robin"
    assert tasks[0]["evidence"] == f"pay.md, line 2; claims of {named}"


def test_an_action_that_names_the_role_takes_all_events(tasks_of):
    """`Call captains` is said of every place for a captain, of no engineer; without a day it is due with the first."""
    tasks = tasks_of(**CREWLESS, **handoff(("Call captains for next week", None, None, "Robin")))

    assert actions(tasks) == ["Call captains for next week", "Find an engineer for 1 booked event, on 2 December"]
    assert (tasks[0]["amount_minor"], day(tasks[0]), tasks[0]["kind"]) == (500_000, date(2026, 11, 28), "crew")


@pytest.mark.parametrize(
    "rows",
    [
        handoff(("Pay captains by post", "2026-11-25", None, None)),
        handoff(("Find the key", "2026-11-25", None, None)),
        handoff(gaps=[("We call captains too late", "2026-11-25", None, "high", "process")]),
    ],
    ids=["another verb", "no role", "a gap"],
)
def test_what_only_sounds_like_crewing_takes_nothing(tasks_of, rows):
    """To find crew is said by an action that names the role and says to find somebody; nothing less."""
    assert len(tasks_of(**CREWLESS, **rows)) == 3


def test_of_two_actions_the_one_due_first_takes_the_need(tasks_of):
    """Two people who promise the same keep their tasks; the figure and its money stand at one of them."""
    rows = handoff(("Ask captains", "2026-11-26", None, "B"), ("Call captains", "2026-11-25", None, "A"))

    tasks = tasks_of(events=CREWLESS["events"][:2], claims=CREWLESS["claims"][:2], **rows)

    assert [(task["action"], task["evidence"]) for task in tasks] == [
        ("Call captains", "pay.md, line 3; claims of T-7, T-71"),
        ("Ask captains", "pay.md, line 2"),
    ]
    assert tasks[0]["amount_minor"] == 500_000


def test_a_domain_is_one_task_though_three_sources_speak_of_it(tasks_of):
    """The action, the gap and the missing record name one domain and one check: one task, with the worst severity."""
    rows = handoff(
        ("Publish DMARC for a.example", "2026-12-01", None, "Sol"),
        gaps=[("a.example has no DMARC: anybody can write in its name", "2026-11-30", None, "medium", "security")],
    )
    found = {"zones": [zone("a.example")], "records": records("a.example", "SPF", "CAA")}

    (task,) = tasks_of(**rows, **found)

    assert (task["action"], day(task), task["owner"]) == ("Publish DMARC for a.example", date(2026, 12, 1), "Sol")
    assert task["evidence"] == "pay.md, lines 2 and 50; records of a.example: DMARC"
    assert (task["kind"], task["severity"]) == ("domain", "high")


def test_what_nobody_promised_of_a_domain_stays(tasks_of):
    """Who promises DMARC has not promised CAA; another domain, or another deed for the same one, takes nothing."""
    rows = handoff(
        ("Publish DMARC for a.example", None, None, None),
        ("Move the pages of a.example", None, None, None),
        ("Publish CAA for www.a.example", None, None, None),
    )
    found = {"zones": [zone("a.example")], "records": records("a.example")}

    tasks = tasks_of(**rows, **found)

    assert sorted(actions(tasks)) == [
        "Move the pages of a.example",
        "Publish CAA for www.a.example",
        "Publish DMARC for a.example",
        "Put SPF and CAA in order for a.example",
    ]


def test_a_domain_that_expires_is_due_a_month_before(tasks_of):
    """A month before the day, today where that is past; one that only does not renew by itself has no day."""
    found = {
        "zones": [zone("a.example")],
        "records": records("a.example", "SPF", "DMARC", "CAA"),
        "registrations": [
            registered("a.example", "2027-01-09"),
            registered("b.example", "2026-12-01"),
            registered("c.example", "2026-11-01"),
            registered("d.example", "2027-09-01", auto_renew=False),
        ],
    }

    tasks = tasks_of(**found)

    assert [(task["action"], task["severity"]) for task in tasks] == [
        ("Renew b.example: it expires on 1 December", "critical"),
        ("Renew c.example: it expired on 1 November", "critical"),
        ("Renew a.example: it expires on 9 January", "critical"),
        ("Let d.example renew by itself", "medium"),
    ]
    assert [day(task) for task in tasks[:3]] == [date(2026, 11, 23), date(2026, 11, 23), date(2026, 12, 10)]


def test_a_gap_without_action_speaks_as_the_figure_does(tasks_of):
    """A gap says what is wrong; where a figure knows what to do about it, that is said, at the gap's place and day."""
    rows = handoff(gaps=[("b.example expires and nobody looks", "2026-12-05", None, "low", "other")])
    found = {
        "zones": [zone("a.example")],
        "records": records("a.example", "SPF", "DMARC", "CAA"),
        "registrations": [registered("b.example", "2026-12-20")],
    }

    (task,) = tasks_of(**rows, **found)

    assert (task["action"], day(task)) == ("Renew b.example: it expires on 20 December", date(2026, 12, 5))
    assert task["evidence"] == "pay.md, line 50; registration of b.example"


def test_a_gap_of_two_documents_and_its_answer_in_a_third_are_one_task(tasks_of):
    """What two handoffs say is wrong and a third one promises stands once, with all places."""
    lacks = ("a.example has no DMARC", None, None, "low", "security")
    three = both(
        handoff(("Publish DMARC for a.example", None, None, None)),
        handoff(gaps=[lacks], project="Mail"),
        handoff(gaps=[lacks], project="Site"),
    )

    (task,) = tasks_of(**three, zones=[zone("a.example")], records=records("a.example", "SPF", "CAA"))

    assert task["evidence"] == "pay.md, line 2; mail.md, line 50; site.md, line 50; records of a.example: DMARC"


def test_a_gap_that_speaks_of_two_needs_loses_neither(tasks_of):
    """Where an action takes one of the two, the gap keeps the other."""
    rows = both(
        handoff(("Publish DMARC for b.example", None, None, None)),
        handoff(gaps=[("a.example and b.example have no DMARC", None, None, "low", "security")], project="Mail"),
    )
    found = {"zones": [zone("a.example"), zone("b.example")]}
    found["records"] = [*records("a.example", "SPF", "CAA"), *records("b.example", "SPF", "CAA")]

    tasks = tasks_of(**rows, **found)

    assert [(task["action"], task["evidence"]) for task in tasks] == [
        ("Publish DMARC for b.example", "pay.md, line 2; records of b.example: DMARC"),
        ("Put DMARC in order for a.example", "mail.md, line 50; records of a.example: DMARC"),
    ]


def variable(function, name, **more):
    usual = {"is_required": False, "is_secret": True, "default": "…redacted…", "document": f"{function}.py", "line": 9}
    return {"function": function, "name": name} | usual | more


SECRETS = {
    "functions": [{"function": name, "lines": 30} for name in ("pay", "roster")],
    "variables": [variable("pay", "WEBHOOK_SECRET"), variable("roster", "TOKEN_X")],
}


def test_a_secret_in_a_default_is_a_task(tasks_of):
    """One task a secret; a handoff speaks of it by its longer words or its name, and of no other."""
    rows = handoff(("Move the webhook secret out of the source", "2026-12-02", None, "Sol"))

    tasks = tasks_of(**SECRETS, **rows)

    assert actions(tasks) == [
        "Move the webhook secret out of the source",
        "Take the secret TOKEN_X out of the source of roster",
    ]
    assert tasks[0]["evidence"] == "pay.md, line 2; pay.py, line 9"
    assert {task["kind"] for task in tasks} == {"secret"}


def admin(name, **more):
    usual = {"kind": "admin", "mfa_enabled": True, "last_active_at": "2026-11-20", "created_at": "2025-01-01"}
    return {"user_id": name} | usual | more


def test_administrators_at_risk_are_tasks(tasks_of):
    """Those without a second factor and those long gone; a handoff that names a person means the only one there is."""
    users = [admin("A-1", mfa_enabled=False), admin("A-2", last_active_at="2026-01-01")]
    rows = handoff(("Give Casey a second factor", "2026-11-26", None, "Sol"))

    one, two = tasks_of(users=users, **rows), tasks_of(users=[*users, admin("A-3", mfa_enabled=False)], **rows)

    assert actions(one) == [
        "Give Casey a second factor",
        "Close the access of 1 administrator not seen for over 90 days",
    ]
    assert one[0]["evidence"] == "pay.md, line 2; users A-1"
    assert "Give 2 administrators a second factor" in actions(two)


EXPENSES = {
    "accounts": [{"account": "5200", "name": "Fuel", "kind": "cogs"}],
    "expenses": [
        {"date": "2026-11-18", "vendor": "Pier Nine", "amount_minor": 5_000, "account": None},
        {"date": "2026-11-19", "vendor": "Mudlark", "amount_minor": 7_000, "account": None},
        {"date": "2026-11-19", "vendor": "Ropes", "amount_minor": 9_000, "account": "5200"},
    ],
}


def test_expenses_without_account_are_to_be_categorised(tasks_of):
    """All of them are one task; who names a vendor takes its part alone."""
    alone = tasks_of(**EXPENSES)
    shared = tasks_of(**EXPENSES, **handoff(("Ask Mudlark which account", "2026-11-26", None, "Dana")))

    assert [(task["action"], task["amount_minor"], task["kind"]) for task in alone] == [
        ("Put 2 expenses on an account", 12_000, "categorise")
    ]
    assert [(task["action"], task["amount_minor"]) for task in shared] == [
        ("Ask Mudlark which account", 7_000),
        ("Put 1 expense on an account", 5_000),
    ]


def test_events_that_are_over_are_to_be_closed(tasks_of):
    """An event over and not completed is a task with its price."""
    (task,) = tasks_of(events=[coming("T-1", "2026-11-18", 70_000), served("T-2", "2026-11-10", 0)])

    assert (task["action"], task["amount_minor"], task["kind"]) == ("Close 1 event that is over", 70_000, "close")


def test_what_idle_projects_cost_is_a_task(tasks_of):
    """A paused project's monthly cost; its handoff speaks of it by the service's name and by the amount, once."""
    rows = handoff(
        ("End the Keelson contract", "2026-12-15", None, "Dana"),
        gaps=[("Twelve seats are paid", None, 64_000, "medium", "cost")],
        project="CRM",
        status="paused",
    )
    costs = [
        {"project": "CRM", "service": "Keelson CRM", "monthly_minor": 64_000, "document": "crm.md", "line": 9},
        {"project": "CRM", "service": "AWS", "monthly_minor": 700, "document": "crm.md", "line": 10},
    ]

    tasks = tasks_of(costs=costs, **rows)

    assert [(task["action"], task["amount_minor"], task["evidence"]) for task in tasks] == [
        ("End the Keelson contract", 64_000, "crm.md, lines 2 and 50; crm.md, line 9"),
        ("Stop paying for AWS every month: CRM is paused", 700, "crm.md, line 10"),
    ]


def test_another_projects_words_do_not_end_a_contract(tasks_of):
    """Who names the service in another project's handoff does something else."""
    paused = handoff(project="CRM", status="paused")
    cost = {"project": "CRM", "service": "Keelson", "monthly_minor": 64_000, "document": "crm.md", "line": 9}
    other = handoff(("Read about Keelson", "2026-12-01", None, None), project="Site")

    assert len(tasks_of(costs=[cost], **both(paused, other))) == 2


def poor(minimum=100_000):
    """Books with little cash and one rent to come."""
    return {
        "events": [coming("T-1", "2027-03-01", 100)],
        "claims": [place("T-1") | {"status": "paid"}],
        "accounts": [
            {"account": "1000", "name": "Bank", "kind": "cash"},
            {"account": "6110", "name": "Rent", "kind": "opex"},
            {"account": "4000", "name": "Revenue", "kind": "revenue"},
        ],
        "balances": [{"date": "2026-11-22", "account": "1000", "balance_minor": 90_000}],
        "expenses": [
            {"date": f"2026-{month:02}-05", "vendor": "Landlord", "amount_minor": 10_000, "account": "6110"}
            for month in (7, 8, 9, 10, 11)
        ],
        "plan": [
            {"month": month, "account": "6110", "business": None, "amount_minor": 10_000}
            for month in ("2026-11", "2026-12", "2027-01", "2027-02")
        ],
        "settings": {"minimum_cash_minor": minimum, "policies": Policies()},
    }


def test_a_low_of_cash_asks_for_a_decision(tasks_of):
    """What is short is at stake, due with the first week under the minimum; enough cash asks for nothing."""
    company = poor()

    tasks = tasks_of(**company)

    (decision,) = [task for task in tasks if task["kind"] == "cash"]
    assert decision["action"] == "how to keep cash over the minimum"
    assert decision["is_decision"]
    assert day(decision) == date(2026, 11, 23)
    assert decision["amount_minor"] == 100_000 - (90_000 - 3 * 10_000)
    assert not [task for task in tasks_of(**poor(minimum=0)) if task["kind"] == "cash"]


def test_a_decision_that_a_handoff_names_is_the_cash_decision(tasks_of):
    """Who writes of cash and of what covers it speaks of the low."""
    rows = handoff(("Ask the bank for a credit line, cash is low in January", "2026-12-04", None, "Dana"))

    (task,) = [task for task in tasks_of(**poor(), **rows) if task["kind"] == "cash"]

    assert task["action"].startswith("Ask the bank")
    assert task["is_decision"]
    assert task["evidence"] == "pay.md, line 2; cash forecast"


@pytest.mark.parametrize(
    ("action", "gap", "is_one"),
    [
        (("Ship the new date picker", None), ("The date picker hides a button", None), True),
        (("Compare warnings with cancellations", None), ("Nobody compared what was cancelled", None), True),
        (("Get a second quote", 660_000), ("The rigging is old", 660_000), True),
        (("Tell a.example's host", None), ("a.example is slow", None), True),
        (("Ship the new date picker", None), ("The picker is slow", None), False),
        (("Get a second quote", 660_000), ("The rigging is old", 650_000), False),
        (("Sign with them from next week", None), ("They write from week to week with delay", None), False),
    ],
)
def test_an_action_answers_a_gap_of_its_project(tasks_of, action, gap, is_one):
    """By the same amount, a name that both write, or two words that both use; never by common words."""
    rows = handoff((action[0], "2026-12-04", action[1], "Minh"), gaps=[(gap[0], None, gap[1], "high", "ux")])
    tasks = tasks_of(**rows)

    assert (len(tasks) == 1) == is_one
    assert tasks[0]["action"] == action[0]


def test_a_gap_of_another_project_stays(tasks_of):
    """The same words in another handoff are another task."""
    ship = handoff(("Ship the new date picker", None, None, None))
    slow = handoff(gaps=[("The date picker hides a button", None, None, "high", "ux")], project="Site")

    assert len(tasks_of(**both(ship, slow))) == 2


def test_one_action_in_two_documents_is_one_task(tasks_of):
    """The same words twice are one task, with both places."""
    again = handoff(("Call the  bank", "2026-11-26", None, "Dana"), project="Old")

    (task,) = tasks_of(**both(handoff(("call the bank", "2026-11-25", None, None)), again))

    assert (day(task), task["owner"], task["evidence"]) == (
        date(2026, 11, 25),
        "Dana",
        "pay.md, line 2; old.md, line 2",
    )


def whole_company():
    """Something of every kind."""
    rows = handoff(
        ("Sell the dock, $900", "2026-11-27", 90_000, None),
        ("Clean the bilge", "2026-11-28", None, None),
        ("Write the newsletter", "2026-11-28", None, None),
        gaps=[("The form is hard to read", None, None, "low", "ux")],
    )
    named = handoff(("Sign the new terms", "2026-11-29", None, None), project="Marketplace sync")
    idle = handoff(project="Cards", status="retired")
    cost = {"project": "Cards", "service": "Giftwell", "monthly_minor": 18_900, "document": "cards.md", "line": 9}
    parts = [rows, named, idle, SECRETS, EXPENSES, {"costs": [cost], "users": [admin("A-1", mfa_enabled=False)]}]
    events = [*CREWLESS["events"], served("E1", "2026-08-01", 400_000), coming("T-1", "2026-11-18", 70_000)]
    parts += [
        {"events": events, "claims": CREWLESS["claims"]},
        {"zones": [zone("a.example")], "records": records("a.example")},
    ]
    return both(*parts)


def kinds(tasks):
    return {task["kind"] for task in tasks}


def test_each_role_gets_its_part(inventory_of):
    """The CEO gets all of it, accounting what books wait for, the CTO what can break, the CFO money, the CMO reach."""
    company = inventory_of(AS_OF, **whole_company())
    parts = {
        role: metrics.agenda(company, WEEK, role).to_dict("records")
        for role in ("ceo", "cto", "accounting", "cmo", "cfo")
    }

    every = actions(parts["ceo"])
    assert kinds(parts["accounting"]) == {"collect", "close", "categorise"}
    assert kinds(parts["cto"]) == {"domain", "secret", "access", "saving", "project"}
    assert "Clean the bilge" in actions(parts["cto"])
    assert "Sell the dock" not in actions(parts["cto"])
    assert kinds(parts["cfo"]) == {"collect", "saving", "project"}
    assert "Sell the dock" in actions(parts["cfo"])
    assert sorted(actions(parts["cmo"])) == [
        "Close the gap: The form is hard to read",
        "Put SPF, DMARC and CAA in order for a.example",
        "Sign the new terms",
        "Write the newsletter",
    ]
    assert all(set(actions(part)) <= set(every) for part in parts.values())
    assert len(every) == len(set(every))


def test_few_rows_are_those_of_most_weight(tasks_of):
    """Decisions and what is critical, then money of a tenth of the week's revenue, then high severity; shown by day."""
    rows = handoff(
        ("Decide who steers", "2026-12-01", None, None),
        ("Pay a little, $99", "2026-11-24", 9_900, None),
        ("Pay much, $5,000", None, 500_000, None),
        gaps=[
            ("The pier burns", "2026-12-02", None, "critical", "other"),
            ("The gate is open", "2026-11-30", None, "high", "security"),
        ],
    )
    week = [served("E1", "2026-11-18", 0, price_minor=100_000, paid_minor=100_000)]

    def few(count):
        return actions(tasks_of("ceo", count, events=week, **rows))

    assert few(2) == ["who steers", "Close the gap: The pier burns"]
    assert few(3) == ["who steers", "Close the gap: The pier burns", "Pay much"]
    assert few(4) == ["Close the gap: The gate is open", "who steers", "Close the gap: The pier burns", "Pay much"]
    assert len(few(5)) == len(few(None)) == 5


def test_an_unknown_role_is_refused(tasks_of):
    """A typo names the roles that there are."""
    with pytest.raises(InputInvalid) as refused:
        tasks_of("cxo")

    assert "the unknown role 'cxo', expected ceo, cto, accounting, cmo, cfo" in str(refused.value)


@pytest.mark.parametrize("rows", [0, -1, 13, 2.5, "12"])
def test_a_number_of_rows_that_no_mail_has_is_refused(tasks_of, rows):
    """None at all, and more than anybody reads, are typing mistakes: the range is said."""
    with pytest.raises(InputInvalid) as refused:
        tasks_of("ceo", rows)

    assert f"agenda_rows: found {rows!r}, expected a whole number from 1 to 12" in str(refused.value)


def test_it_is_known_now_only(inventory_of):
    """For an earlier week, and where there is no source at all, it is not available, with the reason."""
    company = inventory_of(AS_OF, **handoff(("Paint", None, None, None)))

    with pytest.raises(NotAvailable, match="latest full week"):
        metrics.agenda(company, WEEK.shifted(-1), "ceo")
    with pytest.raises(NotAvailable, match="has no projects"):
        metrics.agenda(inventory_of(AS_OF), WEEK, "ceo")


def test_names_in_evidence_are_listed_once():
    """Three names, then how many more."""
    assert listed(["a", "b", "a"]) == "a, b"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_the_samples_story_stands_in_the_agenda_once(sample):
    """Captains, the late customer, the domain: each is one task, with its owner, though several speak of it."""
    week = Period.parse("2026-W47", sample.company.time_zone)

    tasks = metrics.agenda(sample, week, "ceo").set_index("action")

    crew = tasks.loc["Call captains for the charters of the next two weeks"]
    customer = tasks.loc["Agree a payment date with Kestrel Offsites for three September evenings"]
    assert crew["owner"] == "Robin Lindqvist"
    assert crew["amount_minor"] == metrics.unfilled_revenue(sample, week).value == 1_828_000
    assert (customer["owner"], customer["amount_minor"]) == ("Dana Okafor", 1_260_000)
    assert not tasks.index.str.contains(
        "Find a captain|from one customer|Giftwell every|Renew whale-watch.example: "
    ).any()
    assert tasks.index.str.contains("DMARC").sum() == 1
    assert tasks.index.str.contains("whale-watch").sum() == 1
    assert tasks["evidence"].str.len().min() > 0
    assert tasks.index.is_unique


def test_the_samples_weightiest_tasks(sample):
    """The CEO's twelve hold the three decisions, the crews, the domain about to expire and what is owed."""
    twelve = metrics.agenda(sample, Period.parse("2026-W47", sample.company.time_zone), "ceo", 12)

    assert twelve["is_decision"].sum() == 3
    assert {"crew", "collect", "cash", "domain"} <= set(twelve["kind"])
    assert twelve["due_on"].is_monotonic_increasing
