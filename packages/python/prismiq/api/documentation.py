"""What OpenAPI says about bodies and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel

from prismiq.api.formats import MEDIA_TYPES
from prismiq.api.headers import headers_of
from prismiq.api.problems import MEDIA_TYPE, Problem
from prismiq.query.json_schema import query_json_schema


def documented(model: type[BaseModel] | None, *statuses: int, success: int = 200) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses`: the model for success, and a problem for each of the other statuses."""
    answer: dict[str, Any] = (
        {"description": "Done."} if model is None else {"model": model, "description": "The answer."}
    )
    return {success: answer, **{status: _PROBLEMS[status] for status in statuses}}


def inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON Schema without references, which a part of an OpenAPI document cannot resolve by itself.

    A query may hold filters, and a filter queries: of what can hold itself two levels are written out, then only names.
    """
    definitions: Mapping[str, Any] = schema.get("$defs", {})
    recursive = frozenset(name for name in definitions if name in _reached(definitions[name], definitions, set()))
    return cast("dict[str, Any]", _inlined(schema, definitions, recursive, ()))


def body_of(model: type[BaseModel] | None, description: str) -> dict[str, Any]:
    """OpenAPI's request body."""
    schema = {"type": "object"} if model is None else inlined(model.model_json_schema())
    return {
        "requestBody": {
            "required": True,
            "description": description,
            "content": {"application/json": {"schema": schema}},
        }
    }


def _inlined(part: Any, definitions: Mapping[str, Any], recursive: frozenset[str], above: tuple[str, ...]) -> Any:
    if isinstance(part, list):
        return [_inlined(item, definitions, recursive, above) for item in cast("list[Any]", part)]
    if not isinstance(part, dict):
        return part
    schema = cast("dict[str, Any]", part)
    name = _target(schema)
    if name is None:
        items = ((key, value) for key, value in schema.items() if key not in ("$defs", "discriminator"))
        return {key: _inlined(value, definitions, recursive, above) for key, value in items}
    if name in above or (name in recursive and len(above) > 1):
        kind = {} if "anyOf" in definitions[name] else {"type": "object"}
        return {**kind, "title": name}
    target = _inlined(definitions[name], definitions, recursive, (*above, name) if name in recursive else above)
    return {**target, **{key: value for key, value in schema.items() if key not in ("$ref", "$defs")}}


def _reached(part: Any, definitions: Mapping[str, Any], seen: set[str]) -> set[str]:
    """The names of the definitions that a part of a schema leads to; added to `seen`."""
    if isinstance(part, list):
        for item in cast("list[Any]", part):
            _reached(item, definitions, seen)
    elif isinstance(part, dict):
        schema = cast("dict[str, Any]", part)
        name = _target(schema)
        if name is not None and name not in seen:
            seen.add(name)
            _reached(definitions[name], definitions, seen)
        for value in schema.values():
            _reached(value, definitions, seen)
    return seen


def _target(schema: Mapping[str, Any]) -> str | None:
    reference = schema.get("$ref")
    return reference.rsplit("/", 1)[-1] if isinstance(reference, str) else None


_PROBLEM_SCHEMA = inlined(Problem.model_json_schema())
_PROBLEMS: dict[int, dict[str, Any]] = {
    status: {"description": description, "content": {MEDIA_TYPE: {"schema": _PROBLEM_SCHEMA}}}
    for status, description in {
        403: "The policy does not permit this, or the context lacks what the policy needs.",
        409: "Something else is there already: another of this slug.",
        412: "It was changed since it was read. `ETag` and `current_version` have the version that is there.",
        428: "`If-Match` is missing: the ETag of the version that is to be changed.",
        404: "There is no such thing for this caller.",
        406: "The client accepts nothing that is served here.",
        413: "The body is larger than the limit.",
        415: "The body is not JSON.",
        422: "The definition or a parameter is not valid: `errors` has every reason and its place.",
        429: "No connection to the database became free in time.",
        502: "The database failed.",
        503: "The database is away, or the store not ready. `Retry-After` says when to come again.",
        504: "The query ran over its time-out and was cancelled.",
    }.items()
}
_PROBLEMS[412]["headers"] = headers_of({"ETag": "The version that is there."})
_PROBLEMS[429]["headers"] = _PROBLEMS[503]["headers"] = headers_of({"Retry-After": "Seconds."})

_EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "delays_by_airline": (
        "Which airlines are late? Groups, along a relationship",
        {
            "source": "flights",
            "dimensions": ["airlines.name"],
            "measures": [
                {"name": "flights", "aggregate": "count"},
                {"name": "delay", "aggregate": "avg", "field": "arrival_delay"},
                {
                    "name": "cancelled",
                    "aggregate": "count",
                    "filters": [{"field": "cancelled", "operator": "eq", "value": True}],
                },
            ],
            "order_by": ["-delay"],
            "limit": 10,
        },
    ),
    "flights_by_month": (
        "How does traffic change over the year? Months in New York's time",
        {
            "source": "flights",
            "dimensions": [{"name": "month", "field": "scheduled_departure", "granularity": "month"}],
            "measures": [
                {"name": "flights", "aggregate": "count"},
                {"name": "planes", "aggregate": "count_distinct", "field": "tailnum"},
                {"name": "median_delay", "aggregate": "median", "field": "departure_delay"},
            ],
            "order_by": ["month"],
            "time_zone": "America/New_York",
        },
    ),
    "seats_of_planes": (
        "How many seats has each airline? Every plane counts once, however often it flew",
        {
            "source": "flights",
            "dimensions": ["carrier"],
            "measures": [
                {"name": "seats", "aggregate": "sum", "field": "planes.seats"},
                {"name": "flights", "aggregate": "count"},
            ],
            "having": [{"field": "flights", "operator": "gt", "value": 1000}],
            "order_by": ["-seats"],
        },
    ),
    "late_to_the_west": (
        "Which flights to California were an hour late? Rows, with a filter tree",
        {
            "source": "flights",
            "columns": ["flight_date", "carrier", "flight_number", "airports_via_dest.name", "arrival_delay"],
            "filters": [
                {"field": "arrival_delay", "operator": "gte", "value": 60},
                {"field": "flight_date", "operator": "between", "value": ["2013-07-01", "2013-07-31"]},
                {
                    "or": [
                        {"field": "dest", "operator": "in", "value": ["LAX", "SFO", "SAN"]},
                        {"field": "airports_via_dest.name", "operator": "contains", "value": "San Jose"},
                    ]
                },
            ],
            "order_by": ["-arrival_delay"],
            "limit": 20,
        },
    ),
}

# OpenAPI shows its own examples, and has no place for a schema's identity.
_QUERY_SCHEMA = {
    key: value for key, value in inlined(query_json_schema()).items() if key not in ("$schema", "$id", "examples")
}

SCHEMA_TYPE = "application/schema+json"
SCHEMA_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "A JSON Schema of draft 2020-12.", "content": {SCHEMA_TYPE: {"schema": {"type": "object"}}}},
    403: _PROBLEMS[403],
}

QUERY_BODY: dict[str, Any] = {
    "required": True,
    "description": "A query definition.",
    "content": {
        "application/json": {
            "schema": _QUERY_SCHEMA,
            "examples": {name: {"summary": summary, "value": value} for name, (summary, value) in _EXAMPLES.items()},
        }
    },
}
"""OpenAPI's request body of a query. The examples work on the demo's flights."""

NUMBERS: dict[str, Any] = {
    "name": "numbers",
    "in": "query",
    "required": False,
    "description": "`string` sends numeric and bigint as strings, for clients that round. Also by `Prefer`.",
    "schema": {"type": "string", "enum": ["exact", "string"], "default": "exact"},
}
"""OpenAPI's parameter of how numbers are written."""

FORMAT: dict[str, Any] = {
    "name": "format",
    "in": "query",
    "required": False,
    "description": "Instead of `Accept`. `csv`, `ndjson` and `xlsx` answer with all rows, as a file.",
    "schema": {"type": "string", "enum": list(MEDIA_TYPES), "default": "json"},
}
"""OpenAPI's parameter of what an answer is written as."""


def in_every_format(responses: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """The same responses, of which the first is also sent as a file."""
    success = responses[200]
    files: dict[str, dict[str, Any]] = {media_type: {} for media_type in MEDIA_TYPES.values()}
    return {**responses, 200: {**success, "content": files}}
