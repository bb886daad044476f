import os
from decimal import Decimal
from pathlib import Path

import pytest

from quarterdeck.config import Environment, edition_parts, lend_to_boto3, load_company, load_params, report_names
from quarterdeck.errors import InputInvalid

COMPANY = """\
slug: resort
name: Resort
currency: EUR
time_zone: Europe/Lisbon
policies:
  minimum_cash: 25000.50
sources:
  tables:
    events:
      path: tables/Events.json
      columns:
        event_id: eventId
        business: {value: Resort}
"""

PARAMS = """\
report: cfo
title: CFO
owner: finance-ops@example.com
parameters:
  agenda_rows: 12
"""


@pytest.fixture
def write(tmp_path: Path):
    """Write a company.yaml or params file and give back its folder."""

    def writer(text: str | bytes, name: str = "company.yaml") -> Path:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return writer


def test_what_is_left_out_has_the_documented_default(write):
    """Locale, fiscal year, release and policies have defaults; money is exact."""
    company = load_company(write(COMPANY))

    assert (company.locale, company.fiscal_year_start, company.release, company.sample) == ("en_US", 1, "all", False)
    assert company.policies.minimum_cash == Decimal("25000.50")
    assert company.minimum_cash_minor == 2_500_050
    assert company.sources.tables["events"].columns["event_id"].attribute == "eventId"
    assert company.sources.tables["events"].columns["business"].value == "Resort"
    assert company.sources.books is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("slug: resort", "slug: Resort GmbH"), "company.yaml, line 1, slug: found 'Resort GmbH'"),
        (("currency: EUR", "currency: EURO"), "line 3, currency: found 'EURO', expected an ISO 4217 code"),
        (("Europe/Lisbon", "Mars/Olympus"), "line 4, time_zone: found 'Mars/Olympus', expected an IANA time zone"),
        (("name: Resort", "nom: Resort"), "nom: found the unknown key 'nom'"),
        (
            ("  minimum_cash:", "  minimum:"),
            "policies.minimum: found the unknown key 'minimum', expected a key that policies has",
        ),
        (("25000.50", "a lot"), "line 6, policies.minimum_cash: found 'a lot'"),
        (("25000.50", "25000.505"), "policies.minimum_cash with at most 2 decimals, as EUR has"),
        (("    events:", "    bookings:"), "found 'bookings'"),
        (("{value: Resort}", "{value: Resort, from: brand}"), "either from: (their attribute) or value: (a constant)"),
        (("{value: Resort}", "{}"), "either from: (their attribute) or value: (a constant)"),
        (("slug: resort", "slug: resort\nas_of: 2016-12-31T23:59:59"), "line 2, as_of"),
        (("slug: resort", "slug: resort\nslug: other"), "line 2: found the key 'slug' stands here twice"),
        (("slug: resort", "slug: resort\nlocale: xx_YY"), "locale: found 'xx_YY', expected a locale such as en_GB"),
        (("slug: resort", "slug: [resort"), "expected well-formed YAML"),
        (("slug: resort", "? [a, b]\n: resort"), "line 1: found a key that is no plain text"),
    ],
)
def test_a_mistake_in_company_yaml_is_named_with_line_and_key(write, change, says):
    """Each mistake is refused with file, line, key, what was found and what would do."""
    folder = write(COMPANY.replace(*change))

    with pytest.raises(InputInvalid) as refusal:
        load_company(folder)

    assert says in str(refusal.value)


def test_a_missing_key_is_named(write):
    """A required key that is not there is asked for by name."""
    folder = write(COMPANY.replace("name: Resort\n", ""))

    with pytest.raises(InputInvalid) as refusal:
        load_company(folder)

    assert "found no key 'name'" in str(refusal.value)


def test_a_missing_folder_and_a_missing_file_are_told_apart(tmp_path):
    """No folder, or a folder without company.yaml: the message says which."""
    with pytest.raises(InputInvalid, match="no such folder"):
        load_company(tmp_path / "nowhere")
    with pytest.raises(InputInvalid, match=r"company\.yaml: found no such file"):
        load_company(tmp_path)


