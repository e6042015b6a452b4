"""Every value comes out of the JSON as it went in."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from prismiq.execution import Numbers, QueryResult, encode_json
from prismiq.execution.encode import CHUNK
from prismiq.schema.types import DataType
from prismiq.sql.statement import OutputColumn, Role, Statement

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]


def result(types: Sequence[DataType], records: Sequence[Sequence[Any]], zone: str = "UTC", **more: Any) -> QueryResult:
    columns = tuple(OutputColumn(f"c{i}", each, Role.COLUMN, f"C{i}") for i, each in enumerate(types))
    return QueryResult.of(Statement("", (), columns, time_zone=zone), records, **more)


def one(type_: DataType, value: Any, zone: str = "UTC", numbers: Numbers = "exact", **more: Any) -> Any:
    """The value as a reader of the JSON finds it."""
    content = json.loads(encode_json(result([type_], [(value,)], zone, **more), numbers), parse_float=Decimal)
    return content["rows"][0][0]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None))
def test_numeric_keeps_every_digit(value: Decimal) -> None:
    read = one(DataType.NUMERIC, value)
    assert Decimal(read) == value
    text = one(DataType.NUMERIC, value, numbers="string")
    assert Decimal(text) == value
    assert "E" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1234.50", "1234.50"),
        ("1E+20", "1" + "0" * 20),
        ("1E-9", "0.000000001"),
        ("-0.00", "-0.00"),
        ("0E-10", "0." + "0" * 10),
    ],
)
def test_numeric_is_written_as_postgresql_writes_it(value: str, text: str) -> None:
    assert f'"rows":[[{text}]]'.encode() in encode_json(result([DataType.NUMERIC], [(Decimal(value),)]))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("numbers", ["exact", "string"])
def test_what_is_no_number_is_null(value: str, numbers: Numbers) -> None:
    assert one(DataType.NUMERIC, Decimal(value), numbers=numbers) is None
    assert one(DataType.DOUBLE, float(value), numbers=numbers) is None
    assert one(DataType.REAL, float(value), numbers=numbers) is None
    assert one(DataType.ARRAY, [Decimal(value), float(value)], numbers=numbers) == [None, None]


@given(st.integers(-(2**63), 2**63 - 1))
def test_bigint_keeps_every_digit(value: int) -> None:
    assert one(DataType.BIGINT, value) == value
    assert one(DataType.BIGINT, value, numbers="string") == str(value)
    assert one(DataType.INTEGER, value % 2**31, numbers="string") == value % 2**31


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_double_comes_back_as_the_same_double(value: float) -> None:
    assert float(one(DataType.DOUBLE, value)) == value


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_real_is_written_short_and_comes_back_as_the_same_real(value: float) -> None:
    read = float(one(DataType.REAL, value))
    assert struct.pack("f", read) == struct.pack("f", value)


def test_real_has_no_digits_of_the_double() -> None:
    assert one(DataType.REAL, struct.unpack("f", struct.pack("f", 0.1))[0]) == Decimal("0.1")


@given(st.datetimes(timezones=st.just(timezone.utc)), st.sampled_from(ZONES))
def test_timestamptz_is_the_same_moment_with_the_zones_offset(value: datetime, zone: str) -> None:
    read = datetime.fromisoformat(one(DataType.TIMESTAMPTZ, value, zone))
    assert read == value
    try:
        offset = value.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    except OverflowError:
        return
    if offset % timedelta(minutes=1) == timedelta():
        assert read.utcoffset() == offset


def test_timestamptz_of_both_sides_of_a_clock_change() -> None:
    before = datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc)
    assert one(DataType.TIMESTAMPTZ, before, "Europe/Berlin") == "2026-10-25T02:30:00+02:00"
    assert one(DataType.TIMESTAMPTZ, before + timedelta(hours=1), "Europe/Berlin") == "2026-10-25T02:30:00+01:00"


def test_infinite_timestamptz_is_said_in_words() -> None:
    assert one(DataType.TIMESTAMPTZ, datetime.max) == "infinity"
    assert one(DataType.TIMESTAMPTZ, datetime.min, "Europe/Berlin") == "-infinity"


@given(st.datetimes(), st.sampled_from(ZONES))
def test_timestamp_has_no_offset(value: datetime, zone: str) -> None:
    text = one(DataType.TIMESTAMP, value, zone)
    assert datetime.fromisoformat(text) == value
    assert datetime.fromisoformat(text).tzinfo is None


@given(st.dates())
def test_date(value: date) -> None:
    assert one(DataType.DATE, value, "America/New_York") == value.isoformat()


@given(st.times())
def test_time(value: time) -> None:
    assert time.fromisoformat(one(DataType.TIME, value)) == value
    with_zone = value.replace(tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    assert time.fromisoformat(one(DataType.TIMETZ, with_zone)) == with_zone
    assert [time.fromisoformat(each) for each in one(DataType.ARRAY, [value, with_zone])] == [value, with_zone]


_durations: TypeAdapter[timedelta] = TypeAdapter(timedelta)


@given(st.timedeltas(timedelta(days=-900_000), timedelta(days=900_000)))
def test_interval_is_an_iso_duration(value: timedelta) -> None:
    assert _durations.validate_python(one(DataType.INTERVAL, value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(), "PT0S"),
        (timedelta(days=1), "P1D"),
        (timedelta(hours=26, minutes=30), "P1DT2H30M"),
        (timedelta(microseconds=500_000), "PT0.5S"),
        (timedelta(seconds=-90), "-PT1M30S"),
    ],
)
def test_interval_as_people_write_it(value: timedelta, text: str) -> None:
    assert one(DataType.INTERVAL, value) == text


@given(st.binary())
def test_bytea_is_base64(value: bytes) -> None:
    assert base64.b64decode(one(DataType.BYTEA, value)) == value


@given(st.uuids())
def test_uuid(value: UUID) -> None:
    assert one(DataType.UUID, value) == str(value)
    assert one(DataType.UUID, type("DriverUUID", (UUID,), {})(value.hex)) == str(value)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_text_and_enum(value: str) -> None:
    assert one(DataType.TEXT, value) == value
    assert one(DataType.ENUM, value) == value


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet=st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)


@given(_json)
def test_json_is_json_and_no_text(value: Any) -> None:
    assert one(DataType.JSONB, json.dumps(value)) == value
    assert result([DataType.JSON], [(json.dumps(value),)]).rows == [(value,)]
    if min(_integers(value), default=0) >= -(2**63) and max(_integers(value), default=0) < 2**64:
        assert one(DataType.JSONB, value, json_is_text=False) == value


def _integers(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [found for item in value.values() for found in _integers(item)]
    if isinstance(value, list):
        return [found for item in value for found in _integers(item)]
    return [value] if isinstance(value, int) else []


def test_numbers_inside_json_keep_every_digit() -> None:
    text = '{"price": 12345678901234567890.123456789}'
    assert one(DataType.JSONB, text) == {"price": Decimal("12345678901234567890.123456789")}
    assert result([DataType.JSONB], [(text,)]).rows[0][0] == {"price": Decimal("12345678901234567890.123456789")}


def test_json_null_and_sql_null() -> None:
    assert one(DataType.JSONB, "null") is None
    assert one(DataType.JSONB, None) is None


def test_arrays_hold_anything() -> None:
    moment = datetime(2026, 7, 1, tzinfo=timezone.utc)
    value = [[Decimal("1.10"), None], [moment, UUID(int=1)], [b"\x00", timedelta(days=1)], [date(2026, 1, 1), "x"]]
    assert one(DataType.ARRAY, value, "Europe/Berlin") == [
        [Decimal("1.10"), None],
        ["2026-07-01T02:00:00+02:00", str(UUID(int=1))],
        ["AA==", "P1D"],
        ["2026-01-01", "x"],
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (asyncpg.Range(1, 3), "[1,3)"),
        (asyncpg.Range(None, date(2026, 1, 1), upper_inc=True), "(,2026-01-01]"),
        (asyncpg.Range(empty=True), "empty"),
        (asyncpg.BitString("1010 1"), "10101"),
        (asyncpg.Point(1, 2.5), [1, Decimal("2.5")]),
        (complex(1, 2), "(1+2j)"),
    ],
)
def test_types_of_their_own_are_lists_or_text(value: Any, expected: Any) -> None:
    assert one(DataType.OTHER, value) == expected
    assert one(DataType.ARRAY, [value]) == [expected]


def test_what_a_hosts_codecs_give_is_written_too() -> None:
    assert one(DataType.NUMERIC, 1.5) == Decimal("1.5")
    assert one(DataType.NUMERIC, math.inf) is None
    assert one(DataType.UUID, "a") == "a"
    assert one(DataType.INTERVAL, "1 mon") == "1 mon"
    assert one(DataType.TIMESTAMPTZ, "2026-01-01 00:00:00+00") == "2026-01-01 00:00:00+00"
    assert one(DataType.REAL, 1e300) == Decimal("1e300")


@pytest.mark.parametrize("type_", list(DataType))
def test_null_is_null_in_every_type(type_: DataType) -> None:
    assert one(type_, None) is None
    assert one(type_, None, numbers="string") is None


@pytest.mark.parametrize("count", [0, 1, CHUNK // 2 - 1, CHUNK // 2, CHUNK // 2 + 1, CHUNK])
def test_no_row_is_lost_between_chunks(count: int) -> None:
    rows = [(i, Decimal(i)) for i in range(count)]
    content = json.loads(encode_json(result([DataType.INTEGER, DataType.NUMERIC], rows)))
    assert content["rows"] == [[i, i] for i in range(count)]
    assert content["row_count"] == count


def test_the_whole_result() -> None:
    columns = (
        OutputColumn("month", DataType.DATE, Role.DIMENSION, "Month", granularity="month", source="orders.ordered_at"),
        OutputColumn("revenue", DataType.NUMERIC, Role.MEASURE, "Revenue", grain="orders"),
    )
    statement = Statement("", (), columns, row_cap=1, warnings=("careful",))
    content = json.loads(encode_json(QueryResult.of(statement, [(date(2026, 1, 1), Decimal("1.50")), (None, None)])))
    as_of = content["meta"].pop("as_of")
    assert as_of.endswith("Z")
    assert content == {
        "columns": [
            {
                "name": "month",
                "type": "date",
                "role": "dimension",
                "granularity": "month",
                "label": "Month",
                "source": "orders.ordered_at",
            },
            {"name": "revenue", "type": "numeric", "role": "measure", "label": "Revenue", "grain": "orders"},
        ],
        "rows": [["2026-01-01", 1.5]],
        "row_count": 1,
        "truncated": True,
        "meta": {"cached": False, "warnings": ["careful"]},
    }
