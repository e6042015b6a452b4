"""Every question, answered by the engine with each optimisation on and off, against the oracle.

`PRISMIQ_SOUNDNESS_EXAMPLES=2000 uv run pytest tests/soundness -s` looks wider; `-s` prints what was tried.
`PRISMIQ_SOUNDNESS_QUICK=1` reports a difference as it was found, without looking for a smaller one.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import datetime
from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from prismiq.errors import IssueCode, QueryError
from prismiq.execution import QueryResult, encode_json
from prismiq.plan import PASSES
from prismiq.query import QueryDefinition
from soundness.compare import assert_same
from soundness.database import CONFIGURATIONS, Caller, Connection
from soundness.oracle.oracle import Oracle
from soundness.oracle.stages import NoAnswerError, TooManyRowsError
from soundness.policies import accesses
from soundness.questions.questions import Question, questions
from soundness.worlds import World, worlds

EXAMPLES = int(os.environ.get("PRISMIQ_SOUNDNESS_EXAMPLES", "40"))
QUICK = os.environ.get("PRISMIQ_SOUNDNESS_QUICK") == "1"
QUESTIONS = 8
tried: Counter[str] = Counter()


@given(world=worlds(), data=st.data())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate] if QUICK else list(Phase),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
def test_engine_answers_as_the_oracle(connection: Connection, world: World, data: st.DataObject) -> None:
    schema = connection.load(world)
    try:
        tried["worlds"] += 1
        access = data.draw(accesses(world, schema))
        tried["policies"] += access.policy is not None
        caller = Caller(schema, access.policy, access.context)
        schema = access.schema
        seen = {table.ref: access.rows[table.name] for table in schema.tables}
        sizes = {ref: len(left) for ref, left in seen.items()}
        for _ in range(QUESTIONS):
            question = data.draw(questions(schema, sizes))
            _check(connection, caller, question, Oracle(schema, seen, question.expressions, question.now))
    finally:
        connection.forget()


def _check(connection: Connection, caller: Caller, question: Question, oracle: Oracle) -> None:
    definition = QueryDefinition.model_validate(question.definition)
    expected, refusal = None, None
    try:
        expected = oracle.answer(definition)
    except NoAnswerError as error:
        refusal = str(error)
    except TooManyRowsError:
        return
    tried["questions"] += 1
    if any("fill" in each for each in question.definition.get("dimensions", ())):
        tried["filled"] += 1
    if definition.compare is not None and expected is not None:
        tried["compared"] += 1
        tried["compared rows"] += len(expected.rows)
    tried["rows expected"] += len(expected.rows) if expected else 0
    for name, passes in CONFIGURATIONS.items():
        told = f"{definition.to_json()}\noptimisations: {name}"
        try:
            statement = caller.compile(definition, passes, question.now)
        except QueryError as error:
            codes = {issue.code.value for issue in error.issues}
            if refusal is None:
                # Of a joined query that cannot be, no field is known either.
                known = codes - {IssueCode.UNKNOWN_FIELD.value} if definition.joins else codes
                assert known == {IssueCode.KEY_REQUIRED.value}, f"{told}\n{error}"
                assert oracle.may_need_key(definition, optimised=passes == PASSES), f"{told}\n{error}"
            else:
                # A nested query is refused before the one around it.
                inner = IssueCode.KEY_REQUIRED.value in codes and oracle.inner
                assert refusal in codes or inner, f"{told}\n{error}"
            tried[f"refused: {', '.join(sorted(codes))}"] += 1
            continue
        assert expected is not None, f"answered what has no answer: {refusal}\n{told}"
        found = connection.fetch(statement.sql, *statement.args)
        tried["answers"] += 1
        told = f"{told}\n{statement.sql}\n{statement.args}"
        assert [column.name for column in statement.columns] == expected.columns, told
        assert_same(found, expected, told)
        if passes == PASSES:
            _check_copied(connection, caller, definition, question.now, QueryResult.of(statement, found))
    if expected is not None:
        _check_page(connection, caller, definition, question.now)


def _check_copied(
    connection: Connection, caller: Caller, definition: QueryDefinition, now: datetime, found: QueryResult
) -> None:
    """What COPY writes is what the encoder makes of the values; in their order, where the question names one for all."""
    copied = caller.copied(definition, now)
    if copied is None:
        return
    tried["copied"] += 1
    written, encoded = connection.copy(copied), json.loads(encode_json(found), parse_float=Decimal)["rows"]
    if definition.columns:
        written, encoded = sorted(written, key=repr), sorted(encoded, key=repr)
    assert written == encoded, f"{definition.to_json()}\n{copied.sql}\n{copied.args}"


def _check_page(connection: Connection, caller: Caller, definition: QueryDefinition, now: datetime) -> None:
    """A page is a slice of the whole; for rows only where keys make the order a full one."""
    if definition.columns and any(table.key is None for table in caller.scoped.database.tables):
        return
    try:
        statements = [
            caller.compile(definition.model_copy(update=page), now=now)
            for page in ({}, {"limit": 2}, {"limit": 2, "offset": 1})
        ]
    except QueryError:
        return
    if definition.totals is not None:
        return  # which every page has besides
    whole, first, second = (connection.fetch(each.sql, *each.args) for each in statements)
    assert (first, second) == (whole[:2], whole[1:3]), definition.to_json()


def test_enough_was_tried() -> None:
    """Fails where the questions above were mostly refused: then they prove little."""
    print(dict(sorted(tried.items())))
    refused = sum(count for name, count in tried.items() if name.startswith("refused"))
    assert tried["questions"] > EXAMPLES
    assert tried["answers"] > 2 * refused
    assert tried["copied"] > EXAMPLES
