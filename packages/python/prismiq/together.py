"""Many questions of one caller, asked at once. Those that read the same rows of a large table are answered by one
statement, which reads them once; where that cannot be run, each is asked by itself after all.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any

from prismiq.access import RequestContext, ScopedSchema
from prismiq.access.caller import Caller, engine_caller
from prismiq.access.policy import AccessPolicy
from prismiq.answering import Shared
from prismiq.errors import BusyError, DatabaseUnavailableError, PrismiqError, QueryError
from prismiq.execution import Database, QueryResult
from prismiq.execution.answers import Answer
from prismiq.execution.database import result_of
from prismiq.execution.failures import is_of_the_driver
from prismiq.execution.statistics import ColumnsStatistics
from prismiq.settings import Settings
from prismiq.sql import Statement
from prismiq.sql.questions import LONGEST_KEPT, Prepared, Questions
from prismiq.sql.spans import NoShortcutError
from prismiq.sql.together import Asking, Scan, scans_of, tables_to_share

logger = logging.getLogger(__name__)

Ask = Callable[[bytes, Shared | None], Awaitable[tuple[Answer, bool]]]
"""Answers a question, its JSON; of a statement that it shares with others where there is one."""

Rows = Mapping[int, Sequence[Sequence[Any]]]
"""The rows of each question that a statement answers, by its place."""

KEPT = 2_000
"""Questions of which it is remembered what they share with others."""


@dataclass(slots=True)
class _Known:
    """What a set of questions shares. The questions are kept, so that nothing else has their identity."""

    prepared: Sequence[Prepared]
    scans: Sequence[Scan]
    at: float = field(default_factory=monotonic)


@dataclass(frozen=True, slots=True)
class Moment:
    """Who asks, and when."""

    scoped: ScopedSchema
    caller: Caller
    context: RequestContext | None
    now: datetime


class SharedScans:
    """Finds what questions share, and remembers it while the schema is kept."""

    def __init__(
        self, database: Database, questions: Questions, settings: Settings, policy: AccessPolicy | None
    ) -> None:
        self._database = database
        self._questions = questions
        self._settings = settings
        self._statistics = ColumnsStatistics(database, engine_caller(policy), ttl=settings.schema_ttl)
        self._known: OrderedDict[tuple[tuple[int, bool], ...], _Known] = OrderedDict()

    async def of(self, queries: Sequence[bytes], moment: Moment) -> list[tuple[Scan, dict[bytes, int]]]:
        """The statements that answer several of the queries, with the place that each of those has in it."""
        from_rows = self._settings.share_scans_from
        queries = [each for each in queries if len(each) <= LONGEST_KEPT]
        if from_rows is None or len(queries) < 2:
            return []
        prepared: dict[bytes, Prepared] = {}
        for query in queries:
            await asyncio.sleep(0)  # many queries are many plans; others get their turn
            try:
                found = self._questions.prepare(query, moment.scoped)
            except PrismiqError:
                continue  # which is told where it is asked
            if found.template.time_zone not in moment.scoped.database.clocks_apart:  # those have warnings of their own
                prepared[query] = found
        settings = self._settings
        asking = Asking(
            moment.scoped, moment.context, moment.now, settings.row_cap, settings.max_joined_tables, from_rows
        )
        scans = await self._scans(list(prepared.values()), asking)
        names = list(prepared)
        return [(scan, {names[place]: place for place in scan.places}) for scan in scans if not scan.failed]

    async def _scans(self, prepared: Sequence[Prepared], asking: Asking) -> Sequence[Scan]:
        key = tuple((id(each), each.is_large) for each in prepared)  # large answers are copied, each by itself
        known = self._known.get(key)
        if known is None or known.at + self._settings.schema_ttl < monotonic():
            tables = tables_to_share(prepared, asking)
            scans: Sequence[Scan] = ()
            if tables:
                statistics = await self._statistics.of(tables)
                try:
                    scans = await asyncio.to_thread(scans_of, prepared, asking, statistics)
                except Exception:  # each can be asked by itself still
                    logger.exception("What questions share cannot be planned.")
            known = self._known[key] = _Known(prepared, scans)
            while sum(map(len, self._known)) > KEPT:
                self._known.popitem(last=False)
        return known.scans

    async def rows(self, scan: Scan, moment: Moment) -> Rows | None:
        """The rows of each of the scan's questions by its place, or None where it cannot be run."""
        found: dict[int, list[Sequence[Any]]] = {place: [] for place in scan.places}
        try:
            statement = scan.template.bind(scan.values, moment.context, row_cap=self._settings.row_cap, now=moment.now)
            result = await self._database.run(replace(statement, row_cap=None), moment.caller)
            for number, record in result.records:
                found[scan.places[number]].append(record)
        except (BusyError, DatabaseUnavailableError) as error:
            scan.failed = is_of_the_driver(error)  # a type within a record that it has no decoder for
            return None
        except Exception as error:
            scan.failed = True
            quiet = isinstance(error, QueryError | NoShortcutError)
            logger.log(logging.DEBUG if quiet else logging.WARNING, "A shared scan cannot be run: %s", error)
            return None
        return found


class Batch:
    """The questions of one caller at one moment."""

    def __init__(self, scans: SharedScans, ask: Ask, moment: Moment) -> None:
        self._scans = scans
        self._ask = ask
        self._moment = moment

    async def together(self, queries: Sequence[bytes]) -> list[AskedTogether]:
        """The queries, those that share a scan as one. They come first, since they take longest."""
        scans = await self._scans.of(queries, self._moment)
        shared = {query for _, places in scans for query in places}
        together = [
            AskedTogether(places, self._ask, partial(self._scans.rows, scan, self._moment)) for scan, places in scans
        ]
        return [*together, *(AskedTogether({query: 0}, self._ask) for query in queries if query not in shared)]


class AskedTogether:
    """Queries that are asked as one, by their places in what they share."""

    def __init__(
        self, places: Mapping[bytes, int], ask: Ask, rows: Callable[[], Coroutine[Any, Any, Rows | None]] | None = None
    ) -> None:
        self._places = places
        self._ask = ask
        self._rows = rows
        self._running: asyncio.Task[Rows | None] | None = None
        self._begun = False
        self._waiting = 0
        self._closed = False

    @property
    def queries(self) -> Sequence[bytes]:
        """Their JSON."""
        return list(self._places)

    async def ask(self, query: bytes) -> tuple[Answer, bool]:
        """The answer to one of them, and whether it was kept. What they share runs once the first needs it."""
        if self._rows is None:
            return await self._ask(query, None)
        return await self._ask(query, partial(self._result, self._rows, self._places[query]))

    def close(self) -> None:
        """Ends what runs for them, unless it is waited for still: by an answer that is computed anew beside them."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        if self._closed and not self._waiting and self._running is not None:
            self._running.cancel()

    async def _result(
        self, rows: Callable[[], Coroutine[Any, Any, Rows | None]], place: int, statement: Statement
    ) -> QueryResult | None:
        if self._begun:
            # It was waiting for another's answer, and others may have asked for its own since: for rows as of then.
            return None
        if self._running is None:
            self._running = asyncio.ensure_future(self._run(rows))
        self._waiting += 1
        try:
            found = await asyncio.shield(self._running)  # whoever leaves leaves it to the others
        finally:
            self._waiting -= 1
            self._end()
        return None if found is None else result_of(statement, found[place])

    async def _run(self, rows: Callable[[], Coroutine[Any, Any, Rows | None]]) -> Rows | None:
        self._begun = True
        return await rows()
