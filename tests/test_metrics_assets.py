from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck import metrics
from quarterdeck.inventory import NotAvailable
from quarterdeck.metrics.domains import registration_failures, zone_failures
from quarterdeck.metrics.handoffs import next_quarter
from quarterdeck.period import Period

# P is Monday 23 to Sunday 29 November 2026, t its end, Monday 30 November 00:00; the snapshot was taken a day later.
P = Period.parse("2026-W48", "UTC")
AS_OF = "2026-12-01"
NOT_NOW = "known only for the latest full week of the data"


def admin(number, **columns):
    usual = {"kind": "admin", "mfa_enabled": True, "last_active_at": "2026-11-29", "created_at": "2025-01-01"}
    return {"user_id": f"u{number}"} | usual | columns


def variable(function, name, line=1, **columns):
    usual = {"is_required": False, "is_secret": False, "document": f"{function}.py", "line": line, "default": None}
    return {"function": function, "name": name} | usual | columns


def zone(name, *, is_private=False):
    return {"zone": name, "is_private": is_private, "record_count": 4}


def record(zone, kind, value, name=None):
    return {"zone": zone, "name": name or zone, "type": kind, "value": value}


def sound(zone):
    """The records of a zone that takes mail and fails nothing."""
    return [
        record(zone, "MX", "10 mx1.mail.example."),
        record(zone, "TXT", "v=spf1 include:mail.example ~all"),
        record(zone, "TXT", "v=DMARC1; p=reject; rua=mailto:dmarc@example.com", f"_dmarc.{zone}"),
        record(zone, "CAA", '0 issue "letsencrypt.org"'),
    ]


def registration(domain, expires_on="2027-06-01", *, auto_renew=True):
    return {"domain": domain, "expires_on": expires_on, "auto_renew": auto_renew}


def project(name, **columns):
    usual = {"status": "live", "has_tests_or_ci": True, "document": f"{name}.md", "line": 1}
    return {"project": name} | usual | columns


def row(project, line=1, **columns):
    return {"project": project, "document": f"{project}.md", "line": line} | columns


def cost(project, amount, service="Hosting"):
    return row(project, service=service, monthly_minor=amount)


def gap(project, text, severity="high", **columns):
    return row(project, area="security", severity=severity, gap=text, is_open=True) | columns


def action(project, text, **columns):
    return row(project, action=text, is_done=False) | columns


def paid(project, amount, day="2026-10-15"):
    return {"date": day, "vendor": "Cloud", "amount_minor": amount, "project": project}


def test_admins_without_a_second_factor_or_idle_are_risks(inventory_of):
    """
    Without MFA: u1, u2. Idle over 90 days (last active before 1 September): u2, u3. In all 4.

    Exactly 90 days is not over; crew, unknown values and who was created after t do not count.
    """
    inventory = inventory_of(
        AS_OF,
        users=[
            admin(1, mfa_enabled=False),
            admin(2, mfa_enabled=False, last_active_at="2026-08-31 23:59"),
            admin(3, last_active_at="2026-08-01"),
            admin(4, last_active_at="2026-09-01"),
            admin(5, mfa_enabled=None, last_active_at=None),
            admin(6, mfa_enabled=False, created_at="2026-11-30"),
            admin(7, kind="crew", mfa_enabled=False, last_active_at="2020-01-01"),
            admin(8, last_active_at="2026-11-30 09:00"),  # active after t: before that nobody knows
        ],
    )

    figure = metrics.access_risks(inventory, P)
    frame = metrics.admin_access(inventory, P)

    assert figure.by == {"Without MFA": 2, "Idle over 90 days": 2}
    assert figure.value == 4
    assert frame["user_id"].tolist() == ["u3", "u2", "u4", "u1", "u5", "u8"]
    assert frame["idle_days"].fillna(-9).tolist() == [121, 90, 90, 1, -9, -9]
    assert frame["lacks_mfa"].sum() + frame["is_idle"].sum() == figure.value


def test_without_administrators_nothing_is_at_risk(inventory_of):
    """A company whose users are known and of whom none is an administrator has no access risk."""
    assert metrics.access_risks(inventory_of(AS_OF, users=[admin(1, kind="customer")]), P).value == 0


