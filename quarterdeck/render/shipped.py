"""The files of the templates folder: mail and page are written by them."""

from __future__ import annotations

from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"

# The page's only script, which sorts tables.
PAGE_SCRIPT = (TEMPLATES / "quarterdeck-page" / "sort.js").read_text(encoding="utf-8")
