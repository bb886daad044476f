"""
The door: where a command finds project, settings, ledger and mail.

Everything heavy is imported where it is needed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quarterdeck.errors import QuarterdeckError

if TYPE_CHECKING:
    from quarterdeck.config import Company, Environment
    from quarterdeck.ledger import Ledger
    from quarterdeck.mail import Mailer
    from quarterdeck.request import Request


@dataclass(frozen=True)
class Door:
    """What all subcommands share: where the project is, and which files name the environment."""

    root: Path
    env_file: Path | None

    def settings(self) -> Environment:
        """The environment, for who neither logs nor calls AWS."""
        from quarterdeck.config import Environment

        return Environment.read(self.env_file)

    def environment(self) -> Environment:
        from quarterdeck.config import lend_to_boto3
        from quarterdeck.log import configure

        lend_to_boto3(self.env_file)
        configure(os.environ)
        return self.settings()

    def company_folder(self, named: Path | None, environment: Environment) -> Path:
        """The folder that was typed, else the environment's, else the sample."""
        return named or (Path(environment.company) if environment.company else self.root / "sample")

    def company(self, named: Path | None) -> Company:
        from quarterdeck.config import load_company

        return load_company(self.company_folder(named, self.environment()))

    def ledger(self, company: Company) -> Ledger:
        from quarterdeck.ledger import open_ledger

        return open_ledger(self.environment().ledger, company.slug, now)

    def request(self, company: Path | None, outputs: Path | None, **more: Any) -> Request:  # noqa: ANN401 - Request's own fields
        from quarterdeck.request import Request

        environment = self.settings()
        return Request(
            root=self.root,
            company=self.company_folder(company, environment),
            is_company_named=bool(company or environment.company),
            store=outputs or environment.store or self.root / "outputs",
            **more,
        )

    def write_archive(self, request: Request) -> None:
        """
        Bring the archive beside the editions up to date; that it cannot be is said, and changes nothing else.

        Where there are no editions there will be no archive: a command that needs the ledger alone may not have been
        told where they are.
        """
        from quarterdeck.archive import write_archive
        from quarterdeck.store import has_editions, open_store

        if not has_editions(request.store):
            return
        company = self.company(request.company)
        try:
            store = open_store(request.store, company.slug)
            write_archive(store, company, self.ledger(company), request.root / "params")
        except QuarterdeckError as error:
            click.echo(f"The archive is as it was: {error}", err=True)

    def mailer(self, environment: Environment) -> Mailer:
        """What carries a send; boto3 is loaded by this import, and by nothing that a build needs."""
        import time

        from quarterdeck.mail.ses import SesMailer

        return SesMailer(environment.configuration_set, now=now, sleep=time.sleep)


def now() -> datetime:
    """The one place that reads the clock."""
    return datetime.now(UTC)
