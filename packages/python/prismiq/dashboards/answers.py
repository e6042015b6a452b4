"""Many queries in one request: each answered when it is ready, equal ones once, so many at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from prismiq.dashboards.wire import dump_json
from prismiq.errors import ConfigurationError, PayloadTooLargeError, PrismiqError
from prismiq.execution.answers import Answer


class Together(Protocol):
    """Queries that are asked as one, since one statement may answer them all; mostly a single one."""

    @property
    def queries(self) -> Sequence[bytes]:
        """Their JSON."""
        ...

    async def ask(self, query: bytes) -> tuple[Answer, bool]:
        """The answer to one of them."""
        ...

    def close(self) -> None:
        """Ends what runs for whoever is not there any more."""
        ...


class Asking(Protocol):
    """Answers queries for one caller."""

    async def together(self, queries: Sequence[bytes]) -> Sequence[Together]:
        """Puts those together that are better asked as one. Each is in one of what it returns."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """A query by a name, or the reason why it cannot be asked."""

    name: str
    query: bytes
    skipped: tuple[str, ...] = ()
    """The filters that the query cannot take."""
    error: PrismiqError | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a job: an answer or an error."""

    name: str
    skipped: tuple[str, ...]
    answer: Answer | None = None
    cached: bool = False
    error: PrismiqError | None = None


def jobs_of(questions: Mapping[str, Mapping[str, Any]], *, most: int) -> list[Job]:
    """A batch of queries by their names. Raises PayloadTooLargeError for more than `most`."""
    if len(questions) > most:
        raise PayloadTooLargeError(f"There are more than {most} queries.", hint="Send them in several requests.")
    return [Job(name, dump_json(question)) for name, question in questions.items()]


async def answered(jobs: Sequence[Job], asking: Asking, *, at_once: int) -> AsyncGenerator[Answered]:
    """Asks, and gives each answer as it is ready; no more are asked than are taken.

    A query's error is its answer. Closing the generator cancels what is asked. Raises what is no query's error.
    """
    for job in jobs:
        if job.error is not None:
            yield Answered(job.name, job.skipped, error=job.error)
    groups: dict[bytes, list[Job]] = {}
    for job in jobs:
        if job.error is None:
            groups.setdefault(job.query, []).append(job)
    waiting = deque(await asking.together(list(groups)))
    ready: asyncio.Queue[Answered | Exception] = asyncio.Queue(maxsize=at_once)

    async def ask(together: Together, query: bytes) -> None:
        try:
            for each in await _asked(groups[query], together):
                await ready.put(each)
        except Exception as error:
            await ready.put(error)

    async def work() -> None:
        while waiting:
            together = waiting.popleft()
            try:
                await asyncio.gather(*(ask(together, query) for query in together.queries))
            finally:
                together.close()

    workers = [asyncio.ensure_future(work()) for _ in range(min(at_once, len(waiting)))]
    try:
        for _ in range(sum(len(group) for group in groups.values())):
            found = await ready.get()
            if isinstance(found, Exception):
                raise found
            yield found
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _asked(group: list[Job], together: Together) -> list[Answered]:
    try:
        answer, cached = await together.ask(group[0].query)
    except ConfigurationError:
        raise  # the host's mistake
    except PrismiqError as error:
        return [Answered(job.name, job.skipped, error=error) for job in group]
    return [Answered(job.name, job.skipped, answer, cached) for job in group]
