from __future__ import annotations

from prismiq.schema import ColumnSchema, DatabaseSchema, DataType, SchemaConfiguration, TableSchema, apply


def schema(nullable: bool = True, rows: int | None = None, size: int | None = None) -> DatabaseSchema:
    column = ColumnSchema(name="id", type=DataType.INTEGER, database_type="integer", nullable=nullable)
    table = TableSchema(schema_name="public", name="t", columns=(column,), row_estimate=rows, size_bytes=size)
    return DatabaseSchema(tables=(table,))


def test_a_version_is_sixteen_hexadecimal_digits():
    version = apply(schema()).version
    assert len(version) == 16
    assert int(version, 16)


def test_equal_schemas_have_equal_versions_whatever_their_estimates():
    assert apply(schema(rows=1, size=8192)).version == apply(schema(rows=2, size=None)).version
    assert apply(apply(schema())).version == apply(schema()).version


def test_every_other_difference_shows():
    configured = apply(schema(), SchemaConfiguration.load({"tables": {"t": {"label": "T"}}}))
    versions = {
        apply(schema()).version,
        apply(schema(nullable=False)).version,
        configured.version,
        apply(schema().model_copy(update={"default_schema": "other"})).version,
    }
    assert len(versions) == 4
