"""Dashboards as code: makes a caller's stored dashboards those that files describe.

A file is found again by its slug among the caller's own. What is the same stays untouched, so applying twice changes
nothing; dashboards that no file describes are left alone. Every file is checked before the first is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any, Literal

from prismiq.access import RequestContext
from prismiq.dashboards.files import dump_yaml
from prismiq.dashboards.service import Stored, StoredThings
from prismiq.errors import DefinitionError, Issue, IssueCode


@dataclass(frozen=True, slots=True)
class Change:
    """What a file asks for."""

    file: str
    slug: str
    action: Literal["create", "update", "keep"]
    diff: str
    """From what is stored to what the file says; empty where they are the same."""
    definition: Mapping[str, Any]
    stored: Stored | None


async def plan_changes(
    things: StoredThings, files: Mapping[str, Mapping[str, Any]], context: RequestContext
) -> list[Change]:
    """What applying the files, by their names, would change. Writes nothing.

    Raises DefinitionError with every reason why a file cannot be applied; places begin with the file's name.
    """
    issues: list[Issue] = []
    changes: list[Change] = []
    by_slug: dict[str, str] = {}
    for file, content in files.items():
        try:
            definition = await things.normalised(things.of_file(content), context)
        except DefinitionError as error:
            issues += [Issue((file, *each.loc), each.code, each.message, each.hint) for each in error.issues]
            continue
        slug: str = definition["slug"]
        if slug in by_slug:
            message = f'{by_slug[slug]} has the slug "{slug}", too.'
            issues.append(Issue((file, "slug"), IssueCode.DUPLICATE_NAME, message, "Give one of them another."))
            continue
        by_slug[slug] = file
        changes.append(await _change(things, file, definition, context))
    if issues:
        raise DefinitionError(issues)
    return changes


async def apply_changes(things: StoredThings, changes: Sequence[Change], context: RequestContext) -> None:
    """Makes the changes. Raises VersionConflictError where somebody changed a dashboard since they were planned."""
    for change in changes:
        if change.stored is None:
            await things.create(change.definition, context)
        elif change.action == "update":
            await things.replace(change.stored.id, change.definition, context, versions=change.stored.version)


async def _change(things: StoredThings, file: str, definition: Mapping[str, Any], context: RequestContext) -> Change:
    slug: str = definition["slug"]
    found = await things.list(context, slug=slug, limit=100)
    own = next((each for each in found.items if each.record.owner == context.user), None)
    before = "" if own is None else dump_yaml(await things.export(own.id, context))
    after = dump_yaml({"kind": things.kind.value, **definition})
    diff = "".join(
        unified_diff(before.splitlines(True), after.splitlines(True), "stored" if own else "/dev/null", file)
    )
    action = "create" if own is None else "update" if diff else "keep"
    return Change(file, slug, action, diff, definition, own)
