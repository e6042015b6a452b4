"""A response that is bytes and headers already."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

Headers = Sequence[tuple[bytes, bytes]]

JSON_TYPE = (b"content-type", b"application/json")


class PlainResponse(Response):
    """What is sent as it is: no header is looked up, encoded or guessed."""

    def __init__(self, body: bytes, headers: Headers, *, status: int = 200) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [*headers]
        if status != 304:
            self.raw_headers.append((b"content-length", b"%d" % len(body)))
