from __future__ import annotations

import asyncpg
import pytest

from prismiq.schema import ColumnSchema, DatabaseSchema, DataType, TableRef


def columns(schema: DatabaseSchema, name: str = "t") -> dict[str, ColumnSchema]:
    return dict(schema.by_ref[TableRef("public", name)].by_name)


@pytest.mark.parametrize(
    ("declared", "expected", "written"),
    [
        ("boolean", DataType.BOOLEAN, "boolean"),
        ("smallint", DataType.SMALLINT, "smallint"),
        ("integer", DataType.INTEGER, "integer"),
        ("bigint", DataType.BIGINT, "bigint"),
        ("numeric", DataType.NUMERIC, "numeric"),
        ("real", DataType.REAL, "real"),
        ("double precision", DataType.DOUBLE, "double precision"),
        ("text", DataType.TEXT, "text"),
        ("varchar(20)", DataType.TEXT, "character varying(20)"),
        ("char(3)", DataType.TEXT, "character(3)"),
        ("name", DataType.TEXT, "name"),
        ("uuid", DataType.UUID, "uuid"),
        ("date", DataType.DATE, "date"),
        ("time", DataType.TIME, "time without time zone"),
        ("timetz", DataType.TIMETZ, "time with time zone"),
        ("timestamp(3)", DataType.TIMESTAMP, "timestamp(3) without time zone"),
        ("timestamptz", DataType.TIMESTAMPTZ, "timestamp with time zone"),
        ("interval", DataType.INTERVAL, "interval"),
        ("json", DataType.JSON, "json"),
        ("jsonb", DataType.JSONB, "jsonb"),
        ("bytea", DataType.BYTEA, "bytea"),
        ("inet", DataType.OTHER, "inet"),
    ],
)
async def test_plain_types(read, declared: str, expected: DataType, written: str):
    column = columns(await read(f"CREATE TABLE t (c {declared})"))["c"]
    assert (column.type, column.database_type, column.type_schema) == (expected, written, "pg_catalog")


async def test_numeric_precision_and_scale(read):
    found = columns(await read("CREATE TABLE t (a numeric(10,2), b numeric(5), c numeric, d numeric(3,-2))"))
    assert {name: (column.precision, column.scale) for name, column in found.items()} == {
        "a": (10, 2),
        "b": (5, 0),
        "c": (None, None),
        "d": (3, -2),
    }


async def test_enums_have_their_labels_in_their_order(read):
    schema = await read("""
        CREATE TYPE "Mood" AS ENUM ('sad', 'happy');
        ALTER TYPE "Mood" ADD VALUE 'ok' BEFORE 'happy';
        CREATE TABLE t (mood "Mood", moods "Mood"[]);
    """)
    mood, moods = columns(schema).values()
    assert (mood.type, mood.type_schema, mood.type_name) == (DataType.ENUM, "public", "Mood")
    assert mood.enum_values == ("sad", "ok", "happy")
    assert (moods.type, moods.element_type) == (DataType.ARRAY, DataType.ENUM)


async def test_a_domain_counts_as_its_base_type(read):
    schema = await read("""
        CREATE DOMAIN amount AS numeric(12,2) NOT NULL;
        CREATE DOMAIN price AS amount CHECK (value > 0);
        CREATE DOMAIN tags AS text[];
        CREATE TYPE mood AS ENUM ('ok');
        CREATE DOMAIN temper AS mood;
        CREATE TABLE t (price price, optional_price numeric, tags tags, prices price[], temper temper);
        CREATE VIEW v AS SELECT o.price FROM t LEFT JOIN t o ON false;
    """)
    found = columns(schema)
    price = found["price"]
    assert (price.type, price.database_type, price.domain) == (DataType.NUMERIC, "numeric(12,2)", "price")
    assert (price.type_schema, price.type_name) == ("pg_catalog", "numeric")
    assert (price.precision, price.scale, price.nullable) == (12, 2, False)
    assert (found["tags"].type, found["tags"].element_type, found["tags"].domain) == (
        DataType.ARRAY,
        DataType.TEXT,
        "tags",
    )
    assert (found["prices"].type, found["prices"].element_type) == (DataType.ARRAY, DataType.NUMERIC)
    assert (found["temper"].type, found["temper"].enum_values) == (DataType.ENUM, ("ok",))
    assert columns(schema, "v")["price"].nullable, "an outer join makes nulls of a NOT NULL domain"


