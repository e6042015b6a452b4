"""The second step of what a query means: the joined rows for which the filters hold; and `having`, of the rows of groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from prismiq.query import And, Condition, Exists, Filter, Not, Operator, Or
from prismiq.query.definition import QueryDefinition
from prismiq.query.fields import segments
from soundness.oracle.aggregates import Clock
from soundness.oracle.conditions import all_of, any_of, between, condition_holds, is_named, opposite
from soundness.oracle.fields import Fields, field_of
from soundness.oracle.joined import Ground, Joined, Path, Row
from soundness.oracle.periods import absolute_period


class Filters:
    """The conditions of one definition. `values` answers a query that a condition compares with."""

    def __init__(
        self, fields: Fields, clock: Clock, now: datetime, values: Callable[[QueryDefinition], list[Any]]
    ) -> None:
        self.fields = fields
        self.clock = clock
        self.now = now
        self.values = values

    def kept(self, definition: QueryDefinition) -> list[Joined]:
        return self._kept(
            self.fields.ground, self.fields.ground.rows, self.fields.paths(definition), definition.filters, None
        )

    def _kept(
        self, ground: Ground, rows: Sequence[Row], paths: set[Path], filters: Filter | None, around: Joined | None
    ) -> list[Joined]:
        joined = ground.joined(rows, paths | self.fields.filtered(filters))
        return [each for each in joined if self.holds(filters, ground, each, around)]

    def holds(self, node: Filter | None, ground: Ground, joined: Joined, around: Joined | None = None) -> bool | None:
        if isinstance(node, Exists):
            return self._exists(node, ground, joined)

        def named(value: Mapping[str, Any]) -> Any:
            return (
                field_of(around or {}, segments(value["outer"]))
                if "outer" in value
                else field_of(joined, segments(value["field"]))
            )

        return _tree_holds(
            node,
            lambda part: self.holds(part, ground, joined, around),
            lambda condition: self._asked(condition, self.fields.value(joined, condition), named),
        )

    def _asked(self, condition: Condition, value: Any, named: Callable[[Mapping[str, Any]], Any]) -> bool | None:
        """A condition on a value: against values, other fields, or what a query answers."""
        condition = absolute_period(condition, self.now, self.clock)
        wanted = condition.value
        if condition.query is not None:
            answers = self.values(condition.query)
            several = condition.operator in (Operator.IN, Operator.NOT_IN)
            wanted = [each for each in answers if each is not None] if several else (answers or [None])[0]
        elif isinstance(wanted, list | tuple) and any(isinstance(each, dict) for each in wanted):
            return between(condition, lambda part: self._asked(part, value, named))
        elif is_named(wanted):
            wanted = named(wanted)
        elif condition.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
            return condition_holds(condition, value, self.clock.zone)
        if wanted is None:
            return None
        return condition_holds(condition.model_copy(update={"value": wanted, "query": None}), value, self.clock.zone)

    def _exists(self, node: Exists, ground: Ground, joined: Joined) -> bool:
        """Whether some row at the end of the path satisfies the filters, whose fields start at it."""
        way, row = segments(node.exists), joined[()]
        assert row is not None
        related = [found for each in ground.joined([row], {way}) if (found := each[way]) is not None]
        return bool(self._kept(ground.related(way), related, set(), node.filters, joined))

    def having(self, node: Filter | None, names: list[str], row: tuple[Any, ...]) -> bool | None:
        return _tree_holds(
            node,
            lambda part: self.having(part, names, row),
            lambda condition: self._asked(
                condition, row[names.index(str(condition.field))], lambda other: row[names.index(other["field"])]
            ),
        )


def compared(node: Filter | None) -> Iterator[QueryDefinition]:
    """The queries that conditions compare with, wherever these stand."""
    match node:
        case And():
            yield from (query for part in node.and_ for query in compared(part))
        case Or():
            yield from (query for part in node.or_ for query in compared(part))
        case Not():
            yield from compared(node.not_)
        case Exists():
            yield from compared(node.filters)
        case Condition(query=QueryDefinition() as query):
            yield query
        case _:
            pass


def _tree_holds(
    node: Filter | None,
    holds: Callable[[Filter], bool | None],
    condition_holds: Callable[[Condition], bool | None],
) -> bool | None:
    match node:
        case None:
            return True
        case And():
            return all_of(holds(part) for part in node.and_)
        case Or():
            return any_of(holds(part) for part in node.or_)
        case Not():
            return opposite(holds(node.not_))
        case Condition():
            return condition_holds(node)
        case _:
            raise AssertionError(node)
