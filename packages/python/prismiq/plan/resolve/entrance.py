"""What is checked before any name is resolved: the kind of query, its time zone, its source."""

from __future__ import annotations

from difflib import get_close_matches

from prismiq.access.scope import ScopedSchema, ScopedTable
from prismiq.errors import IssueCode, Location
from prismiq.plan.question import Issues
from prismiq.query.fields import Segments, dotted
from prismiq.query.shape import QueryShape
from prismiq.zones import known_zones, zone_hint


def check_kind(shape: QueryShape, issues: Issues) -> None:
    """Whether the query is of one kind: groups or rows."""
    grouped = bool(shape.dimensions or shape.measures)
    if shape.columns and grouped:
        issues.add(
            (*shape.loc, "columns"),
            IssueCode.MIXED_QUERY,
            "A query either groups (dimensions, measures) or lists rows (columns), not both.",
            "Make it two queries, or leave one of them out.",
        )
    if not shape.columns and not grouped:
        issues.add(
            shape.loc,
            IssueCode.EMPTY_QUERY,
            "The query asks for nothing.",
            'Name `measures` (say "count"), `dimensions`, or `columns`.',
        )
    if shape.source is None and (shape.columns or shape.joins or not shape.measures):
        key = "columns" if shape.columns else "joins" if shape.joins else "source"
        message = "Without a `source` there are only measures, each of its own table, and dimensions that they share."
        issues.add((*shape.loc, key), IssueCode.MISSING, message, "Name a `source`.")
    if shape.columns and shape.calculations:
        issues.add(
            (*shape.loc, "calculations"),
            IssueCode.MIXED_QUERY,
            "Calculations are over groups, and a row query has none.",
            "Write the expression as a column.",
        )
    if shape.columns and shape.top is not None:
        issues.add(
            shape.top.loc,
            IssueCode.MIXED_QUERY,
            "`top` ranks groups, and a row query has none.",
            "Use `order_by` and `limit`.",
        )
    if shape.columns and shape.totals is not None:
        issues.add(
            (*shape.loc, "totals"),
            IssueCode.MIXED_QUERY,
            "Totals are of measures, and a row query has none.",
            "Ask for them in a second query.",
        )
    if shape.columns and shape.pivot is not None:
        issues.add(
            shape.pivot.loc,
            IssueCode.MIXED_QUERY,
            "`pivot` reshapes groups, and a row query has none.",
            "Ask for `dimensions` and `measures`.",
        )
    if shape.columns and shape.having is not None:
        issues.add(
            (*shape.loc, "having"),
            IssueCode.INVALID,
            "`having` is about groups, and a row query has none.",
            "Use `filters`.",
        )
    if shape.comparison is not None:
        _check_comparison(shape, shape.comparison.loc, issues)


def _check_comparison(shape: QueryShape, loc: Location, issues: Issues) -> None:
    """Whether there is anything to compare with another period."""
    if shape.columns:
        message = "`compare` is about groups, and a row query has none."
        issues.add(loc, IssueCode.MIXED_QUERY, message, "Leave it out, or ask for `measures`.")
    elif not shape.measures:
        message = "`compare` compares measures, and the query has none."
        issues.add(loc, IssueCode.MISSING, message, 'Add `measures`, say "count".')
    elif shape.source is None:
        message = "`compare` moves the period of one field, which starts from a `source`."
        issues.add(loc, IssueCode.MISSING, message, "Name a `source`, or ask each table in a query of its own.")


def check_zone(shape: QueryShape, issues: Issues) -> None:
    """Whether there is such a time zone."""
    name = shape.time_zone
    if name not in known_zones():
        message = f'There is no time zone "{name}".'
        issues.add((*shape.loc, "time_zone"), IssueCode.UNKNOWN_TIME_ZONE, message, zone_hint(name))


def find_table(names: Segments, schema: ScopedSchema, issues: Issues, loc: Location) -> ScopedTable | None:
    """The table that is named to start from or to join, or None and an issue."""
    found = schema.database.candidates(names)
    visible = [ref for ref in found if ref in schema.tables]
    if len(found) == 1 and visible:
        return schema.tables[visible[0]]
    written = dotted(names)
    if len(visible) > 1:
        listed = ", ".join(str(ref) for ref in visible)
        issues.add(
            loc,
            IssueCode.AMBIGUOUS_PATH,
            f'"{written}" is in more than one schema.',
            f"Write one of {listed}.",
        )
        return None
    known = [schema.database.reference(ref) for ref in schema.tables]
    close = get_close_matches(written, known, n=3)
    hint = (
        "Did you mean " + ", ".join(f'"{each}"' for each in close) + "?" if close else "GET /schema lists the tables."
    )
    issues.add(loc, IssueCode.UNKNOWN_TABLE, f'There is no table "{written}".', hint)
    return None
