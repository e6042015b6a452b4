"""Keys of guests' tokens."""

from __future__ import annotations

import hmac
import subprocess
import sys
from base64 import urlsafe_b64encode
from json import dumps
from typing import Any

import jwt
import pytest

from prismiq import ConfigurationError, GuestKey, GuestTokenError, GuestTokens

LONG = "x" * 64


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ({"secret": "too small"}, "secrets.token_urlsafe"),
        ({"secret": "x" * 47, "algorithm": "HS384"}, "secrets.token_urlsafe"),
        ({"secret": "-----BEGIN PUBLIC KEY-----\n" + LONG}, "pair"),
        ({"secret": LONG, "algorithm": "none"}, "HS256"),
        ({"secret": LONG, "algorithm": "RS256"}, "HS256"),
        ({"secret": LONG, "id": ""}, "date"),
    ],
    ids=str,
)
def test_secrets_that_are_none(arguments: dict[str, Any], hint: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        GuestKey.secret(**{"id": "1", **arguments})
    assert hint in (error.value.hint or "")
    assert arguments["secret"] not in str(error.value)


def test_a_pair_has_no_secret_algorithm() -> None:
    for algorithm in ("none", "HS256", ""):
        with pytest.raises(ConfigurationError):
            GuestKey.pair("1", public=LONG, algorithm=algorithm)  # type: ignore[arg-type]  # as a mistake would


def test_without_the_extra_a_key_names_it() -> None:
    asked = (
        "import sys; sys.modules['jwt'] = None\n"
        "import prismiq\n"
        "try: prismiq.GuestKey.secret('1', 'x' * 32)\n"
        "except prismiq.ConfigurationError as error: print(error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert "prismiq[guests]" in done.stdout


def pems(algorithm: str) -> tuple[bytes, bytes]:
    """A new private and public key."""
    pytest.importorskip("cryptography", reason="pairs of keys need cryptography, which the extra brings")
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    private: Any
    if algorithm == "EdDSA":
        private = ed25519.Ed25519PrivateKey.generate()
    elif algorithm == "ES256":
        private = ec.generate_private_key(ec.SECP256R1())
    else:
        private = rsa.generate_private_key(65537, 2048)
    return (
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
    )


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_one_application_signs_and_another_verifies(algorithm: Any) -> None:
    private, public = pems(algorithm)
    signs = GuestTokens([GuestKey.pair("1", public=public, private=private, algorithm=algorithm)])
    verifies = GuestTokens([GuestKey.pair("1", public=public, algorithm=algorithm)])
    token = signs.issue(user="ada", dashboards=["sales"]).text
    assert (await verifies.verify(token)).user == "ada"
    with pytest.raises(ConfigurationError, match="only verifies"):
        verifies.issue(user="ada", dashboards=[])
    _, another = pems(algorithm)
    with pytest.raises(GuestTokenError):
        await GuestTokens([GuestKey.pair("1", public=another, algorithm=algorithm)]).verify(token)


async def test_a_public_key_is_no_secret() -> None:
    """The attack by which a token signed with the text of the public key is taken for one of its owner's."""
    private, public = pems("RS256")
    tokens = GuestTokens([GuestKey.pair("1", public=public, private=private, algorithm="RS256")])
    claims = jwt.decode(tokens.issue(user="ada", dashboards=[]).text, options={"verify_signature": False})
    parts = [urlsafe_b64encode(dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256", "kid": "1"}, claims)]
    signature = urlsafe_b64encode(hmac.digest(public, b".".join(parts), "sha256")).rstrip(b"=")
    with pytest.raises(GuestTokenError):
        await tokens.verify(b".".join([*parts, signature]).decode())


def test_keys_of_another_kind() -> None:
    private, public = pems("RS256")
    for wrong in (
        {"public": public, "algorithm": "EdDSA"},
        {"public": private, "algorithm": "RS256"},
        {"public": public, "private": public, "algorithm": "RS256"},
        {"public": b"nothing", "algorithm": "RS256"},
    ):
        with pytest.raises(ConfigurationError) as error:
            GuestKey.pair("1", **wrong)
        assert "BEGIN" not in str(error.value)
