"""Alerts of other systems."""

from sqlalchemy import Index, Text
from sqlmodel import Field

from bot.store.tables.schema import TableModel, index_where


class AlertRow(TableModel, table=True):
    """The newest state of one alert. `at`: since when, by the sender; `told`: whether its incident knows."""

    __tablename__ = "alert"
    __table_args__ = (
        index_where("told = 0", "ix_alert_untold", "agent"),
        Index("ix_alert_seen_at", "seen_at"),
    )
    sender: str = Field(primary_key=True)
    fingerprint: str = Field(primary_key=True)
    agent: str
    named: str = ""
    firing: int
    at: float
    title: str
    severity: str
    summary: str = Field(default="", sa_type=Text)
    url: str = Field(default="", sa_type=Text)
    seen_at: float
    times: int = 1
    told: int = 0
    incident_id: int = 0
