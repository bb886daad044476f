import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
from aws_commands import faults_of
from template import TEMPLATE, Template

from quarterdeck.cli import cli

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
AWS = re.findall(r"(?:^|`)(aws .*?)(?= \||`|$)", GUIDE, re.MULTILINE)
OURS = re.findall(r"(?:^|`)python (runner\.py .*?)(?=`|$)", GUIDE, re.MULTILINE)


@pytest.mark.parametrize("command", AWS)
def test_each_aws_command_has_the_options_that_it_is_given(command):
    """Service, operation and options stand in botocore's models, and those that are required are there."""
    assert faults_of(command) == set()


@pytest.mark.parametrize("command", OURS)
def test_each_command_of_ours_is_one(command):
    """What is typed on AWS is parsed as it stands; what it does there is rehearsed elsewhere."""
    _, *words = shlex.split(command.replace("EDITION", "cfo/2026-W47"))
    context = click.Context(cli)
    words = words[2:] if words[0] == "--env-file" else words
    known = cli.get_command(context, words[0])

    assert known is not None
    known.make_parser(click.Context(known)).parse_args(words[1:])


def test_the_guide_shows_commands():
    """There is something to check."""
    assert len(AWS) > 15
    assert len(OURS) > 5


def test_each_alarm_and_parameter_is_explained():
    """Whoever is told of an alarm, or asked for a parameter, finds its row, and no row is about nothing."""
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    alarms = re.findall(r"^\| `(\w+)` \|", GUIDE.partition("## When an alarm rings")[2], re.MULTILINE)
    table = GUIDE.partition("| parameter |")[2].partition("\n\n")[0]
    parameters = [
        name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    ]

    assert sorted(alarms) == sorted(template.resources("AWS::CloudWatch::Alarm"))
    assert parameters == list(template.said["Parameters"])


def test_the_hour_is_what_it_says():
    """The local hours of Monday 08:00 UTC, in winter and summer, come from the zone's own rules."""
    rows = re.findall(r"^\| (\w+/\w+) \| (\w+ [\d:]+) \| (\w+ [\d:]+) \|$", GUIDE, re.MULTILINE)
    january, july = datetime(2027, 1, 4, 8, tzinfo=UTC), datetime(2027, 7, 5, 8, tzinfo=UTC)

    assert len(rows) == 7
    for zone, *said in rows:
        assert [f"{one.astimezone(ZoneInfo(zone)):%A %H:%M}" for one in (january, july)] == said
