"""`GET /query/schema`: the same for everybody who may ask, and no database is asked."""

from __future__ import annotations

from typing import Any

import jsonschema
from fastapi import FastAPI

from prismiq import AccessPolicy, PrismiqEngine, create_router, public_context


async def test_it_is_served_without_a_database(connect: Any) -> None:
    app = FastAPI()
    engine = PrismiqEngine("postgresql://nowhere", policy=AccessPolicy.open())  # not even open
    app.include_router(create_router(engine, get_context=public_context))
    async with connect(app) as client:
        first = await client.get("/query/schema")
        assert (first.status_code, first.headers["content-type"]) == (200, "application/schema+json")
        jsonschema.Draft202012Validator(first.json()).validate({"source": "orders", "measures": ["count"]})
        again = await client.get("/query/schema", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
