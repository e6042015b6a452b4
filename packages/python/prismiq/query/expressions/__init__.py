"""Scalar expressions as text → a closed tree. What is not in `tree` does not exist."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from prismiq.query.expressions.parse import MAX_LENGTH, ExpressionError, parse_expression
from prismiq.query.expressions.tree import Tree

__all__ = ["ExpressionError", "ExpressionText", "Tree", "parse_expression"]


def _checked(text: str) -> str:
    try:
        parse_expression(text)
    except ExpressionError as error:
        raise PydanticCustomError("invalid_expression", "{reason}", {"reason": str(error)}) from None
    return text


ExpressionText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH), AfterValidator(_checked)]
"""A scalar expression over fields by their paths: `quantity * unit_price`, `coalesce(customer.segment, 'none')`."""
