"""What is most dangerous, what handoffs show, and the words of it, against companies worked out by hand."""

import pytest

from quarterdeck import metrics
from quarterdeck.inventory import NotAvailable
from quarterdeck.metrics.facts import FACTS
from quarterdeck.period import Period

# P is Monday 16 to Sunday 22 November 2026, t its end, Monday 23 November 00:00.
P = Period.parse("2026-W47", "UTC")
AS_OF = "2026-11-23 09:00"


def project(name, status="live", updated_on="2026-11-20", **more):
    row = {"project": name, "status": status, "updated_on": updated_on, "owner": "Ada", "has_tests_or_ci": False}
    return {**row, "document": f"{name}.md", "line": 1, **more}


def gap(name, severity, *, area="ux", opened_on=None, due_on=None, text="It is slow", owner=None):
    row = {"project": name, "area": area, "severity": severity, "gap": text, "owner": owner, "is_open": True}
    return {**row, "opened_on": opened_on, "due_on": due_on, "amount_minor": None, "document": f"{name}.md", "line": 9}


def cost(name, minor, line=5):
    return {"project": name, "service": "Host", "monthly_minor": minor, "document": f"{name}.md", "line": line}


def component(name, what, version=None):
    return {"project": name, "component": what, "version": version, "document": f"{name}.md", "line": 7}


def paid(name, minor):
    return {"date": "2026-10-15", "vendor": "Host", "amount_minor": minor, "account": "6000", "project": name}


def function(path, error=None):
    return {"function": path, "lines": 10, "parse_error": error}


def variable(path, name, *, required=False, default=None, secret=False, line=3):
    row = {"function": path, "name": name, "is_required": required, "default": default, "is_secret": secret}
    return {**row, "document": path, "line": line}


def admin(number, *, mfa=True, seen="2026-11-20 09:00"):
    return {"user_id": f"A-{number}", "kind": "admin", "mfa_enabled": mfa, "last_active_at": seen}


def zone(name):
    return {"zone": name, "is_private": False, "record_count": 4}


def records(name, *, dmarc="reject", caa=True):
    found = [("MX", name, "10 mx.example"), ("TXT", name, "v=spf1 -all")]
    found += [("TXT", f"_dmarc.{name}", f"v=DMARC1; p={dmarc}")] if dmarc else []
    found += [("CAA", name, '0 issue "a"')] if caa else []
    return [{"zone": name, "name": where, "type": kind, "ttl": 60, "value": value} for kind, where, value in found]


def registration(domain, expires_on, *, renews=False):
    return {"domain": domain, "expires_on": expires_on, "auto_renew": renews, "transfer_lock": True}


@pytest.fixture(scope="module")
def endangered(inventory_of):
    """A company that has each of the thirteen dangers once."""
    return inventory_of(
        AS_OF,
        projects=[
            project("Site", has_tests_or_ci=True),
            project("App", "degraded", "2026-08-01"),
            project("Old", "retired", None),
        ],
        stack=[
            component("Site", "Django", "5.1"),
            *(component("Site", name) for name in "ABC"),
            component("App", "Go"),
        ],
        costs=[cost("Site", 50_000), cost("Old", 12_300), cost("App", 2_000)],
        gaps=[
            gap("App", "critical", opened_on="2026-10-24", text="payments fail since 24 October"),
            gap("App", "high", area="security", opened_on="2026-09-01", owner="Bo", text="a.example is open"),
            gap("Site", "high", due_on="2026-11-20"),
            gap("Site", "low"),
        ],
        actions=[],
        functions=[function("pay/app.py"), function("crew/app.py"), function("torn.py", "line 2")],
        variables=[
            variable("pay/app.py", "TOKEN", default="••••", secret=True),
            variable("pay/app.py", "KEY", required=True, secret=True),
            variable("crew/app.py", "KEY", required=True, secret=True),
            variable("crew/app.py", "URL", required=True),
        ],
        users=[admin(1), admin(2, mfa=False), admin(3, seen="2026-08-01 09:00")],
        zones=[zone("a.example"), zone("b.example"), zone("c.example")],
        records=[*records("a.example", dmarc=None), *records("b.example", caa=False), *records("c.example")],
        registrations=[
            registration("a.example", "2026-12-03"),
            registration("b.example", "2027-12-03"),
            registration("c.example", "2026-12-01", renews=True),
        ],
        expenses=[paid("Site", 51_000), paid("Old", 12_300)],
        accounts=[{"account": "6000", "name": "Hosting", "kind": "opex"}],
    )


