"""What stands in the way of mailing by SES, found before a mail is claimed: by `run --send`, and by `check`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from quarterdeck.mail.ses_account import Account, NotAsked, Standing
from quarterdeck.mail.stamp import bare_address

Verdict = Literal["right", "wrong", "not asked"]

SUPPRESSION = "mail suppression"
# How the copies' address stands in what is found: a log must not hold it
_COPIES = "$SES_BCC_EMAIL"


@dataclass(frozen=True)
class Posting:
    """
    What is to be mailed.

    Args:
        sender: With or without a name.
        bcc: Copies of every message.
        recipients: Empty while it does not matter who they are: each is asked for again when its mail leaves.
        messages: One for each recipient of each report.
    """

    sender: str
    bcc: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    configuration_set: str | None = None
    messages: int = 0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; *mend* is the command that puts right what is wrong."""

    about: str
    said: str
    verdict: Verdict = "right"
    mend: str = ""


def preflight(account: Account, standing: Standing | NotAsked, posting: Posting) -> Iterator[Finding]:
    """
    Look at everything that decides whether *posting* would be taken and delivered.

    Raises:
        AwsUnavailable: Nobody is logged in, or there is no answer.
        InputInvalid: The sender is no address.
    """
    for found in _findings(account, standing, posting):
        # The region of an env file is ours alone: the AWS CLI may be set to another
        yield replace(found, mend=f"{found.mend} --region {account.region}") if found.mend else found


def _findings(account: Account, standing: Standing | NotAsked, posting: Posting) -> Iterator[Finding]:
    if isinstance(standing, NotAsked):
        yield _not_asked("mail account", standing)
    else:
        yield _sending(standing, account.region)
        yield _sandbox(account, standing, posting)
        yield _quota(standing, posting)
    yield _sender(account, bare_address("SES_SENDER_EMAIL", posting.sender))
    yield from _suppressed(account, posting)
    if posting.configuration_set:
        yield _configuration_set(account, posting.configuration_set)


def _not_asked(about: str, why: NotAsked) -> Finding:
    return Finding(about, f"could not be asked: {why.reason}", "not asked")


def _sending(standing: Standing, region: str) -> Finding:
    about = "mail account"
    if standing.enforcement == "SHUTDOWN":
        mend = "aws sesv2 get-account --query Details.ReviewDetails"
        return Finding(about, f"AWS has shut down its sending in {region}; its case says why", "wrong", mend)
    if not standing.is_sending_enabled:
        mend = "aws sesv2 put-account-sending-attributes --sending-enabled"
        return Finding(about, f"its sending is paused in {region}", "wrong", mend)
    review = "" if standing.enforcement == "HEALTHY" else f", under review by AWS ({standing.enforcement})"
    return Finding(about, f"may send, {standing.per_second:g} recipients a second{review}")


def _sandbox(account: Account, standing: Standing, posting: Posting) -> Finding:
    about = "mail sandbox"
    if standing.is_in_production:
        return Finding(about, "no: everybody can be reached")
    mend = "aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL --website-url URL"
    readers = list(dict.fromkeys([*posting.recipients, *posting.bcc]))
    unverified = [_shown(one, posting) for one in readers if account.is_verified(one) is False]
    if unverified:
        said = f"yes: verified recipients only, and not verified are {', '.join(unverified)}"
        return Finding(about, said, "wrong", mend)
    return Finding(about, "yes: verified recipients only can be reached")


def _quota(standing: Standing, posting: Posting) -> Finding:
    about = "mail quota"
    if standing.left is None:
        return Finding(about, "without limit")
    needed = posting.messages * (1 + len(posting.bcc))
    said = f"{standing.left:,} of {standing.per_day:,} recipients a day are left, {needed:,} are needed"
    if needed > standing.left:
        return Finding(
            about, f"{said}; it counts the last 24 hours", "wrong", "aws sesv2 get-account --query SendQuota"
        )
    return Finding(about, said)


def _sender(account: Account, sender: str) -> Finding:
    about = "mail sender"
    domain = sender.rpartition("@")[2]
    verified = account.is_verified(sender)
    if isinstance(verified, NotAsked):
        return _not_asked(about, verified)
    if verified:
        return Finding(about, f"of {domain}, verified in {account.region}")
    mend = f"aws sesv2 create-email-identity --email-identity {domain}"
    return Finding(about, f"neither the sender nor its domain {domain} is verified in {account.region}", "wrong", mend)


def _suppressed(account: Account, posting: Posting) -> Iterator[Finding]:
    about = SUPPRESSION
    found = {reader: account.suppressed_for(reader) for reader in dict.fromkeys([*posting.bcc, *posting.recipients])}
    denied = next((why for why in found.values() if isinstance(why, NotAsked)), None)
    if denied is not None:
        yield _not_asked(about, denied)
    suppressed = {_shown(reader, posting): why for reader, why in found.items() if why and isinstance(why, str)}
    for reader, why in suppressed.items():
        mend = f"aws sesv2 delete-suppressed-destination --email-address {reader}"
        yield Finding(about, f"SES delivers nothing to {reader} after a {why.lower()}", "wrong", mend)
    if found and denied is None and not suppressed:
        yield Finding(about, "no address is on the list")


def _shown(reader: str, posting: Posting) -> str:
    return _COPIES if reader in posting.bcc else reader


def _configuration_set(account: Account, name: str) -> Finding:
    about = "mail configuration set"
    sends = account.sends_with(name)
    if isinstance(sends, NotAsked):
        return _not_asked(about, sends)
    if sends is None:
        mend = f"aws sesv2 create-configuration-set --configuration-set-name {name}"
        return Finding(about, f"there is none named {name} in {account.region}", "wrong", mend)
    if not sends:
        mend = f"aws sesv2 put-configuration-set-sending-options --sending-enabled --configuration-set-name {name}"
        return Finding(about, f"the sending of {name} is paused", "wrong", mend)
    return Finding(about, name)
