"""A caller's value in the form the driver binds: parsed by its type, or an issue that names it.

Nothing is guessed: text is a number where it is written as one, and a number is never rounded to fit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from prismiq.calendars import ISO, Calendar
from prismiq.errors import IssueCode
from prismiq.plan.expressions import Conversion, ValueType
from prismiq.plan.resolve.conditions import PERIOD_HINT
from prismiq.query.fields import as_items
from prismiq.schema.types import DataType
from prismiq.sql.bins import BinError, checked, edge_bounds, even_bounds
from prismiq.sql.grid import past_hour, wall_time
from prismiq.sql.periods import PeriodError, is_hourly, period_bounds

INT64 = 2**63
REAL_MAX = 3.4028234663852886e38
REAL_MIN = 2.0**-149


class UnfitValueError(Exception):
    """A value that its column's type cannot take; the binder adds the place."""

    def __init__(self, code: IssueCode, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint or "Give a value that the field's type can hold."


def convert(
    value: object,
    type_: ValueType,
    conversion: Conversion,
    zone: ZoneInfo,
    now: datetime,
    *,
    calendar: Calendar = ISO,
) -> object:
    """The value as the driver takes it; `now` is what relative periods are relative to. Raises UnfitValueError."""
    if conversion is not Conversion.PLAIN:
        return _bound(value, type_, conversion, zone, now, calendar=calendar)
    if type_.labels is not None:
        return _label(value, type_.labels)
    if type_.kind is DataType.TIMESTAMPTZ:
        return _timestamp(value, zone)
    if type_.kind is DataType.TIMESTAMP:
        moment = _moment(value)
        return moment if moment.tzinfo is None else _in_range(moment, value, zone).replace(tzinfo=None)
    return _CONVERTERS.get(type_.kind, _text)(value)


def _bound(
    value: object, type_: ValueType, conversion: Conversion, zone: ZoneInfo, now: datetime, *, calendar: Calendar
) -> object:
    if conversion in (Conversion.PERIOD_START, Conversion.PERIOD_END):
        return _period_bound(value, type_.kind, conversion, zone, now, calendar=calendar)
    if conversion in _PATTERNS:
        return _PATTERNS[conversion](str(value))
    if conversion is Conversion.SPAN:
        return str(value)
    if conversion in BINS:
        return _bins(value, conversion)
    return _day_bound(value, type_.kind, conversion, zone)


def _sized(bits: int, name: str) -> Callable[[object], int]:
    def sized(value: object) -> int:
        number = _integer(value)
        if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
            raise UnfitValueError(
                IssueCode.VALUE_OUT_OF_RANGE, f"{number} is beyond the range of {name}.", "Use a smaller number."
            )
        return number

    return sized


def _integer(value: object) -> int:
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?\d{1,40}", value.strip(), re.ASCII):
            raise _unfit(value, "an integer")
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _unfit(value, "an integer")
    if not -INT64 <= value < INT64:
        raise UnfitValueError(
            IssueCode.VALUE_OUT_OF_RANGE,
            f"{_shown(value)} is beyond the range of a bigint.",
            "Use a smaller number.",
        )
    return value


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)  # Python would also take 1_000


def _decimal(value: object) -> Decimal:
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        raise _unfit(value, "a number")
    try:
        number = Decimal(value if isinstance(value, int | Decimal) else str(value).strip())
    except InvalidOperation:
        raise _unfit(value, "a number") from None
    if isinstance(value, bool) or not number.is_finite():
        raise _unfit(value, "a number")
    if number.adjusted() > 131_071 or _exponent(number) < -16_383:
        raise UnfitValueError(
            IssueCode.VALUE_OUT_OF_RANGE,
            f"{_shown(value)} is beyond the range of a numeric.",
            "Use a smaller number.",
        )
    return number


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _double(value: object) -> float:
    exact = _decimal(value)
    number = float(exact)
    if number in (float("inf"), float("-inf")) or (number == 0 and exact != 0):
        raise UnfitValueError(IssueCode.VALUE_OUT_OF_RANGE, f"{_shown(value)} is beyond the range of a double.")
    return number


