"""Everywhere in a definition that a field can be named."""

from __future__ import annotations

from typing import Any

Definition = dict[str, Any]


def places(source: str, field: str) -> dict[str, Definition]:
    """A question for each place, by the place's name. `field` is a path as dotted text."""
    path = {"path": field.split(".")}

    def filtered(condition: object) -> Definition:
        return {"source": source, "measures": ["count"], "filters": condition}

    def measured(aggregate: str, **parts: object) -> Definition:
        return {"source": source, "measures": [{"aggregate": aggregate, **parts}]}

    def counted(**parts: object) -> Definition:
        return {"source": source, "measures": ["count"], **parts}

    def listed(*columns: object, **parts: object) -> Definition:
        return {"source": source, "columns": list(columns), **parts}

    def expressed(text: str) -> Definition:
        return {"name": "x", "expression": text}

    def nested(**parts: object) -> Definition:
        return {"source": {"query": {"source": source, **parts}, "alias": "inner_rows"}, "measures": ["count"]}

    def joined(left: object, right: object, **joined: object) -> Definition:
        pair = {"left": left, "right": right}
        return counted(joins=[{"table": source, "alias": "other", "on": [pair], **joined}])

    def asked(query: Definition, operator: str = "in") -> Definition:
        return filtered({"field": "tenant_id", "operator": operator, "query": query})

    def across(**parts: object) -> Definition:
        """Without a source, beside another table; what `parts` do not say is of the field."""
        other = "customers" if source != "customers" else "orders"
        counts = [{"name": f"n_{table}", "aggregate": "count", "table": table} for table in (source, other)]
        shared = [{"name": "d", "fields": {source: field, other: "tenant_id"}}]
        definition: Definition = {"measures": counts, "dimensions": shared}
        if "measures" in parts:
            definition |= {"dimensions": [], "measures": [*counts, *parts["measures"]]}  # type: ignore[misc]
        return definition | {key: value for key, value in parts.items() if key != "measures"}

    return {
        "dimension": {"source": source, "dimensions": [field]},
        "dimension by path": {"source": source, "dimensions": [path]},
        "dimension by object": {"source": source, "dimensions": [{"field": field, "granularity": "month"}]},
        "dimension expression": {"source": source, "dimensions": [expressed(f"coalesce({field}, {field})")]},
        "column": listed(field),
        "column by path": listed(path),
        "column expression": listed(expressed(f"case when {field} = 1 then 2 end")),
        "measure": {"source": source, "measures": [f"sum({field})"]},
        "measure by path": measured("count", field=path),
        "measure of a wrong type": measured("bool_and", field=field),
        "measure expression": measured("max", **expressed(f"{field} || 'a'")),
        "measure table": measured("count", table=field),
        "measure grain": measured("count", field="tenant_id", grain=field),
        "measure order": measured("first", field="tenant_id", order_by=[f"-{field}"]),
        "measure order by path": measured("array_agg", field="tenant_id", order_by=path),
        "measure filter": measured("count", filters={"field": field, "value": 1}),
        "measure filter expression": measured("count", filters={"expression": f"{field} = {field}"}),
        "across tables": across(),
        "across tables by path": across(dimensions=[{"name": "d", "fields": {source: path}}]),
        "filter across tables": across(filters={"fields": {source: field}, "value": 1}),
        "table of a dimension across tables": across(dimensions=[{"name": "d", "fields": {field: "tenant_id"}}]),
        "measure across tables": across(measures=[f"max({source}.{field})"]),
        "measure table across tables": across(measures=[{"aggregate": "count", "table": f"{source}.{field}"}]),
        "measure order across tables": across(
            measures=[{"aggregate": "last", "field": f"{source}.tenant_id", "order_by": field}]
        ),
        "filter": filtered([{"field": field, "value": "x"}]),
        "filter by path": filtered({"field": path, "operator": "is_null"}),
        "filter of a wrong type": filtered({"field": field, "operator": "regex", "value": 1}),
        "filter deep inside": filtered({"or": [{"not": [{"field": field, "operator": "in", "value": [1]}]}]}),
        "filter expression": filtered({"expression": f"{field} is null"}),
        "filter of an expression": filtered({"expression": f"lower({field})", "operator": "contains", "value": "a"}),
        "exists": filtered({"exists": field}),
        "not exists": filtered({"not": {"exists": path}}),
        "inside exists": filtered({"exists": "customer", "filters": {"field": field, "value": 1}}),
        "inside a nested source": nested(dimensions=[field]),
        "filter inside a nested source": nested(measures=["count"], filters={"field": field, "value": 1}),
        "around a nested source": {
            "source": {"query": {"source": source, "columns": ["tenant_id"]}, "alias": "inner_rows"},
            "dimensions": [field],
        },
        "join's left": joined(field, "tenant_id"),
        "join's right": joined("tenant_id", field.rpartition(".")[2]),
        "path on from a join": {**joined("tenant_id", "tenant_id"), "dimensions": [f"other.{field}"]},
        "inside a joined query": counted(
            joins=[
                {
                    "query": {"source": source, "dimensions": ["tenant_id"], "measures": [f"max({field})"]},
                    "alias": "other",
                    "on": [{"left": "tenant_id", "right": "tenant_id"}],
                }
            ]
        ),
        "values of a query": asked({"source": source, "columns": [field]}),
        "filter of a query that is asked": asked(
            {"source": source, "columns": ["tenant_id"], "filters": {"field": field, "value": 1}}, "not_in"
        ),
        "one value of a query": asked({"source": source, "measures": [f"max({field})"]}, "eq"),
        "compared field": filtered({"field": "tenant_id", "value": {"field": field}}),
        "compared field in between": filtered(
            {"field": "tenant_id", "operator": "between", "value": [{"field": field}, "z"]}
        ),
        "outer": filtered({"exists": "customer", "filters": {"field": "tenant_id", "value": {"outer": field}}}),
        "having": counted(having={"field": field, "operator": "gt", "value": 0}),
        "having expression": counted(having={"expression": f"count > {field}"}),
        "order of groups": counted(order_by=[f"-{field}"]),
        "order of rows": listed("tenant_id", order_by=[field]),
        "order by path": listed("tenant_id", order_by=[path]),
        "several": counted(dimensions=[field, "nothing"], filters={"field": field, "value": 1}, order_by=field),
        "an output's own name": {**measured("count", name=field), "order_by": [field], "having": {"field": field}},
    }
