"""Who may see what: context, policy, and the schema they leave."""

from prismiq.access.context import RequestContext
from prismiq.access.guests import GuestGrant, check_not_a_guest, locked_filters, opens_widget
from prismiq.access.policy import AccessPolicy, Limits, Mask, RowFilter, TablePolicy
from prismiq.access.scope import ScopedSchema, scope
from prismiq.access.sql import check_sql_visible

__all__ = [
    "AccessPolicy",
    "GuestGrant",
    "Limits",
    "Mask",
    "RequestContext",
    "RowFilter",
    "ScopedSchema",
    "TablePolicy",
    "check_not_a_guest",
    "check_sql_visible",
    "locked_filters",
    "opens_widget",
    "scope",
]
