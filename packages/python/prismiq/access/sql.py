"""Who may see SQL and plans: they name the policy's columns."""

from __future__ import annotations

from prismiq.access.context import RequestContext
from prismiq.access.guests import check_not_a_guest
from prismiq.access.policy import AccessPolicy
from prismiq.errors import PermissionDeniedError


def check_sql_visible(policy: AccessPolicy | None, context: RequestContext | None) -> None:
    """Raises PermissionDeniedError for a caller to whom the policy does not show SQL, and for guests."""
    check_not_a_guest(context)
    if policy is None or policy.sql_visible_to == "everyone":
        return
    if context is None or not context.roles & policy.sql_visible_to:
        raise PermissionDeniedError(
            "The policy does not let this caller see SQL.", hint="`AccessPolicy.sql_visible_to` names the roles."
        )
