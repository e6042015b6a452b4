"""Lowers a row query: one row per combination of the source's rows and those of the paths that are listed."""

from __future__ import annotations

from dataclasses import replace

from prismiq.errors import IssueCode
from prismiq.plan.expressions import Expression, Named, Output, WindowCall
from prismiq.plan.lower.groups import fresh
from prismiq.plan.lower.instances import raw_column
from prismiq.plan.lower.joins import joined_rows
from prismiq.plan.lower.uniqueness import determined, to_many_step
from prismiq.plan.nodes import Distinct, Node, Project, Sort, SortKey
from prismiq.plan.passes import PLAIN_JOINS, Passes
from prismiq.plan.question import Issues, Question
from prismiq.plan.trees import column_of, columns_of, rewrite, walk


def lower_rows(question: Question, passes: Passes) -> Node:
    """The rows in their order, the columns in the order of the definition.

    Raises QueryError where two to-many paths are independent, where the order brings in a to-many path, or where rows
    that a filter's join multiplied have no key to be told apart by.
    """
    issues = Issues()
    listed = question.used(each.expression for each in question.columns) | question.closed(question.joined)
    _check_order(question, listed, issues)
    _check_branches(question, listed, issues)
    issues.check()
    read = [*(each.expression for each in question.columns), *(key.expression for key in question.order)]
    rows = joined_rows(question, read, question.joined, question.condition, passes)
    single = determined(question.instances, rows.instances, *_deciding(question, listed))
    # Without a key the proof is all there is: each row is then listed once because no join multiplies it.
    keyed = all(question.instances[alias].table.schema.key is not None for alias in listed)
    if rows.instances <= single and (PLAIN_JOINS in passes or not keyed):
        keys = (replace(key, expression=_shown(question, key.expression)) for key in _order(question, listed))
        return Sort(Project(rows.node, question.columns), tuple(keys))
    return _deduplicated(question, listed, rows.node, issues)


def _order(question: Question, listed: frozenset[str]) -> tuple[SortKey, ...]:
    """The asked order, then the keys of what is listed, so that a page is stable."""
    keys = [replace(key, nullable=_nullable(question, key.expression)) for key in question.order]
    ties: list[Expression] = []
    for alias, instance in question.instances.items():
        if alias in listed and (alias == question.source or to_many_step(instance)):
            key = instance.table.schema.key
            ties += [raw_column(instance, name) for name in key] if key else _comparable(question)
    for tie in ties:
        if all(tie != key.expression for key in keys):
            keys.append(SortKey(tie))
    return tuple(keys)


def _windowed(expression: Expression) -> bool:
    return any(isinstance(part, WindowCall) for part in walk(expression))


def _shown(question: Question, expression: Expression) -> Expression:
    """What to sort by: a window function by the name of its column, so that it is computed once."""
    if not _windowed(expression):
        return expression
    return next(Output(each.name, expression.type) for each in question.columns if each.expression == expression)


def _nullable(question: Question, expression: Expression) -> bool:
    column = column_of(expression)
    if column is None or column.alias != question.source:
        return True
    return question.instances[column.alias].table.schema.by_name[column.name].nullable


def _comparable(question: Question) -> list[Expression]:
    return [each.expression for each in question.columns if each.expression.type.comparable]


def _deciding(question: Question, listed: frozenset[str]) -> frozenset[str]:
    """The instances whose rows decide those of all that is listed: one, and what was joined explicitly. None where
    there are several such."""
    base = question.closed(question.joined) if question.joined else frozenset[str]()
    for alias in listed:
        if listed <= determined(question.instances, listed, alias, *base):
            return base | {alias}
    return frozenset()


def _check_branches(question: Question, listed: frozenset[str], issues: Issues) -> None:
    if _deciding(question, listed):
        return
    many = [alias for alias in question.instances if alias in listed and to_many_step(question.instances[alias])]
    if len(many) == 1:  # of which a row of the source has many, and they many of it
        many.insert(0, question.source)
    names = " and ".join(question.instances[alias].name for alias in many)
    issues.add(
        (*question.shape.loc, "columns"),
        IssueCode.INDEPENDENT_BRANCHES,
        f"The columns list {names}, which are independent of each other: every row of one would be paired with every "
        "row of the other.",
        "List one of them, or make it two queries.",
    )


def _check_order(question: Question, listed: frozenset[str], issues: Issues) -> None:
    for index, key in enumerate(question.order):
        beyond = question.used([key.expression]) - listed
        many = [alias for alias in beyond if to_many_step(question.instances[alias])]
        if many:
            issues.add(
                (*question.shape.loc, "order_by", index, "field"),
                IssueCode.INDEPENDENT_BRANCHES,
                f"A row can have many of {question.instances[many[0]].name}, so it cannot be sorted by it.",
                "Sort by a field of the source, of a to-one path, or of a path that is listed.",
            )


def _deduplicated(question: Question, listed: frozenset[str], rows: Node, issues: Issues) -> Node:
    """The rows by the keys of what is listed, once each: a filter's join has multiplied them."""
    outputs: list[Named] = []
    by: list[str] = []
    for alias, instance in question.instances.items():
        if alias not in listed:
            continue
        key = instance.table.schema.key
        if key is None:
            issues.add(
                (*question.shape.loc, "filters"),
                IssueCode.KEY_REQUIRED,
                f"{instance.name} has no key, and a filter's join would list its rows more than once.",
                "Declare a key for it in the schema configuration.",
            )
            issues.check()
            raise AssertionError
        for name in key:
            by.append(f"key_{len(by)}")
            outputs.append(Named(by[-1], raw_column(instance, name)))
    keys = _order(question, listed)
    taken = {each.name for each in question.columns}  # an order finds what is shown before what is carried
    carried: dict[Expression, Output] = {}
    for each in (*(column.expression for column in question.columns), *(key.expression for key in keys)):
        # A window is computed over the rows that are left; what it reads is carried to there.
        for part in columns_of(each) if _windowed(each) else (each,):
            if part not in carried:
                carried[part] = Output(fresh("value", taken), part.type)
                outputs.append(Named(carried[part].name, part))
    distinct = Distinct(rows, tuple(outputs), tuple(by))
    columns = tuple(Named(each.name, rewrite(each.expression, carried.get)) for each in question.columns)
    order = tuple(
        SortKey(carried.get(key.expression) or _shown(question, key.expression), key.descending) for key in keys
    )
    return Sort(Project(distinct, columns), order)
