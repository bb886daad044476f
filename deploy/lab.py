"""
JupyterLab's workspace for `make lab`: the README, and every notebook in a tab of its own.

It is printed as `jupyter lab workspaces import` takes it. JupyterLab's own format, as `export` writes it.
"""

import json
from pathlib import Path

ROOT = Path(__file__).parent.parent


def workspace(root: Path) -> dict[str, object]:
    """Tabs of one dock area, the README in front; a notebook's tab names its file, and the kernel is the file's."""
    notebooks = sorted(path.relative_to(root).as_posix() for path in (root / "notebooks").glob("*.ipynb"))
    tabs = {"markdownviewer-widget:README.md": {"path": "README.md", "factory": "Markdown Preview"}}
    tabs |= {f"notebook:{path}": {"path": path, "factory": "Notebook"} for path in notebooks}
    dock = {"type": "tab-area", "currentIndex": 0, "widgets": list(tabs)}
    layout = {"main": {"dock": dock, "current": next(iter(tabs))}}
    shown = {name: {"data": data} for name, data in tabs.items()}
    browser = {"file-browser-filebrowser:cwd": {"path": "notebooks"}}
    return {"data": {"layout-restorer:data": layout, **browser, **shown}, "metadata": {"id": "quarterdeck"}}


if __name__ == "__main__":
    print(json.dumps(workspace(ROOT)))
