"""
The page: nbconvert's exporter, with a template of our own.

`jupyter nbconvert --to quarterdeck-page notebook.ipynb` makes the same page as the pipeline, only without
what the pipeline knows of the edition. nbconvert is imported here and nowhere else.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from typing import Any

from jinja2 import Environment
from nbconvert.exporters.html import HTMLExporter
from nbconvert.preprocessors.base import Preprocessor
from nbformat import NotebookNode
from traitlets import default

from quarterdeck.render.definitions import definitions_of
from quarterdeck.render.document import read_document
from quarterdeck.render.looks import equip
from quarterdeck.render.shipped import PAGE_SCRIPT, TEMPLATES


@functools.cache
def _script() -> dict[str, str]:
    """The page's script, and the hash by which the page's own policy lets it run."""
    digest = hashlib.sha256(PAGE_SCRIPT.encode()).digest()
    return {"text": PAGE_SCRIPT, "hash": "sha256-" + base64.b64encode(digest).decode()}


class DocumentReader(Preprocessor):
    """Reads the notebook's document into `resources`, where template and mail find it."""

    enabled = True

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave the notebook as it is; a document that is there already is the notebook's."""
        if "document" not in resources:
            name = resources.get("metadata", {}).get("name") or "notebook"
            resources["document"] = read_document(nb, name=f"{name}.ipynb")
        resources["definitions"] = definitions_of(resources["document"])
        resources["script"] = _script()
        return nb, resources


class PageExporter(HTMLExporter):
    """An executed notebook as one self-contained page that needs neither network nor script."""

    export_from_notebook = "Quarterdeck page"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "quarterdeck-page"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self) -> list[str]:
        return [str(TEMPLATES)]

    @default("preprocessors")
    def _preprocessors_default(self) -> list[type[Preprocessor]]:
        return [DocumentReader]

    def _create_environment(self) -> Environment:
        """The environment that nbconvert makes escapes nothing; ours escapes all but cleaned prose."""
        environment: Environment = super()._create_environment()
        environment.autoescape = True
        equip(environment)
        return environment

    def from_notebook_node(  # type: ignore[override] # nbconvert's own exporters return text here too
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: object
    ) -> tuple[str, dict[str, Any]]:
        """
        The page of *nb*, and the resources.

        An `identity` among the *resources* tells of which edition it is; a `document` spares reading *nb*.
        """
        self._invalidate_template_cache()  # nbconvert's own would keep the first; Jinja's sees that a file changed
        # Past HTMLExporter's own: it parses the whole page again to give pictures without a description a
        # placeholder for one. Ours have descriptions, and a page of 2,000 rows takes seconds to parse.
        return super(HTMLExporter, self).from_notebook_node(nb, resources, **kw)
