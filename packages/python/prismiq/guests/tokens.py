"""Issues guests' tokens and reads them. They are JWTs (RFC 7519), so that a host may sign them in any language."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, NoReturn, cast
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, StringConstraints, ValidationError

from prismiq.access import GuestGrant, RequestContext
from prismiq.errors import ConfigurationError, GuestTokenError
from prismiq.guests.keys import GuestKey, import_jwt
from prismiq.guests.revocations import Revocations

logger = logging.getLogger(__name__)

LONGEST = 16_384
"""Characters of a token that is looked at."""

_Text = Annotated[StrictStr, StringConstraints(min_length=1)]
_Time = Annotated[StrictInt, Field(ge=0, lt=2**53)]


class _Grant(BaseModel):
    """The claim `prismiq`."""

    model_config = ConfigDict(extra="forbid")

    tenant: StrictStr | StrictInt | None = None
    roles: frozenset[StrictStr] = frozenset()
    attributes: dict[str, Any] = Field(default_factory=dict)
    dashboards: frozenset[StrictStr]
    widgets: frozenset[StrictStr] = frozenset()
    locked_filters: dict[str, Any] = Field(default_factory=dict)


class _Claims(BaseModel):
    """All claims; others than these the host may add."""

    aud: StrictStr  # of a list PyJWT would accept any
    sub: _Text
    jti: _Text
    iat: _Time
    exp: _Time
    nbf: _Time | None = None
    prismiq: _Grant


@dataclass(frozen=True, slots=True)
class GuestToken:
    """An issued token. `id` is for the list of revoked ones."""

    text: str = field(repr=False)
    id: str
    expires_at: datetime


def _now() -> datetime:
    return datetime.now(timezone.utc)


class GuestTokens:
    """Issues and verifies tokens that let guests in.

    The first of `keys` signs, all of them verify: to change keys, put the new one first, and take the old one out when
    the tokens it signed have expired. A token lives `lifetime` unless said otherwise, and none longer than
    `max_lifetime`, whoever signed it. `leeway` allows for clocks that differ. Raises ConfigurationError for keys that
    do not go together.
    """

    def __init__(
        self,
        keys: Sequence[GuestKey],
        *,
        audience: str = "prismiq",
        issuer: str | None = None,
        lifetime: timedelta = timedelta(minutes=10),
        max_lifetime: timedelta = timedelta(hours=1),
        leeway: timedelta = timedelta(seconds=30),
        revocations: Revocations | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._keys = {key.id: key for key in keys}
        if not keys or len(self._keys) < len(keys):
            raise ConfigurationError(
                "Guest tokens need keys, each of its own id.", hint='GuestKey.secret("2026-11", …)'
            )
        if not timedelta(0) < lifetime <= max_lifetime or leeway < timedelta(0):
            raise ConfigurationError(
                "The lifetime of guest tokens must be above 0 and at most `max_lifetime`, the leeway not below 0.",
                hint="Leave them out: 10 minutes, an hour and 30 seconds.",
            )
        self._signing = keys[0]
        self._audience = audience
        self._issuer = issuer
        self._lifetime = lifetime
        self._max_lifetime = max_lifetime
        self._leeway = leeway.total_seconds()
        self._revocations = revocations
        self._clock = clock

    def issue(
        self,
        *,
        user: str,
        dashboards: Collection[str],
        widgets: Collection[str] = (),
        tenant: str | int | None = None,
        roles: Collection[str] = (),
        attributes: Mapping[str, Any] | None = None,
        locked_filters: Mapping[str, Any] | None = None,
        lifetime: timedelta | None = None,
    ) -> GuestToken:
        """Signs a token for one guest. Anybody who has it can read it: it is signed, not encrypted.

        `dashboards` are ids or slugs, `widgets` the ids of those that are embedded (all where there are none),
        `locked_filters` values by the id of a dashboard's filter. Raises
        ConfigurationError for what cannot be signed: values that JSON lacks (dates go as text), a longer lifetime.
        """
        jwt = import_jwt()

        if self._signing.signs is None:
            raise ConfigurationError(
                f'Guest key "{self._signing.id}" only verifies.', hint="Put one with a private key first."
            )
        chosen = self._lifetime if lifetime is None else lifetime
        if not timedelta(0) < chosen <= self._max_lifetime:
            raise ConfigurationError("The lifetime must be above 0 and at most `max_lifetime`.", hint="Raise that.")
        if any(isinstance(each, str) for each in (dashboards, widgets, roles)):
            raise ConfigurationError("`dashboards`, `widgets` and `roles` are lists.", hint='dashboards=["sales"]')
        issued_at = int(self._clock().timestamp())
        claims: dict[str, Any] = {
            "aud": self._audience,
            "sub": user,
            "jti": uuid4().hex,
            "iat": issued_at,
            "exp": issued_at + max(1, int(chosen.total_seconds())),
            "prismiq": {
                "tenant": tenant,
                "roles": sorted(roles),
                "attributes": _plain(attributes or {}, "attributes"),
                "dashboards": sorted(dashboards),
                "widgets": sorted(widgets),
                "locked_filters": _plain(locked_filters or {}, "locked_filters"),
            },
        }
        if self._issuer is not None:
            claims["iss"] = self._issuer
        try:
            _Claims.model_validate(claims)
        except ValidationError as error:
            names = ", ".join(sorted({".".join(map(str, each["loc"])) for each in error.errors()}))
            raise ConfigurationError(f"Not of the right type: {names}.", hint="Texts, and lists of texts.") from None
        headers = {"kid": self._signing.id}
        text = jwt.encode(claims, self._signing.signs, algorithm=self._signing.algorithm, headers=headers)
        if len(text) > LONGEST:
            raise ConfigurationError(f"The token is longer than {LONGEST} characters.", hint="Send fewer attributes.")
        return GuestToken(text, claims["jti"], datetime.fromtimestamp(claims["exp"], timezone.utc))

    async def verify(self, token: str) -> RequestContext:
        """Who the token lets in. Raises GuestTokenError for any other token; the log says why, the error does not."""
        claims = self._read(token)
        if self._revocations is not None and await self._revocations.is_revoked(claims.jti):
            _refuse("it is revoked")
        grant = claims.prismiq
        return RequestContext(
            user=claims.sub,
            tenant=grant.tenant,
            roles=grant.roles,
            attributes=grant.attributes,
            guest=GuestGrant(dashboards=grant.dashboards, widgets=grant.widgets, locked_filters=grant.locked_filters),
        )

    def _read(self, token: str) -> _Claims:
        jwt = import_jwt()

        if len(token) > LONGEST:
            _refuse("it is too long")
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.get(header.get("kid", ""))
            if key is None:
                _refuse("no key has its id")
            # The algorithm is the key's, whatever the token says of itself. PyJWT compares the two.
            decoded = jwt.decode(
                token,
                key.verifies,
                algorithms=[key.algorithm],
                audience=self._audience,
                issuer=self._issuer,
                options=_OPTIONS,
            )
            claims = _Claims.model_validate(decoded)
        except ValidationError as error:
            _refuse(f"claims are missing or of a wrong type: {[each['loc'] for each in error.errors()]}")
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            _refuse(type(error).__name__)
        self._check_times(claims)
        return claims

    def _check_times(self, claims: _Claims) -> None:
        now = self._clock().timestamp()
        if now >= claims.exp + self._leeway:
            _refuse("it has expired")
        if max(claims.iat, claims.nbf or 0) > now + self._leeway:
            _refuse("it is of the future")
        if claims.exp - claims.iat > self._max_lifetime.total_seconds():
            _refuse("it lives too long")


_OPTIONS = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "iat", "aud"]}
"""Times are checked here, by our own clock."""


def _refuse(why: str) -> NoReturn:
    logger.info("A guest's token was not accepted: %s.", why)
    raise GuestTokenError("There is no valid guest token.", hint="Have the application issue a new one.") from None


def _plain(values: Mapping[str, Any], what: str) -> Any:
    """The values as they come back from JSON. Sets become lists."""
    try:
        return json.loads(json.dumps(dict(values), default=_listed, allow_nan=False))
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"`{what}` has a value that JSON has not.", hint="Texts, numbers, booleans, null and lists of them."
        ) from None


def _listed(value: object) -> object:
    if isinstance(value, set | frozenset):
        return sorted(cast("set[Any]", value))
    raise TypeError
