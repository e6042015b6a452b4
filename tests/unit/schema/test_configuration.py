from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from prismiq.errors import ConfigurationError
from prismiq.schema import (
    Cardinality,
    ColumnSchema,
    DatabaseSchema,
    DataType,
    ForeignKey,
    SchemaConfiguration,
    TableKind,
    TableRef,
    TableSchema,
    apply,
)


def column(name: str, data_type: DataType = DataType.INTEGER, **more: object) -> ColumnSchema:
    return ColumnSchema.model_validate(
        {"name": name, "type": data_type, "database_type": str(data_type), "type_name": str(data_type), **more}
    )


ORDERS = TableRef("public", "orders")
CUSTOMERS = TableRef("public", "customers")


@pytest.fixture
def schema() -> DatabaseSchema:
    return DatabaseSchema(
        tables=(
            TableSchema(schema_name="audit", name="orders", columns=(column("id"), column("at", DataType.TIMESTAMPTZ))),
            TableSchema(
                schema_name="public",
                name="customers",
                columns=(
                    column("id", nullable=False),
                    column("email", DataType.TEXT, description="From the sign-up form."),
                    column("code", DataType.TEXT),
                    column("place", DataType.OTHER, comparable=False),
                ),
                primary_key=("id",),
                unique=(("code",),),
            ),
            TableSchema(
                schema_name="public",
                name="orders",
                columns=(column("id"), column("customer_id"), column("referrer_id"), column("total", DataType.NUMERIC)),
                primary_key=("id",),
                foreign_keys=tuple(
                    ForeignKey(
                        constraint=f"orders_{name}_fkey", columns=(name,), target=CUSTOMERS, target_columns=("id",)
                    )
                    for name in ("customer_id", "referrer_id")
                ),
                row_estimate=10,
                size_bytes=8192,
            ),
            TableSchema(
                schema_name="public",
                name="orders_by_day",
                kind=TableKind.VIEW,
                columns=(
                    column("day", DataType.DATE),
                    column("customer", DataType.BIGINT),
                    column("customer_code", DataType.TEXT),
                    column("ratio", DataType.DOUBLE),
                ),
            ),
        )
    )


def problems(schema: DatabaseSchema, **configuration: object) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        apply(schema, SchemaConfiguration.load(configuration))
    listed = list(caught.value.details["problems"])  # type: ignore[call-overload] # a tuple
    assert all(problem in str(caught.value) for problem in listed)
    return listed


def exposed(schema: DatabaseSchema, **configuration: object) -> list[str]:
    return [str(table.ref) for table in apply(schema, SchemaConfiguration.load(configuration)).tables]


def test_without_configuration_everything_is_exposed_with_its_relationships(schema: DatabaseSchema):
    applied = apply(schema)
    assert [table.ref for table in applied.tables] == [table.ref for table in schema.tables]
    assert [each.name for each in applied.by_ref[ORDERS].relationships] == ["customer", "referrer"]
    assert schema.by_ref[ORDERS].relationships == (), "the input is left as it was"


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"schemas": "audit"}, ["audit.orders"]),
        ({"include": ["orders*"], "schemas": ["public"]}, ["public.orders", "public.orders_by_day"]),
        ({"include": ["audit.*"]}, ["audit.orders"]),
        ({"exclude": ["orders"]}, ["public.customers", "public.orders_by_day"]),
        ({"exclude": ["public.*", "nothing_like_it_*"]}, ["audit.orders"]),
        ({"include": ["*orders"], "exclude": ["audit.orders"]}, ["public.orders"]),
        ({"include": ["ORDERS?"]}, []),
    ],
)
def test_patterns_choose_the_tables(schema: DatabaseSchema, configuration: dict[str, object], expected: list[str]):
    assert exposed(schema, **configuration) == expected


def test_a_name_with_brackets_is_matched_as_it_is():
    schema = DatabaseSchema(tables=(TableSchema(schema_name="public", name="a[1]", columns=(column("id"),)),))
    assert exposed(schema, exclude=["a[1]"]) == []


