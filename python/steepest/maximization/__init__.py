"""From an objective to an answer: `maximize` and `minimize`, and what they return.

One way through: `maximize` (the call) → `task` (what is to be done, checked) → `attempt` (from one start) →
`loop` (the iterations) → `result`.
"""

from .curvature import Check
from .diagnosis import Verdict
from .history import History
from .hooks import State
from .maximize import maximize, minimize
from .result import Result
from .stops import Status

__all__ = ["Check", "History", "Result", "State", "Status", "Verdict", "maximize", "minimize"]
