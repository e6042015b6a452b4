"""A caller's value becomes what the driver binds, or an issue that names it. Nothing is guessed, nothing rounded."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismiq.errors import IssueCode
from prismiq.plan.expressions import Conversion, ValueType
from prismiq.schema.types import DataType
from prismiq.sql.values import UnfitValueError, convert

UTC = timezone.utc
NOW = datetime(2026, 3, 31, 10, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
PLAIN = Conversion.PLAIN


def converted(value: object, kind: str, conversion: Conversion = PLAIN, zone: str = "Europe/Berlin") -> Any:
    return convert(value, ValueType(DataType(kind)), conversion, ZoneInfo(zone), NOW)


def unfit(value: object, kind: str, conversion: Conversion = PLAIN, zone: str = "Europe/Berlin") -> UnfitValueError:
    with pytest.raises(UnfitValueError) as caught:
        converted(value, kind, conversion, zone)
    assert caught.value.message.endswith(".")
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("now", "period", "start", "hours", "zone"),
    [  # the clock skips 02:00 on 2024-03-10 at 07:00 UTC, and shows 01:00 twice on 2024-11-03, from 05:00 UTC on
        ("2024-03-10T07:15", "last_hour", "2024-03-10T06:00", 1, "America/New_York"),
        ("2024-03-10T06:15", "next_hour", "2024-03-10T07:00", 1, "America/New_York"),
        ("2024-11-03T06:15", "last_hour", "2024-11-03T05:00", 1, "America/New_York"),
        ("2024-11-03T06:15", "this_hour", "2024-11-03T06:00", 1, "America/New_York"),
        ("2024-11-03T05:15", "this_hour", "2024-11-03T05:00", 1, "America/New_York"),
        ("2024-03-10T08:15", {"last": 3, "unit": "hour"}, "2024-03-10T06:00", 3, "America/New_York"),
        ("2024-11-03T08:15", {"last": 3, "unit": "hour"}, "2024-11-03T06:00", 3, "America/New_York"),
        (
            "2024-11-03T15:15",
            {"last": 24, "unit": "hour", "complete": True},
            "2024-11-02T15:00",
            24,
            "America/New_York",
        ),
        ("2024-07-01T10:50", "this_hour", "2024-07-01T10:15", 1, "Asia/Kathmandu"),
    ],
)
def test_hours_are_hours_where_a_clock_is_set(now: str, period: object, start: str, hours: int, zone: str) -> None:
    at = datetime.fromisoformat(f"{now}+00:00")
    first, end = (
        convert(period, ValueType(DataType.TIMESTAMPTZ), each, ZoneInfo(zone), at)
        for each in (Conversion.PERIOD_START, Conversion.PERIOD_END)
    )
    assert first == datetime.fromisoformat(f"{start}+00:00")
    assert end == first + timedelta(hours=hours)  # type: ignore[operator]  moments


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("integer", 7, 7),
        ("integer", "7", 7),
        ("integer", " -7 ", -7),
        ("integer", "+7", 7),
        ("bigint", 2**63 - 1, 2**63 - 1),
        ("bigint", -(2**63), -(2**63)),
        ("bigint", str(2**63 - 1), 2**63 - 1),
        ("smallint", 32767, 32767),
        ("numeric", 1, Decimal(1)),
        ("numeric", Decimal("12345678901234567890.12345678901234567890"), Decimal("12345678901234567890.12345678901234567890")),
        ("numeric", "1.50", Decimal("1.50")),
        ("numeric", ".5", Decimal("0.5")),
        ("numeric", "1e3", Decimal("1e3")),
        ("numeric", Decimal("1e131071"), Decimal("1e131071")),
        ("double", Decimal("0.1"), 0.1),
        ("double", 5, 5.0),
        ("double", "1e308", 1e308),
        ("double", 0, 0.0),
        ("double", Decimal("5e-324"), 5e-324),
        ("real", Decimal("1.1"), 1.1),
        ("real", 0, 0.0),
        ("text", "", ""),
        ("text", "2026-01-01", "2026-01-01"),
        ("boolean", False, False),
        ("uuid", "00000000-0000-0000-0000-00000000000A", UUID(int=10)),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("time", "23:59:59.5", time(23, 59, 59, 500_000)),
        ("interval", "P1DT12H", timedelta(days=1.5)),
        ("interval", "PT90S", timedelta(seconds=90)),
        ("interval", "-PT90S", timedelta(seconds=-90)),
        ("timetz", "10:00+02", "10:00+02"),
    ],
)  # fmt: skip
def test_a_value_that_fits_is_bound_as_it_is(kind: str, value: object, expected: object) -> None:
    found = converted(value, kind)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("integer", "abc", "'abc' is not an integer."),
        ("integer", Decimal("1.5"), "1.5 is not an integer."),
        ("integer", "1.5", "'1.5' is not an integer."),
        ("integer", "1_000", "'1_000' is not an integer."),
        ("integer", "١", "'١' is not an integer."),
        ("integer", "", "'' is not an integer."),
        ("integer", True, "True is not an integer."),
        ("numeric", "abc", "'abc' is not a number."),
        ("numeric", "1_000", "'1_000' is not a number."),
        ("numeric", "١", "'١' is not a number."),
        ("numeric", "NaN", "'NaN' is not a number."),
        ("numeric", "Infinity", "'Infinity' is not a number."),
        ("numeric", "1e", "'1e' is not a number."),
        ("numeric", "0x10", "'0x10' is not a number."),
        ("numeric", True, "True is not a number."),
        ("numeric", None, "None is not a number."),
        ("double", "-inf", "'-inf' is not a number."),
        ("text", 1, "1 is not text."),
        ("boolean", 1, "1 is not true or false."),
        ("boolean", "true", "'true' is not true or false."),
        ("uuid", "abc", "'abc' is not a UUID."),
        ("date", "2026-02-29", "'2026-02-29' is not a date."),
        ("date", "2026-13-01", "'2026-13-01' is not a date."),
        ("date", "0000-01-01", "'0000-01-01' is not a date."),
        ("time", "25:00", "'25:00' is not a time of day."),
        ("time", "10:00+02:00", "'10:00+02:00' is not a time of day."),
        ("interval", "5", "'5' is not a duration."),
        ("interval", "P1Y", "'P1Y' is not a duration."),  # of how many days?
        ("interval", "P1M", "'P1M' is not a duration."),
        ("interval", "tomorrow", "'tomorrow' is not a duration."),
        ("timestamptz", "yesterday", "'yesterday' is not a timestamp."),
        ("timestamptz", "2026-02-30T10:00", "'2026-02-30T10:00' is not a timestamp."),
        ("timestamptz", "2026-02-28T24:00", "'2026-02-28T24:00' is not a timestamp."),
        ("timestamptz", "2026-02-28T10:00+99:00", "'2026-02-28T10:00+99:00' is not a timestamp."),
        ("timestamp", "10:00", "'10:00' is not a timestamp."),
    ],
)
def test_what_does_not_is_named(kind: str, value: object, told: str) -> None:
    error = unfit(value, kind)
    assert (error.message, error.code) == (told, IssueCode.INVALID_VALUE)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("smallint", 32768),
        ("smallint", -32769),
        ("integer", 2**31),
        ("integer", str(-(2**31) - 1)),
        ("bigint", 2**63),
        ("bigint", -(2**63) - 1),
        ("bigint", "9" * 40),
        ("numeric", Decimal("1e131072")),
        ("numeric", "1e-16384"),
        ("numeric", "1e999999999"),
        ("double", Decimal("1e309")),
        ("double", Decimal("-1e309")),
        ("double", Decimal("1e-400")),  # which is not 0
        ("real", Decimal("3.5e38")),
        ("real", Decimal("1e-50")),
        ("timestamptz", "0001-01-01T00:00:00+14:00"),
        ("timestamptz", "0001-01-01T00:00:00"),
        ("timestamp", "0001-01-01T00:00:00+14:00"),
        ("timestamp", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_what_is_too_large_or_too_small_is_said_to_be(kind: str, value: object) -> None:
    assert unfit(value, kind).code is IssueCode.VALUE_OUT_OF_RANGE


@settings(deadline=None)
@given(st.integers(-(2**70), 2**70))
def test_an_integer_is_bound_or_out_of_range(number: int) -> None:
    fits = -(2**63) <= number < 2**63
    for value in (number, str(number)):
        if fits:
            assert converted(value, "bigint") == number
        else:
            assert unfit(value, "bigint").code is IssueCode.VALUE_OUT_OF_RANGE


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40, places=20))
def test_a_numeric_keeps_every_digit(number: Decimal) -> None:
    assert converted(number, "numeric") == converted(str(number), "numeric") == number


class TestLabels:
    MOOD = ValueType(DataType.ENUM, type_schema="public", type_name="mood", labels=("good", "bad"))

    def test_a_label_is_one_of_the_types(self) -> None:
        assert convert("bad", self.MOOD, PLAIN, BERLIN, NOW) == "bad"

    @pytest.mark.parametrize("value", ["Bad", "", 1, None, ["bad"]])
    def test_and_nothing_else_is(self, value: object) -> None:
        with pytest.raises(UnfitValueError) as caught:
            convert(value, self.MOOD, PLAIN, BERLIN, NOW)
        assert caught.value.hint == "They are good, bad."


class TestMoments:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-03-31T10:00:00Z", datetime(2026, 3, 31, 10, tzinfo=UTC)),
            ("2026-03-31t10:00:00z".upper(), datetime(2026, 3, 31, 10, tzinfo=UTC)),
            ("2026-03-31 10:00", datetime(2026, 3, 31, 8, tzinfo=UTC)),
            ("2026-03-31T10:00:00.123456789", datetime(2026, 3, 31, 8, 0, 0, 123456, tzinfo=UTC)),
            ("2026-03-31T10:00:00,5+05:30", datetime(2026, 3, 31, 4, 30, 0, 500_000, tzinfo=UTC)),
            ("2026-03-31T10:00-0330", datetime(2026, 3, 31, 13, 30, tzinfo=UTC)),
            ("2026-03-31", datetime(2026, 3, 30, 22, tzinfo=UTC)),
        ],
    )
    def test_without_an_offset_it_is_by_the_clock_of_the_zone(self, text: str, expected: datetime) -> None:
        found = converted(text, "timestamptz")
        assert found == expected
        assert found.tzinfo is not None

    def test_against_wall_time_an_offset_is_turned_into_the_zones_clock(self) -> None:
        assert converted("2026-03-31T10:00Z", "timestamp") == datetime(2026, 3, 31, 12)
        assert converted("2026-03-31T10:00", "timestamp") == datetime(2026, 3, 31, 10)

    @pytest.mark.parametrize(
        ("zone", "text", "utc"),
        [
            ("Europe/Berlin", "2025-03-30T02:30", "2025-03-30T01:30"),  # the clock skips it
            ("Europe/Berlin", "2025-10-26T02:30", "2025-10-26T00:30"),  # it is there twice: the first
            ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T22:00"),  # a day that never was
        ],
    )
    def test_around_a_clock_change_one_instant_is_meant(self, zone: str, text: str, utc: str) -> None:
        assert converted(text, "timestamptz", zone=zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)

    @pytest.mark.parametrize(
        ("zone", "day", "start", "end"),
        [
            ("UTC", "2026-03-31", "2026-03-31T00:00", "2026-04-01T00:00"),
            ("Europe/Berlin", "2025-03-30", "2025-03-29T23:00", "2025-03-30T22:00"),  # of 23 hours
            ("Europe/Berlin", "2025-10-26", "2025-10-25T22:00", "2025-10-26T23:00"),  # of 25
            ("Asia/Beirut", "2025-03-30", "2025-03-29T22:00", "2025-03-30T21:00"),  # without a midnight
            ("America/Havana", "2025-11-02", "2025-11-02T04:00", "2025-11-03T05:00"),  # with two
            ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00", "2018-02-18T03:00"),  # ends an hour twice
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", "2011-12-30T10:00"),  # never was
        ],
    )
    def test_a_day_begins_with_its_first_instant(self, zone: str, day: str, start: str, end: str) -> None:
        bounds = [converted(day, "timestamptz", each, zone) for each in (Conversion.DAY_START, Conversion.NEXT_DAY)]
        assert bounds == [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (start, end)]

    @settings(deadline=None)
    @given(
        st.dates(date(1900, 1, 1), date(2100, 1, 1)),
        st.sampled_from(["Europe/Berlin", "Asia/Beirut", "America/Havana", "Pacific/Apia", "America/Sao_Paulo"]),
    )
    def test_a_day_ends_where_the_next_begins(self, day: date, zone: str) -> None:
        end = converted(day.isoformat(), "timestamptz", Conversion.NEXT_DAY, zone)
        assert end == converted((day + timedelta(days=1)).isoformat(), "timestamptz", Conversion.DAY_START, zone)
        assert end >= converted(day.isoformat(), "timestamptz", Conversion.DAY_START, zone)

    def test_wall_time_knows_no_clock_changes(self) -> None:
        assert converted("2025-03-30", "timestamp", Conversion.DAY_START) == datetime(2025, 3, 30)
        assert converted("2025-03-30", "timestamp", Conversion.NEXT_DAY) == datetime(2025, 3, 31)

    def test_the_last_day_has_no_next(self) -> None:
        assert unfit("9999-12-31", "timestamp", Conversion.NEXT_DAY).code is IssueCode.VALUE_OUT_OF_RANGE
        assert unfit("0001-01-01", "timestamptz", Conversion.DAY_START).code is IssueCode.VALUE_OUT_OF_RANGE
        assert unfit("2026-02-30", "timestamp", Conversion.DAY_START).message == "'2026-02-30' is not a date."


class TestPeriods:
    @pytest.mark.parametrize("period", ["this_hour", "last_hour", {"last": 3, "unit": "hour"}])
    def test_a_date_has_no_hours(self, period: object) -> None:
        for end in (Conversion.PERIOD_START, Conversion.PERIOD_END):
            assert unfit(period, "date", end).message == "A date has no hours."
            assert converted(period, "timestamp", end)

    def test_a_period_is_by_the_clock_of_the_zone(self) -> None:
        late = datetime(2026, 3, 31, 23, tzinfo=UTC)
        type_ = ValueType(DataType.DATE)
        assert convert("today", type_, Conversion.PERIOD_START, BERLIN, late) == date(2026, 4, 1)
        assert convert("today", type_, Conversion.PERIOD_START, ZoneInfo("UTC"), late) == date(2026, 3, 31)

    @pytest.mark.parametrize("period", ["someday", {}, {"last": 0, "unit": "day"}, {"last": 1}, 5, ["today"]])
    def test_what_is_no_period_is_said_to_be_none(self, period: object) -> None:
        assert unfit(period, "date", Conversion.PERIOD_START).code is IssueCode.INVALID_VALUE


class TestPatterns:
    @pytest.mark.parametrize(
        ("conversion", "text", "expected"),
        [
            (Conversion.CONTAINS, "a", "%a%"),
            (Conversion.CONTAINS, "", "%%"),
            (Conversion.CONTAINS, "100%_", "%100\\%\\_%"),
            (Conversion.STARTS_WITH, "\\", "\\\\%"),
            (Conversion.ENDS_WITH, "_x", "%\\_x"),
            (Conversion.PATTERN, "a%_", "a%_"),
            (Conversion.PATTERN, "a\\%", "a\\%"),
            (Conversion.PATTERN, "a\\\\", "a\\\\"),
        ],
    )
    def test_wildcards_are_data_but_in_the_callers_own_pattern(
        self, conversion: Conversion, text: str, expected: str
    ) -> None:
        assert converted(text, "text", conversion) == expected

    @pytest.mark.parametrize("text", ["\\", "a\\", "a\\\\\\"])
    def test_a_lone_backslash_at_the_end_escapes_nothing(self, text: str) -> None:
        assert "lone backslash" in unfit(text, "text", Conversion.PATTERN).message

    @settings(deadline=None)
    @given(st.text(alphabet="ab%_\\", max_size=8), st.text(alphabet="ab%_\\", max_size=8))
    def test_contains_is_containing(self, text: str, inside: str) -> None:
        assert _like(text, converted(inside, "text", Conversion.CONTAINS)) is (inside in text)
        assert _like(text, converted(inside, "text", Conversion.STARTS_WITH)) is text.startswith(inside)
        assert _like(text, converted(inside, "text", Conversion.ENDS_WITH)) is text.endswith(inside)


def _like(text: str, pattern: str) -> bool:
    """PostgreSQL's LIKE."""
    if not pattern:
        return not text
    first, rest = pattern[0], pattern[1:]
    if first == "%":
        return any(_like(text[start:], rest) for start in range(len(text) + 1))
    if first == "\\":
        first, rest = rest[0], rest[1:]
    elif first == "_":
        return bool(text) and _like(text[1:], rest)
    return text[:1] == first and _like(text[1:], rest)


class TestJson:
    @pytest.mark.parametrize("value", [None, True, 1, "x", [1, [None]], {"a": {"b": 2}}])
    def test_json_is_written_as_json(self, value: object) -> None:
        assert json.loads(converted(value, "jsonb")) == value

    def test_a_number_inside_is_exact_or_refused(self) -> None:
        assert converted({"a": Decimal("1.5")}, "jsonb") == '{"a": 1.5}'
        assert unfit([Decimal("0.12345678901234567890")], "jsonb").code is IssueCode.VALUE_OUT_OF_RANGE


def test_a_long_value_is_not_repeated_whole() -> None:
    assert len(unfit("x" * 10_000, "integer").message) < 120
