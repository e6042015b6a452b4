"""A question that is ready for one caller, and the forms in which it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal

from prismiq.access import RequestContext, ScopedSchema
from prismiq.access.caller import Caller
from prismiq.audit import Noted
from prismiq.errors import QueryError
from prismiq.execution import Database, Numbers, QueryResult
from prismiq.execution.answers import Answer, Answers
from prismiq.execution.encode import check_size, encode_parts
from prismiq.execution.exports import Source, answer_or_pieces, write, write_workbook
from prismiq.execution.formats import Format, WrittenCsv, WrittenLines
from prismiq.execution.streams import pulled
from prismiq.query.places import as_written
from prismiq.schema.types import DataType
from prismiq.settings import Settings
from prismiq.sql import Statement
from prismiq.sql.copied import Form
from prismiq.sql.prepared import Bound, Prepared
from prismiq.sql.questions import Question, Questions

Shared = Callable[[Statement], Awaitable[QueryResult | None]]
"""The result of a statement from one that answers others, too; None where that failed."""

ENCODE_IN_THREAD = 30_000
"""Values from which a result is encoded beside the event loop."""

_WRITTEN_AS_TEXT = frozenset({DataType.NUMERIC, DataType.BIGINT})


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a caller's, read and planned."""

    question: Question
    context: RequestContext | None
    scoped: ScopedSchema
    questions: Questions
    prepared: Prepared
    clock: Callable[[], datetime]
    noted: Noted
    """What is told of it in the end."""

    def bound(self, cap: int) -> Bound:
        """The same statement as one of before, where it can only be that, and what an answer depends on of it."""
        try:
            return self.questions.bound.get(self.prepared, self.context, row_cap=cap, clock=self.clock)
        except QueryError as error:
            raise QueryError(as_written(error.issues, self.question)) from None

    def statement(self, cap: int, form: Form = Form.ROWS) -> Statement:
        """The statement with the caller's values, for at most `cap` rows. Raises QueryError and ContextError."""
        prepared = self.prepared
        if form is not Form.ROWS:
            prepared = self.questions.prepare(self.question, self.scoped, form)
        try:
            return prepared.template.bind(prepared.values, self.context, row_cap=cap, now=self.clock())
        except QueryError as error:
            raise QueryError(as_written(error.issues, self.question)) from None

    def copies(self, numbers: Numbers) -> bool:
        """Whether COPY can write the answer, with numbers as they are wanted."""
        template = self.prepared.template
        return template.copies and (
            numbers == "exact" or _WRITTEN_AS_TEXT.isdisjoint(column.type for column in template.columns)
        )


class _NotWholeError(Exception):
    """An answer that comes in pieces."""

    def __init__(self, pieces: AsyncGenerator[bytes]) -> None:
        self._pieces: AsyncGenerator[bytes] | None = pieces

    def taken(self) -> AsyncGenerator[bytes] | None:
        """The pieces, for whoever asks first."""
        pieces, self._pieces = self._pieces, None
        return pieces


