"""Guests' tokens: what comes back, and everything that is not accepted."""

from __future__ import annotations

import base64
import hmac
import json
import logging
from datetime import datetime, timedelta, timezone
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq import ConfigurationError, GuestGrant, GuestKey, GuestTokenError, GuestTokens, MemoryRevocations
from prismiq.access import RequestContext

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
SECRET = "a secret of more than sixty-four bytes, which are many to count here"
OTHER = "another secret, of more than sixty-four bytes, which are many to count"
KEY = GuestKey.secret("new", SECRET)
OLD = GuestKey.secret("old", OTHER)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> GuestTokens:
    return GuestTokens([KEY, OLD], issuer="shop", clock=clock)


def claims(**changes: Any) -> dict[str, Any]:
    """Claims that are accepted, with changes; None leaves one out."""
    at = int(NOW.timestamp())
    whole = {"aud": "prismiq", "iss": "shop", "sub": "ada", "jti": "1", "iat": at, "exp": at + 600}
    whole |= {"prismiq": {"tenant": "acme", "dashboards": ["sales"]}, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def signed(content: dict[str, Any], *, secret: str = SECRET, kid: Any = "new", algorithm: str = "HS256") -> str:
    return jwt.encode(content, secret, algorithm=algorithm, headers={"kid": kid} if kid is not None else {})


def by_hand(header: dict[str, Any], content: dict[str, Any], secret: str = SECRET) -> str:
    """A token of any header, signed with HS256, as a library would refuse to write it."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, content)]
    signature = hmac.digest(secret.encode(), b".".join(parts), "sha256")
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


async def test_what_is_signed_comes_back(tokens: GuestTokens) -> None:
    token = tokens.issue(
        user="ada",
        tenant="acme",
        roles={"viewer"},
        attributes={"regions": {"US", "EU"}, "level": 2},
        dashboards=["sales"],
        locked_filters={"region": "EU"},
    )
    assert await tokens.verify(token.text) == RequestContext(
        user="ada",
        tenant="acme",
        roles=frozenset({"viewer"}),
        attributes={"regions": ["EU", "US"], "level": 2},
        guest=GuestGrant(dashboards=frozenset({"sales"}), locked_filters={"region": "EU"}),
    )
    assert token.expires_at == NOW + timedelta(minutes=10)


async def test_a_tenant_keeps_its_type(tokens: GuestTokens) -> None:
    for tenant in (1, "1", None):
        token = tokens.issue(user="ada", tenant=tenant, dashboards=[])
        found = (await tokens.verify(token.text)).tenant
        assert (found, type(found)) == (tenant, type(tenant))


async def test_every_caller_of_a_token_is_a_guest(tokens: GuestTokens) -> None:
    content = claims()
    context = await tokens.verify(signed(content))
    assert context.guest is not None
    assert context.guest.locked_filters == {}


async def test_two_tokens_have_two_ids(tokens: GuestTokens) -> None:
    assert tokens.issue(user="a", dashboards=[]).id != tokens.issue(user="a", dashboards=[]).id


async def test_an_old_key_still_verifies_and_the_first_signs(tokens: GuestTokens, clock: Clock) -> None:
    before = GuestTokens([OLD], issuer="shop", clock=clock).issue(user="ada", dashboards=[])
    assert (await tokens.verify(before.text)).user == "ada"
    assert jwt.get_unverified_header(tokens.issue(user="ada", dashboards=[]).text)["kid"] == "new"
    without = GuestTokens([KEY], issuer="shop", clock=clock)
    with pytest.raises(GuestTokenError):
        await without.verify(before.text)


async def test_a_token_expires(tokens: GuestTokens, clock: Clock) -> None:
    token = tokens.issue(user="ada", dashboards=[], lifetime=timedelta(seconds=60))
    clock.move(seconds=89)  # within the leeway
    await tokens.verify(token.text)
    clock.move(seconds=1)
    with pytest.raises(GuestTokenError):
        await tokens.verify(token.text)


async def test_a_clock_may_be_a_little_ahead(tokens: GuestTokens, clock: Clock) -> None:
    token = tokens.issue(user="ada", dashboards=[])
    clock.move(seconds=-30)
    await tokens.verify(token.text)
    clock.move(seconds=-1)
    with pytest.raises(GuestTokenError):
        await tokens.verify(token.text)


async def test_a_token_is_taken_back(clock: Clock) -> None:
    revocations = MemoryRevocations()
    tokens = GuestTokens([KEY], revocations=revocations, clock=clock)
    one, other = (tokens.issue(user="ada", dashboards=[]) for _ in range(2))
    revocations.revoke(one.id)
    with pytest.raises(GuestTokenError):
        await tokens.verify(one.text)
    await tokens.verify(other.text)


async def test_a_list_that_cannot_be_read_lets_nobody_in(clock: Clock) -> None:
    class Away:
        async def is_revoked(self, token_id: str) -> bool:
            raise ConnectionError

    tokens = GuestTokens([KEY], revocations=Away(), clock=clock)
    with pytest.raises(ConnectionError):
        await tokens.verify(tokens.issue(user="ada", dashboards=[]).text)


AT = int(NOW.timestamp())
NOT_ACCEPTED: dict[str, str] = {
    "empty": "",
    "no token": "ada-token",
    "three dots": "..",
    "another secret": signed(claims(), secret=OTHER),
    "the other key's id": signed(claims(), kid="old"),
    "unknown key": signed(claims(), kid="newer"),
    "no key id": signed(claims(), kid=None),
    "a key id of another type": by_hand({"alg": "HS256", "kid": ["new"]}, claims()),
    "another algorithm of the same key": signed(claims(), algorithm="HS512"),
    "none": by_hand({"alg": "none", "kid": "new"}, claims()),
    "None": by_hand({"alg": "None", "kid": "new"}, claims()),
    "none and unsigned": by_hand({"alg": "none", "kid": "new"}, claims()).rpartition(".")[0] + ".",
    "signature cut off": signed(claims()).rpartition(".")[0] + ".",
    "an asymmetric algorithm": by_hand({"alg": "RS256", "kid": "new"}, claims()),
    "no algorithm": by_hand({"kid": "new"}, claims()),
    "a key of its own": by_hand(
        {"alg": "HS256", "kid": "new", "jwk": {"kty": "oct", "k": "b3RoZXI"}}, claims(), secret="other"
    ),
    "a header that is deep": "[" * 6000 + ".e30.e30",
    "too long": signed(claims(padding="x" * 20_000)),
    "another audience": signed(claims(aud="shop")),
    "several audiences": signed(claims(aud=["prismiq", "shop"])),
    "no audience": signed(claims(aud=None)),
    "another issuer": signed(claims(iss="elsewhere")),
    "no issuer": signed(claims(iss=None)),
    "no expiry": signed(claims(exp=None)),
    "an expiry of another type": signed(claims(exp=str(AT + 600))),
    "an expiry that is true": signed(claims(exp=True)),
    "no time of issue": signed(claims(iat=None)),
    "expired": signed(claims(iat=AT - 1200, exp=AT - 600)),
    "of the future": signed(claims(iat=AT + 600, exp=AT + 1200)),
    "not yet": signed(claims(nbf=AT + 600)),
    "lives for a year": signed(claims(exp=AT + 365 * 86_400)),
    "lives for ever": signed(claims(exp=10**400)),
    "no id": signed(claims(jti=None)),
    "an empty id": signed(claims(jti="")),
    "no user": signed(claims(sub=None)),
    "an empty user": signed(claims(sub="")),
    "no grant": signed(claims(prismiq=None)),
    "no dashboards": signed(claims(prismiq={})),
    "dashboards that are a text": signed(claims(prismiq={"dashboards": "sales"})),
    "an unknown key in the grant": signed(claims(prismiq={"dashboards": [], "lockedFilters": {"region": "EU"}})),
    "a tenant that is true": signed(claims(prismiq={"dashboards": [], "tenant": True})),
    "roles that are a text": signed(claims(prismiq={"dashboards": [], "roles": "admin"})),
}


@pytest.mark.parametrize("what", NOT_ACCEPTED)
async def test_what_is_not_accepted_says_never_why(
    tokens: GuestTokens, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(GuestTokenError) as error:
        await tokens.verify(NOT_ACCEPTED[what])
    assert error.value.message == "There is no valid guest token."
    assert (error.value.details, error.value.__cause__) == ({}, None)
    assert "was not accepted" in caplog.text
    assert not NOT_ACCEPTED[what] or NOT_ACCEPTED[what] not in caplog.text


async def test_the_same_but_right_is_accepted(tokens: GuestTokens) -> None:
    """Else the test above would prove nothing."""
    await tokens.verify(signed(claims()))
    await tokens.verify(by_hand({"alg": "HS256", "kid": "new"}, claims()))
    await tokens.verify(signed(claims(nbf=AT, more="of the host's own")))


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.integers(0, 400))
async def test_no_text_is_more_than_not_accepted(text: str, at: int) -> None:
    tokens = GuestTokens([KEY], issuer="shop", clock=Clock())
    whole = signed(claims())
    for each in (text, whole[:at] + text + whole[at:], whole[:at] + text):
        if each != whole:
            with pytest.raises(GuestTokenError):
                await tokens.verify(each)


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": ""},
        {"tenant": True},
        {"tenant": 1.5},
        {"dashboards": "sales"},
        {"roles": "admin"},
        {"dashboards": [1]},
        {"attributes": {"since": NOW}},
        {"attributes": {"share": float("nan")}},
        {"attributes": {"notes": "x" * 20_000}},
        {"locked_filters": {"when": object()}},
        {"lifetime": timedelta(hours=2)},
        {"lifetime": timedelta(0)},
    ],
)
def test_what_cannot_be_signed(tokens: GuestTokens, wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        tokens.issue(**{"user": "ada", "dashboards": ["sales"], **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"keys": []},
        {"keys": [KEY, GuestKey.secret("new", OTHER)]},
        {"keys": [KEY], "lifetime": timedelta(hours=2)},
        {"keys": [KEY], "lifetime": timedelta(0)},
        {"keys": [KEY], "leeway": timedelta(seconds=-1)},
    ],
)
def test_what_does_not_go_together(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        GuestTokens(**wrong)


def test_nothing_shows_a_secret(tokens: GuestTokens) -> None:
    token = tokens.issue(user="ada", dashboards=[])
    assert SECRET not in repr(KEY)
    assert token.text not in repr(token)