def test_an_excluded_table_takes_its_relationships_along(schema: DatabaseSchema):
    applied = apply(schema, SchemaConfiguration(exclude=("customers",)))
    assert applied.by_ref[ORDERS].relationships == ()


def test_labels_descriptions_and_hidden_columns(schema: DatabaseSchema):
    configuration = SchemaConfiguration.load(
        {
            "tables": {
                "customers": {
                    "label": "Clients",
                    "description": "Who buys.",
                    "columns": {"email": {"label": "E-mail"}, "id": {"hidden": True, "description": "Surrogate."}},
                }
            }
        }
    )
    customers = apply(schema, configuration).by_ref[CUSTOMERS]
    assert (customers.label, customers.description) == ("Clients", "Who buys.")
    email, identity = customers.by_name["email"], customers.by_name["id"]
    assert (email.label, email.description, email.hidden) == ("E-mail", "From the sign-up form.", False)
    assert (identity.description, identity.hidden) == ("Surrogate.", True)
    assert customers.key == ("id",), "a hidden column still is the key"
    assert [each.name for each in customers.relationships] == ["orders_via_customer_id", "orders_via_referrer_id"]


def test_a_bare_name_means_the_default_schema(schema: DatabaseSchema):
    labelled = {"tables": {"orders": {"label": "L"}}}
    assert apply(schema, SchemaConfiguration.load(labelled)).by_ref[ORDERS].label == "L"
    applied = apply(schema, SchemaConfiguration.load({**labelled, "default_schema": "audit"}))
    assert applied.by_ref[TableRef("audit", "orders")].label == "L"
    assert applied.default_schema == "audit"


def test_a_declared_key_is_the_key_of_a_view(schema: DatabaseSchema):
    view = TableRef("public", "orders_by_day")
    assert schema.by_ref[view].key is None, "which also fills the cache of the original"
    applied = apply(schema, SchemaConfiguration.load({"tables": {"orders_by_day": {"key": ["day", "customer"]}}}))
    assert applied.by_ref[view].key == ("day", "customer")


def test_a_declared_relationship(schema: DatabaseSchema):
    configuration = SchemaConfiguration.load(
        {
            "relationships": [
                {"table": "orders_by_day", "columns": "customer", "target": "customers", "target_columns": "id"},
                {
                    "table": "orders_by_day",
                    "columns": "customer_code",
                    "target": "public.customers",
                    "target_columns": ["code"],
                    "name": "holder",
                    "inverse_name": "days",
                },
            ]
        }
    )
    applied = apply(schema, configuration)
    first, second = applied.by_ref[TableRef("public", "orders_by_day")].relationships
    assert (first.name, first.inverse_name, first.target) == ("customers", "orders_by_day", CUSTOMERS)
    assert (second.name, second.inverse_name, second.cardinality) == ("holder", "days", Cardinality.MANY_TO_ONE)
    assert first.constraint is None


def test_a_declared_relationship_to_a_declared_key(schema: DatabaseSchema):
    declared = {
        "table": "customers",
        "columns": ["id"],
        "target": "orders_by_day",
        "target_columns": ["customer"],
        "name": "summary",
    }
    (problem,) = problems(schema, relationships=[declared])
    assert problem == (
        "relationships.0: (customer) is no key of public.orders_by_day; where no two rows agree in them, "
        "declare it: tables.public.orders_by_day.key"
    )
    configuration = {"relationships": [declared], "tables": {"orders_by_day": {"key": "customer"}}}
    customers = apply(schema, SchemaConfiguration.load(configuration)).by_ref[CUSTOMERS]
    summary = customers.relationship("summary")
    assert summary is not None and summary.cardinality is Cardinality.ONE_TO_ONE


def test_more_than_a_key_is_unique_too(schema: DatabaseSchema):
    declared = {
        "table": "orders",
        "columns": ["customer_id", "referrer_id"],
        "target": "orders",
        "target_columns": ["id", "customer_id"],
    }
    applied = apply(schema, SchemaConfiguration.load({"relationships": [declared]}))
    assert applied.by_ref[ORDERS].relationship("orders_via_customer_id_referrer_id") is not None


