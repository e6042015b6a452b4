"""A plan as text, one node a line, for people: `/query/explain`, the case folders, a debugger.

limit
  sort  ordered_at
    aggregate  by ordered_at = month of ordered_at   count = count()
      filter  orders.status = ?0
        scan  orders
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from prismiq.plan import expressions as e
from prismiq.plan import nodes as n
from prismiq.plan.expressions import Expression, Named


def render(plan: n.QueryPlan) -> str:
    """The plan's tree, two spaces a level. A caller's values show as `?` and their slot's number."""
    apart = _set_apart(plan.root)
    lines = [*_lines(plan.root, 0, apart)]
    for name, node in apart.items():
        lines += [f"{name}:", *_lines(node, 1, apart)]
    return "\n".join(lines)


def _set_apart(root: n.Node) -> Mapping[str, n.Node]:
    """The relations that conditions read by name, or several nodes, told once below the tree."""
    parts = list(n.parts_within(root))
    asked = [part for part in parts if isinstance(part, e.Exists | e.Within | e.OneValue)]
    named = [part for each in asked for part in n.parts_within(each.relation) if isinstance(part, n.Shared)]
    times = Counter(part.name for part in parts if isinstance(part, n.Shared))
    several = [part for part in parts if isinstance(part, n.Shared) and times[part.name] > 1]
    return {each.name: each.input for each in (*named, *several)}


def _lines(node: n.Node, depth: int, apart: Collection[str] = ()) -> Iterator[str]:
    yield "  " * depth + _head(node)
    if isinstance(node, n.Shared) and node.name in apart:
        return
    for below in _below(node):
        yield from _lines(below, depth + 1, apart)


def _below(node: n.Node) -> tuple[n.Node, ...]:
    match node:
        case n.Scan() | n.Unit():
            return ()
        case n.Join(left=left, right=right):
            return (left, right)
        case n.Union(inputs=inputs):
            return inputs
        case n.Except(left=left, right=right):
            return (left, right)
        case n.Buckets(among=among):
            return () if among is None or isinstance(among, e.Starts) else (among,)
        case _:
            return (node.input,)


def _head(node: n.Node) -> str:
    match node:
        case n.Scan(alias=alias, table=table, rows=rows, masked=masked):
            named = "" if alias == table.name else f" as {alias}"
            kept = "".join(f"  where {rule}" for rule in rows)
            shown = "".join(f"  {each.name} {each.mask}" for each in masked if each.mask is not None)
            return f"scan  {table}{named}{kept}{shown}"
        case n.Unit():
            return "one row"
        case n.Reduce(columns=columns):
            return f"reduce  {', '.join(_text(column) for column in columns)}"
        case n.Derived(alias=alias):
            return f"derived  {alias}"
        case n.Shared(name=name):
            return f"shared  {name}"
        case n.Join(kind=kind, on=on):
            return f"{kind} join  on {_text(on)}"
        case n.Filter(condition=condition):
            return f"filter  {_text(condition)}"
        case n.Project(outputs=outputs):
            return f"project  {_named(outputs)}"
        case n.Distinct(outputs=outputs, by=by):
            return f"distinct  {_named(outputs)}  by {', '.join(by)}"
        case n.Aggregate(keys=keys, measures=measures, sets=sets):
            by = f"by {_named(keys)}" if keys else "all rows"
            levels = " ".join(f"({', '.join(each)})" for each in sets)
            return "aggregate  " + "  ".join(filter(None, (by, levels and f"sets {levels}", _named(measures))))
        case n.Union():
            return "union all"
        case n.Except():
            return "except"
        case n.Buckets(name=name, granularity=granularity, among=among):
            cycle = among is None
            return f"buckets  {name} = " + (
                _text(among) if isinstance(among, e.Starts) else f"every {granularity}" + ("" if cycle else " between")
            )
        case n.Sort(keys=keys):
            return "sort  " + ", ".join(_text(key.expression) + (" desc" if key.descending else "") for key in keys)
        case n.Limit(count=count, offset=offset):
            page = "limit" if count is None else f"limit  {_text(count)}"
            return page if offset is None else f"{page}  after {_text(offset)}"


