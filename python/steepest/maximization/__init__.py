"""From an objective to an answer: `maximize` and `minimize`, and what they return.

One way through: `calls` (maximize and minimize) → `task` (what was asked, checked; the starts) → `attempt`
(one run from one start) → `loop` (evaluate, write down, stop or step) → `result`.

What a run is made of: `iterate` (the point), `objective` (f and its gradient), `bounds` (where x may go),
`defaults` (the optimizer). What is asked and done at every iteration: `stops`, `hooks`, `resume`. What comes
after: `history` and `diagnosis` (the curves), `curvature` (what kind of point), `restarts` (the best run).
"""

from .calls import maximize, minimize
from .curvature import Check
from .diagnosis import Verdict
from .history import History
from .hooks import State
from .result import Result
from .stops import Status

__all__ = ["Check", "History", "Result", "State", "Status", "Verdict", "maximize", "minimize"]
