"""Shared by several functions: one place that reads the environment."""
import os

NOT_GIVEN = object()
TABLE_VARIABLE = "INVOICES_TABLE"


def setting(name, default=NOT_GIVEN):
    value = os.environ.get(name)
    if value is not None:
        return value
    if default is NOT_GIVEN:
        raise RuntimeError(f"{name} is not set")
    return default


def region():
    return setting("AWS_REGION", "eu-west-1")
