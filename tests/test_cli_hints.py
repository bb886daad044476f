import pytest

from quarterdeck.cli.hints import completed

TWO = "python runner.py settle a/2026-W47 --sent\n  python runner.py settle a/2026-W47 --not-sent"
TYPED = ("run", "cfo", "--company", "my company", "--outputs=/srv/out")


@pytest.mark.parametrize(
    ("shown", "typed", "completes_to"),
    [
        ("python runner.py check", TYPED, "python runner.py check --company 'my company' --outputs /srv/out"),
        (
            "python runner.py show --web --port 5000",
            ("show", "--web", "--outputs", "/srv/out"),
            "python runner.py show --web --port 5000 --outputs /srv/out",
        ),
        (
            "python runner.py preview cfo --port 5000",
            ("preview", "cfo", "--company", "x"),
            "python runner.py preview cfo --port 5000 --company x",
        ),
        (
            "python runner.py approve a/2026-W47",
            ("show", "--outputs", "/srv/out"),
            "python runner.py approve a/2026-W47 --outputs /srv/out",
        ),
        ("python runner.py run --company sample", ("run", "--company", "x"), "python runner.py run --company sample"),
        (
            "python runner.py rerun a/2026-W4",
            ("run", "--company", "x"),
            "python runner.py rerun a/2026-W4 --company x",
        ),
        ("python runner.py run cfo", ("run", "cfo"), "python runner.py run cfo"),
        (
            TWO,
            ("--env-file", "my.env", "run", "--send"),
            TWO.replace("runner.py", "runner.py --env-file my.env"),
        ),
        ("Correct it, then run\n  python runner.py check\nDone.", ("check", "--company", "h"), None),
        ("no command here", TYPED, "no command here"),
    ],
)
def test_the_next_command_is_about_the_same_company(shown, typed, completes_to):
    """What was typed is added to the commands of a message that take it and lack it, quoted for a shell."""
    expected = completes_to or "Correct it, then run\n  python runner.py check --company h\nDone."

    assert completed(shown, typed) == expected
