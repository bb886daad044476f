import pytest

from quarterdeck import metrics
from quarterdeck.inventory import NotAvailable
from quarterdeck.period import Period

P = Period.parse("2026-W48", "UTC")
AS_OF = "2026-12-01"


def without(column, rows):
    return [{name: value for name, value in row.items() if name != column} for row in rows]


def test_the_audience_is_who_consented(inventory_of):
    """Customers at t by channel: yes, no, and not asked are three things; crew is nobody's audience."""

    def user(number, kind="customer", **columns):
        return {"user_id": str(number), "kind": kind, "created_at": "2026-01-01"} | columns

    users = [
        user(1, channel="web", marketing_consent=True),
        user(2, channel="web", marketing_consent=False),
        user(3, channel="web", marketing_consent=None),
        user(4, marketing_consent=True),
        user(5, channel="web", marketing_consent=True, created_at="2026-11-30"),
        user(6, kind="crew", marketing_consent=True),
    ]

    audience = metrics.reachable_audience(inventory_of(AS_OF, users=users), P)
    without_channel = metrics.reachable_audience(inventory_of(AS_OF, users=without("channel", users)), P)

    assert audience.to_dict("list") == {
        "channel": ["Web", "Not recorded"],
        "consented": [1, 1],
        "declined": [1, 0],
        "not_asked": [1, 0],
    }
    assert without_channel.to_dict("records") == [
        {"channel": "Not recorded", "consented": 2, "declined": 1, "not_asked": 1}
    ]
    with pytest.raises(NotAvailable, match="the source of users does not say: marketing consent"):
        metrics.reachable_audience(inventory_of(AS_OF, users=without("marketing_consent", users)), P)
