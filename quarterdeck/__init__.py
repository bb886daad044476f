"""Five notebooks, one frozen snapshot of the company, five executive e-mails a week."""

__version__ = "0.1.0"