def _named(outputs: tuple[Named, ...]) -> str:
    texts = ((each.name, _text(each.expression)) for each in outputs)
    return ", ".join(name if name == text else f"{name} = {text}" for name, text in texts)


def _text(expression: Expression) -> str:
    writer = _WRITERS[type(expression)]
    return writer(expression)


def _parameter(each: e.Parameter) -> str:
    source = f"?{each.source}" if isinstance(each.source, int) else str(each.source)
    return source if each.conversion is e.Conversion.PLAIN else f"{each.conversion.value}({source})"


def _aggregate(each: e.AggregateCall) -> str:
    arguments = [_text(part) for part in (each.p, each.argument, each.separator) if part is not None]
    where = "" if each.where is None else f" where {_text(each.where)}"
    keys = zip(each.order, each.descending, strict=True)
    order = ", ".join(_text(key) + (" desc" if descending else "") for key, descending in keys)
    return f"{each.function}({', '.join(arguments)}{order and f' by {order}'}){where}"


def _regrouped(each: e.Regrouped) -> str:
    return f"{each.function} of groups({', '.join(_text(part) for part in each.parts)})"


def _exists(each: e.Exists) -> str:
    return f"exists({_inline(each.relation)})"


def _within(each: e.Within) -> str:
    return f"{_text(each.left)} in ({_inline(each.relation)})"


def _inline(relation: n.Node) -> str:
    heads = [_head(relation)]
    below = () if isinstance(relation, n.Shared) else _below(relation)
    return " · ".join([*heads, *(_inline(each) for each in below)])


def _group(part: Expression) -> str:
    return f"({_text(part)})" if isinstance(part, e.And | e.Or) else _text(part)


def _folded(each: e.Compare | e.AnyOf | e.Match) -> str:
    return " ignoring case" if each.fold_case else ""


def _call(each: e.Call) -> str:
    arguments = [*([each.unit] if each.unit else []), *(_text(argument) for argument in each.arguments)]
    return f"{each.function}({', '.join(arguments)})"


def _window(each: e.WindowCall) -> str:
    keys = zip(each.order, each.descending, strict=True)
    order = ", ".join(_text(key) + (" desc" if descending else "") for key, descending in keys)
    partition = ", ".join(_text(part) for part in each.partition)
    frame = "" if each.frame is None else "rows {} to {}".format(*("…" if end is None else end for end in each.frame))
    over = [partition and f"by {partition}", order and f"order {order}", frame]
    return f"{each.function}({', '.join(_text(a) for a in each.arguments)}) over ({' '.join(filter(None, over))})"


def _single(each: e.Single) -> str:
    return f"the one {_text(each.part)}" + ("" if each.unless is None else f", or 0 unless {_text(each.unless)}")


def _case(each: e.Case) -> str:
    whens = " ".join(
        f"when {_text(when)} then {_text(then)}" for when, then in zip(each.conditions, each.results, strict=True)
    )
    return f"case {whens}" + ("" if each.otherwise is None else f" else {_text(each.otherwise)}") + " end"


def _zoned(each: e.Truncate) -> str:
    return "" if each.zone is None else f" at {each.zone.name}"


def _from(each: e.WidthBin) -> str:
    return "" if each.start is None else f" from {_parameter(each.start)}"


def _starts(each: e.Starts) -> str:
    return f"every {each.granularity} {_range(each.range)}"


def _label(each: e.Starts) -> str:
    return str(each.granularity) if each.cycle is None else f"the {each.cycle} of {each.granularity}"


def _range(each: e.Span | e.Moved) -> str:
    if isinstance(each, e.Span):
        return _span(each)
    to = each.to if isinstance(each.to, str) else f"[{_span(each.to)}]"
    return f"of {to} for [{_span(each.span)}]"