def test_renaming_from_either_end(schema: DatabaseSchema):
    configuration = SchemaConfiguration.load(
        {
            "tables": {
                "orders": {"rename": {"customer": "buyer"}},
                "customers": {"rename": {"orders_via_customer_id": "orders"}},
            }
        }
    )
    applied = apply(schema, configuration)
    orders, customers = applied.by_ref[ORDERS], applied.by_ref[CUSTOMERS]
    assert [(each.name, each.inverse_name) for each in orders.relationships] == [
        ("buyer", "orders"),
        ("referrer", "orders_via_referrer_id"),
    ]
    assert [(each.name, each.inverse_name) for each in customers.relationships] == [
        ("orders", "buyer"),
        ("orders_via_referrer_id", "referrer"),
    ]
    assert orders.relationship("customers_via_customer_id") is orders.relationship("buyer")


def test_names_can_be_swapped_but_not_shared(schema: DatabaseSchema):
    swap = {"orders": {"rename": {"customer": "referrer", "referrer": "customer"}}}
    swapped = apply(schema, SchemaConfiguration.load({"tables": swap})).by_ref[ORDERS]
    assert {each.name: each.columns for each in swapped.relationships} == {
        "customer": ("referrer_id",),
        "referrer": ("customer_id",),
    }
    assert problems(schema, tables={"orders": {"rename": {"customer": "referrer"}}}) == [
        "tables.public.orders: has several relationships called 'referrer': rename the others too"
    ]


def test_every_problem_is_told_at_once_with_what_was_meant(schema: DatabaseSchema):
    assert problems(
        schema,
        schemas=["public", "sale", "audit"],
        default_schema="pubic",
        exclude=["custmers", "*.tmp_*"],
        tables={
            "Orders": {},
            "customers": {
                "columns": {"emial": {"hidden": True}},
                "key": ["id", "plase"],
                "rename": {"order_via_customer_id": "x"},
            },
            "public.customers": {},
        },
        relationships=[
            {"table": "orders_by_dy", "columns": "day", "target": "customers", "target_columns": "idd"},
            {"table": "orders_by_day", "columns": "dya", "target": "customers", "target_columns": "idd"},
        ],
    ) == [
        "schemas: schema 'sale' holds no table that the connected role may read",
        "default_schema: schema 'pubic' holds no table that the connected role may read. Did you mean 'public'?",
        "exclude: table 'custmers' does not exist. Did you mean 'customers'?",
        "tables.Orders: table 'Orders' does not exist. Did you mean 'orders'?",
        "tables.public.customers: public.customers is configured twice",
        "tables.public.customers.columns: column 'emial' does not exist in public.customers. Did you mean 'email'?",
        "tables.public.customers.key: column 'plase' does not exist in public.customers. Did you mean 'place'?",
        "relationships.0.table: table 'orders_by_dy' does not exist. Did you mean 'orders_by_day'?",
        "relationships.1.columns: column 'dya' does not exist in public.orders_by_day. Did you mean 'day'?",
        "relationships.1.target_columns: column 'idd' does not exist in public.customers. Did you mean 'id'?",
        "tables.public.customers.rename: relationship 'order_via_customer_id' does not exist. "
        "Did you mean 'orders_via_customer_id'?",
    ]


def test_a_table_that_is_not_exposed_cannot_be_configured(schema: DatabaseSchema):
    assert problems(schema, exclude=["orders_by_day"], tables={"orders_by_day": {"label": "Days"}}) == [
        "tables.orders_by_day: table 'orders_by_day' is not exposed: see schemas, include and exclude"
    ]


