"""Random expressions: their text, and what they compute."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from soundness.oracle.fields import Evaluate
from soundness.questions.words import NUMERIC

if TYPE_CHECKING:
    from soundness.questions.questions import Drawer


def expression(drawer: Drawer) -> str:
    first, second = (drawer.path(2) + drawer.draw(st.sampled_from(NUMERIC)) for _ in range(2))
    make = drawer.draw(st.sampled_from(EXPRESSIONS))
    text, evaluate, fields = make(first, second)
    drawer.evaluate[text] = evaluate
    drawer.fields[text] = fields
    return text


def _null_safe(compute: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Any, Any], Decimal | None]:
    """Arithmetic with every digit, null where either side is."""

    def computed(a: Any, b: Any) -> Decimal | None:
        with localcontext() as context:
            context.prec = 120
            return None if a is None or b is None else compute(Decimal(a), Decimal(b))

    return computed


Made = tuple[str, Evaluate, tuple[str, ...]]


def _product(a: str, b: str) -> Made:
    return f"{a} * {b}", lambda get: _null_safe(lambda x, y: x * y)(get(a), get(b)), (a, b)


def _difference(a: str, b: str) -> Made:
    return f"{a} - {b}", lambda get: _null_safe(lambda x, y: x - y)(get(a), get(b)), (a, b)


def _fallback(a: str, _: str) -> Made:
    return f"coalesce({a}, 7)", lambda get: Decimal(7) if get(a) is None else get(a), (a,)


def _case(a: str, b: str) -> Made:
    def evaluate(get: Callable[[str], Any]) -> Any:
        value = get(a)
        return get(b) if value is not None and value > 1 else Decimal(0)

    return f"case when {a} > 1 then {b} else 0 end", evaluate, (a, b)


EXPRESSIONS = (_product, _difference, _fallback, _case)
