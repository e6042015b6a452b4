"""Nothing but the published language gets through an expression: what else PostgreSQL knows is refused, and not run.

The lists of what PostgreSQL knows are PostgreSQL's own: every function of pg_proc, every type of pg_type and every
operator of pg_operator is tried, so that one which sqlglot learns to read tomorrow does not slip in.
"""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import httpx
import pytest

from prismiq.query.expressions import ExpressionError, parse_expression
from prismiq.query.expressions.functions import FUNCTIONS
from security.callers import asking

REFUSED = [
    # functions of the system
    "pg_sleep(9)", "pg_read_file('/etc/passwd')", "pg_read_binary_file('x')", "pg_ls_dir('/')", "pg_stat_file('x')",
    "lo_import('/etc/passwd')", "lo_export(1, '/tmp/x')", "lo_from_bytea(0, 'x')", "lo_unlink(1)", "lo_get(1)",
    "query_to_xml('select 1', true, true, '')", "table_to_xml('orders', true, true, '')", "database_to_xml(true, true, '')",
    "cursor_to_xml('c', 1, true, true, '')", "set_config('a.b', 'c', false)", "current_setting('data_directory')",
    "pg_terminate_backend(1)", "pg_cancel_backend(1)", "pg_reload_conf()", "pg_rotate_logfile()", "pg_advisory_lock(1)",
    "pg_notify('a', 'b')", "pg_export_snapshot()", "txid_current()", "nextval('s')", "setval('s', 1)", "currval('s')",
    "dblink('', 'select 1')", "dblink_connect('x')", "version()", "inet_server_addr()", "current_database()",
    "current_schema()", "current_schemas(true)", "has_table_privilege('orders', 'select')", "to_regclass('audit_log')",
    "obj_description(1)", "col_description(1, 1)", "pg_relation_size('audit_log')", "pg_get_viewdef('x')",
    "pg_table_size('orders')", "pg_typeof(id)", "pg_backend_pid()", "random()", "gen_random_uuid()", "now()",
    "clock_timestamp()", "current_timestamp", "current_date", "localtime", "current_user", "session_user", "user",
    "current_role", "pg_catalog.lower('a')", "public.lower('a')", "information_schema._pg_char_max_length(1, 2)",
    # functions that fill the memory, or fail for a value
    "repeat('a', 1000000000)", "lpad('a', 1000000000)", "rpad('a', 10)", "format('%s', 1)", "to_char(ordered_at, 'YYYY')",
    "to_date('a', 'b')", "to_number('a', '9')", "chr(0)", "convert_from('a', 'b')", "decode('a', 'b')", "sqrt(-1)",
    "ln(0)", "exp(100000)", "power(10, 100000)", "factorial(100000)", "regexp_replace(name, '(', 'x')",
    "jsonb_set('{}', '{a}', '1')", "array_fill(1, array[100000000])", "make_date(0, 0, 0)", "age(ordered_at)",
    # casts
    "'audit_log'::regclass", "'lower'::regproc", "cast('postgres' as regrole)", "cast('public' as regnamespace)",
    "'orders'::regclass::text", "cast(id as oid)", "id::name", 'id::"char"', "id::xid", "id::bytea", "id::json", "id::xml",
    "id::money", "id::bit(8)", "id::text[]", "'{1}'::int[]", "id::order_status", "id::public.order_status", "id::inet",
    "id::uuid", "id::interval", "id::time", "id::point", "id::char(3)", "id::pg_catalog.int4", "status::regtype",
    "id::numeric(abc)", "id::numeric(-1, 2)", "id::numeric(5000)", "id::numeric(99999999999999999999)", "id::",
    "try_cast(id as int)", "safe_cast(id as int)", "cast(default as int)", "cast(id as int format 'x')",
    # subqueries, statements, set-returning functions, aggregates, windows
    "(select 1)", "(select total from orders limit 1)", "exists(select 1)", "id in (select 1)", "id = any(select 1)",
    "id = any(array[1])", "id = all('{1}')", "array(select 1)", "id in ()", "(1, 2)", "row(1, 2)", "array[1]", "id, id",
    "(with x as (select 1) select 1)", "(values (1))", "(table orders)", "lateral (select 1)",
    "generate_series(1, 1000000000)", "unnest(tags)", "json_array_elements('[]')", "regexp_split_to_table('a', 'b')",
    "jsonb_each(x)", "count(*)", "sum(total)", "max(id)", "string_agg(region, ',')", "array_agg(id)", "xmlagg(id)",
    "sum(total) filter (where true)", "count(distinct id)", "grouping(id)", "percentile_cont(0.5) within group (order by id)",
    "sum(total) over ()", "row_number() over (order by id)", "lag(id) over w", "first_value(id) over (partition by region)",
    "select 1", "insert into orders values (1)", "update orders set id = 1", "delete from orders", "drop table orders",
    "truncate orders", "copy orders to '/tmp/x'", "copy orders from program 'id'", "do $$ begin end $$", "begin", "commit",
    "rollback", "set role postgres", "reset all", "show all", "explain select 1", "listen x", "notify x", "call f()",
    "lock table orders", "grant all on orders to public", "create table x ()", "alter table orders add x int", "execute x",
    "prepare x as select 1", "declare x cursor for select 1", "vacuum", "analyze", "load 'x'", "merge into orders using x",
    "1; select 1", ";", "id; drop table orders",
    # quoting
    "$$a$$", "$tag$a$tag$", "$1", "$1::text", ":name", ":1", "?", "%s", "{{x}}", "@x", "@@version", "#x", "E'a\\'b'",
    "E'\\x41'", "U&'\\0041'", 'U&"d\\0061t"', "B'101'", "X'1F'", "'a", '"a', "`id`", "[id]", "'a' || 'b", "q'[a]'",
    "1 -- x", "/* x */ 1", "1 /* x", "--", "id--\n", "/*/**/*/1",
    # operators
    "id ^ 2", "id & 1", "id | 1", "id # 1", "~id", "id << 1", "id >> 1", "|/ id", "||/ id", "@ id", "id !", "id !! 1",
    "id operator(pg_catalog.+) 1", "name collate \"C\"", "name similar to 'a'",
    "name @@ 'a'", "name <-> 'a'", "tags && tags", "tags @> tags", "tags[1]", "tags[1:2]", "x #> '{a}'", "x #>> '{a}'",
    "x ? 'a'", "x ?| 'a'", "x - 'a' - ", "id at time zone", "ordered_at at time zone region", "id is document",
    "id is of (int)", "id is json", "name like name escape 'x'", "name like region", "(orders).id", "(customer).id",
    # whole rows, system columns, other tables
    "orders", "orders.*", "*", "customer", "customer.*", "ctid", "xmin", "oid", "tableoid", "orders.ctid", "orders.tableoid",
    "pg_class.relname", "pg_catalog.pg_class.relname", "information_schema.tables.table_name", "audit_log.actor",
    "new.id", "old.id", "excluded.id", "discount", "customer.phone", "coalesce(discount, 0)", "case when discount > 0 then 1 end",
    # what is no expression
    "", " ", "id as x", "id x", "case", "case end", "case when", "between", "not", "and", "id is", "id in", "like", ".",
    "a..b", ".a", "a.", "()", "(", ")", "((id)", "id)", "\\", "\x00", "id\x00", "\ud800", "٣", "１", "²", "0x1F", "1_000", "1__0",
    "1e99999999999", "1e-99999999999", "9.9.9", "id distinct", "lower(distinct name)", "lower(name order by 1)",
    "lower(variadic name)", "coalesce(variadic tags)", "lower()", "lower(name, name)", "nullif(1)", "coalesce()",
    "extract('year; drop' from ordered_at)", "extract(foo from ordered_at)", "date_trunc('foo', ordered_at)",
    "date_trunc(region, ordered_at)", "date_trunc('month', ordered_at, 'UTC')", "interval id day", "interval '1'",
    "interval '1 month 2 days'", "interval '99999999 years'", "interval '1; drop'", "timestamp 'now'", "date 'today'",
    "date 'infinity'", "cast('now' as timestamp)", "substring(name from '(' for '#')", "overlay(name placing 'a' from 1)",
    "trim(both 'a' from name)", "x -> x", "lambda x: x", "if(true, 1, 2)", "struct(1)", "parse_json('a')", "any(id)", "default",
]  # fmt: skip
DEEP: dict[str, str] = {
    "parentheses": "(" * 1999 + ")" * 1999,
    "some parentheses": "(" * 100 + "1" + ")" * 100,
    "sums": "id" + "+id" * 1300,
    "concatenations": "'a'||" * 700 + "'b'",
    "negations": "not " * 900 + "true",
    "minuses": "- " * 1900 + "1",
    "cases": "case when true then " * 80 + "1" + " end" * 80,
    "open cases": "case when " * 390,
    "casts": "id" + "::int" * 700,
    "calls": "abs(" * 90 + "id" + ")" * 90,
    "steps": "x" + "->'a'" * 700,
    "tests for null": "id" + " is null" * 480,
    "names": "a." * 1990 + "b",
    "a name": "a" * 4000,
    "braces": "{" * 4000,
    "tildes": "~" * 4000,
    "a long text": "'" + "x" * 4000 + "'",
    "beyond the length": "id + " * 1000 + "id",
    "intervals": "interval " * 440,
    "a large number": "9" * 3999,
}


