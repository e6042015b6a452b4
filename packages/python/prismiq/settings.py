"""Limits, time-outs and pool sizes, from arguments or the environment (`PRISMIQ_*`)."""

from __future__ import annotations

import logging
import os
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from prismiq.calendars import Calendar, Month, Weekday
from prismiq.zones import ZoneName

logger = logging.getLogger(__name__)

PREFIX = "PRISMIQ_"
Driver = Literal["asyncpg", "psycopg"]
Pooler = Literal["auto", "none", "transaction"]


class Settings(BaseSettings):
    """What an engine allows and how it connects. Each field is also read from `PRISMIQ_<NAME>`.

    Times are in seconds, sizes in bytes. A variable whose name is nearly a setting's is warned of in the log.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_parse_none_str="null", frozen=True, extra="forbid")

    time_zone: ZoneName = Field(default="UTC", description="The time zone of a query that names none (IANA name).")
    week_start: Weekday = Field(
        default=Weekday.MONDAY, description="The first day of the week of a query that names none."
    )
    fiscal_year_start: Month = Field(
        default=1, description="The first month of the year of a query that names none: a number or a name."
    )
    statement_timeout: float = Field(default=30.0, gt=0, description="Seconds a statement may run.")
    row_cap: int = Field(
        default=100_000, ge=1, description="Rows a result may have; more are cut and `truncated` says so."
    )

    compress_from: int = Field(
        default=1_400,
        ge=0,
        description="Bytes from which an answer is compressed for clients that accept it; with 0 none is.",
    )
    max_result_bytes: int = Field(
        default=100_000_000, ge=1, description="Bytes of an encoded result; a larger one is refused."
    )
    export_row_cap: int = Field(
        default=10_000_000, ge=1, description="Rows an export may have (CSV, NDJSON, XLSX); of more none is whole."
    )
    export_timeout: float = Field(
        default=600.0,
        gt=0,
        description="Seconds an export or another streamed answer may take, with the client that takes it.",
    )
    max_cost: float | None = Field(
        default=None,
        gt=0,
        description="PostgreSQL's estimate, by EXPLAIN, above which a query is not run; none is asked for by default.",
    )

    pool_min_size: int = Field(default=1, ge=0, description="Connections kept open.")
    pool_max_size: int = Field(default=10, ge=1, description="Connections at most.")
    connect_timeout: float = Field(default=5.0, gt=0, description="Seconds to wait for a new connection.")
    acquire_timeout: float = Field(default=10.0, gt=0, description="Seconds to wait for a free connection.")

    max_concurrent_per_tenant: int | None = Field(
        default=None, ge=1, description="Queries of one tenant that run at once; by default half of the connections."
    )
    max_concurrent_widgets: int = Field(
        default=4, ge=1, description="Queries of one dashboard, or of one batch, that are asked at once."
    )
    share_scans_from: int | None = Field(
        default=100_000,
        ge=0,
        description="Rows of a table, as PostgreSQL estimates, from which widgets or a batch's queries that read the "
        "same of them share one scan; 0 is always, none never.",
    )
    max_waiting_per_tenant: int = Field(
        default=500, ge=0, description="Queries of one tenant that wait for a connection; more are refused at once."
    )
    pooler: Pooler = Field(
        default="auto",
        description="`transaction` behind PgBouncer and its like, `none` without; `auto` finds out by itself.",
    )

    driver: Driver = Field(
        default="asyncpg",
        description="What queries are sent by; `psycopg` (the extra `pipeline`) takes less time for small ones.",
    )

    store_dsn: SecretStr | None = Field(
        default=None, description="Where dashboards are stored: the address of a PostgreSQL; without it nowhere."
    )

    schema_ttl: float = Field(default=300.0, gt=0, description="Seconds before the schema is read again.")
    plan_cache_size: int = Field(default=1000, ge=0, description="Compiled plans kept.")

    cache_ttl: float = Field(
        default=0.0, ge=0, description="Seconds for which an answer is given again; none is by default."
    )
    cache_stale: float = Field(
        default=0.0, ge=0, description="Seconds more for which it is, while a new one is computed."
    )
    cache_max_bytes: int = Field(default=64_000_000, ge=0, description="Bytes of answers kept.")

    max_body_bytes: int = Field(default=1_000_000, ge=1, description="Bytes of a request body.")
    max_filters: int = Field(default=500, ge=1, description="Conditions in one definition.")
    max_depth: int = Field(default=32, ge=1, description="Levels of nesting in one definition.")
    max_list_values: int = Field(default=10_000, ge=1, description="Values in one `in` list.")
    max_outputs: int = Field(default=200, ge=1, description="Dimensions, measures and columns in one definition.")
    max_batch: int = Field(default=100, ge=1, description="Queries in one batch.")
    max_joined_tables: int = Field(default=30, ge=1, description="Tables joined in one definition.")

    def model_post_init(self, context: Any, /) -> None:
        """Warns of variables that were probably meant for a setting; others may be anybody's."""
        known = type(self).model_fields
        for variable in os.environ:
            name = variable.upper().removeprefix(PREFIX).lower()
            if variable.upper().startswith(PREFIX) and name not in known:
                close = get_close_matches(name, known, n=2, cutoff=0.78)
                if close:
                    meant = " or ".join(PREFIX + each.upper() for each in close)
                    logger.warning("%s is no setting. Did you mean %s?", variable, meant)

    @property
    def calendar(self) -> Calendar:
        """What weeks, quarters and years are in a query that does not say."""
        return Calendar(self.week_start, self.fiscal_year_start)