def test_access_needs_to_know_second_factors_and_activity(inventory_of):
    """Users of whom neither MFA nor activity is known say so; for an earlier week nothing is said."""
    inventory = inventory_of(AS_OF, users=[{"user_id": "u1", "kind": "admin"}])

    assert (
        metrics.access_risks(inventory, P).reason == "the source of users does not say: mfa enabled and last active at"
    )
    assert metrics.access_risks(inventory, P.shifted(-1)).reason == NOT_NOW


def test_admins_without_a_date_of_creation_always_were(inventory_of):
    """Where the source has no creation dates every administrator counts."""
    users = [{"user_id": "u1", "kind": "admin", "mfa_enabled": False, "last_active_at": "2026-11-01"}]

    assert metrics.access_risks(inventory_of(AS_OF, users=users), P).value == 1


def test_configuration_risks_are_counted_by_kind(inventory_of):
    """
    Required without default: a.TABLE (read twice, once counted), b.KEY. Secret as default: a.TOKEN. Shared: KEY.

    A name that is no secret may be shared; a secret that one function reads is none.
    """
    inventory = inventory_of(
        AS_OF,
        functions=[{"function": name, "lines": 10, "parse_error": None} for name in ("a", "b", "c")],
        variables=[
            variable("a", "TABLE", is_required=True),
            variable("a", "TABLE", 9, is_required=True),
            variable("a", "TOKEN", is_secret=True, default="[redacted]"),
            variable("a", "KEY", is_secret=True),
            variable("b", "KEY", is_secret=True, is_required=True),
            variable("b", "STAGE", default="prod"),
            variable("a", "STAGE", default="prod"),
            variable("b", "EMPTY", is_secret=True, default=""),
        ],
    )

    figure = metrics.configuration_risks(inventory, P)

    assert figure.by == {"Required, no default": 2, "Secret as default": 1, "Shared secret": 1}
    assert figure.value == 4
    by_function = metrics.configuration_by_function(inventory, P).drop(columns=["parse_error", "name"])
    assert by_function.to_numpy().tolist() == [
        ["a", 10, 4, 1, 1, 1],
        ["b", 10, 3, 1, 0, 1],
        ["c", 10, 0, 0, 0, 0],
    ]
    assert metrics.risky_variables(inventory, P).to_numpy().tolist() == [
        ["a", "TOKEN", "secret as default", "a.py", 1],
        ["b", "KEY", "required, no default", "b.py", 1],
        ["a", "TABLE", "required, no default", "a.py", 1],
        ["a", "KEY", "shared secret", "a.py", 1],
    ]


def test_functions_are_called_by_their_folders(inventory_of):
    """A function has the name of its folder, or of its file where it lies in none; two alike keep their paths."""
    paths = ["jobs/a/app.py", "b/app.py", "single.py", "roster/new.py", "roster/old.py"]
    functions = [{"function": path, "lines": 1, "parse_error": None} for path in paths]

    rows = metrics.configuration_by_function(inventory_of(AS_OF, functions=functions), P)

    assert dict(zip(rows["function"], rows["name"], strict=True)) == {
        "jobs/a/app.py": "a",
        "b/app.py": "b",
        "single.py": "single",
        "roster/new.py": "roster/new.py",
        "roster/old.py": "roster/old.py",
    }


def test_functions_that_read_nothing_risk_nothing(inventory_of):
    """Functions without variables are known and at no risk; no functions at all are not known."""
    functions = [{"function": "a", "lines": 10}]

    assert metrics.configuration_risks(inventory_of(AS_OF, functions=functions, variables=[]), P).value == 0
    assert metrics.risky_variables(inventory_of(AS_OF, functions=functions), P).empty
    assert metrics.configuration_by_function(inventory_of(AS_OF, functions=functions), P)["variables"].tolist() == [0]
    assert metrics.configuration_risks(inventory_of(AS_OF), P).reason == "the company's folder has no functions"


def test_variables_without_defaults_in_the_source_have_none(inventory_of):
    """Where no default was ever given the required ones are still found."""
    inventory = inventory_of(
        AS_OF,
        functions=[{"function": "a", "lines": 1}],
        variables=[
            {"function": "a", "name": "X", "is_required": True, "is_secret": False, "document": "a.py", "line": 1}
        ],
    )

    assert metrics.configuration_risks(inventory, P).value == 1


