"""Dashboards from Python: stored, shared, changed by two people at once. The tables are the demo's flights.

prismiq migrate --dsn postgresql://keeper@localhost/flights
uv run python examples/dashboards_from_python.py postgresql://keeper@localhost/flights
"""

from __future__ import annotations

import asyncio
import sys

from prismiq import DefinitionError, PrismiqEngine, RequestContext, VersionConflictError

ADA = RequestContext(user="ada", tenant="acme")
BOB = RequestContext(user="bob", tenant="acme")

LATE = {
    "title": "Late flights",
    "visibility": {"users": {"bob": "edit"}},
    "filters": [{"id": "when", "type": "period", "label": "Period", "field": "scheduled_departure"}],
    "widgets": [
        {
            "type": "bar",
            "title": "Delay by airline",
            "query": {
                "source": "flights",
                "dimensions": ["airlines.name"],
                "measures": [{"name": "delay", "aggregate": "avg", "field": "arrival_delay"}],
                "order_by": "-delay",
                "limit": 3,
            },
            "options": {"horizontal": True},
        }
    ],
}


async def main(dsn: str) -> None:
    """Ada makes a dashboard, Bob changes it, and Ada learns of it before she overwrites his change."""
    async with PrismiqEngine(dsn, store=dsn) as engine:
        made = await engine.dashboards.create(LATE, ADA)
        print(f"{made.record.slug}, version {made.version}")

        query = await engine.dashboards.widget_query(made.id, "delay-by-airline", BOB)
        for row in (await engine.execute_query(query, BOB)).to_dicts():
            print(f"{row['airlines_name']}: {row['delay']:.1f} min")

        await engine.dashboards.update(made.id, {"tags": ["punctuality"]}, BOB, versions=made.version)
        try:
            await engine.dashboards.update(made.id, {"title": "Delays"}, ADA, versions=made.version)
        except VersionConflictError as error:
            print(f"Lost: it is version {error.current_version} now")
            again = await engine.dashboards.get(made.id, ADA)
            changed = await engine.dashboards.update(made.id, {"title": "Delays"}, ADA, versions=again.version)
            print(f"{changed.record.title} {changed.definition['tags']}, version {changed.version}")

        try:
            wrong = {"type": "metric", "query": {"source": "flights", "measures": ["sum(delay)"]}}
            await engine.dashboards.add_widget(made.id, wrong, ADA)
        except DefinitionError as error:
            print(f"Wrong: {error.issues[0].loc} {error.issues[0].message}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
