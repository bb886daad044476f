"""The command: `python runner.py --help`."""

from quarterdeck.cli import main

if __name__ == "__main__":
    main()