def without(records, *kinds):
    return [one for one in records if one["type"] not in kinds]


def changed(records, old, new):
    return [one | {"value": one["value"].replace(old, new)} for one in records]


NO_MAIL = [
    record("z.example", "MX", "0 ."),
    record("z.example", "TXT", "v=spf1 -all"),
    record("z.example", "TXT", "v=DMARC1; p=reject", "_dmarc.z.example"),
    record("z.example", "CAA", '0 issue ";"'),
]
SOUND = sound("z.example")


@pytest.mark.parametrize(
    ("records", "fails"),
    [
        (SOUND, []),
        (changed(SOUND, "~all", "-all"), []),
        (changed(SOUND, "~all", "?all"), ["SPF"]),
        (changed(SOUND, "~all", "+all"), ["SPF"]),
        (changed(SOUND, " ~all", ""), ["SPF"]),
        (changed(SOUND, "v=spf1 include", "V=SPF1 include"), []),
        ([*SOUND, record("z.example", "TXT", "v=spf1 -all")], ["SPF"]),  # two are an error
        ([*SOUND, record("z.example", "TXT", "google-site-verification=1"), record("z.example", "TXT", "")], []),
        (changed(SOUND, "v=spf1 ", "v=spf10 "), ["SPF"]),
        (changed(SOUND, "p=reject", "p=quarantine"), []),
        (changed(SOUND, "p=reject", "p = Reject "), []),
        (changed(SOUND, "p=reject", "p=none"), ["DMARC"]),
        (changed(SOUND, "p=reject", "sp=reject"), ["DMARC"]),
        (changed(SOUND, "v=DMARC1", "v=DMARC2"), ["DMARC"]),
        ([*SOUND, record("z.example", "TXT", "v=DMARC1; p=reject", "_dmarc.z.example")], ["DMARC"]),
        ([*without(SOUND, "TXT"), record("z.example", "TXT", "v=DMARC1; p=reject")], ["SPF", "DMARC"]),
        (without(SOUND, "CAA"), ["CAA"]),
        ([*without(SOUND, "CAA"), record("z.example", "CAA", "x", "www.z.example")], ["CAA"]),
        (without(SOUND, "MX"), ["SPF", "null MX"]),
        (NO_MAIL, []),
        (changed(NO_MAIL, "0 .", "0  ."), []),
        (changed(NO_MAIL, "-all", "~all"), ["SPF"]),
        (without(NO_MAIL, "MX"), ["null MX"]),
        ([*NO_MAIL, record("z.example", "MX", "10 mx.example.")], []),
        ([], ["SPF", "DMARC", "null MX", "CAA"]),
    ],
)
def test_a_zone_fails_what_others_could_misuse(frame_of, records, fails):
    """SPF and DMARC that refuse the mail of others, CAA, and without MX the records that say there is no mail."""
    frame = frame_of("records", records or SOUND).head(len(records))

    assert zone_failures("z.example", frame) == fails


@pytest.mark.parametrize(
    ("days", "auto_renew", "fails"),
    [
        (61, True, []),
        (60, True, ["expires in 60 days"]),
        (0, True, ["expires in 0 days"]),
        (-1, True, ["expired"]),
        (365, False, ["no auto-renew"]),
        (5, False, ["expires in 5 days", "no auto-renew"]),
    ],
)
def test_a_registration_fails_within_60_days_or_without_renewal(days, auto_renew, fails):
    """Within 60 days, the 60th included, a domain may lapse; without auto-renew it will."""
    day = date(2026, 11, 30)

    assert registration_failures(day + timedelta(days=days), auto_renew=auto_renew, day=day) == fails


