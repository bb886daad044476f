"""The manifest of an edition: which figures it shows, what it was made from, and what it consists of."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from quarterdeck.blocks import FigureRecord
from quarterdeck.errors import InputInvalid
from quarterdeck.files import sha256_of, write_beside_then_rename
from quarterdeck.fingerprints import helpers_hash, package_hash, python_hash
from quarterdeck.inventory import AssetInventory
from quarterdeck.mail import frozen_body
from quarterdeck.period import Period
from quarterdeck.pipeline.plan import Plan, Report
from quarterdeck.render import Rendered

MANIFEST = "manifest.json"
OUTPUTS = ("executed.ipynb", "page.html", "message.eml")


def code_inputs() -> dict[str, str]:
    """What all editions of a build depend on alike: `python` with what is installed, and `quarterdeck` itself."""
    return {"python": python_hash(), "quarterdeck": package_hash()}


def inputs_of(report: Report, snapshot: str, previous: Path | None, code: Mapping[str, str]) -> dict[str, str]:
    """
    Everything that the edition depends on, as name to SHA-256: the same inputs give the same edition.

    *code* is `code_inputs`, which reads hundreds of files and is asked once for all reports. Files are named relative
    to the project, `snapshot` and `previous` are what was read, `parameters` the values given, `helpers` what lies
    beside the notebook.
    """
    values = json.dumps(report.parameters, sort_keys=True, default=str)
    found = {
        **inputs_of_notebook(report.notebook),
        f"params/{report.params_file.name}": sha256_of(report.params_file),
        "parameters": hashlib.sha256(values.encode()).hexdigest(),
        "snapshot": snapshot,
        "helpers": helpers_hash(report.notebook),
        **code,
    }
    if previous is not None:
        found["previous"] = sha256_of(previous / MANIFEST)
    return found


def inputs_of_notebook(notebook: Path) -> dict[str, str]:
    """The notebook's own part of `inputs_of`."""
    return {f"notebooks/{notebook.name}": sha256_of(notebook)}


@dataclass(frozen=True)
class Facts:
    """What one edition knows of itself: what it shows, what it was made from, and which revision it is."""

    edition: str
    revision: int
    rendered: Rendered
    inputs: Mapping[str, str]


def write_manifest(folder: Path, plan: Plan, inventory: AssetInventory, facts: Facts) -> None:
    """Write the manifest into *folder*, last of all: an edition that has one is complete."""
    lock = plan.root / "requirements.lock"
    content: dict[str, Any] = {
        "edition": facts.edition,
        "period": str(plan.period),
        "as_of": inventory.moment(plan.period).isoformat(),
        "company": inventory.company.slug,
        "snapshot": inventory.snapshot,
        "currency": inventory.company.currency,
        "revision": facts.revision,
        "metrics": {name: _figure(record) for name, record in facts.rendered.metrics.items()},
        "dropped": list(facts.rendered.dropped),
        "inputs": dict(facts.inputs),
        "outputs": {name: sha256_of(folder / name) for name in OUTPUTS},
        "message": _letter(facts.rendered.body.subject, facts.rendered.body.sha256),
        "commit": _commit(plan.root) or plan.environment.commit,
        "lock": sha256_of(lock) if lock.is_file() else None,
    }
    write_beside_then_rename(folder / MANIFEST, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())


def _figure(record: FigureRecord) -> dict[str, Any]:
    """Not available is `value: null` with its reason; what does not apply is left out."""
    return {"value": record.value, **record.model_dump(mode="json", exclude={"value"}, exclude_none=True)}


def figures_of(folder: Path) -> dict[str, FigureRecord]:
    """The figures that the edition in *folder* shows, by id; none where it has no manifest of ours."""
    try:
        shown = json.loads((folder / MANIFEST).read_bytes())["metrics"]
        return {name: FigureRecord.model_validate(record) for name, record in shown.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def looked_at(folder: Path) -> bytes:
    """
    The bytes of `message.eml` in *folder*, as the gates saw them but for who it is addressed to.

    Raises:
        InputInvalid: It is gone, or was changed since.
    """
    message = folder / "message.eml"
    try:
        content = message.read_bytes()
        manifest = json.loads((folder / MANIFEST).read_bytes())
        is_unchanged = manifest["outputs"]["message.eml"] == hashlib.sha256(content).hexdigest()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputInvalid(
            str(message), "no complete edition", "the one that run wrote", "python runner.py run"
        ) from error
    if not is_unchanged and not _is_letter(manifest, content):
        raise InputInvalid(
            str(message), "a message that was changed since", "the one that run wrote", "python runner.py run"
        )
    return content


def is_looked_at(folder: Path) -> bool:
    """Whether *folder* has the message that the gates saw."""
    try:
        looked_at(folder)
    except InputInvalid:
        return False
    return True


def _letter(subject: str, body: str) -> dict[str, str]:
    """What all readers of an edition get alike: the mail's subject, and the hash of its frozen body."""
    return {"subject": subject, "body": body}


def _is_letter(manifest: Mapping[str, Any], message: bytes) -> bool:
    """Whether *message* carries the manifest's letter, perhaps to other readers than when it was built."""
    try:
        body = frozen_body(message, "message.eml")
    except InputInvalid:
        return False
    return bool(manifest.get("message") == _letter(body.subject, body.sha256))


def shows(folder: Path, rendered: Rendered) -> bool:
    """Whether *rendered* is, to the byte, the page and the letter that the manifest in *folder* describes."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        page, letter = manifest["outputs"]["page.html"], manifest["message"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(
        page == hashlib.sha256(rendered.page.encode()).hexdigest()
        and letter == _letter(rendered.body.subject, rendered.body.sha256)
    )


def is_made_from(folder: Path, snapshot: str) -> bool:
    """Whether the edition in *folder* shows the data of that *snapshot* (its id)."""
    try:
        return bool(json.loads((folder / MANIFEST).read_bytes())["snapshot"] == snapshot)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def had_previous(folder: Path) -> bool:
    """Whether the edition in *folder* was made with that of the week before beside it."""
    try:
        return "previous" in json.loads((folder / MANIFEST).read_bytes())["inputs"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def is_of_a_whole_week(folder: Path, period: Period) -> bool:
    """Whether the edition in *folder* saw all of *period*, its week."""
    try:
        return datetime.fromisoformat(json.loads((folder / MANIFEST).read_bytes())["as_of"]) >= period.end
    except (OSError, ValueError, KeyError, TypeError):
        return False


def is_current(folder: Path, inputs: Mapping[str, str]) -> bool:
    """
    Whether *folder* holds an edition that was made from exactly *inputs*, unchanged since.

    Its message may be missing, as where the store is a bucket: it comes of the executed notebook.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        kept = {name: digest for name, digest in manifest["outputs"].items() if name != "message.eml"}
        is_unchanged = all(sha256_of(folder / name) == digest for name, digest in kept.items())
        has_message = (folder / "message.eml").exists()
        return manifest["inputs"] == dict(inputs) and is_unchanged and (not has_message or is_looked_at(folder))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False  # no edition, or not one that we wrote: it is made again


def _commit(root: Path) -> str | None:
    """The commit that is checked out in *root*; None where there is no checkout."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 - whichever git the operator uses
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