def _real(value: object) -> float:
    number = _double(value)
    if abs(number) > REAL_MAX or 0 < abs(number) <= REAL_MIN / 2:
        raise UnfitValueError(IssueCode.VALUE_OUT_OF_RANGE, f"{_shown(value)} is beyond the range of a real.")
    return number


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _unfit(value, "text")
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise _unfit(value, "true or false")
    return value


def _label(value: object, labels: tuple[str, ...]) -> str:
    if value not in labels:
        raise UnfitValueError(
            IssueCode.INVALID_VALUE,
            f"{_shown(value)} is not one of the labels.",
            f"They are {', '.join(labels)}.",
        )
    return str(value)


def _uuid(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise _unfit(value, "a UUID") from None


def _date(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise _unfit(value, "a date", "Write it as YYYY-MM-DD.") from None


def _time(value: object) -> time:
    try:
        found = time.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise _unfit(value, "a time of day", "Write it as HH:MM:SS, without an offset.")
    return found


_CALENDAR = re.compile(r"\s*[+-]?P[^T]*[YM]", re.IGNORECASE)
_durations: TypeAdapter[timedelta] = TypeAdapter(timedelta)


def _interval(value: object) -> timedelta:
    try:
        # A year or a month is as long as the days it meets: as a number of days it would equal no stored one.
        if not (isinstance(value, str) and _CALENDAR.match(value)):
            return _durations.validate_python(value)
    except ValidationError:
        pass
    raise _unfit(value, "a duration", 'Write it by ISO 8601, in weeks, days and shorter: "P1DT12H", "PT90S".')


def _json(value: object) -> str:
    return json.dumps(value, default=_json_number)


def _json_number(value: object) -> object:
    if isinstance(value, Decimal) and Decimal(repr(float(value))) == value:
        return float(value)
    raise UnfitValueError(
        IssueCode.VALUE_OUT_OF_RANGE, f"{_shown(value)} has more digits than a number inside JSON can be sent with."
    )


_TIMESTAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?\s*(?:(Z|z)|([+-])(\d{2}):?(\d{2})?)?",
    re.ASCII,
)


def _moment(value: object) -> datetime:
    """An ISO 8601 timestamp, with or without an offset."""
    text = str(value)
    match = _TIMESTAMP.fullmatch(text)
    try:
        if match is None:
            return datetime.fromisoformat(f"{date.fromisoformat(text).isoformat()}T00:00:00")
        day, hour, minute, second, fraction, utc, sign, hours, minutes = match.groups()
        offset = timezone.utc if utc else None
        if sign:
            ahead = timedelta(hours=int(hours), minutes=int(minutes or 0))
            offset = timezone(ahead if sign == "+" else -ahead)
        wall = date.fromisoformat(day)
        micro = int((fraction or "0").ljust(6, "0"))
        return datetime(wall.year, wall.month, wall.day, int(hour), int(minute), int(second or 0), micro, offset)
    except ValueError:
        raise _unfit(value, "a timestamp", "Write it by ISO 8601: 2026-03-31T10:00:00+02:00.") from None


def _timestamp(value: object, zone: ZoneInfo) -> datetime:
    moment = _moment(value)
    return _in_range(moment if moment.tzinfo is not None else moment.replace(tzinfo=zone), value)


def _day_bound(value: object, kind: DataType, conversion: Conversion, zone: ZoneInfo) -> datetime:
    """The first instant of a local day. Where midnight is skipped by a clock change, that of the change."""
    day = _date(value)
    try:
        if conversion is Conversion.NEXT_DAY:
            day += timedelta(days=1)
    except OverflowError:
        raise UnfitValueError(
            IssueCode.VALUE_OUT_OF_RANGE,
            f"{_shown(value)} is the last date there is.",
            'Leave the upper bound out, or write it as a period: {"from": …} without `to`.',
        ) from None
    wall = datetime(day.year, day.month, day.day)
    return _in_range(wall.replace(tzinfo=zone), value) if kind is DataType.TIMESTAMPTZ else wall


def _period_bound(
    value: object, kind: DataType, conversion: Conversion, zone: ZoneInfo, now: datetime, *, calendar: Calendar
) -> date | datetime:
    try:
        bounds = period_bounds(value, now.astimezone(zone), calendar)
    except PeriodError as error:
        raise UnfitValueError(IssueCode.INVALID_VALUE, str(error), PERIOD_HINT) from None
    wall = bounds[conversion is Conversion.PERIOD_END]
    if kind is DataType.TIMESTAMPTZ and is_hourly(value):
        return _in_range(_hours_away(now, wall, zone), value)
    if kind is DataType.DATE:
        if is_hourly(value):
            raise UnfitValueError(IssueCode.INVALID_VALUE, "A date has no hours.", "Use days or longer units.")
        return wall.date()
    return _in_range(wall.replace(tzinfo=zone), value) if kind is DataType.TIMESTAMPTZ else wall


def _hours_away(now: datetime, wall: datetime, zone: ZoneInfo) -> datetime:
    """The hour that begins as many hours from the one now as its wall time is, had no clock been set meanwhile: of two
    hours that a clock shows alike each is one."""
    this = now.astimezone(timezone.utc)
    this -= past_hour(this, zone)
    then = this + (wall - wall_time(this, zone))
    return then - past_hour(then, zone)


def _in_range(moment: datetime, value: object, zone: tzinfo = timezone.utc) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:
        raise UnfitValueError(
            IssueCode.VALUE_OUT_OF_RANGE, f"{_shown(value)} is beyond the range of a timestamp."
        ) from None


BINS = frozenset({Conversion.BIN_WIDTH, Conversion.BIN_START, Conversion.BIN_EDGES, Conversion.EVEN_BINS})
"""What is converted whole, list or not."""


def _bins(value: object, conversion: Conversion) -> Decimal | list[Decimal]:
    try:
        items = [_decimal(item) for item in as_items(value) or [value]]
        if conversion is Conversion.EVEN_BINS:
            low, high, count = items
            return even_bounds(low, high, int(count))
        return edge_bounds(items) if conversion is Conversion.BIN_EDGES else checked(items[0])
    except BinError as error:
        raise UnfitValueError(IssueCode.INVALID_VALUE, str(error), "Choose other bins.") from None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _own_pattern(text: str) -> str:
    trailing = len(text) - len(text.rstrip("\\"))
    if trailing % 2:
        raise UnfitValueError(
            IssueCode.INVALID_VALUE,
            "The pattern ends with a lone backslash.",
            "Write two for a backslash itself.",
        )
    return text


_PATTERNS: Mapping[Conversion, Callable[[str], str]] = {
    Conversion.CONTAINS: lambda text: f"%{_escaped(text)}%",
    Conversion.STARTS_WITH: lambda text: f"{_escaped(text)}%",
    Conversion.ENDS_WITH: lambda text: f"%{_escaped(text)}",
    Conversion.PATTERN: _own_pattern,
}
_CONVERTERS: Mapping[DataType, Callable[[object], object]] = {
    DataType.SMALLINT: _sized(16, "a smallint"),
    DataType.INTEGER: _sized(32, "an integer"),
    DataType.BIGINT: _integer,
    DataType.NUMERIC: _decimal,
    DataType.REAL: _real,
    DataType.DOUBLE: _double,
    DataType.BOOLEAN: _boolean,
    DataType.UUID: _uuid,
    DataType.DATE: _date,
    DataType.TIME: _time,
    DataType.INTERVAL: _interval,
    DataType.JSONB: _json,
}


def _unfit(value: object, noun: str, hint: str | None = None) -> UnfitValueError:
    return UnfitValueError(IssueCode.INVALID_VALUE, f"{_shown(value)} is not {noun}.", hint)


def _shown(value: object) -> str:
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else text[:77] + "…"
