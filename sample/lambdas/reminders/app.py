"""Reminds guests of balances a week before they sail."""

import boto3
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from REMINDERS_…; what has no default must be set."""

    model_config = SettingsConfigDict(env_prefix="REMINDERS_")

    events_table: str
    sender: str = "harbour-day-guests"
    days_before: int = 7
    smtp_password: SecretStr = SecretStr("fake-password-for-local-runs")
    payment_api_key: str = Field(alias="PAYMENT_API_KEY")


settings = Settings()


def handler(event, context):
    table = boto3.resource("dynamodb").Table(settings.events_table)
    due = [trip for trip in table.scan()["Items"] if trip["daysToGo"] == settings.days_before]
    return {"reminded": len(due), "as": settings.sender}
