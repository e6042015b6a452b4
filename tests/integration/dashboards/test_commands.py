"""`prismiq migrate`, `prismiq dashboards apply` and `export`: dashboards as code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from prismiq.cli import main

ORDERS = """\
# The comment is the file's own.
kind: dashboard
title: Orders
visibility: tenant
widgets:
- type: bar
  title: By status
  query: {source: orders, dimensions: [status], measures: [count]}
"""


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shared_shop_dsn: str, dsn: str) -> Run:
    monkeypatch.setenv("PRISMIQ_DATABASE_URL", shared_shop_dsn)
    monkeypatch.setenv("PRISMIQ_STORE_DSN", dsn)

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["prismiq", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Ran(code, *capsys.readouterr())

    return run


def test_migrate(run: Run) -> None:
    assert run("migrate", "--sql").out.startswith("CREATE SCHEMA")
    assert run("migrate", "--sql", "--from", "0001").out == ""
    refused = run("dashboards", "export", "nowhere")
    assert (refused.code, "prismiq migrate" in refused.err) == (1, True)
    assert not Path("nowhere").exists()
    assert run("migrate").out == "Applied 0001.\n"
    assert run("migrate").out.startswith("Nothing to do")


def test_migrate_wants_an_address(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRISMIQ_STORE_DSN")
    ran = run("migrate")
    assert (ran.code, "--dsn" in ran.err) == (1, True)


def test_applying_and_exporting(run: Run, tmp_path: Path) -> None:
    assert run("migrate").code == 0
    folder, file = tmp_path / "boards", tmp_path / "boards/orders.yaml"
    folder.mkdir()
    file.write_text(ORDERS)
    (folder / "README.md").write_text("Not a dashboard.")
    (folder / "second.json").write_text('{"title": "Second", "tags": ["a"]}')

    planned = run("dashboards", "apply", str(folder), "--dry-run")
    assert planned.code == 0, planned.err
    assert "create: orders (orders.yaml)\n--- /dev/null\n+++ orders.yaml\n" in planned.out
    assert "+title: Orders\n" in planned.out
    assert planned.out.endswith("2 would be changed, 0 as they were.\n")
    assert run("dashboards", "apply", str(folder)).out.endswith("2 changed, 0 as they were.\n")
    assert run("dashboards", "apply", str(folder)).out.endswith("0 changed, 2 as they were.\n")

    file.write_text(
        ORDERS.replace("type: bar", "type: pie").replace("title: Orders", "title: Orders\nslug: orders\ntags: [new]")
    )
    changed = run("dashboards", "apply", str(folder), "--dry-run").out
    assert "update: orders (orders.yaml)\n--- stored\n+++ orders.yaml\n" in changed
    assert "-  type: bar\n+  type: pie\n" in changed
    assert "keep: second (second.json)\n" in changed
    assert changed == run("dashboards", "apply", str(folder)).out.replace("1 changed", "1 would be changed")

    out, again = tmp_path / "out", tmp_path / "again"
    assert run("dashboards", "export", str(out)).code == 0
    assert sorted(each.name for each in out.iterdir()) == ["orders.yaml", "second.yaml"]
    assert run("dashboards", "apply", str(out)).out.endswith("0 changed, 2 as they were.\n")
    for whose in (["--tenant", "acme"], ["--user", "ada"]):
        assert run("dashboards", "apply", str(out), *whose).out.endswith("2 changed, 0 as they were.\n")
        assert run("dashboards", "export", str(again), *whose).code == 0
        for each in out.iterdir():
            assert (again / each.name).read_bytes() == each.read_bytes()


def test_nothing_is_applied_where_one_file_is_wrong(run: Run, tmp_path: Path) -> None:
    assert run("migrate").code == 0
    (tmp_path / "a.yaml").write_text(ORDERS)
    (tmp_path / "b.yaml").write_text(ORDERS.replace("[status]", "[state]").replace("Orders", "B"))
    (tmp_path / "c.yaml").write_text(ORDERS.replace("type: bar", "type: barr").replace("Orders", "C"))
    (tmp_path / "d.yaml").write_text(ORDERS)
    (tmp_path / "e.yaml").write_text(ORDERS.replace("kind: dashboard", "kind: saved_query"))
    ran = run("dashboards", "apply", str(tmp_path))
    assert ran.code == 1
    for said in (
        "b.yaml.widgets.0.query.dimensions.0.field:",
        "c.yaml.widgets.0:",
        "d.yaml.slug: a.yaml",
        "e.yaml.kind:",
    ):
        assert said in ran.err
    (tmp_path / "f.yaml").write_text("title: [")
    assert "f.yaml: This is not valid YAML" in run("dashboards", "apply", str(tmp_path)).err
    assert run("dashboards", "export", str(tmp_path / "out")).code == 0
    assert list((tmp_path / "out").iterdir()) == []
    (tmp_path / "empty").mkdir()
    assert "no file" in run("dashboards", "apply", str(tmp_path / "empty")).err
