"""What the figures need somebody to do about events, money and books, item by item."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import partial

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.collection import overdue_receivables
from quarterdeck.metrics.crew import unfilled_by_event
from quarterdeck.metrics.days import end_day
from quarterdeck.metrics.exact import total
from quarterdeck.metrics.forecast import outlook
from quarterdeck.metrics.owed import AGE_BANDS
from quarterdeck.metrics.revenue import unclosed_by_event
from quarterdeck.metrics.running_cost import IDLE_STATES, savings
from quarterdeck.metrics.state import local_days
from quarterdeck.metrics.tasks.task import Item, Need, Words, counted, day_words, name_in_text
from quarterdeck.metrics.tieouts import uncategorised_by_expense
from quarterdeck.period import Period

AGENDA_DAYS = 30
LARGE_SHARE = 0.10  # of what is overdue: a customer who owes that much is a task of its own
_FIND = r"\b(?:find|call|ask|hire|assign|recruit|get|book|staff|fill)\b"
_COVER = r"minimum|cover|bridge|overdraft|credit line"
_NAME_LETTERS = 4  # a shorter word of a service's name, such as AWS, says too little


def crew_needs(inventory: AssetInventory, period: Period) -> list[Need]:
    """
    Crew for the booked events of the next 14 days that lack it: one need for each set of roles.

    An action speaks of an event that it names; of all of them when it names the roles and says to find somebody.
    """
    unfilled = unfilled_by_event(inventory, period)
    days = local_days(unfilled["starts_at"], inventory.company.time_zone)
    say_day = day_words(inventory)
    needs = []
    for roles, events in unfilled.assign(due_on=days).groupby("roles", sort=False):
        named = [role.split(" × ")[0] for role in str(roles).split(", ")]
        needs.append(
            Need(
                kind="crew",
                items=tuple(_events(events, "price_minor")),
                say=partial(_find_crew, str(roles), say_day),
                source="claims of",
                words=((*(rf"\b{re.escape(word)}" for word in named), _FIND),),
                severity="critical",
            )
        )
    return needs


def collection_needs(inventory: AssetInventory, period: Period) -> list[Need]:
    """
    Money to collect: a need for each customer who owes a tenth or more of what is overdue, one for the rest of an age.

    It was due `collection_days` after the event. An action speaks of an event or a customer that it names, or of
    the very amount.
    """
    overdue = overdue_receivables(inventory, period)
    owed_by = overdue.groupby("customer_id")["open_minor"].sum()
    large = owed_by[owed_by >= LARGE_SHARE * total(overdue["open_minor"])].index
    needs = []
    for customer, events in overdue[overdue["customer_id"].isin(large)].groupby("customer_id"):
        say = partial(_collect_from_one, int(events["days"].max()))
        words: tuple[Words, ...] = ((name_in_text(str(customer)),),)
        needs.append(Need("collect", tuple(_events(events, "open_minor")), say, f"customer {customer},", words))
    rest = overdue[~overdue["customer_id"].isin(large)]
    for band in AGE_BANDS:
        items = tuple(_events(rest[rest["band"] == band], "open_minor"))
        if items:
            needs.append(Need("collect", items, partial(_collect_of_age, band), "events"))
    return needs


def closing_needs(inventory: AssetInventory, period: Period) -> list[Need]:
    """The events that are over and not closed: what they earned is not in revenue yet."""
    items = tuple(_events(unclosed_by_event(inventory, period), "price_minor"))
    return [Need("close", items, _close, "events")] if items else []


def categorising_needs(inventory: AssetInventory, period: Period) -> list[Need]:
    """The expenses that no account counts. An action speaks of a vendor's expenses, or of all that lack an account."""
    rows = uncategorised_by_expense(inventory, period)
    items = tuple(
        Item(name=vendor, words=((name_in_text(vendor), r"account|categor"),), amount_minor=amount)
        for vendor, amount in zip(rows["vendor"].tolist(), rows["amount_minor"].tolist(), strict=True)
    )
    words = (("categori[sz]", "expense"), ("expense", "on an account"))
    return [Need("categorise", items, _categorise, "expenses of", words)] if items else []


def cash_needs(inventory: AssetInventory, period: Period) -> list[Need]:
    """
    The decision that a low under the minimum asks for: before the first such week, within the 30 days.

    An action speaks of it when it speaks of cash and of its minimum, or of what covers a low.
    """
    expected, minimum = outlook(inventory, period), inventory.company.minimum_cash_minor
    week = expected.first_below(minimum)
    if week is None:
        return []
    last = end_day(inventory, period) + timedelta(days=AGENDA_DAYS)
    due_on = min(expected.weeks[week - 1].first, last)
    low = Item("cash forecast", amount_minor=minimum - expected.lowest()[0], due_on=due_on)
    return [Need("cash", (low,), _cover, words=((r"\bcash\b", _COVER),), is_decision=True)]


def saving_needs(inventory: AssetInventory, period: Period) -> list[Need]:
    """
    What is still paid every month for projects that are paused or retired.

    Only the project's own handoff speaks of it: by the amount, or by a word of the service's name.
    """
    idle = savings(inventory, period)
    idle = idle[idle["why"].isin([f"the project is {state}" for state in IDLE_STATES])]
    needs = []
    for row in idle.to_dict("records"):
        names = [word for word in str(row["service"]).split() if len(word) >= _NAME_LETTERS]
        item = Item(f"{row['document']}, line {row['line']}", amount_minor=int(row["monthly_minor"]))
        say = partial(_stop_paying, str(row["service"]), str(row["project"]), str(row["why"]))
        words = tuple((rf"\b{name_in_text(name)}",) for name in names)
        needs.append(Need("saving", (item,), say, words=words, project=str(row["project"]), severity="medium"))
    return needs


def _events(events: pd.DataFrame, amount: str) -> Iterator[Item]:
    due = events["due_on"].dt.date.tolist() if "due_on" in events else [None] * len(events)
    amounts = [None if pd.isna(value) else int(value) for value in events[amount].tolist()]
    for name, money, day in zip(events["event_id"].tolist(), amounts, due, strict=True):
        yield Item(name=name, words=((name_in_text(name),),), amount_minor=money, due_on=day)


def _find_crew(roles: str, say_day: Callable[[date], str], items: Sequence[Item]) -> str:
    who = roles if "," in roles or "×" in roles else f"{'an' if roles[0] in 'aeiou' else 'a'} {roles}"
    first = min(item.due_on for item in items if item.due_on)
    when = f"on {say_day(first)}" if len(items) == 1 else f"the first on {say_day(first)}"
    return f"Find {who} for {counted(len(items), 'booked event', 'booked events')}, {when}"


def _collect_from_one(days: int, items: Sequence[Item]) -> str:
    return f"Collect from one customer for {counted(len(items), 'event', 'events')}, the oldest {days} days over"


def _collect_of_age(band: str, items: Sequence[Item]) -> str:
    return f"Collect for {counted(len(items), 'event', 'events')} that ended {band} days ago"


def _close(items: Sequence[Item]) -> str:
    return f"Close {counted(len(items), 'event that is', 'events that are')} over"


def _categorise(items: Sequence[Item]) -> str:
    return f"Put {counted(len(items), 'expense', 'expenses')} on an account"


def _cover(_: Sequence[Item]) -> str:
    return "how to keep cash over the minimum"


def _stop_paying(service: str, project: str, why: str, _: Sequence[Item]) -> str:
    return f"Stop paying for {service} every month: {project} is {why.removeprefix('the project is ')}"