def test_every_danger_stands_in_its_place(endangered):
    """The worst first: what is certain and dated, then what can be used today, then what needs a second mistake."""
    rows = metrics.dangers(endangered, P)

    assert list(zip(rows["danger"], rows["can"], strict=True)) == [
        ("a.example expires in 10 days and does not renew by itself", "break"),
        ("App has 1 critical gap, open for 30 days", "break"),
        ("1 function keeps a secret in its source", "leak"),
        ("1 administrator has no second factor", "leak"),
        ("1 domain lets anybody write mail in its name", "leak"),
        ("2 gaps of high severity are open, 1 of them about security, 1 overdue, the oldest for 83 days", "leak"),
        ("1 administrator has not been seen for over 90 days", "leak"),
        ("1 secret is shared by 2 functions", "leak"),
        ("1 more domain does not renew by itself", "break"),
        ("$123 a month goes to 1 project that is paused or retired", "cost"),
        ("1 handoff has not been touched for over 60 days", "break"),
        ("2 functions stop where a variable is not set: 3 variables have no default", "break"),
        ("1 domain lacks CAA or null MX", "leak"),
    ]


def test_every_danger_has_its_evidence(endangered):
    """What shows a danger is named: documents with lines, domains with what they lack, users by id."""
    assert metrics.dangers(endangered, P)["evidence"].tolist() == [
        "registrations: a.example",
        "App.md line 9",
        "pay/app.py line 3",
        "users A-2",
        "records of a.example (DMARC)",
        "App.md line 9, Site.md line 9",
        "users A-3",
        "KEY",
        "registrations: b.example",
        "Old.md line 5",
        "App, 114 days",
        "crew/app.py, pay/app.py",
        "records of b.example (CAA)",
    ]


@pytest.mark.parametrize(
    ("expiries", "said"),
    [
        ({"a.example": "2026-11-23"}, "a.example expires today and does not renew by itself"),
        ({"a.example": "2026-11-24"}, "a.example expires in 1 day and does not renew by itself"),
        ({"a.example": "2026-11-20"}, "a.example expired 3 days ago and does not renew by itself"),
        (
            {"a.example": "2026-12-03", "b.example": "2026-11-30"},
            "2 domains lapse without renewal: b.example expires in 7 days",
        ),
        ({"a.example": "2027-01-22"}, "a.example expires in 60 days and does not renew by itself"),
        ({"a.example": "2027-01-23"}, "1 domain does not renew by itself"),
        ({"a.example": "2027-01-23", "b.example": "2027-02-23"}, "2 domains do not renew by themselves"),
    ],
)
def test_a_registration_is_told_by_its_day(inventory_of, expiries, said):
    """Up to 60 days before its end a registration that does not renew is the worst danger; later it can wait."""
    inventory = inventory_of(
        AS_OF,
        zones=[zone("a.example")],
        records=records("a.example"),
        registrations=[registration(domain, day) for domain, day in expiries.items()],
    )

    assert metrics.dangers(inventory, P)["danger"].tolist() == [said]


