"""What may be done with stored things, and by whom.

What the caller may not see does not exist (NotFoundError); what they see and may not change is refused
(PermissionDeniedError). Every change names the versions it may be made to, is checked whole, and is written in one
step or not at all; whoever comes second learns the version that is there (VersionConflictError).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, cast
from uuid import UUID, uuid4

from pydantic import BaseModel

from prismiq.access import RequestContext
from prismiq.audit import SILENT, Audit, audited
from prismiq.dashboards.merge import merge_patch
from prismiq.dashboards.models import Access, Copy, StoredDefinition
from prismiq.dashboards.pages import Page, listing, page_of
from prismiq.dashboards.reading import read, slug_of, to_data
from prismiq.dashboards.records import Caller, Kind, Listing, Record, access_of
from prismiq.dashboards.store import DashboardStore
from prismiq.dashboards.wire import load_json
from prismiq.errors import (
    ConflictError,
    ContextError,
    DefinitionError,
    Issue,
    IssueCode,
    NotFoundError,
    PermissionDeniedError,
    VersionConflictError,
)

Data = dict[str, Any]
Definition = Mapping[str, Any] | StoredDefinition | str | bytes
"""A definition as a model, or its JSON as data, text or bytes."""

Versions = int | Collection[int] | None
"""The version, or versions, that a change may be made to; None is whichever is there."""

MAX_TRIES = 30
"""How often a change to whichever version is there is tried anew, while others change it too."""

_FIELDS = ("slug", "title", "description", "tags", "visibility")
"""What of a definition is not in a record's `content`."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored thing as one caller sees it."""

    record: Record
    access: Access
    definition: Mapping[str, Any]
    """What was saved, as JSON data; in a list without its content."""

    @property
    def id(self) -> UUID:
        """The id that the store has for it."""
        return self.record.id

    @property
    def version(self) -> int:
        """1 at first, and one more with each change."""
        return self.record.version

    def to_json(self) -> Data:
        """As it is sent: what was saved, and what the store knows of it."""
        record = self.record
        return {
            "id": str(record.id),
            **self.definition,
            "owner": record.owner,
            "access": self.access,
            "version": record.version,
            "created_at": record.created_at.isoformat(),
            "updated_at": record.updated_at.isoformat(),
            "updated_by": record.updated_by,
        }


