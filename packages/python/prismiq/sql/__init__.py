"""Plan → SQLAlchemy Core → statement. Opens no connection."""

from prismiq.sql.statement import OutputColumn, Role, Statement
from prismiq.sql.template import Template, build

__all__ = ["OutputColumn", "Role", "Statement", "Template", "build"]
