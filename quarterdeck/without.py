"""
What libraries load wherever it is installed, and nothing of ours needs: import this before them.

jsonschema, by which nbformat checks a notebook, builds a grammar of web addresses when it is loaded, for more than a
second, and another of durations; no field of a notebook is either. papermill loads boto3, for notebooks on S3; ours
lie in files. All do without where they are told that there is none, and None is how Python is told.
"""

from __future__ import annotations

import sys

for _name in ("rfc3987_syntax", "isoduration", "papermill.s3"):
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type] # see above
