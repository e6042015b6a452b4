"""What PostgreSQL expects a statement to cost, and the ceiling above which it is not run."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Hashable
from hashlib import blake2b
from time import monotonic
from typing import Any

from prismiq.access.caller import Caller
from prismiq.errors import QueryTooCostlyError
from prismiq.execution.connections import Connection
from prismiq.sql.statement import Statement

KEPT = 1000
"""Statements whose cost is remembered to be low enough."""

VALID_FOR = 300.0
"""Seconds for which an estimate is believed: tables grow."""


async def explain(connection: Connection, statement: Statement, *, timeout: float) -> list[Any]:
    """PostgreSQL's plan for a statement, with its values, which is not run."""
    # The statement is the compiler's own and its values stay bound.
    found = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement.sql}", *statement.args, timeout=timeout)
    return json.loads(found) if isinstance(found, str) else found


class CostCeiling:
    """Refuses statements that PostgreSQL expects to cost more than `ceiling`, in its own units.

    What was found cheap enough is not estimated again for some minutes: the same statement with the same values for the
    same caller. Other values may cost more, so they are estimated by themselves.
    """

    def __init__(self, ceiling: float, *, timeout: float) -> None:
        self._ceiling = ceiling
        self._timeout = timeout
        self._passed: OrderedDict[Hashable, float] = OrderedDict()

    async def check(self, connection: Connection, statement: Statement, caller: Caller) -> None:
        """Raises QueryTooCostlyError. It tells no estimate, which would tell of rows that the caller may not see."""
        values = blake2b(repr(statement.args).encode(), digest_size=16).digest()  # which may be of any length
        key = (statement.sql, values, caller.settings)
        passed = self._passed.get(key)
        if passed is not None and monotonic() - passed < VALID_FOR:
            self._passed.move_to_end(key)
            return
        plans = await explain(connection, statement, timeout=self._timeout)
        if plans[0]["Plan"]["Total Cost"] > self._ceiling:
            raise QueryTooCostlyError(
                "PostgreSQL expects this query to cost more than is allowed.",
                hint="Narrow the filters, join fewer tables, or raise PRISMIQ_MAX_COST.",
            )
        self._passed[key] = monotonic()
        self._passed.move_to_end(key)
        if len(self._passed) > KEPT:
            self._passed.popitem(last=False)
