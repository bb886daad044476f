"""Print the CloudFormation, as JSON, that a SAM template becomes on AWS. Run by the Python of `.venv-sam`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class _NoManagedPolicies:
    """AWS's own policies by their short names: we use none, and without an account none can be asked for."""

    def load(self) -> dict[str, str]:
        return {}


if __name__ == "__main__":
    template = yaml_parse(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps(transform(template, {}, _NoManagedPolicies()), indent=1))