class StoredThings(ABC):
    """The operations that dashboards and saved queries share.

    `needs_tenant` is true where the policy tells tenants apart: a caller without one is then refused.
    """

    kind: Kind
    called: str
    """What an engine calls them."""
    name: str
    """What one is called in messages."""
    defaults: Mapping[str, Any]
    """What its content is where it was not saved."""

    def __init__(self, store: DashboardStore, *, needs_tenant: bool, audit: Audit = SILENT) -> None:
        self._store = store
        self._needs_tenant = needs_tenant
        self.audit = audit
        self.one = self.kind.value

    @audited
    async def list(
        self,
        context: RequestContext | None,
        *,
        search: str | None = None,
        tag: str | None = None,
        slug: str | None = None,
        sort: str = "title",
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Stored]:
        """A page of those that the caller may view, without their content.

        `search` looks into titles, descriptions and tags. Raises DefinitionError for an unknown order or cursor.
        """
        caller = self._caller(context)
        asked = listing(search=search, tag=tag, slug=slug, sort=sort, cursor=cursor, limit=limit)
        found, following = page_of(await self._store.find(self.kind, caller, asked), asked)
        return Page([self._stored(record, caller, whole=False) for record in found], following)

    @audited
    async def get(self, id: UUID | str, context: RequestContext | None) -> Stored:  # noqa: A002
        """One of them, as it was saved. Nothing of it is checked: it opens whatever became of the schema."""
        caller = self._caller(context)
        return self._stored(await self._visible(id, caller), caller)

    @audited
    async def create(self, definition: Definition, context: RequestContext | None) -> Stored:
        """Stores a new one, which is the caller's.

        Raises DefinitionError with every reason why it is not valid, ConflictError where the caller has another of the
        same slug. Without a slug one is made of the title.
        """
        caller = self._caller(context)
        checked = await self._checked(_as_data(definition), None, context)
        return await self._inserted(checked, caller)

    @audited
    async def update(
        self,
        id: UUID | str,  # noqa: A002
        patch: Mapping[str, Any] | str | bytes,
        context: RequestContext | None,
        *,
        versions: Versions = None,
    ) -> Stored:
        """Changes one by a JSON Merge Patch (RFC 7396): what it names is replaced, null removes, lists are replaced.

        Raises VersionConflictError where another version is there, and what `create` raises.
        """
        changes = _as_data(patch)
        return await self._change(id, context, versions, lambda before: merge_patch(before, changes))

    @audited
    async def replace(
        self,
        id: UUID | str,  # noqa: A002
        definition: Definition,
        context: RequestContext | None,
        *,
        versions: Versions = None,
    ) -> Stored:
        """Puts a definition in the place of the one that is there. Raises what `update` raises."""
        data = _as_data(definition)
        return await self._change(id, context, versions, lambda _: data)

    @audited
    async def delete(
        self,
        id: UUID | str,  # noqa: A002
        context: RequestContext | None,
        *,
        versions: Versions = None,
    ) -> None:
        """Deletes one. Only its owner may. Raises VersionConflictError where another version is there."""
        caller = self._caller(context)
        for _ in range(MAX_TRIES):
            record = await self._visible(id, caller)
            if record.owner != caller.user or caller.opens is not None:
                raise PermissionDeniedError(f"Only its owner may delete this {self.name}.", hint="Ask its owner.")
            _check_version(record, versions, self.name)
            if await self._store.delete(self.kind, caller, record.id, record.version):
                return
        raise await self._lost(id, caller)

    @audited
    async def duplicate(
        self,
        id: UUID | str,  # noqa: A002
        context: RequestContext | None,
        *,
        title: str | None = None,
    ) -> Stored:
        """Stores a copy, which is the caller's and private."""
        caller = self._caller(context)
        before = await self._visible(id, caller)
        copied = dict(self._definition(before))
        for key in ("slug", "visibility"):
            copied.pop(key, None)
        # Its content was checked when it was saved, and a part of it that broke since then must not stop a copy.
        copied["title"] = read(Copy, {"title": title}).title or f"Copy of {before.title}"[:200]
        return await self._inserted(copied, caller)

    @audited
    async def export(self, id: UUID | str, context: RequestContext | None) -> Data:  # noqa: A002
        """One as a file holds it: what was saved, without what the store knows of it."""
        return {"kind": self.kind.value, **self._definition(await self._visible(id, self._caller(context)))}

    @audited
    async def import_(self, definition: Definition, context: RequestContext | None) -> Stored:
        """Stores what `export` gave as a new one. Raises what `create` raises."""
        return await self.create(self.of_file(definition), context)

    def of_file(self, content: Definition) -> Data:
        """The definition in a file. Raises DefinitionError where it is of another kind."""
        data = _as_data(content)
        kind = data.pop("kind", self.kind.value)
        if kind != self.kind.value:
            raise _invalid(("kind",), f"This is a {str(kind)[:40]}, not a {self.name}.", "Import it as what it is.")
        return data

    async def normalised(self, definition: Definition, context: RequestContext | None) -> Data:
        """The definition as it would be stored. Raises DefinitionError where it would not."""
        return _with_slug(await self._checked(_as_data(definition), None, context))

    @abstractmethod
    async def _checked(self, data: Data, before: Data | None, context: RequestContext | None) -> Data:
        """The definition as it is stored. Raises DefinitionError with every reason why it is not."""

    def _caller(self, context: RequestContext | None) -> Caller:
        return caller_of(context, needs_tenant=self._needs_tenant)

    async def _visible(self, id: UUID | str, caller: Caller) -> Record:  # noqa: A002
        record = None
        with suppress(ValueError):  # what is no id names nothing
            record = await self._store.get(self.kind, caller, id if isinstance(id, UUID) else UUID(id))
        if record is None and caller.opens is not None and id in caller.opens:  # a guest knows the slug of the token
            found = await self._store.find(self.kind, caller, Listing(limit=2, slug=str(id)))
            record = await self._store.get(self.kind, caller, found[0].id) if len(found) == 1 else None
        if record is None:
            raise NotFoundError(f"There is no such {self.name}.", hint="The list has those that you may see.")
        return record

    async def _change(
        self,
        id: UUID | str,  # noqa: A002
        context: RequestContext | None,
        versions: Versions,
        change: Callable[[Data], Data],
    ) -> Stored:
        caller = self._caller(context)
        for _ in range(MAX_TRIES):
            record = await self._visible(id, caller)
            if access_of(record, caller) != "edit":
                raise PermissionDeniedError(
                    f"You may view this {self.name}, and not change it.", hint="Ask its owner, or make a copy of it."
                )
            _check_version(record, versions, self.name)
            before = self._definition(record)
            after = _with_slug(await self._checked(change(dict(before)), before, context))
            changed = _with_definition(record, after)
            if changed.visibility != record.visibility and record.owner != caller.user:
                raise PermissionDeniedError(
                    f"Only its owner may change whom this {self.name} is shared with.", hint="Leave `visibility` out."
                )
            if changed == record:
                return self._stored(record, caller)
            changed = replace(changed, version=record.version + 1, updated_at=_now(), updated_by=caller.user)
            if await self._store.replace(self.kind, caller, changed):
                return self._stored(changed, caller)
        raise await self._lost(id, caller)

    async def _inserted(self, definition: Data, caller: Caller) -> Stored:
        moment = _now()
        blank = Record(
            id=uuid4(), tenant=caller.tenant, owner=caller.user, slug="", title="", description="", tags=(),
            visibility=StoredDefinition(title="-").visibility, content={}, version=1,
            created_at=moment, updated_at=moment, updated_by=caller.user,
        )  # fmt: skip
        for number in range(1, MAX_TRIES + 1):
            record = _with_definition(blank, _with_slug(definition, number))
            try:
                await self._store.insert(self.kind, record)
                return self._stored(record, caller)
            except ConflictError:
                if "slug" in definition or number == MAX_TRIES:
                    raise
        raise AssertionError("unreachable: the last try raises")

    async def _lost(self, id: UUID | str, caller: Caller) -> VersionConflictError:  # noqa: A002
        return _conflict(await self._visible(id, caller), self.name)

    def _stored(self, record: Record, caller: Caller, *, whole: bool = True) -> Stored:
        access = access_of(record, caller) or "view"
        definition = {**self.defaults, **self._definition(record)} if whole else _head(record)
        return Stored(record, access, {**_DEFAULTS, **definition})

    @staticmethod
    def _definition(record: Record) -> Data:
        """What was saved."""
        return {**_head(record), **{key: value for key, value in record.content.items() if key not in _FIELDS}}