def test_a_name_that_several_schemas_have_must_say_which(schema: DatabaseSchema):
    assert problems(schema.model_copy(update={"default_schema": "other"}), tables={"orders": {}}) == [
        "tables.orders: table 'orders' could be any of audit.orders, public.orders"
    ]


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        (
            {"tables": {"customers": {"key": ["place"]}}},
            "tables.public.customers.key: column 'place' has a type without equality",
        ),
        (
            {"tables": {"customers": {"key": ["id", "id"]}}},
            "tables.public.customers.key: names a column twice",
        ),
        (
            {"tables": {"orders": {"rename": {"customer": "a", "customers_via_customer_id": "b"}}}},
            "tables.public.orders.rename: 'customer' and 'customers_via_customer_id' are one relationship",
        ),
        (
            {
                "relationships": [
                    {"table": "orders_by_day", "columns": "ratio", "target": "customers", "target_columns": "id"}
                ]
            },
            "relationships.0: 'ratio' and 'id' cannot be compared: double and integer",
        ),
        (
            {
                "relationships": [
                    {"table": "orders_by_day", "columns": "day", "target": "customers", "target_columns": "id code"}
                ]
            },
            "relationships.0.target_columns: column 'id code' does not exist in public.customers. Did you mean 'code'?",
        ),
        (
            {
                "relationships": [
                    {
                        "table": "orders_by_day",
                        "columns": "customer",
                        "target": "customers",
                        "target_columns": ["id", "code"],
                    }
                ]
            },
            "relationships.0: columns and target_columns differ in number",
        ),
    ],
)
def test_what_cannot_hold(schema: DatabaseSchema, configuration: dict[str, object], expected: str):
    assert problems(schema, **configuration) == [expected]


YAML = """
schemas: [public]
exclude: ["*_by_day"]
tables:
  orders:
    label: Orders
    columns:
      total: {label: Total, hidden: true}
    rename: {customer: buyer}
relationships:
  - {table: orders, columns: id, target: orders, target_columns: id, name: itself, inverse_name: same}
"""
TOML = """
schemas = ["public"]
exclude = ["*_by_day"]
[tables.orders]
label = "Orders"
columns.total = {label = "Total", hidden = true}
rename = {customer = "buyer"}
[[relationships]]
table = "orders"
columns = "id"
target = "orders"
target_columns = ["id"]
name = "itself"
inverse_name = "same"
"""


def test_yaml_toml_and_python_say_the_same(tmp_path: Path, schema: DatabaseSchema):
    (tmp_path / "prismiq.yaml").write_text(YAML)
    (tmp_path / "prismiq.toml").write_text(TOML)
    loaded = SchemaConfiguration.load(tmp_path / "prismiq.yaml")
    assert loaded == SchemaConfiguration.load(str(tmp_path / "prismiq.toml"))
    assert loaded == SchemaConfiguration.load(loaded.model_dump())
    orders = apply(schema, loaded).by_ref[ORDERS]
    assert orders.by_name["total"].hidden
    assert {each.name for each in orders.relationships} == {"buyer", "referrer", "itself", "same"}


def test_an_empty_file_configures_nothing(tmp_path: Path):
    (tmp_path / "empty.yml").write_text("")
    assert SchemaConfiguration.load(tmp_path / "empty.yml") == SchemaConfiguration()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("c.yaml", b"tables: {orders: [", "syntax error"),
        ("c.toml", b"tables = ", "syntax error"),
        ("c.yaml", b"\xff\xfe", "not UTF-8"),
        ("c.json", b"{}", "Name it .yaml, .yml or .toml"),
        ("c.yaml", b"- 1", "valid dictionary"),
        ("c.yaml", b"tabels: {}", "tabels: Extra inputs"),
        ("c.yaml", b"tables: {orders: {columns: {total: {hidden: 'no'}}}}", "tables.orders.columns.total.hidden"),
        ("c.yaml", b"tables: {orders: {key: []}}", "tables.orders.key"),
    ],
)
def test_a_file_that_is_no_configuration(tmp_path: Path, name: str, content: bytes, expected: str):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=expected):
        SchemaConfiguration.load(tmp_path / name)


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"cannot be read: No such file"):
        SchemaConfiguration.load(tmp_path / "missing.yaml")


def test_the_example_of_the_module_is_a_configuration(tmp_path: Path):
    from prismiq.schema import configuration

    example = textwrap.dedent(configuration.__doc__.partition("\n\n")[2].partition("\n\n")[2])
    (tmp_path / "example.yaml").write_text(example)
    assert set(SchemaConfiguration.load(tmp_path / "example.yaml").tables) == {
        "customers",
        "sales.orders_by_day",
        "flights",
    }