def test_what_is_no_folder_and_what_is_no_file_is_said(tmp_path):
    """A file given as the company, and a folder in place of company.yaml, are named for what they are."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "company" / "company.yaml").mkdir(parents=True)

    with pytest.raises(InputInvalid, match="found a file, expected a company folder"):
        load_company(tmp_path / "file")
    with pytest.raises(InputInvalid, match="what cannot be read"):
        load_company(tmp_path / "company")


def test_bytes_that_are_not_utf8_are_refused_by_place(write):
    """A file in another encoding is refused with the offset of its first foreign byte."""
    folder = write(b"slug: resort\nname: H\xf4tel\n")

    with pytest.raises(InputInvalid, match="not UTF-8 at 20"):
        load_company(folder)


def test_an_empty_file_is_no_settings(write):
    """A file without keys is refused instead of read as defaults."""
    with pytest.raises(InputInvalid, match="no keys"):
        load_company(write("# nothing here\n"))


def test_an_unknown_report_is_answered_with_the_known_ones(write):
    """The message lists what could have been meant."""
    folder = write(PARAMS, "cfo.yaml")

    with pytest.raises(InputInvalid, match="found 'cfoo', expected one of cfo"):
        load_params(folder, "cfoo")
    assert report_names(folder) == ["cfo"]


def test_params_that_name_another_report_are_refused(write):
    """A copied params file cannot run under the wrong name."""
    folder = write(PARAMS, "ceo.yaml")

    with pytest.raises(InputInvalid, match="report: found 'cfo', expected 'ceo', as the file is named"):
        load_params(folder, "ceo")


@pytest.mark.parametrize(
    "address", ["cfo", "a@b@c", "cfo@example.com\nBcc: x@example.com", "CFO <cfo@example.com>", ""]
)
def test_what_is_no_single_address_is_refused(write, address):
    """A recipient is one plain address: no names, no newlines, no lists."""
    folder = write(PARAMS + f"delivery: {{to: [{address!r}]}}\n".replace("'", '"'), "cfo.yaml")

    with pytest.raises(InputInvalid, match="one e-mail address"):
        load_params(folder, "cfo")


def test_the_environment_wins_over_the_file(write, monkeypatch):
    """A variable of the process overrides the same one in --env-file; what neither names has its default."""
    folder = write("QUARTERDECK_COMPANY=harbour\nSES_SENDER_EMAIL=reports@example.com\n", "repos.env")
    monkeypatch.setenv("QUARTERDECK_COMPANY", "resort")
    monkeypatch.delenv("SES_SENDER_EMAIL", raising=False)
    monkeypatch.delenv("QUARTERDECK_STORE", raising=False)

    environment = Environment.read(folder / "repos.env")

    assert (environment.company, environment.sender, environment.store) == ("resort", "reports@example.com", None)


def test_an_env_file_that_is_not_there_is_refused(tmp_path):
    """A named file that does not exist is an error, never an empty environment."""
    with pytest.raises(InputInvalid, match="no such file"):
        Environment.read(tmp_path / "missing.env")


def test_an_edition_is_a_report_and_its_period():
    """An edition's name gives its report, with the variant, and its period."""
    assert edition_parts("cfo/2026-W48") == ("cfo", "2026-W48")
    assert edition_parts("cfo@jada/2026-W48") == ("cfo@jada", "2026-W48")


@pytest.mark.parametrize("name", ["cfo", "cfo/2026-48", "../cfo/2026-W48", "CFO/2026-W48", "cfo/2026-W48/x", ""])
def test_what_is_no_edition_is_refused(name):
    """A name that could leave its folder, or that names no report and week, is refused with an example."""
    with pytest.raises(InputInvalid) as refusal:
        edition_parts(name)

    assert f"found {name!r}, expected a report and its period such as cfo/2026-W48" in str(refusal.value)


