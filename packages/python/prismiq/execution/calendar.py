"""Dates, times and spans that Python has no value for: before the year 1, after 9999, 24:00, and months.

The driver cannot decode the former, and makes 30 days of a month. With these codecs it gives text for them (ISO 8601
with an expanded year, as JavaScript reads it, or "infinity") and the usual objects for all others.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, cast

Record = Any

_EPOCH = date(2000, 1, 1).toordinal()  # PostgreSQL counts from here
_DAY = 86_400_000_000
_ENDS = frozenset({date.min, date.max, datetime.min, datetime.max})
_PLAIN = "SELECT 'epoch'::date, 'epoch'::timestamp, 'epoch'::timestamptz, '00:00'::time, '00:00'::timetz"
"""Hand-written, since it asks for nothing but how values are read."""
_INFINITE_DAYS = {2**31 - 1: "infinity", -(2**31): "-infinity"}
_INFINITE_MOMENTS = {2**63 - 1: "infinity", -(2**63): "-infinity"}
_INFINITE_SPANS = {
    (2**31 - 1, 2**31 - 1, 2**63 - 1): "infinity",
    (-(2**31), -(2**31), -(2**63)): "-infinity",
}


async def fetch_any_year(connection: Any, sql: str, args: Sequence[object], *, timeout: float) -> list[Record]:
    """Fetches with codecs that know every year."""
    async with knowing_every_year(connection):
        return await connection.fetch(sql, *args, timeout=timeout)


@asynccontextmanager
async def meaning_what_they_say(connection: Any, args: Sequence[object], *, own: bool) -> AsyncGenerator[None]:
    """Has a connection send the arguments as the days and moments that they are, for the length of the block.

    On a connection of the host's only where that has no codecs of its own for them.
    """
    if taken_for_infinity(args) and (own or await _reads_plainly(connection)):
        async with knowing_every_year(connection):
            yield
    else:
        yield


async def _reads_plainly(connection: Any) -> bool:
    found = await connection.fetchrow(_PLAIN)
    return [type(each) for each in found] == [date, datetime, datetime, time, time]


def taken_for_infinity(args: Sequence[object]) -> bool:
    """Whether the driver would send one of the arguments as an infinity: it does so with Python's first and last day
    and moment, which mean themselves."""
    for each in args:
        if isinstance(each, datetime):
            if each.replace(tzinfo=None) in _ENDS:
                return True
        elif isinstance(each, date):
            if each in _ENDS:
                return True
        elif isinstance(each, list) and taken_for_infinity(cast("list[object]", each)):
            return True
    return False


@asynccontextmanager
async def knowing_every_year(connection: Any) -> AsyncGenerator[None]:
    """Has a connection know every year for the length of the block. Its own codecs for these types are reset then."""
    try:
        for name, decode in _DECODERS.items():
            await connection.set_type_codec(
                name, schema="pg_catalog", encoder=_ENCODERS[name], decoder=decode, format="tuple"
            )
        yield
    finally:
        if not connection.is_closed():
            for name in _DECODERS:
                await connection.reset_type_codec(name, schema="pg_catalog")


async def keep_months(connection: Any) -> None:
    """Has the connection give a span with months in it as text: `P1M`. Others stay timedeltas."""
    await connection.set_type_codec("interval", schema="pg_catalog", encoder=_span, decoder=span_of, format="tuple")


@asynccontextmanager
async def keeping_months(connection: Any) -> AsyncGenerator[None]:
    """The same for the length of the block, on a connection of the host's that has no codec of its own for spans."""
    if not isinstance(await connection.fetchval("SELECT interval '1 month'"), timedelta):
        yield
        return
    try:
        await keep_months(connection)
        yield
    finally:
        if not connection.is_closed():
            await connection.reset_type_codec("interval", schema="pg_catalog")


def calendar_day(ordinal: int) -> str:
    """ISO 8601 of a day, counted as `date.toordinal` does but in any year: `+020000-01-01`, `-000043-03-15`."""
    if 1 <= ordinal <= date.max.toordinal():
        return date.fromordinal(ordinal).isoformat()
    cycles = (ordinal - 1) // 146_097  # the calendar repeats every 400 years
    day = date.fromordinal(ordinal - cycles * 146_097)
    year = day.year + cycles * 400
    return f"{'-' if year < 0 else '+'}{abs(year):06d}-{day:%m-%d}"