def test_a_domain_counts_once_whatever_it_fails(inventory_of):
    """
    a.example fails as zone and as registration, b.example as registration, c.example as zone: 3 domains at risk.

    d.example fails nothing, the private zone is not asked, and of e.example no record was read.
    """
    inventory = inventory_of(
        AS_OF,
        zones=[
            zone("a.example"),
            zone("c.example"),
            zone("d.example"),
            zone("e.example"),
            zone("p.example", is_private=True),
        ],
        records=[
            *without(sound("a.example"), "CAA"),
            record("c.example", "NS", "ns-1.example.net."),
            *sound("d.example"),
            record("p.example", "NS", "ns-1.example.net."),
        ],
        registrations=[
            registration("a.example", expires_on="2027-01-10"),
            registration("b.example", auto_renew=False),
            registration("d.example"),
        ],
    )

    figure = metrics.zones_at_risk(inventory, P)
    frame = metrics.posture_by_zone(inventory, P).set_index("domain")

    assert figure.value == 3
    assert figure.by == {"c.example": 4, "a.example": 2, "b.example": 1}
    assert frame["fails"].to_dict() == {
        "c.example": "SPF, DMARC, null MX, CAA",
        "a.example": "CAA, expires in 41 days",
        "b.example": "no auto-renew",
        "d.example": "",
        "e.example": "",
    }
    assert frame.index[~frame["is_known"]].tolist() == ["e.example"]
    assert frame["auto_renew"].isna().tolist() == [True, False, False, False, True]


def test_registrations_may_be_absent(inventory_of):
    """Zones are judged without a list of registrations."""
    inventory = inventory_of(AS_OF, zones=[zone("a.example")], records=sound("a.example"))

    assert metrics.zones_at_risk(inventory, P).value == 0
    assert metrics.posture_by_zone(inventory, P)["expires_on"].isna().all()


def test_zones_whose_records_were_not_read_are_not_failing(inventory_of):
    """Where the records of no public zone were read the posture is not available, and not bad."""
    inventory = inventory_of(AS_OF, zones=[zone("a.example")], records=sound("other.example"))

    assert metrics.zones_at_risk(inventory, P).reason == "the records of no public zone were read"
    assert metrics.zones_at_risk(inventory_of(AS_OF, zones=[zone("a.example")]), P).reason == (
        "the company's folder has no records"
    )
    assert metrics.zones_at_risk(inventory, P.shifted(-1)).reason == NOT_NOW


def test_handoffs_older_than_60_days_are_stale(inventory_of):
    """On 30 November, 1 October is 60 days ago and 30 September 61; one without a date has no age."""
    inventory = inventory_of(
        AS_OF,
        projects=[
            project("a", updated_on="2026-10-01"),
            project("b", updated_on="2026-09-30"),
            project("c", updated_on=None),
            project("d", updated_on="2026-12-01"),
        ],
    )

    assert metrics.stale_handoffs(inventory, P).value == 1
    assert metrics.stale_handoffs(inventory, P.shifted(-1)).reason == NOT_NOW
    assert metrics.stale_handoffs(inventory_of(AS_OF, projects=[project("a")]), P).value == 0


def test_maturity_shows_each_sign_by_itself(inventory_of):
    """Age, owner, stack, tests, high gaps and actions stand side by side; of two documents the newer one speaks."""
    inventory = inventory_of(
        AS_OF,
        projects=[
            project("web", updated_on="2026-11-20", owner="Ann", business="Bay Sails"),
            project("web", updated_on="2026-01-01", document="old.md", status="building"),
            project("web", document="undated.md", status="paused"),
            project("desk", updated_on="2026-09-01", has_tests_or_ci=False),
        ],
        stack=[row("web", component="MySQL", version="8"), row("web", component="Nginx")],
        gaps=[
            gap("web", "one"),
            gap("web", "two", "critical"),
            gap("web", "three", "medium"),
            gap("web", "closed", is_open=False),
            gap("web", "later", opened_on="2026-11-30"),
        ],
        actions=[
            action("web", "a", due_on="2026-11-29"),
            action("web", "b", due_on="2026-11-30"),
            action("web", "c", due_on="2026-11-01", is_done=True),
            action("desk", "d"),
        ],
    )

    frame = metrics.maturity_by_project(inventory, P).set_index("project")

    assert frame.index.tolist() == ["desk", "web"]
    assert frame.loc["web"].tolist() == ["Bay Sails", "live", 10, False, True, True, True, 2, 2, 1, 1]
    assert frame.loc["desk"].tolist()[1:] == ["live", 90, True, False, False, False, 0, 1, 0, 0]
    stack = metrics.stack_by_project(inventory, P).set_index("project")
    assert stack["components"].to_dict() == {"desk": "", "web": "MySQL 8, Nginx"}
    assert stack[["count", "unversioned"]].to_numpy().tolist() == [[0, 0], [2, 1]]


