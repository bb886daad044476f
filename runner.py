"""The command: `python runner.py --help`."""

import sys
from pathlib import Path

from quarterdeck.cli import main

# Where it is installed, as for our tests, pandera loads it for half a second, to make up data that nobody asks for here
sys.modules["hypothesis"] = None  # type: ignore[assignment] # which is how Python is told that there is none

if __name__ == "__main__":
    main(Path(__file__).resolve().parent)
