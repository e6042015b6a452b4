"""The commands for a database of one's own: tables for people, JSON for programs, one message for what went wrong."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from prismiq.cli import main

QUERY = {"source": "orders", "dimensions": ["customer.segment"], "measures": ["count", "sum(total)"]}


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str, standard_input: str = "") -> Ran:
        monkeypatch.setattr(sys, "argv", ["prismiq", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(standard_input.encode())))
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture
def shop(run: Run, shared_shop_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PRISMIQ_DATABASE_URL", shared_shop_dsn)
    return run


def test_a_query_is_a_table(shop: Run) -> None:
    ran = shop("query", "-", standard_input=json.dumps(QUERY))
    assert ran.code == 0
    assert re.search(r"customer_segment +┃ +count ┃ +sum_total", ran.out)
    assert re.search(r"consumer +│ +3 │ +8928.88", ran.out)
    assert "3 rows" in ran.out


def test_a_query_from_a_file_as_json(shop: Run, tmp_path: Path) -> None:
    file = tmp_path / "query.json"
    file.write_text(json.dumps(QUERY))
    ran = shop("query", str(file), "--json")
    assert json.loads(ran.out)["rows"] == [
        ["consumer", 3, 8928.88],
        ["enterprise", 3, 7927.87],
        [None, 3, 10_000_000_000],
    ]


def test_brackets_and_lists_are_no_markup(shop: Run) -> None:
    query = {"source": "products", "columns": ["name", "tags"], "filters": [{"field": "id", "value": 1}]}
    ran = shop("query", "-", standard_input=json.dumps(query))
    assert "['writing', 'small']" in ran.out


def test_sql_is_shown_with_its_arguments_and_not_run(shop: Run) -> None:
    query = {**QUERY, "filters": [{"field": "region", "value": "no'where"}]}
    ran = shop("sql", "-", standard_input=json.dumps(query))
    assert ran.out.startswith("SELECT")
    assert "no'where" not in ran.out.partition("\n--")[0]
    assert """-- $1 = "no'where\"""" in ran.out
    as_json = json.loads(shop("sql", "-", "--json", standard_input=json.dumps(query)).out)
    assert as_json["columns"] == ["customer_segment", "count", "sum_total"]
    assert as_json["args"][0] == "no'where"


def test_the_schema_lists_tables_and_one_table_its_columns(shop: Run) -> None:
    everything = shop("schema").out
    assert re.search(r"orders +│ table +│ +9 │", everything)
    assert "sales.events" in everything
    orders = shop("schema", "orders").out
    assert re.search(r"id +│ bigint +│ key, not null", orders)
    assert re.search(r"customer +│ customers +│ many to one +│ customer_id = id", orders)
    assert json.loads(shop("schema", "orders", "--json").out)["primary_key"] == ["id"]
    assert {table["name"] for table in json.loads(shop("schema", "--json").out)["tables"]} >= {"orders", "Weird Table"}


def test_a_configuration_is_heeded(shop: Run, tmp_path: Path) -> None:
    file = tmp_path / "schema.yaml"
    file.write_text("include: [orders]\ntables: {orders: {columns: {total: {hidden: true}}}}")
    found = json.loads(shop("schema", "--json", "--config", str(file)).out)
    assert [table["name"] for table in found["tables"]] == ["orders"]
    assert "total" not in [column["name"] for column in found["tables"][0]["columns"]]


def test_every_reason_is_told_with_its_place_and_a_hint(shop: Run) -> None:
    query = {"source": "orders", "dimensions": ["regoin"], "measures": ["sum(status)"]}
    ran = shop("query", "-", standard_input=json.dumps(query))
    assert ran.code == 1
    assert ran.out == ""
    assert re.search(r'^error: dimensions.0\S*: .*"regoin"', ran.err, re.MULTILINE)
    assert re.search(r"^error: measures.0", ran.err, re.MULTILINE)
    assert '"region"' in ran.err