@pytest.mark.parametrize("part", range(4))
async def test_what_is_not_of_the_language_is_refused(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    """As a filter, as an output and inside EXISTS: 422, its place, and nothing is sent to PostgreSQL."""
    await send(client, {"expression": "id = 1"})  # reads the schema, which may ask PostgreSQL
    forbid_statements(monkeypatch)
    let_through: list[str] = []
    for text in [*REFUSED, *DEEP.values()][part::4]:
        condition = {"expression": text, "operator": "is_not_null"}
        for filters in (condition, {"exists": "customer", "filters": {"not": condition}}):
            response = await send(client, filters)
            if response.status_code != 422 or response.json()["code"] != "query_invalid":
                let_through.append(f"{text[:80]}: {response.status_code} {response.text[:200]}")
                continue
            for issue in response.json()["errors"]:
                assert issue["loc"][:1] == ["filters"]
                assert issue["code"] in (
                    "invalid",
                    "invalid_value",
                    "unknown_field",
                    "type_mismatch",
                    "value_out_of_range",
                )
    assert let_through == [], "\n".join(let_through)


async def send(client: httpx.AsyncClient, filters: dict[str, Any]) -> httpx.Response:
    question = {"source": "orders", "measures": ["count"], "filters": filters}
    content = json.dumps(question)
    return await asking(client, "acme")("POST", "/query", content=content, headers={"content-type": "application/json"})


def forbid_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fetch(self: object, sql: str, *args: object, **how: object) -> list[object]:
        raise asyncpg.InterfaceError("nothing is to be sent")  # which the test sees as a 503

    monkeypatch.setattr(asyncpg.Connection, "fetch", fetch)


async def test_no_other_function_of_postgresql(database: asyncpg.Connection) -> None:
    names = [
        row[0] for row in await database.fetch("SELECT DISTINCT proname FROM pg_proc WHERE proname !~ '[^a-z0-9_]'")
    ]
    assert len(names) > 2_500
    read = {name for name in names for arguments in ("", "a", "a, b", "a, b, c") if parses(f"{name}({arguments})")}
    assert read - set(FUNCTIONS) <= ALIASES, read - set(FUNCTIONS)


ALIASES = frozenset({
    "char_length", "character_length", "ceiling", "btrim", "substr", "position", "like",
    "json_extract_path", "json_extract_path_text",
})  # fmt: skip
"""What sqlglot reads as a function or an operator of the published language."""


@pytest.mark.parametrize("name", sorted({*FUNCTIONS, *ALIASES} - {"date_trunc", "extract"}))
def test_no_argument_is_dropped_without_a_word(name: str) -> None:
    for count in range(1, 6):
        arguments = ["first", "second", "third", "fourth", "fifth"][:count]
        text = f"{name}({', '.join(arguments)})"
        if parses(text):
            found = str(parse_expression(text))
            assert all(repr(each) in found for each in arguments), (text, found)


async def test_no_other_type_of_postgresql(database: asyncpg.Connection) -> None:
    names = [
        row[0] for row in await database.fetch("SELECT DISTINCT typname FROM pg_type WHERE typname !~ '[^a-z0-9_]'")
    ]
    assert len(names) > 400
    read = {name for name in names if parses(f"cast(a as {name})") or parses(f"a::{name}") or parses(f"{name} 'x'")}
    assert read <= PLAIN, read - PLAIN


PLAIN = frozenset({
    "bool", "int2", "int4", "int8", "numeric", "float4", "float8", "text", "varchar", "date", "timestamp", "timestamptz",
})  # fmt: skip


async def test_no_other_operator_of_postgresql(database: asyncpg.Connection) -> None:
    names = [row[0] for row in await database.fetch("SELECT DISTINCT oprname FROM pg_operator")]
    assert len(names) > 70
    read = {name for name in names if parses(f"a {name} b")}
    assert read <= {
        "+",
        "-",
        "*",
        "/",
        "%",
        "||",
        "=",
        "<>",
        "<",
        "<=",
        ">",
        ">=",
        "->",
        "->>",
        "~~",
        "~~*",
        "!~~",
        "!~~*",
        "~",
        "~*",
        "!~",
        "!~*",
    }, read
    assert {name for name in names if parses(f"{name} a")} <= {"-", "+", "!!"}, "!! is NOT NOT"


async def test_no_keyword_of_postgresql_means_anything(database: asyncpg.Connection) -> None:
    """Alone, before, between and after names; none may be taken for a clause that the tree has no place for."""
    words = [row[0] for row in await database.fetch("SELECT word FROM pg_get_keywords()")]
    assert len(words) > 400
    for word in words:
        for text in (f"a {word} b", f"{word} a b", f"a b {word}", f"{word} (a) b", f"a.{word} b c"):
            if parses(text):
                found = str(parse_expression(text))
                assert word in ("and", "or", "like", "ilike", "is", "not", "in", "between", "cast", "null"), (
                    text,
                    found,
                )


def parses(text: str) -> bool:
    try:
        parse_expression(text)
    except ExpressionError:
        return False
    return True


def test_what_is_published_parses() -> None:
    """Else the tests above might pass for another reason."""
    for name, (least, _) in FUNCTIONS.items():
        special = {"date_trunc": "date_trunc('day', a)", "extract": "extract(year from a)"}
        assert parses(special.get(name, f"{name}({', '.join('abc'[:least])})")), name


def test_an_exponent_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(ExpressionError):
        parse_expression("1e" + "9" * 25)