def caller_of(context: RequestContext | None, *, needs_tenant: bool) -> Caller:
    """Who asks. Raises ContextError where that is not said: never "everybody"."""
    if context is None:
        raise ContextError(
            "Stored things belong to somebody, and no context was given.",
            hint="Pass a RequestContext that says who asks.",
        )
    tenant = "" if context.tenant is None else str(context.tenant)
    if needs_tenant and not tenant:
        raise ContextError(
            "The context names no tenant.", hint="Set `tenant` in the RequestContext that get_context returns."
        )
    opens = None if context.guest is None else context.guest.dashboards
    return Caller(tenant, context.user, context.roles, opens)


_DEFAULTS: Data = {"slug": "", "title": "", "description": "", "tags": [], "visibility": "private"}


def _head(record: Record) -> Data:
    head: Data = {
        "slug": record.slug,
        "title": record.title,
        "description": record.description,
        "tags": list(record.tags),
        "visibility": record.visibility.model_dump(),
    }
    return {key: value for key, value in head.items() if value != _DEFAULTS[key]}


def _with_definition(record: Record, definition: Data) -> Record:
    head = StoredDefinition.model_validate({key: definition[key] for key in _FIELDS if key in definition})
    return replace(
        record,
        slug=cast("str", head.slug),
        title=head.title,
        description=head.description,
        tags=head.tags,
        visibility=head.visibility,
        content={key: value for key, value in definition.items() if key not in _FIELDS},
    )


def _with_slug(definition: Data, number: int = 1) -> Data:
    """With a slug; the one made of the title ends in a number where the first ones are taken."""
    if definition.get("slug"):
        return definition
    made = slug_of(definition["title"]) or "untitled"
    return {"slug": made if number == 1 else f"{made}-{number}", **definition}


def _as_data(definition: Definition | Mapping[str, Any]) -> Data:
    if isinstance(definition, str | bytes):
        definition = cast("Mapping[str, Any]", load_json(definition))
    if isinstance(definition, BaseModel):
        return to_data(definition)
    if not isinstance(definition, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  JSON may be anything
        raise _invalid((), "This is not an object.", 'It looks like {"title": "…"}.')
    return dict(definition)


def _check_version(record: Record, versions: Versions, name: str) -> None:
    if versions is None:
        return
    if record.version not in ((versions,) if isinstance(versions, int) else versions):
        raise _conflict(record, name)


def _conflict(record: Record, name: str) -> VersionConflictError:
    return VersionConflictError(
        f"This {name} was changed since you read it; it is now version {record.version}.",
        current_version=record.version,
        hint="Read it again, and make your change to what is there.",
    )


def _invalid(loc: tuple[str, ...], message: str, hint: str) -> DefinitionError:
    return DefinitionError([Issue(loc, IssueCode.INVALID, message, hint)])


def _now() -> datetime:
    return datetime.now(timezone.utc)
