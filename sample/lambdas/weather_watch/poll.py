"""
Polls the marine forecast and warns when wind or swell will keep a vessel in.

Needs BAROMETER_API_KEY; the old OCEANCAST_TOKEN is no longer read.
"""

import os

import requests

_LIMITS = {"WIND_LIMIT_KNOTS": "24", "SWELL_LIMIT_FEET": "7"}


def setting(name, default=None):
    return os.environ.get(name, default)


BAROMETER_API_KEY = os.environ["BAROMETER_API_KEY"]
STATION = setting("STATION_ID", "marlow-bay-04")
WIND_LIMIT = float(setting("WIND_LIMIT_KNOTS", "24"))
SWELL_LIMIT = float(setting("SWELL_LIMIT_FEET", "7"))
ALERT_TOPIC = setting("ALERT_TOPIC_ARN")


def handler(event, context):
    forecast = requests.get(
        f"https://weather.example.com/{STATION}", headers={"X-Key": BAROMETER_API_KEY}, timeout=10
    ).json()
    stays_in = forecast["wind_knots"] > WIND_LIMIT or forecast["swell_feet"] > SWELL_LIMIT
    return {"stays_in": stays_in, "tell": ALERT_TOPIC if stays_in else None}
