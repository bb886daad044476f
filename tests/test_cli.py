import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from quarterdeck.cli import cli
from quarterdeck.errors import EXIT_CODES

ROOT = Path(__file__).parent.parent
HOTEL = ROOT / "tests" / "data" / "hotel-2016"


@pytest.fixture
def runner(tmp_path: Path):
    """Run the real command in a folder of its own, with a ledger and outputs of its own."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        known = {name: value for name, value in os.environ.items() if not re.match("SES_|QUARTERDECK_|AWS_|XDG_", name)}
        own = {"XDG_STATE_HOME": str(tmp_path / "state"), "QUARTERDECK_STORE": str(tmp_path / "out")}
        return subprocess.run(
            [sys.executable, str(ROOT / "runner.py"), *arguments],
            cwd=tmp_path,
            env=known | own | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_help_teaches_examples_and_every_exit_code(runner):
    """`--help` shows what to paste, and each exit code with its meaning."""
    shown = runner("--help").stdout

    assert "python runner.py run cfo --dry-run" in shown
    for code in EXIT_CODES:
        assert re.search(rf"\b{code} \w+", shown)


@pytest.mark.parametrize("command", [*cli.commands])
def test_every_command_shows_an_example(runner, command):
    """Each command's help has one that works when pasted."""
    shown = runner(command, "--help")

    assert shown.returncode == 0
    assert f"python runner.py {command}" in shown.stdout.partition("example")[2]


def test_a_run_ends_with_a_table_and_prints_steps_without_a_terminal(runner, tmp_path):
    """Progress is plain lines on standard error; report, headline, size, seconds and path stand on standard output."""
    done = runner("run", "cfo", "--company", str(HOTEL), "--period", "2016-W45")

    assert done.returncode == 0, done.stderr
    assert "cfo/2016-W45  executing" in done.stderr
    assert re.search(r"CFO +.*€57\.3k.* KB +\d+\.\d +ready +out/2016-W45/cfo", done.stdout)
    assert "2016-W45" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_a_dry_run_prints_the_mail_as_it_would_leave(runner):
    """The text part is on standard output, and the ledger holds no delivery."""
    done = runner("run", "cfo", "--company", str(HOTEL), "--period", "2016-W45", "--dry-run")
    shown = runner("show", "cfo/2016-W45", "--company", str(HOTEL))

    assert "RESORT" in done.stdout
    assert "€57.3k" in done.stdout.partition("────")[2]
    assert "cfo/2016-W45  ready" in shown.stdout
    assert "no delivery was claimed" in shown.stdout


def test_collect_prints_the_snapshots_folder_and_nothing_else(runner, tmp_path):
    """Its standard output can be used by the next command as it is."""
    done = runner("collect", "--company", str(HOTEL))

    folder = Path(done.stdout.strip())
    assert done.returncode == 0
    assert (tmp_path / folder / "manifest.json").is_file()
    assert done.stdout.count("\n") == 1


def test_check_says_of_each_thing_whether_it_is_right(runner):
    """Everything right is exit 0 with one OK a line; a wrong company is exit 2 and named."""
    right = runner("check", "--company", str(HOTEL))
    wrong = runner("check", "--company", "nowhere")

    assert right.returncode == 0, right.stderr
    assert {"OK    company: Resort, EUR, Europe/Lisbon", "OK    report cfo: CFO, owner finance-ops@example.com"} <= set(
        right.stdout.splitlines()
    )
    assert "events 6,471" in right.stdout
    assert wrong.returncode == 2
    assert "WRONG company: nowhere: found no such folder" in wrong.stderr


def test_a_check_makes_nothing(runner, tmp_path):
    """To look is not to make: neither outputs folder nor ledger is there afterwards."""
    done = runner("check", "--company", str(HOTEL))

    assert done.returncode == 0, done.stderr
    assert "OK    ledger: " in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_show_lists_periods_with_the_states_of_their_editions(runner):
    """An empty ledger says how to begin; after a run its period is listed."""
    empty = runner("show", "--company", str(HOTEL))
    runner("run", "cfo", "--company", str(HOTEL), "--period", "2016-W45")
    listed = runner("show", "--company", str(HOTEL))

    assert "python runner.py run" in empty.stdout
    assert re.search(r"2016-W45 +ready .* cfo ready", listed.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("run", "cfoo"), 2, "report: found 'cfoo', expected one of"),
        (("run", "--period", "2025-W53"), 2, "W01 to W52"),
        (("run", "--company", "nowhere"), 2, "nowhere: found no such folder"),
        (("run", "cfo", "-p", "agenda_rows"), 2, "-p: found 'agenda_rows', expected KEY=VALUE"),
        (("run", "cfo", "-p", "agenda_rows=[1"), 2, "expected a number, a text, true or false"),
        (("run", "cfo", "-p", "agenda_rows=2026-01-01"), 2, "expected a number, a text, true or false"),
        (("run", "cfo", "-p", "agenda_row=3"), 2, "the unknown parameter 'agenda_row'"),
        (("run", "--send"), 2, "no company was named"),
        (("run", "--send", "--company", str(ROOT / "sample")), 2, "is a sample and can never be sent"),
        (("run", "--dry-run", "--send"), 2, "one calls nothing, the other mails"),
        (("run", "--frobnicate"), 2, "No such option"),
        (("show", "2016-W45"), 2, "a period or edition that was built"),
        (("show", "2026-W47", "--web"), 2, "python runner.py show --web"),
        (("preview", "--period", "2026-W99"), 2, "2026-W99"),
        (("settle", "cfo/2016-W45"), 2, "--sent"),
        (("settle", "cfo/2016-W45", "--sent"), 2, "settle cfo/2016-W45"),
        (("approve", "cfo/2016-W45", "--because", "x"), 2, "approve cfo/2016-W45"),
        (("rerun", "cfo"), 2, "expected"),
        (("rerun", "cfo/2016-W45", "--company", str(HOTEL)), 2, "no batch of that week was built"),
        (("resend", "cfo/2016-W45", "--to", "a@b.boats"), 2, "Missing option '--because'"),
        (("resend", "cfo/2016-W45", "--to", "a@b.boats", "--because", "x"), 2, "no company was named"),
        (
            ("resend", "cfo/2025-W10", "--to", "a@b.boats", "--because", "x", "--company", str(ROOT / "sample")),
            2,
            "is a sample and can never be sent",
        ),
        (("--env-file", "none.env", "show"), 2, "none.env: found no such file"),
    ],
)
def test_what_is_typed_wrong_is_answered_without_a_traceback(runner, arguments, code, says):
    """A known error is a message on standard error with its exit code."""
    done = runner(*arguments)

    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_send_names_what_is_missing(runner, tmp_path):
    """A send without a region or credentials ends before anything is made, and says which to set."""
    done = runner(
        "run",
        "cfo",
        "--send",
        "--company",
        str(HOTEL),
        SES_SENDER_EMAIL="r@hotel.boats",
        SES_RECIPIENT_EMAIL="c@hotel.boats",
    )

    assert done.returncode == 2
    assert "no region is set" in done.stderr
    assert "Set AWS_REGION" in done.stderr
    assert not (tmp_path / "out").exists()