def test_a_domain_that_renews_itself_is_a_danger_only_once_it_has_expired(inventory_of):
    """Renewal that is switched on and has failed is the worst of all."""
    tables = {"zones": [zone("a.example")], "records": records("a.example")}

    def told(day):
        return metrics.dangers(
            inventory_of(AS_OF, **tables, registrations=[registration("a.example", day, renews=True)]), P
        )["danger"].tolist()

    assert told("2026-12-01") == []
    assert told("2026-11-20") == ["a.example expired 3 days ago and does not renew by itself"]


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ([gap("App", "critical")], "App has 1 critical gap, open"),
        ([gap("App", "high", due_on="2026-11-22")], "App has 1 gap of high severity, open and overdue"),
        ([gap("App", "high", due_on="2026-11-23")], "App has 1 gap of high severity, open"),
        (
            [gap("App", "critical", opened_on="2026-11-22", due_on="2026-11-22")],
            "App has 1 critical gap, open for 1 day and overdue",
        ),
        ([gap("App", "critical"), gap("App", "critical", text="B")], "2 critical gaps are open"),
        ([gap("App", "medium"), gap("App", "unknown", text="B")], None),
    ],
)
def test_gaps_are_told_by_number_age_and_day(inventory_of, gaps, said):
    """One gap names its project; several are counted; what is not known of them is not said."""
    inventory = inventory_of(AS_OF, projects=[project("App", has_tests_or_ci=True)], gaps=gaps)

    assert metrics.dangers(inventory, P)["danger"].tolist() == ([said] if said else [])


def test_two_of_a_kind_are_one_danger(inventory_of):
    """Administrators, functions, domains and secrets are counted in one line each."""
    inventory = inventory_of(
        AS_OF,
        users=[admin(1, mfa=False, seen="2026-01-01"), admin(2, mfa=False, seen="2026-01-01")],
        functions=[function("a/x.py"), function("b/x.py")],
        variables=[
            variable(path, name, default="••••", secret=True)
            for path in ("a/x.py", "b/x.py")
            for name in ("KEY", "TOKEN")
        ],
        zones=[zone("a.example"), zone("b.example")],
        records=[*records("a.example", dmarc="none", caa=False), *records("b.example", dmarc=None, caa=False)],
    )

    assert metrics.dangers(inventory, P)["danger"].tolist() == [
        "2 functions keep secrets in their source",
        "2 administrators have no second factor",
        "2 domains let anybody write mail in their name",
        "2 administrators have not been seen for over 90 days",
        "2 secrets are shared by several functions each",
        "2 domains lack CAA or null MX",
    ]


def test_without_any_source_dangers_are_not_available(inventory_of):
    """A company of which nothing is known is not safe: it is unknown, and so is one in an earlier week."""
    with pytest.raises(NotAvailable, match="the company's folder has no"):
        metrics.dangers(inventory_of(AS_OF), P)
    with pytest.raises(NotAvailable, match="known only for the latest full week"):
        metrics.dangers(inventory_of(AS_OF, projects=[project("App")]), P.shifted(-1))


def test_a_company_in_order_has_no_danger(inventory_of):
    """Known and faultless is no rows, and a count of zero."""
    inventory = inventory_of(AS_OF, projects=[project("App", has_tests_or_ci=True)], users=[admin(1)])

    assert metrics.dangers(inventory, P).empty
    assert metrics.danger_facts(inventory, P)["danger_count"] == 0


def test_what_a_title_says_of_a_company(endangered):
    """Each fact of the CTO's sentences, worked out by hand."""
    makers = (
        metrics.danger_facts,
        metrics.function_facts,
        metrics.domain_facts,
        metrics.admin_facts,
        metrics.gap_facts,
        metrics.cost_facts,
        metrics.maturity_facts,
    )

    found = {name: value for make in makers for name, value in make(endangered, P).items()}

    assert found == {
        "worst_danger": "a.example expires in 10 days and does not renew by itself",
        "second_danger": "App has 1 critical gap, open for 30 days",
        "third_danger": "1 function keeps a secret in its source",
        "danger_count": 13,
        "dangers_that_break": 5,
        "dangers_that_leak": 7,
        "dangers_that_cost": 1,
        "functions": 3,
        "leaking_functions": 1,
        "neediest_function": "crew",
        "neediest_variables": 2,
        "needed_variables": 3,
        "read_functions": 2,
        "unread_functions": 1,
        "domains": 3,
        "domains_failing": 3,
        "domains_unread": None,
        "next_expiry": "c.example",
        "next_expiry_days": 8,
        "admins": 3,
        "admins_in_danger": 2,
        "admins_without_factor": 1,
        "admins_idle": 1,
        "gaps_open": 4,
        "gaps_high": 3,
        "gaps_high_old": 1,
        "gaps_high_unowned": 2,
        "gaps_oldest_days": 83,
        "ux_gaps": 3,
        "ux_gaps_high": 2,
        "idle_projects": 1,
        "idle_paid_minor": 12_300,
        "idle_stated_minor": 12_300,
        "savings_minor": 14_300,
        "stated_unpaid_minor": 2_000,
        "projects": 3,
        "stalest_project": "App",
        "stalest_days": 114,
        "undated_handoffs": 1,
        "stacks": 2,
        "untested_stacks": 1,
        "projects_late": None,
        "components": 5,
        "unversioned_components": 4,
        "stackless_projects": 1,
    }
    assert set(found) <= set(FACTS)


