"""The keys that sign guests' tokens. A key has one algorithm, so that no token can choose its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from prismiq.errors import ConfigurationError

SecretAlgorithm = Literal["HS256", "HS384", "HS512"]
PairAlgorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
Algorithm = SecretAlgorithm | PairAlgorithm

_SHORTEST = {"HS256": 32, "HS384": 48, "HS512": 64}
"""Bytes of a secret, which RFC 7518 wants as long as the hash: a shorter one can be guessed from a single token."""


@dataclass(frozen=True, slots=True)
class GuestKey:
    """A key by its id (`kid`). Made by `secret()` or `pair()`."""

    id: str
    algorithm: Algorithm
    verifies: Any = field(repr=False)
    signs: Any = field(repr=False)
    """None where it only verifies."""

    @classmethod
    def secret(cls, id: str, secret: str | bytes, *, algorithm: SecretAlgorithm = "HS256") -> GuestKey:  # noqa: A002
        """A secret that signs and verifies: for one application that does both.

        Raises ConfigurationError for a secret that is too short for its algorithm, or is no secret but a key in PEM.
        """
        _check_id(id)
        _check_algorithm(algorithm, get_args(SecretAlgorithm))
        content = secret.encode() if isinstance(secret, str) else secret
        if len(content) < _SHORTEST[algorithm]:
            raise ConfigurationError(
                f'The secret of guest key "{id}" is too short: {algorithm} wants {_SHORTEST[algorithm]} bytes.',
                hint='Make one: python -c "import secrets; print(secrets.token_urlsafe(64))"',
            )
        if b"-----BEGIN" in content:
            raise ConfigurationError(
                f'The secret of guest key "{id}" is a key in PEM.', hint="GuestKey.pair(…) is for those."
            )
        import_jwt()
        return cls(id, algorithm, content, content)

    @classmethod
    def pair(
        cls,
        id: str,  # noqa: A002
        *,
        public: str | bytes,
        private: str | bytes | None = None,
        algorithm: PairAlgorithm,
    ) -> GuestKey:
        """A pair of keys in PEM. Without the private one it only verifies: another application signs.

        Raises ConfigurationError for keys that are not of the algorithm.
        """
        _check_id(id)
        _check_algorithm(algorithm, get_args(PairAlgorithm))
        jwt = import_jwt()
        try:
            how = jwt.get_algorithm_by_name(algorithm)
        except NotImplementedError:
            raise ConfigurationError(
                f"{algorithm} needs the package cryptography.", hint="Install prismiq[guests], which brings it."
            ) from None
        try:
            verifies = how.prepare_key(public)
            signs = None if private is None else how.prepare_key(private)
        except (jwt.PyJWTError, ValueError, TypeError):  # its text may quote the key
            raise ConfigurationError(
                f'Guest key "{id}" is not a key of {algorithm} in PEM.',
                hint="Give the public and the private PEM text.",
            ) from None
        if hasattr(verifies, "private_bytes") or (signs is not None and not hasattr(signs, "private_bytes")):
            raise ConfigurationError(
                f'The keys of guest key "{id}" are not a public and a private one.', hint="Exchange them?"
            )
        return cls(id, algorithm, verifies, signs)


def _check_id(id: str) -> None:  # noqa: A002
    if not id:
        raise ConfigurationError("A guest key needs an id.", hint='A date will do: GuestKey.secret("2026-11", …)')


def _check_algorithm(algorithm: str, known: tuple[str, ...]) -> None:
    if algorithm not in known:
        raise ConfigurationError(f'"{algorithm}" is not an algorithm of such a key.', hint=f"{', '.join(known)} are.")


def import_jwt() -> Any:
    """PyJWT, which is an extra. Raises ConfigurationError where it is missing."""
    try:
        import jwt  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "Guest tokens need the package PyJWT.", hint="Install the extra: pip install 'prismiq[guests]'"
        ) from None
    return jwt