def test_handoffs_that_list_nothing_else_are_known(inventory_of):
    """A company whose handoffs have no gaps, stack or actions has none of them; without handoffs nothing is known."""
    inventory = inventory_of(AS_OF, projects=[project("a")])

    frame = metrics.maturity_by_project(inventory, P)

    assert frame[["high_gaps", "actions_open"]].to_numpy().tolist() == [[0, 0]]
    assert frame["age_days"].isna().all()
    assert metrics.open_gaps(inventory, P).empty
    assert metrics.roadmap(inventory, P).empty
    with pytest.raises(NotAvailable, match="the company's folder has no projects"):
        metrics.open_gaps(inventory_of(AS_OF), P)


def test_gaps_are_as_old_as_the_handoff_or_the_first_snapshot_says(inventory_of):
    """A gap is open from `opened_on`, else since the first snapshot that has it, else nobody knows since when."""
    inventory = inventory_of(
        AS_OF,
        projects=[project("web")],
        gaps=[
            gap("web", "new", opened_on="2026-11-20", due_on="2026-11-29"),
            gap("web", "seen", due_on="2026-11-30"),
            gap("web", "unknown"),
            gap("web", "worst", "critical", opened_on="2026-11-29"),
        ],
    )

    frame = metrics.open_gaps(inventory, P, {("web", "seen"): date(2026, 10, 1), ("web", "new"): date(2026, 1, 1)})

    assert frame["gap"].tolist() == ["worst", "seen", "new", "unknown"]
    assert frame["age_days"].fillna(-1).tolist() == [1, 60, 10, -1]
    assert frame["is_overdue"].tolist() == [False, False, True, False]


def test_the_roadmap_is_what_is_due_in_the_next_fiscal_quarter(inventory_of):
    """With a fiscal year from February the quarter after 29 November begins on 1 February and ends on 30 April."""
    inventory = inventory_of(
        AS_OF,
        settings={"fiscal_year_start": 2},
        projects=[project("web")],
        actions=[
            action("web", "first", due_on="2027-02-01", amount_minor=5),
            action("web", "before", due_on="2027-01-31"),
            action("web", "after", due_on="2027-05-01"),
            action("web", "done", due_on="2027-03-01", is_done=True),
            action("web", "undated"),
        ],
        gaps=[
            gap("web", "a gap, since 3 May 2026", due_on="2027-04-30", owner="Ann", opened_on="2026-05-03"),
            gap("web", "open to all, since 2021", due_on="2027-04-30"),
        ],
    )

    frame = metrics.roadmap(inventory, P)

    assert frame["what"].tolist() == ["First", "A gap", "Open to all, since 2021"]
    assert frame["kind"].tolist() == ["action", "gap", "gap"]


@given(day=st.dates(date(2015, 1, 1), date(2035, 1, 1)), month=st.integers(1, 12))
def test_the_next_quarter_begins_within_three_months(day, month):
    """The quarter after a day begins within three months of it, with a month that begins a quarter, and has three."""
    first, end = next_quarter(day, month)

    assert day < first <= day + timedelta(days=92)
    assert (first.month - month) % 3 == 0
    assert 89 <= (end - first).days <= 92


def test_stated_and_paid_costs_stand_side_by_side(inventory_of):
    """Stated costs are the handoffs', paid ones October's expenses, the last full month; they are never added."""
    inventory = inventory_of(
        AS_OF,
        projects=[project("web"), project("desk", status="paused"), project("lab")],
        costs=[cost("web", 4_120), cost("web", 900, "Mail"), cost("desk", 700), cost("lab", 50)],
        expenses=[
            paid("web", 5_000),
            paid("web", 20, day="2026-10-01"),
            paid("old", 9, day="2026-10-31"),
            paid("web", 10**6, day="2026-11-01"),
            paid("web", 10**6, day="2026-09-30"),
            paid(None, 10**6),
        ],
    )

    assert metrics.running_cost_stated(inventory, P).by == {"web": 5_020, "desk": 700, "lab": 50}
    assert metrics.running_cost_stated(inventory, P).value == 5_770
    assert metrics.running_cost_actual(inventory, P).by == {"web": 5_020, "old": 9}
    assert metrics.running_cost_actual(inventory, P).value == 5_029
    frame = metrics.cost_by_project(inventory, P)
    assert frame["project"].tolist() == ["web", "desk", "lab", "old"]
    assert frame["status"].fillna("").tolist() == ["live", "paused", "live", ""]
    assert frame["paid_minor"].fillna(-1).tolist() == [5_020, -1, -1, 9]


