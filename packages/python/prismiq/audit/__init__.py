"""Who asked or changed what, and how it ended: one event for each, to a logger and to any observer."""

from prismiq.audit.events import AuditEvent
from prismiq.audit.methods import audited
from prismiq.audit.recording import NOT_NOTED, SILENT, Audit, Noted, Observer, about

__all__ = ["NOT_NOTED", "SILENT", "Audit", "AuditEvent", "Noted", "Observer", "about", "audited"]
