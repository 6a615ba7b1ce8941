"""A bell for a process that only produces: it has no Celery app of its own, and wants to know whether it was heard."""

from __future__ import annotations

from workers.bell import DRAIN, Bell
from workers.line import producing_app


class LoneBell(Bell):
    """Rings at a broker; `heard` is whether it took the last ring."""

    def __init__(self, broker_url: str) -> None:
        super().__init__(producing_app(broker_url))
        self.heard = True

    def ring(self, script_id: int, task: str = DRAIN) -> bool:
        """Say that something waits for a script; whether the broker took it."""
        self.heard = super().ring(script_id, task)
        return self.heard