def test_help_imports_nothing_heavy():
    """`--help`, of any command, answers at once: what is heavy is imported when it is used."""
    heavy = {"pandas", "papermill", "nbconvert", "matplotlib", "pydantic", "boto3", "rich"}
    code = (
        "import sys, pathlib; from quarterdeck.cli import cli, main\n"
        "for words in ([], *([name] for name in cli.commands)):\n"
        "    sys.argv = ['runner.py', *words, '--help']\n"
        "    main(pathlib.Path.cwd())\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.count("Usage: python runner.py") > 10
    assert done.stdout.endswith("\n[]\n")


def test_a_runner_loads_no_more_than_it_needs():
    """Kernels draw; AWS, pages, PDFs and jsonschema's grammars are loaded where they are used, or never."""
    heavy = {"matplotlib", "boto3", "nbconvert", "weasyprint", "lark", "arrow", "IPython", "uvicorn"}
    code = f"import quarterdeck.pipeline, sys; print(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def _without_seconds(done):
    """Its table; the column of seconds is as wide as they are."""
    return re.sub(r" +(\d+\.\d|seconds)  ", "  ", done.stdout)


def test_a_second_run_finds_what_the_first_built(runner, tmp_path):
    """The same table at once, with what to type to make it anew; --force does, and mails are shown as they are."""
    typed = ("run", "cfo", "--company", str(HOTEL), "--period", "2016-W45")
    first = runner(*typed)
    page = tmp_path / "out" / "2016-W45" / "cfo" / "page.html"
    written_at = page.stat().st_mtime_ns
    second, shown = runner(*typed), runner(*typed, "--dry-run")
    untouched = page.stat().st_mtime_ns
    forced = runner(*typed, "--force")

    assert [done.returncode for done in (first, second, shown, forced)] == [0] * 4
    assert re.fullmatch(r"Nothing has changed since \S+ \S+ UTC\. To make it anew, add --force\.\n", second.stderr)
    assert _without_seconds(first) == _without_seconds(second)
    assert "€57.3k" in shown.stdout.partition("────")[2]
    assert untouched == written_at
    assert "cfo/2016-W45  executing" in forced.stderr


def test_a_run_that_finds_what_was_built_imports_nothing_heavy(runner, tmp_path):
    """Whether anything has changed is asked without pandas, papermill, nbconvert, matplotlib, pyarrow or boto3."""
    heavy = {"pandas", "papermill", "nbconvert", "matplotlib", "pyarrow", "boto3", "structlog"}
    typed = ["run", "cfo", "--company", str(HOTEL), "--period", "2016-W45"]
    assert runner(*typed).returncode == 0
    code = (
        "import sys, pathlib; from quarterdeck.cli import main\n"
        f"sys.argv = ['runner.py', *{typed!r}]\n"
        f"try: main(pathlib.Path({str(ROOT)!r}))\n"
        f"finally: print(sorted({heavy} & set(sys.modules)))"
    )
    environment = os.environ | {
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "QUARTERDECK_STORE": str(tmp_path / "out"),
    }

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )

    assert "Nothing has changed" in done.stderr
    assert done.stdout.endswith("\n[]\n")


def test_force_does_not_go_with_send(runner):
    """What leaves is what was looked at."""
    refused = runner("run", "--force", "--send", "--company", str(HOTEL))

    assert refused.returncode == 2
    assert "python runner.py run --force" in refused.stderr


def test_a_bucket_is_no_outputs_folder(runner, tmp_path):
    """A path would fold `s3://` into a local folder: it is refused, with the variable that takes a bucket."""
    refused = runner("collect", "--outputs", "s3://acme/weekly")

    assert refused.returncode == 2
    assert "QUARTERDECK_STORE=s3://acme/weekly python runner.py run" in refused.stderr
    assert not list(tmp_path.glob("s3:*"))