class Answering:
    """Answers what was asked: as a result, as JSON, or written out in any format."""

    def __init__(self, database: Database, answers: Answers, settings: Settings) -> None:
        self._database = database
        self._answers = answers
        self._settings = settings

    async def result(self, asked: Asked, caller: Caller) -> QueryResult:
        """The rows."""
        result = await self._database.run(asked.bound(self._settings.row_cap).statement, caller)
        asked.noted.answers(result.row_count)
        return result

    async def answer(
        self, asked: Asked, caller: Caller, numbers: Numbers, max_age: float | None, shared: Shared | None = None
    ) -> tuple[Answer, bool]:
        """The answer as JSON, and whether it was kept from before. Its rows may come of a statement that is `shared`
        with others."""
        key, bound = self._key(asked, caller, numbers)

        async def compute() -> Answer:
            if self._is_large(asked, numbers):
                answer = await self._copied(asked, caller, whole=True)
                assert isinstance(answer, Answer), "it was wanted whole"
                return replace(answer, key_size=bound.key_size)
            result = None if shared is None else await shared(bound.statement)
            result = result or await self._database.run(bound.statement, caller)
            asked.prepared.answered(result.row_count)
            if result.row_count * len(result.columns) > ENCODE_IN_THREAD:
                content, rest = await asyncio.to_thread(encode_parts, result, numbers)
            else:
                content, rest = encode_parts(result, numbers)
            check_size(len(content), self._settings.max_result_bytes)
            tables = asked.prepared.template.tables
            return Answer(content, rest, tables, result.row_count, key_size=bound.key_size)

        answer, cached = await self._answers.get(key, compute, max_age=max_age, turn=caller.turn)
        asked.noted.answers(answer.rows, cached=cached)
        return answer, cached

    async def answer_or_pieces(
        self, asked: Asked, caller: Caller, numbers: Numbers, max_age: float | None
    ) -> tuple[Answer | AsyncGenerator[bytes], bool]:
        """The same, but in pieces where it is large and is not to be kept."""
        if not self._is_large(asked, numbers) or self._answers.keeps(max_age):
            return await self.answer(asked, caller, numbers, max_age)

        async def compute() -> Answer:
            found = await self._copied(asked, caller, whole=False)
            if isinstance(found, Answer):
                return found
            raise _NotWholeError(found)

        key, _ = self._key(asked, caller, numbers)
        try:
            answer, cached = await self._answers.get(key, compute, max_age=0, turn=caller.turn)
            asked.noted.answers(answer.rows, cached=cached)
            return answer, cached
        except _NotWholeError as found:
            # Pieces are for one; whoever waited for the same computation has one of their own.
            return found.taken() or await self._copied(asked, caller, whole=False), False

    def _key(self, asked: Asked, caller: Caller, numbers: Numbers) -> tuple[Hashable, Bound]:
        """Everything that an answer depends on, and what the question was bound to."""
        bound = asked.bound(self._settings.row_cap)
        return (bound.key, caller.settings, numbers), bound

    async def written(self, asked: Asked, caller: Caller, wanted: Format, numbers: Numbers) -> AsyncGenerator[bytes]:
        """The answer in a format, in pieces."""
        if wanted == "json":
            answer, cached = await self.answer_or_pieces(asked, caller, numbers, None)
            if isinstance(answer, Answer):
                yield answer.body(cached=cached)
                return
            pieces = answer
        else:
            pieces = self._exported(asked, caller, wanted, numbers)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    def _exported(
        self, asked: Asked, caller: Caller, wanted: Literal["ndjson", "csv", "xlsx"], numbers: Numbers
    ) -> AsyncGenerator[bytes]:
        cap = self._settings.export_row_cap
        statement = asked.statement(cap)
        if wanted == "xlsx":
            return write_workbook(self._source(asked, caller, statement, None, cap))
        written = WrittenCsv() if wanted == "csv" else WrittenLines(statement, numbers)
        copies = asked.copies("exact" if wanted == "csv" else numbers)
        source = self._source(asked, caller, statement, asked.statement(cap, written.form) if copies else None, cap)
        return pulled(partial(write, source, written), first_within=self._settings.statement_timeout)

    def _is_large(self, asked: Asked, numbers: Numbers) -> bool:
        return asked.prepared.is_large and asked.copies(numbers)

    async def _copied(self, asked: Asked, caller: Caller, *, whole: bool) -> Answer | AsyncGenerator[bytes]:
        settings, template = self._settings, asked.prepared.template
        statement = asked.statement(settings.row_cap, Form.JSON)
        source = self._source(asked, caller, statement, statement, None, whole=whole)
        answer = await answer_or_pieces(source, template.tables, limit=settings.max_result_bytes, whole=whole)
        if isinstance(answer, Answer):
            asked.prepared.answered(answer.rows)
        return answer

    def _source(
        self,
        asked: Asked,
        caller: Caller,
        statement: Statement,
        copied: Statement | None,
        cap: int | None,
        *,
        whole: bool = False,
    ) -> Source:
        quick, slow = self._settings.statement_timeout, self._settings.export_timeout
        seconds = quick if whole else slow
        return Source(self._database, caller, statement, copied, quick, seconds, cap, asked.noted.answers)
