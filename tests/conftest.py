"""Builders that several test modules use; test modules cannot import one another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import pytest

from quarterdeck.inventory import TABLES, AssetInventory, CompanySettings


@pytest.fixture(scope="session")
def frame_of() -> Callable[..., pd.DataFrame]:
    """
    A function (table name, rows) → typed frame with the columns that any row names.

    Instants are ISO texts in UTC (`2026-11-23 09:00`), days ISO texts, hours anything Decimal takes.
    """

    def typed(kind: str, value: object) -> object:
        if value is None:
            return None
        if kind == "instant" and isinstance(value, str):
            instant = datetime.fromisoformat(value)
            return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        if kind == "day" and isinstance(value, str):
            return date.fromisoformat(value)
        return Decimal(str(value)) if kind == "hours" else value

    def build(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
        table = TABLES[name]
        present = [column for column in table.columns if any(column in row for row in rows)]
        dtypes = table.dtypes()
        values = {column: [typed(table.columns[column].kind, row.get(column)) for row in rows] for column in present}
        return pd.DataFrame({column: pd.Series(values[column], dtype=dtypes[column]) for column in present})

    return build


@pytest.fixture(scope="session")
def inventory_of(frame_of) -> Callable[..., AssetInventory]:
    """
    A function (as-of, **tables of rows) → `AssetInventory`, validated; a table without rows is present and empty.

    Company settings other than the defaults go into `settings`.
    """

    def build(as_of: str, *, settings: dict[str, object] | None = None, **tables: list[dict[str, object]]):
        company = CompanySettings(
            **{"slug": "s", "name": "S", "currency": "USD", "time_zone": "UTC", **(settings or {})}
        )
        frames = {name: frame_of(name, rows) if rows else TABLES[name].empty_frame() for name, rows in tables.items()}
        return AssetInventory.from_frames(company, datetime.fromisoformat(as_of).replace(tzinfo=UTC), frames)

    return build
