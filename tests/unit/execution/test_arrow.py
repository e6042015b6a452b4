"""Results as Arrow tables and data frames, with the real libraries."""

from __future__ import annotations

import sys
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from prismiq import ConfigurationError, DataType, OutputColumn, PrismiqEngine, QueryResult, RequestError
from prismiq.plan.outputs import Role
from prismiq.sql import Statement

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)

# Each type, the Arrow type it becomes in Europe/Berlin, a value of the driver's, and what it is in Arrow.
CASES: list[tuple[DataType, pa.DataType, Any, Any]] = [
    (DataType.BOOLEAN, pa.bool_(), True, True),
    (DataType.SMALLINT, pa.int16(), 7, 7),
    (DataType.INTEGER, pa.int32(), 7, 7),
    (DataType.BIGINT, pa.int64(), 2**63 - 1, 2**63 - 1),
    (DataType.NUMERIC, pa.decimal128(38, 2), Decimal("1.20"), Decimal("1.20")),
    (DataType.REAL, pa.float32(), 0.5, 0.5),
    (DataType.DOUBLE, pa.float64(), 0.1, 0.1),
    (DataType.TEXT, pa.string(), "a", "a"),
    (DataType.UUID, pa.string(), UUID(int=1), str(UUID(int=1))),
    (DataType.DATE, pa.date32(), date(2026, 2, 28), date(2026, 2, 28)),
    (DataType.TIME, pa.time64("us"), time(9, 30, 0, 1), time(9, 30, 0, 1)),
    (DataType.TIMETZ, pa.string(), time(9, 30, tzinfo=timezone.utc), "09:30:00+00:00"),
    (DataType.TIMESTAMP, pa.timestamp("us"), datetime(2026, 7, 1, 12), datetime(2026, 7, 1, 12)),
    (DataType.TIMESTAMPTZ, pa.timestamp("us", tz="Europe/Berlin"), NOON, NOON),
    (DataType.INTERVAL, pa.duration("us"), timedelta(days=-1, microseconds=3), timedelta(days=-1, microseconds=3)),
    (DataType.JSON, pa.string(), '{"a": 1.10}', '{"a": 1.10}'),
    (DataType.JSONB, pa.string(), "[1]", "[1]"),
    (DataType.BYTEA, pa.binary(), b"\x00\xff", b"\x00\xff"),
    (DataType.ENUM, pa.string(), "paid", "paid"),
    (DataType.OTHER, pa.string(), asyncpg.Range(1, 3), "[1,3)"),
]
EVERY = pytest.mark.parametrize(("kind", "type_", "value", "given"), CASES, ids=[str(case[0]) for case in CASES])


def result(kind: DataType, *values: Any, element: DataType | None = None, zone: str = "UTC") -> QueryResult:
    column = OutputColumn("x", kind, Role.COLUMN, "X", element=element)
    return QueryResult.of(Statement("", (), (column,), time_zone=zone), [(value,) for value in values])


@EVERY
def test_a_type_becomes_its_arrow_type_and_the_value_stays(
    kind: DataType, type_: pa.DataType, value: Any, given: Any
) -> None:
    table = result(kind, value, None, zone="Europe/Berlin").to_arrow()
    assert table.schema.field("x").type == type_
    assert table["x"].to_pylist() == [given, None]


@EVERY
@pytest.mark.parametrize("values", [(), (None, None)], ids=["empty", "nulls"])
def test_without_a_value_the_type_is_the_same(
    kind: DataType, type_: pa.DataType, value: Any, given: Any, values: tuple[None, ...]
) -> None:
    table = result(kind, *values, zone="Europe/Berlin").to_arrow()
    found = table.schema.field("x").type
    assert found == (pa.decimal128(38, 0) if kind is DataType.NUMERIC else type_)
    assert table.num_rows == len(values)


@EVERY
def test_an_array_is_a_list_of_its_element(kind: DataType, type_: pa.DataType, value: Any, given: Any) -> None:
    lists = result(DataType.ARRAY, [value, None], [], None, element=kind, zone="Europe/Berlin").to_arrow()
    assert lists.schema.field("x").type == pa.list_(type_)
    assert lists["x"].to_pylist() == [[given, None], [], None]
    empty = result(DataType.ARRAY, element=DataType.BIGINT).to_arrow()
    assert empty.schema.field("x").type == pa.list_(pa.int64())


def test_an_array_of_arrays_is_nested() -> None:
    table = result(DataType.ARRAY, [[1, 2], [3, 4]], None, element=DataType.INTEGER).to_arrow()
    assert table.schema.field("x").type == pa.list_(pa.list_(pa.int32()))
    assert table["x"].to_pylist() == [[[1, 2], [3, 4]], None]