def test_an_unknown_table_is_told(shop: Run) -> None:
    ran = shop("schema", "ordrs")
    assert (ran.code, ran.out) == (1, "")
    assert 'no single table "ordrs"' in ran.err


def test_a_database_that_is_away_is_one_message(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run("query", "-", "--database-url", "postgresql://127.0.0.1:1/nothing", standard_input=json.dumps(QUERY))
    assert ran.code == 1
    assert "error: " in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "arguments",
    [("query", "-"), ("query", "no-such-file", "--database-url", "x"), ("demo", "--port", "70000"), ("what",)],
)
def test_wrong_usage_exits_with_2(run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    monkeypatch.delenv("PRISMIQ_DATABASE_URL", raising=False)
    ran = run(*arguments)
    assert ran.code == 2
    assert "Usage" in ran.err


def test_serve_says_who_may_read_and_ends_by_ctrl_c(shared_shop_dsn: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "prismiq", "serve", "--port", "0", "--database-url", shared_shop_dsn],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("Ctrl-C"):
            break
    assert "Open to everybody who reaches this port" in said
    found = re.search(r"http://127\.0\.0\.1:\d+", said)
    assert found, said
    answer = httpx.post(f"{found[0]}/query", json=QUERY)
    assert answer.json()["row_count"] == 3
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_serve_without_a_database_does_not_start() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "prismiq", "serve", "--port", "0", "--database-url", "postgresql://127.0.0.1:1/nothing"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_json_schema_of_a_query_needs_no_database(run: Run) -> None:
    ran = run("query-schema")
    assert ran.code == 0
    assert ran.out == (Path(__file__).parents[3] / "packages/docs/query.schema.json").read_text(encoding="utf-8")


POLICY = """
tenant_column: tenant_id
tables:
  plans: {shared: true}
  employees: {visible_to: hr}
  order_items: {parent: order}
  orders: {rows: [{column: region, attribute: regions, operator: in}]}
  customers: {columns: {email: hidden, phone: {last: 4, unless_roles: support}}}
"""


def test_a_policy_is_explained_for_a_caller(shop: Run, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY, encoding="utf-8")
    ran = shop("policy", "check", str(file), "--tenant", "acme", "--attribute", 'regions=["EU"]')
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"orders +│ tenant_id eq context.tenant", ran.out)
    assert "and region in context.attributes.regions" in ran.out
    assert "exists orders where order_id = orders.id and tenant_id eq context.tenant" in ran.out
    assert re.search(r"employees +│ invisible: only for roles hr", ran.out)
    assert "phone: last 4 characters" in ran.out
    assert re.search(r"plans +│ all", ran.out)


def test_for_another_role_and_for_programs(shop: Run, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY, encoding="utf-8")
    ran = shop("policy", "check", str(file), "--role", "hr", "--role", "support", "--json")
    tables = {each["table"]: each for each in json.loads(ran.out)}
    assert ran.code == 0
    assert tables["employees"]["visible"]
    assert tables["customers"]["columns"] == {"email": "hidden"}
    assert tables["order_items"]["lacking"] == [
        "The context names no tenant.",
        'The context has no attribute "regions".',
    ]
    assert not tables["measurements"]["visible"]


def test_a_policy_that_does_not_fit_fails_with_every_reason(shop: Run, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[tables.orders]\nparent = "custmer"\n[tables.order]\nvisible = false\n', encoding="utf-8")
    ran = shop("policy", "check", str(file))
    assert ran.code == 1
    assert 'no relationship "custmer" in orders (did you mean "customer"?)' in ran.err
    assert 'no single table "order" (did you mean "orders"?)' in ran.err
    file.write_text('[tables.orders]\nparnt = "customer"\n', encoding="utf-8")
    assert "tables.orders.parnt" in shop("policy", "check", str(file)).err
    assert shop("policy", "check", str(file), "--attribute", "x").code == 2
