"""Who may see what: context, policy, and the schema they leave."""

from prismiq.access.context import RequestContext
from prismiq.access.policy import AccessPolicy, Limits, Mask, RowFilter, TablePolicy
from prismiq.access.scope import ScopedSchema, scope

__all__ = ["AccessPolicy", "Limits", "Mask", "RequestContext", "RowFilter", "ScopedSchema", "TablePolicy", "scope"]