def test_an_edition_of_a_week_that_does_not_exist_is_refused():
    """2025 has 52 ISO weeks."""
    with pytest.raises(InputInvalid) as refusal:
        edition_parts("cfo/2025-W53")

    assert "a week of 2025, W01 to W52" in str(refusal.value)


def test_boto3_finds_what_the_file_says_of_aws(tmp_path, monkeypatch):
    """AWS_ variables of the file are set for the process, whose own win; others are not."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("SES_SENDER_EMAIL", raising=False)
    (tmp_path / "repos.env").write_text("AWS_REGION=us-east-1\nAWS_PROFILE=ops\nSES_SENDER_EMAIL=r@example.com\n")

    lend_to_boto3(tmp_path / "repos.env")

    lent = {name: os.environ.get(name) for name in ("AWS_REGION", "AWS_PROFILE", "SES_SENDER_EMAIL")}
    os.environ.pop("AWS_PROFILE")
    assert lent == {"AWS_REGION": "eu-west-1", "AWS_PROFILE": "ops", "SES_SENDER_EMAIL": None}


def test_a_stand_in_for_aws_counts_only_where_boto3_sees_it(tmp_path, monkeypatch):
    """An endpoint that stands in a file alone would let example addresses pass, and reach AWS."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    (tmp_path / "repos.env").write_text("AWS_ENDPOINT_URL=http://127.0.0.1:9\nSES_CONFIGURATION_SET=weekly\n")

    of_file = Environment.read(tmp_path / "repos.env")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    of_process = Environment.read(tmp_path / "repos.env")

    assert (of_file.endpoint, of_process.endpoint) == (None, "http://127.0.0.1:9")
    assert of_file.configuration_set == "weekly"


@pytest.mark.parametrize("way", ["stop@example.com", "http://example.com/stop", "mailto:", "https://example.com/a b"])
def test_unsubscribe_is_an_address_that_mail_programs_follow(tmp_path, way):
    """By mail or by https, and nothing that would break out of its header."""
    (tmp_path / "cfo.yaml").write_text(f"report: cfo\ntitle: CFO\nowner: a@example.com\nunsubscribe: '{way}'\n")

    with pytest.raises(InputInvalid, match="unsubscribe"):
        load_params(tmp_path, "cfo")


def test_params_name_what_goes_with_the_mail(tmp_path):
    """The page goes along as HTML, as PDF, or not at all, and Unsubscribe leads to an address."""
    given = "report: cfo\ntitle: CFO\nowner: a@example.com\nunsubscribe: mailto:stop@example.com\nattach: [page, pdf]\n"
    (tmp_path / "cfo.yaml").write_text(given)

    params = load_params(tmp_path, "cfo")

    assert params.attach == ("page", "pdf")
    assert params.unsubscribe == "mailto:stop@example.com"


def test_what_an_editor_leaves_beside_params_is_no_report(tmp_path):
    """Emacs' lock and macOS' double of a file that is being edited are not taken for reports."""
    for name in (".#cfo.yaml", "._cfo.yaml", "cfo.yaml"):
        (tmp_path / name).write_text("report: cfo")

    assert report_names(tmp_path) == ["cfo"]


@pytest.mark.parametrize("wrong", ["needs: {evnts: {max_age_hours: 1}}", "needs: {events: {max_age_hours: yes}}"])
def test_a_need_is_of_a_table_and_in_hours(tmp_path, wrong):
    """A misspelt table would need nothing, and `yes` would be one hour: both are refused, in the file's own words."""
    (tmp_path / "cfo.yaml").write_text(f"report: cfo\ntitle: CFO\nowner: a@example.com\n{wrong}\n")

    with pytest.raises(InputInvalid, match=r"line 4, needs\.(evnts|events\.max_age_hours)"):
        load_params(tmp_path, "cfo")