def test_arrays_of_different_dimensions_are_refused() -> None:
    with pytest.raises(RequestError, match='"x" holds what an Arrow'):
        result(DataType.ARRAY, [1], [[1]], element=DataType.INTEGER).to_arrow()


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (("1.5", "0.0001"), pa.decimal128(38, 4)),
        (("1E+3", "7"), pa.decimal128(38, 0)),
        (("9" * 38, "0"), pa.decimal128(38, 0)),
        (("9" * 37, "0.001"), pa.decimal256(76, 3)),
        (("0." + "1" * 60, "-5"), pa.decimal256(76, 60)),
        (("0E-20", "1"), pa.decimal128(38, 20)),
    ],
)
def test_a_decimal_keeps_every_digit(values: tuple[str, ...], type_: pa.DataType) -> None:
    numbers = [Decimal(value) for value in values]
    table = result(DataType.NUMERIC, *numbers).to_arrow()
    assert table.schema.field("x").type == type_
    assert table["x"].to_pylist() == numbers


def test_a_decimal_too_long_for_arrow_is_refused_and_never_rounded() -> None:
    with pytest.raises(RequestError, match="more than 76 digits") as caught:
        result(DataType.NUMERIC, Decimal("0." + "1" * 77)).to_arrow()
    assert caught.value.hint == "Round it in the query, or read it from `rows`."


def test_nan_and_infinity_of_numeric_are_null_and_of_double_themselves() -> None:
    numbers = result(DataType.NUMERIC, Decimal("NaN"), Decimal("-Infinity"), Decimal("1.5")).to_arrow()
    assert numbers["x"].to_pylist() == [None, None, Decimal("1.5")]
    doubles = result(DataType.DOUBLE, float("inf"), float("nan")).to_arrow()["x"].to_pylist()
    assert doubles[0] == float("inf")
    assert doubles[1] != doubles[1]


def test_json_that_the_hosts_codec_parsed_is_text_again() -> None:
    column = OutputColumn("x", DataType.JSONB, Role.COLUMN, "X")
    parsed = QueryResult.of(Statement("", (), (column,)), [({"a": [1]},), (None,)], json_is_text=False)
    assert parsed.to_arrow()["x"].to_pylist() == ['{"a":[1]}', None]


@pytest.mark.parametrize("span", [timedelta.max, "P1M"])
def test_a_span_that_is_no_duration_is_refused(span: object) -> None:
    with pytest.raises(RequestError, match='"x" holds what an Arrow duration'):
        result(DataType.INTERVAL, span).to_arrow()


@EVERY
def test_a_frame_has_the_same_types_and_values(kind: DataType, type_: pa.DataType, value: Any, given: Any) -> None:
    answer = result(kind, value, None, zone="Europe/Berlin")
    frame = answer.to_pandas()
    assert frame["x"].dtype == pd.ArrowDtype(type_)
    assert frame["x"].iloc[0] == given
    assert frame["x"].isna().tolist() == [False, True]
    assert answer.to_polars()["x"].to_list() == [given, None]
    assert result(kind, zone="Europe/Berlin").to_polars()["x"].dtype == (
        pl.Decimal(38, 0) if kind is DataType.NUMERIC else answer.to_polars()["x"].dtype
    )


def test_a_moment_in_a_frame_shows_the_querys_wall_clock() -> None:
    answer = result(DataType.TIMESTAMPTZ, NOON, zone="Europe/Berlin")
    assert answer.to_pandas()["x"].iloc[0].hour == 14
    assert answer.to_polars()["x"].dtype == pl.Datetime("us", "Europe/Berlin")
    assert answer.to_polars()["x"].dt.hour().to_list() == [14]


def test_polars_has_no_room_for_more_than_38_digits() -> None:
    with pytest.raises(RequestError, match="more than 38 digits"):
        result(DataType.NUMERIC, Decimal("9" * 39)).to_polars()


@pytest.mark.parametrize(
    ("method", "library", "extra"),
    [
        ("to_arrow", "pyarrow", "arrow"),
        ("to_pandas", "pandas", "pandas"),
        ("to_pandas", "pyarrow", "pandas"),
        ("to_polars", "polars", "polars"),
        ("to_polars", "pyarrow", "polars"),
    ],
)
def test_an_absent_library_is_named_with_the_way_to_it(
    method: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    with pytest.raises(ConfigurationError, match=f"{library} is not installed") as caught:
        getattr(result(DataType.TEXT), method)()
    assert caught.value.hint == f"Install it: pip install 'prismiq[{extra}]'."


async def test_a_query_becomes_a_frame(shared_shop_dsn: str) -> None:
    async with PrismiqEngine(shared_shop_dsn) as engine:
        answer = await engine.execute_query(
            {
                "source": "orders",
                "dimensions": ["status", {"name": "month", "field": "ordered_at", "granularity": "month"}],
                "measures": ["count", "sum(total)"],
                "time_zone": "Europe/Berlin",
            }
        )
        nothing = await engine.execute_query(
            {
                "source": "orders",
                "columns": ["id", "total", "ordered_at"],
                "filters": {"field": "id", "operator": "in", "value": []},
            }
        )
    frame = answer.to_pandas()
    plain = frame.astype(object).where(frame.notna(), None)
    assert [tuple(row) for row in plain.itertuples(index=False)] == answer.rows
    assert answer.to_polars().rows() == answer.rows
    assert [str(each.type) for each in nothing.to_arrow().schema] == [
        "int64",
        "decimal128(38, 0)",
        "timestamp[us, tz=UTC]",
    ]