def _moved_bound(each: e.MovedBound) -> str:
    return f"{'end' if each.end else 'start'} {_range(each.range)}"


def _span(each: e.Span) -> str:
    lows = [f"{'from' if low.inclusive else 'after'} {_text(low.value)}" for low in each.lows]
    highs = [f"{'to' if high.inclusive else 'before'} {_text(high.value)}" for high in each.highs]
    return " ".join((*lows, *highs))


_WRITERS: Mapping[type[Expression], Callable[[Any], str]] = {
    e.Column: lambda each: f"{each.alias}.{each.name}",
    e.Output: lambda each: each.name,
    e.Parameter: _parameter,
    e.MovedBound: _moved_bound,
    e.Starts: _starts,
    e.Aligned: lambda each: f"{_text(each.part)} aligned to {_label(each.labels)}s {_range(each.labels.range)}",
    e.Beat: lambda each: f"{'last' if each.last else 'first'} {each.granularity} {_span(each.range)}",
    e.Stepped: lambda each: f"{_text(each.part)} by {each.first.granularity}s {_span(each.first.range)}",
    e.HourOfDay: lambda each: f"hour of day of {_text(each.part)} {_span(each.first.range)} at {each.zone.name}",
    e.Zone: lambda each: each.name,
    e.Null: lambda _: "null",
    e.Zero: lambda _: "0",
    e.Truth: lambda each: "unknown" if each.value is None else str(each.value).lower(),
    e.Whole: lambda each: str(each.value),
    e.RowCap: lambda _: "row cap",
    e.RolledUp: lambda each: f"rolled up({', '.join(_text(key) for key in each.keys)})",
    e.Compare: lambda each: f"{_text(each.left)} {each.operator} {_text(each.right)}" + _folded(each),
    e.AnyOf: lambda each: f"{_text(each.left)} in {_text(each.right)}" + _folded(each),
    e.Match: lambda each: f"{_text(each.left)} {each.kind} {_text(each.pattern)}" + _folded(each),
    e.Holds: lambda each: f"{_text(each.left)} has {each.kind} of {_text(each.right)}",
    e.IsNull: lambda each: f"{_text(each.part)} is null",
    e.And: lambda each: " and ".join(_group(part) for part in each.parts) or "true",
    e.Or: lambda each: " or ".join(_group(part) for part in each.parts) or "false",
    e.Not: lambda each: f"not {_group(each.part)}",
    e.Exists: _exists,
    e.Within: _within,
    e.OneValue: lambda each: f"the value of ({_inline(each.relation)})",
    e.LocalTime: lambda each: f"{_text(each.part)} at {each.zone.name}",
    e.Instant: lambda each: f"{_text(each.part)} stored in {each.zone.name}",
    e.AsDate: lambda each: f"date({_text(each.part)})",
    e.AsText: lambda each: f"text({_text(each.part)})",
    e.AsTimestamp: lambda each: f"timestamp({_text(each.part)})",
    e.Arithmetic: lambda each: f"({_text(each.left)} {each.operator} {_text(each.right)})",
    e.Call: _call,
    e.Case: _case,
    e.Cast: lambda each: f"{each.type.kind}({_text(each.part)})",
    e.Differs: lambda each: f"{_text(each.left)} is distinct from {_text(each.right)}",
    e.Truncate: lambda each: f"{each.granularity} of {_text(each.part)}{_zoned(each)}",
    e.Extract: lambda each: f"{each.granularity} of {_text(each.part)}",
    e.Shift: lambda each: f"{_text(each.part)} {'+' if each.count > 0 else '-'} {abs(each.count)} {each.unit}",
    e.WidthBin: lambda each: f"bin of {_text(each.part)} by {_parameter(each.width)}{_from(each)}",
    e.BoundsBin: lambda each: f"bin of {_text(each.part)} by {_parameter(each.bounds)}",
    e.AggregateCall: _aggregate,
    e.Regrouped: _regrouped,
    e.WindowCall: _window,
    e.Single: _single,
}
