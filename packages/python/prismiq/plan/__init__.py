"""Question and scoped schema → plan. Pure: no I/O, no SQL, no value of the caller's."""

from prismiq.plan.nodes import QueryPlan
from prismiq.plan.passes import PASSES
from prismiq.plan.planner import plan
from prismiq.plan.render import render

__all__ = ["PASSES", "QueryPlan", "plan", "render"]
