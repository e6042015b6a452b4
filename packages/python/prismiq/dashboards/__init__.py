"""Dashboards, saved queries and pins: what they are, where they are kept, who may see and change them."""

from prismiq.dashboards.apply import Change, apply_changes, plan_changes
from prismiq.dashboards.dashboards import Dashboards
from prismiq.dashboards.memory import MemoryStore
from prismiq.dashboards.models import Dashboard, NewPin, PinOrder, SavedQuery
from prismiq.dashboards.pins import Pins
from prismiq.dashboards.postgres import PostgresStore
from prismiq.dashboards.saved_queries import StoredQueries
from prismiq.dashboards.service import Stored
from prismiq.dashboards.store import DashboardStore

__all__ = [
    "Change",
    "Dashboard",
    "DashboardStore",
    "Dashboards",
    "MemoryStore",
    "NewPin",
    "PinOrder",
    "Pins",
    "PostgresStore",
    "SavedQuery",
    "Stored",
    "StoredQueries",
    "apply_changes",
    "plan_changes",
]
