"""The command: `python runner.py --help`."""

from pathlib import Path

from quarterdeck.cli import main

if __name__ == "__main__":
    main(Path(__file__).resolve().parent)
