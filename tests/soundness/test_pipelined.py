"""The pipelined driver gives the rows that asyncpg gives, whatever is asked of whatever tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from prismiq.errors import QueryError
from prismiq.query import QueryDefinition
from soundness.database import Caller, Connection, Pipeline
from soundness.policies import accesses
from soundness.questions.questions import questions
from soundness.worlds import SCHEMA, World, worlds

EXAMPLES = int(os.environ.get("PRISMIQ_SOUNDNESS_EXAMPLES", "40")) // 3
QUESTIONS = 6


@pytest.fixture(scope="module")
def pipeline(own_dsn: str) -> Iterator[Pipeline]:
    found = Pipeline(own_dsn)
    yield found
    found.close()


@given(world=worlds(), data=st.data())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
def test_both_drivers_give_the_same_rows(
    connection: Connection, pipeline: Pipeline, world: World, data: st.DataObject
) -> None:
    schema = connection.load(world)
    connection.execute("COMMIT")  # so that others see it
    try:
        access = data.draw(accesses(world, schema))
        caller = Caller(schema, access.policy, access.context)
        sizes = {table.ref: len(access.rows[table.name]) for table in access.schema.tables}
        for _ in range(QUESTIONS):
            question = data.draw(questions(access.schema, sizes))
            try:
                statement = caller.compile(QueryDefinition.model_validate(question.definition), now=question.now)
            except QueryError:
                continue
            found = pipeline.fetch(statement)
            if found is not None:
                expected = connection.fetch(statement.sql, *statement.args)
                # A question without an order may be answered in any.
                assert sorted(map(written, found)) == sorted(map(written, expected)), statement.sql
    finally:
        connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def written(row: tuple[Any, ...]) -> str:
    """Equal for values that are equal digit for digit."""
    return repr([(Decimal, format(each, "f")) if isinstance(each, Decimal) else each for each in row])


def test_most_questions_went_through_the_pipeline(pipeline: Pipeline) -> None:
    """Else the test above has compared asyncpg with itself."""
    assert pipeline.own > 3 * pipeline.left
