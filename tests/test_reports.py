"""The real reports, by the real command: what every one of them must hold, on both companies."""

import hashlib
import json
import re
import tempfile
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
from weeks_built import run

from quarterdeck.config import report_names

ROOT = Path(__file__).parent.parent
REPORTS = report_names(ROOT / "params")
# tests/data/hotel-2016/README.md: what was recognised, in cents, computed from the data set by its authors' own columns
RECOGNISED = {"2016-W30": 21280125, "2016-W38": 10832751, "2016-W45": 5732431, "2016-W51": 1877737}


@pytest.fixture(scope="module")
def sample(week_of) -> Path:
    """The sample company's last full week."""
    return week_of("sample", "2026-W47")


@pytest.fixture(scope="module")
def hotel(week_of) -> Path:
    """The hotel's four weeks."""
    (outputs,) = {week_of("hotel", period).parent for period in RECOGNISED}
    return outputs


def message(folder: Path):
    return message_from_bytes((folder / "message.eml").read_bytes(), policy=SMTP)


def outputs_of(folder: Path) -> list[str]:
    """Of each code cell, as `executed.ipynb` keeps them."""
    cells = json.loads((folder / "executed.ipynb").read_text())["cells"]
    return [json.dumps(cell["outputs"]) for cell in cells if cell["cell_type"] == "code"]


def text_of(folder: Path) -> str:
    return message(folder).get_body(("plain",)).get_content()


def body_of(folder: Path) -> bytes:
    return (folder / "message.eml").read_bytes().partition(b"MIME-Version: 1.0\r\n")[2]


def editions(sample: Path, hotel: Path) -> list[Path]:
    return [
        folder for week in (sample, *(hotel / period for period in RECOGNISED)) for folder in sorted(week.glob("[!.]*"))
    ]


def words_to_read(text: str) -> int:
    """Words of the text part without table cells and provenance."""
    body = text.partition("Where the figures come from.")[0]
    prose: list[str] = []
    for block in re.split(r"(?:\r?\n){2,}", body):
        lines = block.splitlines()
        # A table's head stands over a rule; all below it are cells, also words that wrapped into a line of their own.
        rule = next((at for at, line in enumerate(lines) if at and not line.strip("-")), len(lines) + 1)
        prose += [line for line in lines[: rule - 1] if not re.search(r"\S {2,}\S", line.strip())]
    return sum(bool(re.search(r"\w", word)) for line in prose for word in line.split())


def test_every_report_is_there_for_every_week(sample, hotel):
    """Each report of params/ has an edition for each week, of both companies."""
    for week in (sample, *(hotel / period for period in RECOGNISED)):
        assert sorted(folder.name for folder in week.iterdir() if (folder / "manifest.json").is_file()) == REPORTS


def test_the_same_inputs_give_the_same_bytes_anywhere(sample, tmp_path):
    """Other folder, zone, locale, hash seed, Jupyter's own kernels: outputs, pages and bodies are the same bytes."""
    other = {"TZ": "Asia/Kolkata", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "77"}
    run(tmp_path / "elsewhere", **other, JUPYTER_DEFAULT_PROVISIONER_NAME="local-provisioner")

    for report in REPORTS:
        first, second = sample / report, tmp_path / "elsewhere" / "2026-W47" / report
        assert (first / "page.html").read_bytes() == (second / "page.html").read_bytes(), report
        assert body_of(first) == body_of(second), report
        assert outputs_of(first) == outputs_of(second), report


def test_the_hotels_revenue_is_the_published_one_to_the_cent(hotel):
    """Every manifest that shows recognised revenue has the data set's own sum for its week."""
    for period, minor in RECOGNISED.items():
        shown = {
            folder.name: json.loads((folder / "manifest.json").read_text())["metrics"].get("recognised_revenue")
            for folder in (hotel / period).glob("[!.]*")
        }
        values = {figure["value"] for figure in shown.values() if figure}
        assert values == {minor}, (period, shown)
        assert "cfo" in {report for report, figure in shown.items() if figure}


def test_the_hotel_says_what_it_cannot_show(hotel):
    """Without books there is a sentence, and no zero that nobody measured: only what is owed is known to be nothing."""
    for period in RECOGNISED:
        text = " ".join(text_of(hotel / period / "cfo").split())
        zeros = re.findall(r"(\w+) +€0(?![\d.,])", text.partition("Where the figures come from")[0])
        assert "The company's folder has no balances" in text
        assert zeros == (["Receivables"] if period == "2016-W51" else [])


def test_every_mail_is_small_and_read_in_five_minutes(sample, hotel):
    """HTML of at most 80 KB as it travels, and at most 700 words besides table cells and provenance."""
    for folder in editions(sample, hotel):
        html = message(folder).get_body(("html",))
        encoded = html.get_payload(decode=False)
        assert len(encoded.encode()) <= 80_000, folder
        assert words_to_read(text_of(folder)) <= 700, folder


def test_figures_agree_between_the_editions_of_a_week(sample, hotel):
    """A metric that several editions show has one value."""
    for week in (sample, *(hotel / period for period in RECOGNISED)):
        values: dict[str, set[object]] = {}
        for folder in week.glob("[!.]*"):
            for name, figure in json.loads((folder / "manifest.json").read_text())["metrics"].items():
                values.setdefault(name, set()).add(json.dumps(figure, sort_keys=True))
        assert {name: found for name, found in values.items() if len(found) > 1} == {}


def test_every_chart_is_a_different_picture_with_words_of_its_own(sample):
    """No two charts of the sample are one picture; each has an alt text with numbers, of at most 350 characters."""
    pictures, alts = [], []
    for report in REPORTS:
        mail = message(sample / report)
        pictures += [
            hashlib.sha256(part.get_content()).hexdigest()
            for part in mail.walk()
            if part.get_content_maintype() == "image"
        ]
        alts += re.findall(r'<img[^>]*\balt="([^"]+)"', mail.get_body(("html",)).get_content())

    assert len(pictures) == len(set(pictures))
    assert 2 * len(alts) == len(pictures)  # the drawing for dark screens has none
    assert all(re.search(r"\d", alt) and len(alt) <= 350 for alt in alts)


def test_no_outputs_name_the_machine_they_were_made_on(sample, hotel):
    """Pages, messages and manifests hold no path of this machine."""
    here = (
        str(ROOT).encode(),
        str(sample.parent).encode(),
        str(hotel).encode(),
        bytes(Path.home()),
        tempfile.gettempdir().encode(),
    )
    for folder in editions(sample, hotel):
        message = message_from_bytes((folder / "message.eml").read_bytes())
        texts = [part.get_payload(decode=True) for part in message.walk() if part.get_content_maintype() == "text"]
        for content in [*texts, *((folder / name).read_bytes() for name in ("page.html", "manifest.json"))]:
            # Pictures are letters by chance, and so now and then a path
            assert [path for path in here if path in re.sub(rb"base64,[\w+/=]+", b"", content)] == [], folder