def test_what_is_not_there_is_not_said(inventory_of):
    """Without its source, or where there is none of it, a fact is None."""
    bare = inventory_of(AS_OF, functions=[function("a.py")], zones=[zone("a.example")], records=records("a.example"))

    assert metrics.function_facts(bare, P) == {
        "functions": 1,
        "leaking_functions": None,
        "neediest_function": None,
        "neediest_variables": None,
        "needed_variables": None,
        "read_functions": 1,
        "unread_functions": None,
    }
    assert metrics.domain_facts(bare, P)["next_expiry"] is None
    assert set(metrics.gap_facts(bare, P).values()) == {None}
    assert set(metrics.admin_facts(bare, P).values()) == {None}


def test_what_was_not_read_fails_nothing_that_is_known(inventory_of):
    """A zone without its records is `not known`; one with them, that fails nothing, is `nothing`."""
    inventory = inventory_of(
        AS_OF, zones=[zone("a.example"), zone("b.example")], records=records("a.example"), registrations=[]
    )
    rows = metrics.posture_by_zone(inventory, P)

    said = dict(zip(rows["domain"], metrics.failures_said(rows), strict=True))

    assert said == {"a.example": "nothing", "b.example": "not known"}


def test_a_registration_that_has_ended_is_not_the_next_to_end(inventory_of):
    """An expiry in the past has its own words: no title says that it expires in −3 days."""
    inventory = inventory_of(
        AS_OF,
        zones=[zone("a.example")],
        records=records("a.example"),
        registrations=[registration("a.example", "2026-11-20")],
    )

    assert metrics.domain_facts(inventory, P)["next_expiry"] is None


def test_signs_of_maturity_stand_side_by_side(endangered):
    """One cell a sign, the longest untouched first; what cannot be judged has no concern, what a title says is told."""
    rows = metrics.maturity_signs(endangered, P)

    cells = {
        project: list(
            zip(part["text"], part["concern"].astype(object).where(part["concern"].notna(), None), strict=True)
        )
        for project, part in rows.groupby("project", sort=False)
    }
    assert list(cells) == ["App", "Site", "Old"]
    assert rows["sign"].tolist()[:7] == ["Days", "Owner", "Stack", "Tests", "Gaps", "Done", "Late"]
    assert cells["App"] == [("114", 4), ("yes", 0), ("yes", 0), ("no", 3), ("2", 3), ("–", None), ("0", 0)]
    assert cells["Site"] == [("3", 0), ("yes", 0), ("yes", 0), ("yes", 0), ("1", 2), ("–", None), ("0", 0)]
    assert cells["Old"] == [("–", None), ("yes", 0), ("no", 3), ("–", None), ("0", 0), ("–", None), ("0", 0)]
    told = rows[rows["is_told"]]
    assert list(zip(told["project"], told["sign"], strict=True)) == [("App", "Days"), ("App", "Tests")]


def test_actions_are_counted_done_and_late(inventory_of):
    """Done of all, and overdue ones with more concern the more there are; four are of the same as three."""
    actions = [
        {"project": "App", "action": f"a{at}", "due_on": "2026-11-01", "is_done": at > 3, "document": "d", "line": 7}
        for at in range(6)
    ]

    rows = metrics.maturity_signs(inventory_of(AS_OF, projects=[project("App")], actions=actions), P)

    assert rows["text"].tolist()[-2:] == ["2 of 6", "4"]
    assert rows["concern"].tolist()[-1] == 4