def _date(value: tuple[int]) -> date | str:
    (days,) = value
    ordinal = days + _EPOCH
    if days in _INFINITE_DAYS:
        return _INFINITE_DAYS[days]
    return date.fromordinal(ordinal) if 1 <= ordinal <= date.max.toordinal() else calendar_day(ordinal)


def _timestamp(value: tuple[int]) -> datetime | str:
    (microseconds,) = value
    if microseconds in _INFINITE_MOMENTS:
        return _INFINITE_MOMENTS[microseconds]
    days, rest = divmod(microseconds, _DAY)
    try:
        return datetime(2000, 1, 1) + timedelta(days=days, microseconds=rest)
    except OverflowError:
        return f"{calendar_day(days + _EPOCH)}T{_clock(rest)}"


def _timestamptz(value: tuple[int]) -> datetime | str:
    moment = _timestamp(value)
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=timezone.utc)
    return moment if moment in _INFINITE_MOMENTS.values() else f"{moment}+00:00"


def _time(value: tuple[int]) -> time | str:
    (microseconds,) = value
    return _clock(microseconds) if microseconds >= _DAY else time.fromisoformat(_clock(microseconds))


def _timetz(value: tuple[int, int]) -> time | str:
    microseconds, west = value  # seconds west of Greenwich
    zone = timezone(timedelta(seconds=-west))
    if microseconds < _DAY:
        return time.fromisoformat(_clock(microseconds)).replace(tzinfo=zone)
    return _clock(microseconds) + time(tzinfo=zone).isoformat()[8:]


def _clock(microseconds: int) -> str:
    seconds, fraction = divmod(microseconds, 1_000_000)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{clock}.{fraction:06d}" if fraction else clock


def span_of(value: tuple[int, int, int]) -> timedelta | str:
    """A span of months, days and microseconds: as text where it has months."""
    months, days, microseconds = value
    if value in _INFINITE_SPANS:
        return _INFINITE_SPANS[value]
    if not months:
        with suppress(OverflowError):
            return timedelta(days=days, microseconds=microseconds)
    years, months = int(months / 12), months - int(months / 12) * 12  # both have the sign of the whole
    seconds, fraction = divmod(abs(microseconds), 1_000_000)
    sign = "-" if microseconds < 0 else ""
    parts = [f"{amount}{unit}" for amount, unit in ((years, "Y"), (months, "M"), (days, "D")) if amount]
    clock = [f"{sign}{amount}{unit}" for amount, unit in ((seconds // 3600, "H"), (seconds // 60 % 60, "M")) if amount]
    if seconds % 60 or fraction:
        clock.append(f"{sign}{seconds % 60}{f'.{fraction:06d}'.rstrip('0') if fraction else ''}S")
    return "P" + "".join(parts) + ("T" + "".join(clock) if clock else "")


def _span(value: timedelta) -> tuple[int, int, int]:
    return (0, value.days, value.seconds * 1_000_000 + value.microseconds)


def _days_since_epoch(value: date) -> tuple[int]:
    return (value.toordinal() - _EPOCH,)


def _microseconds(value: datetime) -> tuple[int]:
    since = value - datetime(2000, 1, 1, tzinfo=value.tzinfo and timezone.utc)
    return (since // timedelta(microseconds=1),)


def _of_day(value: time) -> tuple[int]:
    return (((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond,)


def _of_day_and_zone(value: time) -> tuple[int, int]:
    return (*_of_day(value), -round((value.utcoffset() or timedelta()).total_seconds()))


_DECODERS: dict[str, Callable[[Any], object]] = {
    "date": _date,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "time": _time,
    "timetz": _timetz,
}
_ENCODERS: dict[str, Callable[[Any], object]] = {
    "date": _days_since_epoch,
    "timestamp": _microseconds,
    "timestamptz": _microseconds,
    "time": _of_day,
    "timetz": _of_day_and_zone,
}
