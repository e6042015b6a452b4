"""The optimisations, by name. Without any of them a plan mirrors the meaning of a query word for word.

Each has a precondition, stated where it is applied; the soundness suite runs every query with each on and off.
"""

from __future__ import annotations

from collections.abc import Collection

PRUNE = "prune"
"""Join only the paths that a branch reads: a LEFT JOIN that nothing reads takes no row away."""

SEMI_JOIN = "semi_join"
"""Turn a to-many path that only filters read into EXISTS: it then multiplies nothing."""

PLAIN_JOINS = "plain_joins"
"""Leave out de-duplication where keys prove that no row of the grain can appear twice."""

SHARE_BRANCHES = "share_branches"
"""Compute measures of one grain in one aggregation, their own filters as FILTER clauses."""

INSENSITIVE = "insensitive"
"""Let min, max, count_distinct, bool_and and bool_or ride with another grain: duplicates do not change them."""

BORROW_GROUPS = "borrow_groups"
"""Take the groups from an aggregation that sees all of them, instead of one of their own."""

REDUCE = "reduce"
"""Where independent to-many paths would multiply each other, reduce each to the distinct values that are read of it."""

RANK_IN_PLACE = "rank_in_place"
"""Where the ranked dimension is the only one, take the first groups as they are, instead of asking twice."""

GROUPING_SETS = "grouping_sets"
"""Compute groups and their totals in one aggregation, where no row is there twice and the dimensions are told apart."""

JOIN_FILTERS = "join_filters"
"""Ask the one filter that all measures of a grain share where its rows are joined: fewer and narrower rows to group."""

FAST_BUCKETS = "fast_buckets"
"""Find the bucket of an instant among those of the range that the filters bound, in the place of asking a clock for
every row. Where a clock is set back over midnight or not by whole hours, or there are too many, it is asked."""

PRE_AGGREGATE = "pre_aggregate"
"""Group the rows of a large table by the key of a small one, before they are joined to it."""

PASSES = frozenset(
    {
        REDUCE,
        PRUNE,
        SEMI_JOIN,
        PLAIN_JOINS,
        SHARE_BRANCHES,
        INSENSITIVE,
        BORROW_GROUPS,
        RANK_IN_PLACE,
        GROUPING_SETS,
        JOIN_FILTERS,
        FAST_BUCKETS,
        PRE_AGGREGATE,
    }
)

Passes = Collection[str]