def test_gaps_are_counted_by_severity_and_age(inventory_of):
    """Bands end with 30, 60 and 90 days; what does not say since when it is open has a band of its own."""
    days = {"2026-10-24": 30, "2026-10-23": 31, "2026-09-24": 60, "2026-08-25": 90, "2026-08-24": 91}
    gaps = [gap("App", "high", opened_on=day, text=str(age)) for day, age in days.items()]

    known = metrics.gaps_by_age(inventory_of(AS_OF, projects=[project("App")], gaps=gaps), P)
    partly = metrics.gaps_by_age(
        inventory_of(AS_OF, projects=[project("App")], gaps=[*gaps, gap("App", "critical")]), P
    )

    assert known.columns.tolist() == ["severity", "To 30 days", "31–60", "61–90", "Over 90"]
    assert known.to_numpy().tolist() == [["High", 1, 2, 1, 1]]
    assert partly.to_numpy().tolist() == [["Critical", 0, 0, 0, 0, 1], ["High", 1, 2, 1, 1, 0]]
    assert metrics.gaps_by_age(inventory_of(AS_OF, projects=[project("App")]), P).empty


def test_gaps_are_listed_as_sentences(endangered):
    """A gap begins with a capital unless a name says otherwise, and says its day once: it has a column for it."""
    high, ux = metrics.gap_list(endangered, P, "high"), metrics.gap_list(endangered, P, "ux")

    assert high["gap"].tolist() == ["Payments fail since 24 October", "a.example is open", "It is slow"]
    assert high["about"].tolist() == ["App, no owner", "App, Bo", "Site, no owner"]
    assert high["severity"].tolist() == ["Critical", "High", "High"]
    assert ux["severity"].tolist() == ["Critical", "High", "Low"]


def test_the_stack_is_audited_by_what_it_does_not_say(endangered):
    """Projects with most components of unknown version first; three components are named, the others counted."""
    rows = metrics.stack_audit(endangered, P)

    assert rows[["project", "status", "components", "unversioned"]].to_numpy().tolist() == [
        ["Site", "Live", 4, 3],
        ["App", "Degraded", 1, 1],
        ["Old", "Retired", 0, 0],
    ]
    assert rows["runs_on"].tolist()[:2] == ["Django 5.1, A, B and 1 more", "Go"]
    assert rows["runs_on"].isna().tolist() == [False, False, True]


def test_costs_stand_beside_what_is_stated(endangered, inventory_of):
    """Paid beside stated, idle projects by their state and as bad news; without expenses what is stated alone."""
    stated = inventory_of(AS_OF, projects=[project("Site")], costs=[cost("Site", 500)])

    both, alone = metrics.monthly_costs(endangered, P), metrics.monthly_costs(stated, P)

    plain = both.astype(object).where(both.notna(), None)
    assert plain.to_numpy().tolist() == [
        ["Site", 51_000, 50_000, "neutral", True],
        ["Old, retired", 12_300, 12_300, "worse", True],
        ["App", None, 2_000, "neutral", True],
    ]
    assert alone[["name", "cost_minor", "is_paid"]].to_numpy().tolist() == [["Site", 500, False]]
    assert alone["stated_minor"].isna().all()


def test_administrators_at_risk_are_listed_once(inventory_of):
    """Who lacks a factor and is idle too is one row; who is neither is none."""
    users = [admin(1), admin(2, mfa=False, seen="2026-08-01 00:00"), admin(3, mfa=None, seen="2026-08-02 00:00")]

    rows = metrics.admins_at_risk(inventory_of(AS_OF, users=users), P)

    assert rows["user_id"].tolist() == ["A-2", "A-3"]
    assert rows["factor"].fillna("?").tolist() == ["no", "?"]
    assert rows["idle_days"].tolist() == [114, 113]
