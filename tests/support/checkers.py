"""
Checkers of mails and pages that others wrote, each called in one place; `make test-tools` installs them.

Where one is missing, the tests that need it are skipped and say so. In CI they fail: what is not checked
there is checked nowhere.
"""

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

TOOLS = Path(__file__).parent.parent / "tools"
NODE_MODULES = TOOLS / "node_modules"

WIDTHS = (360, 600, 1024)  # CSS pixels: a phone, a pane beside a list, a desktop
SCHEMES = ("light", "dark")

# WCAG 2.2 AA, with what axe-core's authors advise beyond it.
_AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A mail stands inside the landmarks of the program that shows it; its own would be second ones.
_NOT_FOR_MAILS = {rule: {"enabled": False} for rule in ("landmark-one-main", "region")}

MAIL_PROGRAMS = ("gmail.*", "outlook.*", "apple-mail.*", "samsung-email.*", "yahoo.*")


def missing(*tools: str | Path) -> list[str]:
    """The names of those of *tools* (commands or files) that are not installed here."""
    return [Path(tool).name for tool in tools if shutil.which(tool) is None and not Path(tool).is_file()]


def needs(*tools: str | Path) -> None:
    """Skip the test that asks, or in CI fail it, unless all *tools* (commands or files) are installed."""
    absent = missing(*tools)
    if absent:
        say = f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed here: make test-tools"
        if os.environ.get("CI") == "true":
            pytest.fail(say)
        pytest.skip(say)


# Mails


def read_mail(folder: Path) -> EmailMessage:
    """The mail of the edition in *folder*."""
    return message_from_bytes((folder / "message.eml").read_bytes(), policy=SMTP)


def html_of(mail: EmailMessage) -> str:
    return mail.get_body(("html",)).get_content()


def pictures_of(mail: EmailMessage) -> dict[str, bytes]:
    """The pictures that *mail* carries, by Content-ID."""
    return {part["Content-ID"].strip("<>"): part.get_content() for part in mail.walk() if part["Content-ID"]}


def with_pictures(html: str, mail: EmailMessage) -> str:
    """*html* with the pictures of *mail* inside it: a browser shows no `cid:`."""
    for cid, picture in pictures_of(mail).items():
        html = html.replace(f"cid:{cid}", f"data:image/png;base64,{base64.b64encode(picture).decode()}")
    return html


# A browser


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; playwright's own would have to be downloaded."""
    needs("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


def overflow_of(browser: Browser, html: str, width: int) -> int:
    """CSS pixels by which *html* is wider than a window of *width*."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(html)
    over = _overflow(page)
    page.close()
    return over


def _overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def seen_in(browser: Browser, html: str, *, is_mail: bool, widths: Sequence[int] = WIDTHS) -> list[str]:
    """
    What axe-core and a measure of the width find in *html*, at each of *widths*, light and dark.

    Returns:
        One sentence each: where, which rule, on what; empty when nothing is wrong.
    """
    found = []
    for scheme in SCHEMES:
        # The page's own policy forbids scripts, axe-core's too.
        context = browser.new_context(color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.set_content(html)
        found += [f"{fault}, {scheme}" for fault in seen_on(page, is_mail=is_mail, widths=widths)]
        context.close()
    return found


def seen_on(page: Page, *, is_mail: bool = False, widths: Sequence[int] = WIDTHS) -> list[str]:
    """The same of a *page* that is open, in a context whose `bypass_csp` is set."""
    axe = NODE_MODULES / "axe-core" / "axe.min.js"
    needs(axe)
    found = []
    options = {"resultTypes": ["violations"], "runOnly": _AXE_TAGS, "rules": _NOT_FOR_MAILS if is_mail else {}}
    page.evaluate(axe.read_text(encoding="utf-8"))
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        over = _overflow(page)
        if over:
            found.append(f"{width} px: {over} px wider than the window")
        broken = page.evaluate("options => axe.run(document, options)", options)["violations"]
        found += [f"{width} px: {each['id']} on {each['nodes'][0]['html'][:120]}" for each in broken]
    return found


# Programs


def html_faults(pages: Sequence[Path]) -> list[str]:
    """The errors that the Nu HTML checker finds in *pages*; one Java machine for all, for its start takes seconds."""
    jar = NODE_MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
    needs("java", jar)
    # Its check of the policy knows no `data:`, and says of each picture that it is refused. Chromium shows them.
    done = subprocess.run(
        ["java", "-jar", jar, "--format", "json", "--errors-only", *pages], capture_output=True, text=True, check=False
    )
    messages = json.loads(done.stderr)["messages"]
    return [f"{Path(each['url']).parent.name}: {each['message']}" for each in messages if each["type"] == "error"]


def unsupported(html: str) -> dict[str, set[str]]:
    """Each feature of *html* that one of the mail programs does not know, with those that do not."""
    needs("node", NODE_MODULES / "@jsx-email" / "doiuse-email" / "package.json")
    done = subprocess.run(
        ["node", "doiuse.mjs", *MAIL_PROGRAMS], cwd=TOOLS, input=html, capture_output=True, text=True, check=True
    )
    found: dict[str, set[str]] = {}
    for error in json.loads(done.stdout)["errors"]:
        feature, program = re.fullmatch(r"`(.+)` is not supported by `(.+)`", error).groups()
        found.setdefault(feature, set()).add(program)
    return found


def spam_points(message: bytes, home: Path) -> tuple[float, str]:
    """SpamAssassin's points for *message*, and the rules that gave them; no network is asked."""
    needs("spamassassin")
    environment = os.environ | {"HOME": str(home)}  # where it keeps its settings
    done = subprocess.run(
        ["spamassassin", "--local", "--test-mode"], input=message, env=environment, capture_output=True, check=True
    )
    report = done.stdout.decode(errors="replace")
    points = re.search(r"\(\s*(-?[\d.]+) points", report)
    return float(points[1]), report[points.start() :]


def printed_pages(browser: Browser, page: Path, folder: Path, *, paper: str) -> list[str]:
    """The text of each sheet of *paper* (`A4`, `Letter`) that Chromium prints *page* on."""
    needs("pdftotext")
    shown = browser.new_page()
    shown.goto(page.as_uri())
    written = folder / f"{paper}.pdf"
    shown.pdf(path=written, format=paper)
    shown.close()
    text = subprocess.run(["pdftotext", "-layout", written, "-"], capture_output=True, text=True, check=True)
    return text.stdout.removesuffix("\f").split("\f")