async def test_arrays_of_any_number_of_dimensions(read):
    found = columns(await read("CREATE TABLE t (a int[], b text[][], c numeric(4,1)[], d int2vector)"))
    assert [(each.type, each.element_type) for each in found.values()] == [
        (DataType.ARRAY, DataType.INTEGER),
        (DataType.ARRAY, DataType.TEXT),
        (DataType.ARRAY, DataType.NUMERIC),
        (DataType.OTHER, None),
    ]
    assert found["c"].database_type == "numeric(4,1)[]"


async def test_nullability_defaults_generated_and_identity(read):
    found = columns(
        await read("""
            CREATE TABLE t (
                id bigint GENERATED ALWAYS AS IDENTITY,
                number serial,
                state text DEFAULT 'new' NOT NULL,
                double_number int GENERATED ALWAYS AS (number * 2) STORED,
                note text
            )
        """)
    )
    assert {name: each.nullable for name, each in found.items()} == {
        "id": False,
        "number": False,
        "state": False,
        "double_number": True,
        "note": True,
    }
    assert [name for name, each in found.items() if each.identity] == ["id"]
    assert [name for name, each in found.items() if each.generated] == ["double_number"]
    assert found["state"].default == "'new'::text"
    assert found["number"].default == "nextval('t_number_seq'::regclass)"
    assert [found[name].default for name in ("id", "double_number", "note")] == [None] * 3


async def test_not_null_that_is_not_valid_yet_proves_nothing(read, connection: asyncpg.Connection):
    if connection.get_server_version() < (18,):
        pytest.skip("PostgreSQL 18 brought NOT NULL ... NOT VALID")
    found = columns(
        await read("""
            CREATE TABLE t (a int UNIQUE, b int NOT NULL);
            INSERT INTO t VALUES (NULL, 1);
            ALTER TABLE t ADD CONSTRAINT later NOT NULL a NOT VALID;
        """)
    )
    assert (found["a"].nullable, found["b"].nullable) == (True, False)


COMPARABLE = {
    "json": "json",
    "point": "point",
    "xml": "xml",
    "json_array": "json[]",
    "points": "point_list",
    "domain_json": "document",
    "composite_bad": "with_json",
    "composites_bad": "with_json[]",
    "varchar": "varchar(3)",
    "cidr": "cidr",
    "jsonb": "jsonb",
    "enum": "mood",
    "enums": "mood[]",
    "range": "int4range",
    "multirange": "int4multirange",
    "domain_int": "whole",
    "domains": "whole[]",
    "composite": "plain_pair",
    "bits": "bit varying",
    "money": "money",
    "char": '"char"',
    "vector": "tsvector",
}


async def test_comparable_is_what_postgresql_can_sort_and_group(read, connection: asyncpg.Connection):
    schema = await read(
        """
        CREATE TYPE mood AS ENUM ('ok');
        CREATE DOMAIN document AS json;
        CREATE DOMAIN point_list AS point[];
        CREATE DOMAIN whole AS int;
        CREATE TYPE with_json AS (a int, b document);
        CREATE TYPE plain_pair AS (a int, b whole[]);
        CREATE TABLE t ("""
        + ", ".join(f'"{name}" {declared}' for name, declared in COMPARABLE.items())
        + ")"
    )
    sortable = {}
    await connection.execute("INSERT INTO t DEFAULT VALUES")
    for name in COMPARABLE:
        try:
            await connection.execute(f'SELECT "{name}" FROM t GROUP BY 1 ORDER BY 1')
            sortable[name] = True
        except asyncpg.UndefinedFunctionError:
            sortable[name] = False
    assert {name: each.comparable for name, each in columns(schema).items()} == sortable
    assert list(sortable.values()).count(False) == 8


async def test_types_of_extensions(read, connection: asyncpg.Connection):
    available = await connection.fetchval("SELECT count(*) FROM pg_available_extensions WHERE name = 'citext'")
    if not available:
        pytest.skip("citext is not installed")
    found = columns(
        await read(
            "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE TABLE t (a ext.citext, b ext.citext[])"
        )
    )
    assert (found["a"].type, found["a"].type_schema, found["a"].type_name) == (DataType.TEXT, "ext", "citext")
    assert (found["b"].type, found["b"].element_type) == (DataType.ARRAY, DataType.TEXT)
    assert found["a"].comparable and found["b"].comparable