def test_what_would_save_most_is_idle_projects_then_costs_nobody_pays(inventory_of):
    """Costs of paused and retired projects first, then stated costs without an expense, each once, by amount."""
    inventory = inventory_of(
        AS_OF,
        projects=[project("web"), project("desk", status="paused"), project("old", status="retired"), project("lab")],
        costs=[cost("web", 9_999), cost("desk", 700), cost("old", 800), cost("lab", 5_000), cost("lab", 6_000, "AI")],
        expenses=[paid("web", 5)],
    )

    frame = metrics.savings(inventory, P)

    assert frame["monthly_minor"].tolist() == [800, 700, 6_000, 5_000]
    assert frame["why"].tolist() == [
        "the project is retired",
        "the project is paused",
        *["no expense in the last full month names the project"] * 2,
    ]


def test_without_books_only_idle_projects_can_be_saved(inventory_of):
    """Where expenses are not known no stated cost is called unpaid."""
    inventory = inventory_of(
        AS_OF, projects=[project("web"), project("desk", status="paused")], costs=[cost("web", 5), cost("desk", 7)]
    )

    assert metrics.savings(inventory, P)["project"].tolist() == ["desk"]
    assert metrics.cost_by_project(inventory, P)["stated_minor"].tolist() == [7, 5]
    assert metrics.running_cost_actual(inventory, P).reason == "the company's folder has no expenses"


def test_costs_that_nobody_states_are_not_zero(inventory_of):
    """Handoffs without a cost make the stated cost not available; paid costs are shown without handoffs."""
    inventory = inventory_of(AS_OF, projects=[project("web")])
    books_alone = inventory_of(AS_OF, expenses=[paid("web", 5)])

    assert metrics.running_cost_stated(inventory, P).reason == "no handoff states a monthly cost"
    assert metrics.cost_by_project(books_alone, P)["paid_minor"].tolist() == [5]
    with pytest.raises(NotAvailable, match="no handoff states a monthly cost; the company's folder has no expenses"):
        metrics.cost_by_project(inventory, P)


def test_the_last_full_month_ends_before_t(inventory_of):
    """On Tuesday 1 December the last full month is November, a day before it is October."""
    inventory = inventory_of("2026-12-03", expenses=[paid("web", 1), paid("web", 2, day="2026-11-30")])

    assert metrics.running_cost_actual(inventory, P).value == 1
    assert metrics.running_cost_actual(inventory, P.shifted(1)).value == 2


@pytest.mark.parametrize(
    "frame",
    [
        "admin_access",
        "configuration_by_function",
        "cost_by_project",
        "maturity_by_project",
        "open_gaps",
        "posture_by_zone",
        "risky_variables",
        "roadmap",
        "savings",
        "stack_by_project",
    ],
)
def test_tables_of_what_has_no_timestamp_are_refused_for_an_earlier_week(inventory_of, frame):
    """What the snapshot saw once is not shown as the state of a week before."""
    with pytest.raises(NotAvailable, match=NOT_NOW):
        getattr(metrics, frame)(inventory_of(AS_OF), P.shifted(-1))


@pytest.mark.parametrize(
    "name",
    [
        "access_risks",
        "configuration_risks",
        "running_cost_actual",
        "running_cost_stated",
        "stale_handoffs",
        "zones_at_risk",
    ],
)
@pytest.mark.parametrize("shift", [-520, 0, 520])
def test_a_company_without_assets_never_raises(inventory_of, name, shift):
    """Without any source each figure says why it is not there."""
    figure = getattr(metrics, name)(inventory_of(AS_OF), P.shifted(shift))

    assert figure.value is None
    assert figure.reason
