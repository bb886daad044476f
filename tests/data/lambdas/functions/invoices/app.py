"""Writes invoices; its settings come from the shared module and from a layer."""
import shared.settings
from common import flag
from shared.settings import TABLE_VARIABLE, setting as need

from . import tax

TABLE = need(TABLE_VARIABLE)
MAIL_TOKEN = need("MAIL_TOKEN", "not-a-real-token-0000")
SENDER = shared.settings.setting("SENDER", default="invoices@example.com")
IS_DRY = flag("dry_run")


def handler(event, context):
    return {"table": TABLE, "region": shared.settings.region(), "rate": tax.rate()}
