"""The JSON Schema of a query: for editors, for language models, for OpenAPI.

Pydantic derives it from the definition's models; here it learns what only validators know (shorthands, a list standing
for `and`, one of `field` and `expression`, which value an operator takes) and what each word means. It promises form
alone: whether a table has a field is for `POST /query/validate` to say. A key that is not set is left out, not null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache
from hashlib import blake2b
from typing import Any, cast

from prismiq.query.definition import QueryDefinition
from prismiq.query.expressions.functions import FUNCTIONS, PARTS, UNITS, WINDOWS
from prismiq.query.filters import LISTS, NO_VALUE, PAIRS, PERIODS, Operator
from prismiq.query.words import AGGREGATES, EXAMPLES, GRANULARITIES, OPERATORS

Schema = dict[str, Any]

_ONE_OF: Mapping[str, Sequence[str]] = {
    "Condition": ("field", "fields", "expression"),
    "Dimension": ("field", "fields", "expression"),
    "Join": ("table", "query"),
}
"""Of these keys a part has exactly one."""

_AT_MOST_ONE: Mapping[str, Sequence[str]] = {"Measure": ("field", "expression", "table")}

_WORDS: Mapping[str, Mapping[str, str]] = {
    "Aggregate": AGGREGATES,
    "Granularity": GRANULARITIES,
    "Operator": OPERATORS,
}

_EXPRESSION = (
    "A scalar expression in SQL's syntax over fields by their paths: `quantity * unit_price`, "
    "`coalesce(customer.segment, 'none')`, `case when total > 100 then 'large' else 'small' end`. It has arithmetic "
    "(`+ - * / %`, where `/` is never rounded and division by zero is null), `||`, comparison, `and or not`, `in (…)`, "
    "`between`, `is null`, `like`, `case`, `cast(x as type)`, `interval '3 days'`, `->` and `->>` into JSON, and the "
    f"functions {', '.join(FUNCTIONS)}. date_trunc takes {', '.join(UNITS)}; extract takes "
    f"{', '.join(dict.fromkeys(PARTS.values()))}. In calculations also, with `over (…)`, {', '.join(WINDOWS)}. "
    "No subquery, no aggregate, no other function."
)
_REFERENCE = (
    "A path: `total` (the source's own column), `customer.segment` (along a relationship), `order.customer.segment` "
    "(several). A relationship is named after its foreign key (`customer_id`: `customer`), the way back after the "
    'other table (`order_items`). For names with a dot in them: {"path": ["customer", "weird.name"]}.'
)


def query_json_schema() -> Schema:
    """The JSON Schema of `QueryDefinition` as it is written on the wire. Returns a new object each time."""
    return deepcopy(_schema())


@cache
def schema_text() -> str:
    """The JSON Schema as text, as it is published."""
    return json.dumps(_schema(), indent=2, ensure_ascii=False) + "\n"


@cache
def schema_digest() -> str:
    """Differs where the JSON Schema does."""
    return blake2b(schema_text().encode(), digest_size=8).hexdigest()


@cache
def _schema() -> Schema:
    derived = QueryDefinition.model_json_schema()
    definitions = cast("Schema", derived["$defs"])
    tidy: Schema = {name: _tidy(definition) for name, definition in definitions.items()}
    tidy |= {
        "Filter": _filter(),
        "Reference": {
            "description": _REFERENCE,
            "anyOf": [{"type": "string", "minLength": 1, "maxLength": 1000}, _ref("Path")],
        },
        "Expression": {"description": _EXPRESSION, "type": "string", "minLength": 1, "maxLength": 4000},
        "Period": _period(),
    }
    for name, keys in _ONE_OF.items():
        tidy[name]["oneOf"] = [{"required": [key]} for key in keys]
    for name, keys in _AT_MOST_ONE.items():
        pairs = [[one, other] for index, one in enumerate(keys) for other in keys[index + 1 :]]
        tidy[name]["not"] = {"anyOf": [{"required": pair} for pair in pairs]}
    tidy["Condition"]["allOf"] = _values_by_operator()
    tidy["Measure"]["allOf"] = _fields_by_aggregate()
    for name, words in _WORDS.items():
        tidy[name]["description"] += "".join(
            f"\n- {word}" + (f": {words[word]}" if word in words else "") for word in tidy[name]["enum"]
        )
    filled: Schema = {"required": ["fill"], "properties": {"fill": {"const": True}}}
    tidy["Dimension"] |= {"if": filled, "then": {"required": ["granularity"]}}
    query = cast("Schema", tidy["QueryDefinition"])
    query["dependentRequired"] = {"compare": ["filters"]}
    _add_shorthands(query["properties"], cast("list[str]", tidy["Aggregate"]["enum"]))
    _add_order(query["properties"], "An output's name, or in a row query a field; with `-` before it descending.")
    _add_order(tidy["Measure"]["properties"], "A field; with `-` before it descending.")
    query["anyOf"] = _kinds()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:prismiq:schema:query",
        "title": "Prismiq query",
        "description": query["description"],
        **_ref("QueryDefinition"),
        "examples": [dict(example) for example in EXAMPLES],
        "$defs": dict(sorted(tidy.items())),
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _tidy(part: Any) -> Any:
    """Without generated titles and null alternatives, and with names for what is written in many places."""
    if isinstance(part, list):
        return [_tidy(item) for item in cast("list[Any]", part)]
    if not isinstance(part, dict):
        return part
    schema = cast("Schema", part)
    found: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            found[key] = {name: _property(name, inner) for name, inner in cast("Schema", value).items()}
        elif not (key == "title" and isinstance(value, str)) and not (key == "default" and value in (None, [])):
            found[key] = _tidy(value)
    if "anyOf" in found:
        found |= _alternatives(cast("list[Schema]", found.pop("anyOf")))
    if {"$ref": "#/$defs/And"} in cast("list[Schema]", found.get("oneOf", [])):
        del found["oneOf"]
        found.pop("discriminator", None)
        found |= _ref("Filter")
    if "description" in found:  # a docstring's lines are broken for an editor's width
        paragraphs = str(found["description"]).split("\n\n")
        found["description"] = "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)
    return found


def _property(name: str, schema: Any) -> Schema:
    found = cast("Schema", _tidy(schema))
    if name == "expression" and found.get("maxLength") == 4000:
        return {key: value for key, value in found.items() if key == "description"} | _ref("Expression")
    return found


def _alternatives(choices: list[Schema]) -> Schema:
    left = [choice for choice in choices if choice != {"type": "null"}]
    text: Schema = {"maxLength": 1000, "minLength": 1, "type": "string"}
    if text in left and _ref("Path") in left:
        left = [choice for choice in left if choice not in (text, _ref("Path"))] + [_ref("Reference")]
    return left[0] if len(left) == 1 else {"anyOf": left}


def _filter() -> Schema:
    kinds = ("And", "Or", "Not", "Exists", "Condition")
    return {
        "description": "A condition, a list of conditions that must all be true, or an object with `and`, `or`, `not`.",
        "anyOf": [
            *(_ref(kind) for kind in kinds),
            {"description": "All of these: `and`.", "type": "array", "items": _ref("Filter")},
        ],
    }


def _period() -> Schema:
    bound: Schema = {"description": "A date or a timestamp, ISO 8601.", "type": "string"}
    count: Schema = {"type": "integer", "minimum": 1}
    relative: Schema = {
        "unit": {"enum": list(UNITS)},
        "complete": {"description": "Leaves the current unit out.", "type": "boolean", "default": False},
    }
    named = (
        "^(today|yesterday|tomorrow|(this|last|next)_(hour|day|week|month|quarter|year)"
        "|(week|month|quarter|year)_to_date)$"
    )

    def object_of(required: list[str], properties: Schema) -> Schema:
        return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}

    return {
        "description": "A span of time by the clock of the query's time zone, half-open: it ends before `to`.",
        "anyOf": [
            {"type": "string", "pattern": named},
            object_of(["last", "unit"], {"last": count, **relative}),
            object_of(["next", "unit"], {"next": count, **relative}),
            {**object_of([], {"from": bound, "to": bound}), "minProperties": 1},
        ],
        "examples": [
            "last_month",
            "year_to_date",
            {"last": 7, "unit": "day", "complete": True},
            {"from": "2026-01-01", "to": "2026-04-01"},
        ],
    }


def _values_by_operator() -> list[Schema]:
    def when(operators: frozenset[Operator], then: Schema) -> Schema:
        asked = {"enum": sorted(str(operator) for operator in operators)}
        return {"if": {"required": ["operator"], "properties": {"operator": asked}}, "then": then}

    items: Schema = {"type": "array", "items": {"not": {"type": "null"}}}
    return [
        {"not": {"required": ["value", "query"]}},
        when(NO_VALUE, {"properties": {"value": False, "query": False}}),
        when(LISTS, {"properties": {"value": items}}),
        when(PAIRS, {"properties": {"value": {**items, "minItems": 2, "maxItems": 2}}}),
        when(PERIODS, {"properties": {"value": _ref("Period")}}),
    ]


def _fields_by_aggregate() -> list[Schema]:
    def when(aggregate: Schema, then: Schema) -> Schema:
        return {"if": {"required": ["aggregate"], "properties": {"aggregate": aggregate}}, "then": then}

    none: Schema = {"maxItems": 0}
    return [
        when({"not": {"const": "count"}}, {"anyOf": [{"required": ["field"]}, {"required": ["expression"]}]}),
        when({"const": "percentile"}, {"required": ["p"]}),
        when({"enum": ["first", "last"]}, {"required": ["order_by"]}),
        when({"not": {"const": "string_agg"}}, {"properties": {"separator": False}}),
        when({"not": {"enum": ["array_agg", "first", "last", "string_agg"]}}, {"properties": {"order_by": none}}),
    ]


def _kinds() -> list[Schema]:
    """Groups or rows."""
    none: Schema = {"maxItems": 0}
    groups: Schema = {
        "anyOf": [{"required": ["dimensions"]}, {"required": ["measures"]}],
        "properties": {"columns": none},
    }
    rows: Schema = {
        "required": ["columns"],
        "properties": dict.fromkeys(("dimensions", "measures", "calculations"), none),
    }
    return [
        {"description": "Groups.", **groups},
        {"description": "Rows.", **rows},
    ]


def _add_shorthands(properties: Schema, aggregates: list[str]) -> None:
    for key in ("dimensions", "columns"):
        properties[key]["items"] = {
            "anyOf": [
                {"description": "Short for its `field`, or the name of a configured dimension.", **_ref("Reference")},
                _ref("Dimension"),
                _ref("NamedDimension"),
            ],
        }
    with_field = "|".join(each for each in aggregates if each not in ("percentile", "first", "last"))
    properties["measures"]["items"] = {
        "anyOf": [
            {"description": "Counts the source's rows.", "const": "count"},
            {
                "description": "Short for `aggregate` and `field`: `sum(total)`.",
                "type": "string",
                "pattern": rf"^\s*({with_field})\s*\(.+\)\s*$|^\s*count\s*\(\s*\)\s*$",
            },
            {"description": "The name of a configured metric.", "type": "string", "pattern": r"^[^\W\d]\w*$"},
            _ref("Measure"),
            _ref("Metric"),
        ],
    }


def _add_order(properties: Schema, text: str) -> None:
    """The shorthands of `order_by`: one key or several, each a text or a path."""
    keys: Schema = {
        "anyOf": [
            {
                "description": text,
                "type": "string",
                "minLength": 1,
                "maxLength": 1001,
            },
            _ref("Path"),
            _ref("OrderBy"),
        ]
    }
    description = properties["order_by"].get("description", "")
    properties["order_by"] = {
        "description": description,
        "anyOf": [*keys["anyOf"], {"type": "array", "items": keys}],
    }
