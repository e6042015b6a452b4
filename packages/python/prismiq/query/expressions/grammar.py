"""Which of sqlglot's nodes are part of expressions, and what each is here. What is not in a table is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp
from sqlglot.expressions.core import Expression

from prismiq.query.expressions.tree import Operator
from prismiq.schema.types import DataType

TYPES: Mapping[Any, DataType] = {
    exp.DataType.Type.BOOLEAN: DataType.BOOLEAN,
    exp.DataType.Type.SMALLINT: DataType.INTEGER,
    exp.DataType.Type.INT: DataType.INTEGER,
    exp.DataType.Type.BIGINT: DataType.BIGINT,
    exp.DataType.Type.DECIMAL: DataType.NUMERIC,
    exp.DataType.Type.FLOAT: DataType.DOUBLE,
    exp.DataType.Type.DOUBLE: DataType.DOUBLE,
    exp.DataType.Type.TEXT: DataType.TEXT,
    exp.DataType.Type.VARCHAR: DataType.TEXT,
    exp.DataType.Type.DATE: DataType.DATE,
    exp.DataType.Type.TIMESTAMP: DataType.TIMESTAMP,
    exp.DataType.Type.TIMESTAMPTZ: DataType.TIMESTAMPTZ,
}
"""What there is a cast to."""

BINARY: Mapping[type[Expression], Operator] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.DPipe: "||",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "is not distinct from",
    exp.NullSafeNEQ: "is distinct from",
    exp.And: "and",
    exp.Or: "or",
    exp.Like: "like",
    exp.ILike: "ilike",
    exp.RegexpLike: "~",
    exp.RegexpILike: "~*",
}
CALLS: Mapping[type[Expression], tuple[str, tuple[str, ...]]] = {
    exp.Coalesce: ("coalesce", ("this", "expressions")),
    exp.Nullif: ("nullif", ("this", "expression")),
    exp.Greatest: ("greatest", ("this", "expressions")),
    exp.Least: ("least", ("this", "expressions")),
    exp.Abs: ("abs", ("this",)),
    exp.Ceil: ("ceil", ("this",)),
    exp.Floor: ("floor", ("this",)),
    exp.Sign: ("sign", ("this",)),
    exp.Lower: ("lower", ("this",)),
    exp.Upper: ("upper", ("this",)),
    exp.Trim: ("trim", ("this",)),
    exp.Length: ("length", ("this",)),
    exp.Left: ("left", ("this", "expression")),
    exp.Right: ("right", ("this", "expression")),
    exp.Substring: ("substring", ("this", "start", "length")),
    exp.Replace: ("replace", ("this", "expression", "replacement")),
    exp.Concat: ("concat", ("expressions",)),
    exp.StrPosition: ("strpos", ("this", "substr")),
    exp.SplitPart: ("split_part", ("this", "delimiter", "part_index")),
}
WINDOW_NAMES: Mapping[type[Expression], str] = {
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Min: "min",
    exp.Max: "max",
    exp.Count: "count",
    exp.RowNumber: "row_number",
    exp.Rank: "rank",
    exp.DenseRank: "dense_rank",
    exp.Ntile: "ntile",
    exp.Lag: "lag",
    exp.Lead: "lead",
    exp.FirstValue: "first_value",
    exp.LastValue: "last_value",
}
PLAIN_KEYS = frozenset({"this", "expression", "expressions"})
KEYS: Mapping[type[Expression], frozenset[str]] = {
    # What a node may carry besides; a key that is not read here would change what the text means without a word.
    exp.Column: frozenset({"this", "table", "db", "catalog"}),
    exp.Literal: frozenset({"this", "is_string"}),
    **dict.fromkeys((exp.Is, exp.Like, exp.ILike), frozenset({"this", "expression", "negate"})),
    exp.Between: frozenset({"this", "low", "high"}),
    exp.Case: frozenset({"this", "ifs", "default"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.JSONExtract: frozenset({"this", "expression", "only_json_types"}),
    exp.JSONExtractScalar: frozenset({"this", "expression", "only_json_types"}),
    exp.TimestampTrunc: frozenset({"this", "unit"}),
    exp.DateTrunc: frozenset({"this", "unit"}),
    exp.Interval: frozenset({"this", "unit"}),
    exp.Window: frozenset({"this", "partition_by", "order", "spec", "over"}),
    exp.Round: frozenset({"this", "decimals"}),
    exp.Trunc: frozenset({"this", "decimals"}),
    exp.DPipe: frozenset({"this", "expression", "safe"}),
    exp.Div: frozenset({"this", "expression", "typed"}),
    exp.Greatest: frozenset({"this", "expressions", "ignore_nulls"}),
    exp.Least: frozenset({"this", "expressions", "ignore_nulls"}),
    exp.Substring: frozenset({"this", "start", "length"}),
    exp.Replace: frozenset({"this", "expression", "replacement"}),
    exp.Concat: frozenset({"expressions", "safe", "coalesce"}),
    exp.StrPosition: frozenset({"this", "substr"}),
    exp.SplitPart: frozenset({"this", "delimiter", "part_index"}),
}
