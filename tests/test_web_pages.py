"""What our own pages are made of."""

import re

import pytest

from quarterdeck.render import tokens
from quarterdeck.web.pages import static


@pytest.mark.parametrize(("scheme", "which"), [("light", 0), ("dark", 1)])
def test_the_desks_colours_are_the_tokens(scheme, which):
    """The style sheet has every colour of the house by its name, in light and in dark."""
    declared = re.findall(r":root\{([^}]*)\}", static("desk.css"))[which]
    colours = dict(re.findall(r"--([a-z0-9-]+):(#[0-9A-F]{6});", declared))

    assert colours == {name.replace("_", "-"): colour for name, colour in tokens.colours(scheme).items()}


def test_the_desks_faces_are_the_tokens():
    """So are the faces."""
    assert all(face in static("desk.css") for face in (tokens.SERIF, tokens.SANS, tokens.MONO))
