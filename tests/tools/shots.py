"""
Pictures of a week's mails and pages as readers see them, to be looked at: `make shots`.

Mails in Thunderbird, light and dark; mails and pages in Chromium at three widths, light and dark. With `--docs` only
the pictures that README and docs/reports show: `make images`.
"""

import argparse
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checkers import SCHEMES, WIDTHS, chromium, html_of, missing, read_mail, with_pictures
from PIL import Image, ImageChops, ImageGrab
from playwright.sync_api import Browser
from rich.progress import Progress

PROGRAMS = ("chromium", "thunderbird", "Xvfb", "xdotool", "dbus-run-session")
WINDOW = (900, 8000)  # pixels: wider than a mail, and higher than any, so that nothing has to be scrolled
_STATUS_BAR = 80
_PATIENCE_S = 90

# Nothing is asked, nothing is fetched, and no account is wanted. 3 is "always offline".
_PREFERENCES = {
    "app.donation.eoy.version.viewed": 999,
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "offline.autoDetect": False,
    "offline.startup_state": 3,
    "toolkit.telemetry.enabled": False,
}


def main() -> int:
    """Take the pictures of the newest week."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outputs", type=Path, help="where `runner.py run` writes; its newest week is taken")
    parser.add_argument("--docs", type=Path, metavar="FOLDER", help="where the pictures of the documentation are")
    asked = parser.parse_args()
    absent = missing(*(PROGRAMS if asked.docs is None else PROGRAMS[:1]))
    if absent:
        say = f"Not installed here: {', '.join(absent)}. Nothing was drawn. Type: tests/tools/install shots"
        print(say, file=sys.stderr)
        return 2
    editions = sorted(path.parent for path in asked.outputs.glob("*-W*/*/message.eml"))
    editions = [folder for folder in editions if folder.parent == editions[-1].parent]
    if not editions:
        print(f"{asked.outputs}/ has no edition. Nothing was drawn. Type: make report", file=sys.stderr)
        return 2
    if asked.docs is None:
        taken = shots_of(editions, asked.outputs / "shots")
    else:
        with chromium() as browser:
            taken = pictures_for_docs(browser, editions, asked.docs)
    print(f"{len(taken)} pictures of {editions[0].parent.name} are in {taken[0].parent}/")
    return 0


def shots_of(editions: list[Path], shots: Path) -> list[Path]:
    """All pictures of *editions*, in *shots*; what was there is gone."""
    shutil.rmtree(shots, ignore_errors=True)
    shots.mkdir()
    taken = []
    with Progress() as progress:
        of_thunderbird = progress.add_task("Thunderbird", total=len(editions) * len(SCHEMES))
        of_chromium = progress.add_task("Chromium", total=len(editions) * len(SCHEMES) * len(WIDTHS) * 2)
        for path in shown_by_thunderbird(editions, shots):
            taken.append(path)
            progress.advance(of_thunderbird)
        with chromium() as browser:
            for path in shown_by_chromium(browser, editions, shots):
                taken.append(path)
                progress.advance(of_chromium)
    return taken


def pictures_for_docs(browser: Browser, editions: list[Path], docs: Path) -> list[Path]:
    """The top of each mail, and of one the laptop's beside the phone's in the dark; small enough for a repository."""
    taken = []
    for folder in editions:
        mail = read_mail(folder)
        html = with_pictures(html_of(mail), mail)
        light, dark = (top_of(browser, html, width, scheme) for width, scheme in ((640, "light"), (360, "dark")))
        taken.append(docs / f"{folder.name}-mail.png")
        with_few_colours(light, taken[-1])
        if folder.name == "cfo":
            both = Image.new("RGB", (light.width + dark.width, light.height))
            both.paste(light, (0, 0))
            both.paste(dark, (light.width, 0))
            taken.append(docs / "laptop-and-phone.png")
            with_few_colours(both, taken[-1])
    return taken


def top_of(browser: Browser, html: str, width: int, scheme: str) -> Image.Image:
    """The first 1180 CSS pixels of *html* in a window of *width*, on a dense screen."""
    context = browser.new_context(color_scheme=scheme, device_scale_factor=2)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 1180})
    page.set_content(html)
    drawn = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    context.close()
    return drawn


def with_few_colours(drawn: Image.Image, path: Path) -> None:
    drawn.quantize(128, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


def shown_by_chromium(browser: Browser, editions: list[Path], shots: Path) -> Iterator[Path]:
    """Each mail and page at each width, light and dark: `cfo-mail-360-dark.png`."""
    for folder in editions:
        mail = read_mail(folder)
        page_of = {"mail": with_pictures(html_of(mail), mail), "page": (folder / "page.html").read_text("utf-8")}
        for kind, html in page_of.items():
            for scheme in SCHEMES:
                context = browser.new_context(color_scheme=scheme)
                page = context.new_page()
                page.set_content(html)
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 900})
                    path = shots / f"{folder.name}-{kind}-{width}-{scheme}.png"
                    page.screenshot(path=path, full_page=True)
                    yield path
                context.close()


def shown_by_thunderbird(editions: list[Path], shots: Path) -> Iterator[Path]:
    """Each mail as Thunderbird opens its file: `cfo-thunderbird-dark.png`."""
    for folder in editions:
        for scheme in SCHEMES:
            path = shots / f"{folder.name}-thunderbird-{scheme}.png"
            with screen() as display, thunderbird(folder / "message.eml", display, scheme) as environment:
                drawn_in_full(folder / "message.eml", environment).save(path)
            yield path


@contextmanager
def screen() -> Iterator[str]:
    """The name of an X display that nobody sees."""
    reads, writes = os.pipe()
    width, height = WINDOW
    command = ["Xvfb", "-displayfd", str(writes), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writes], stderr=subprocess.DEVNULL)
    os.close(writes)
    try:
        with os.fdopen(reads, encoding="ascii") as number:
            yield f":{number.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def thunderbird(message: Path, display: str, scheme: str) -> Iterator[dict[str, str]]:
    """Thunderbird with *message* open, in a profile of its own; what it is given as environment."""
    with tempfile.TemporaryDirectory(prefix="quarterdeck-thunderbird-", ignore_cleanup_errors=True) as profile:
        preferences = _PREFERENCES | {"ui.systemUsesDarkTheme": int(scheme == "dark")}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
        (Path(profile) / "user.js").write_text("\n".join(lines), encoding="utf-8")
        theme = "Adwaita:dark" if scheme == "dark" else "Adwaita"
        environment = os.environ | {"DISPLAY": display, "HOME": profile, "GTK_THEME": theme}
        program = subprocess.Popen(
            ["dbus-run-session", "--", "thunderbird", "--profile", profile, message.resolve()],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield environment
        finally:
            # All of its group: dbus-run-session leaves Thunderbird behind when it ends.
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()


def drawn_in_full(message: Path, environment: dict[str, str]) -> Image.Image:
    """A picture of all of *message*, once nothing in its window moves any more."""

    def say(*arguments: str) -> str:
        done = subprocess.run(["xdotool", *arguments], env=environment, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def settled() -> Image.Image | None:
        before = ImageGrab.grab(xdisplay=environment["DISPLAY"])
        time.sleep(1)
        after = ImageGrab.grab(xdisplay=environment["DISPLAY"])
        return after if ImageChops.difference(before, after).getbbox() is None else None

    # There is a second window, of a program without accounts. xdotool compares bytes: only ASCII is sure to match.
    title = re.sub(r"[^A-Za-z0-9]+", ".*", read_mail(message.parent)["Subject"])
    window = waited_for(lambda: say("search", "--onlyvisible", "--name", f"^{title}.*Thunderbird$"), message)
    say("windowmove", window, "0", "0", "windowsize", window, *map(str, WINDOW), "windowraise", window)
    return without_empty_end(waited_for(settled, message))


def waited_for(found, message: Path):
    """What *found* finds at last, asked once a second."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        time.sleep(1)
        if seen := found():
            return seen
    raise TimeoutError(f"Thunderbird did not show {message} within {_PATIENCE_S} s")


def without_empty_end(drawn: Image.Image) -> Image.Image:
    """*drawn* down to the last row that has anything on it, the window's status bar aside."""
    shown = drawn.crop((0, 0, drawn.width, drawn.height - _STATUS_BAR))
    ground = Image.new("RGB", shown.size, shown.getpixel((2, shown.height - 1)))
    _, _, _, bottom = ImageChops.difference(shown.convert("RGB"), ground).getbbox()
    return shown.crop((0, 0, shown.width, min(shown.height, bottom + 24)))


if __name__ == "__main__":
    sys.exit(main())
