"""Pictures of runs, with matplotlib: ``pip install "steepest[plot]"``.

`plot_history` draws curves by iteration, `plot_trajectory` the way over the objective, `animate` the same
step by step; `plot_comparison` and `plot_sweep` draw what `compare` and `lr_finder` have found. `plane` says
through which numbers an objective is cut, `landscape` draws it there, `style` says how everything looks.

All draw into the ``ax`` they are given, or else into a figure of their own that pyplot does not know. Nothing
is shown, no setting of matplotlib is changed, and no display is needed.
"""

from .animation import animate
from .comparison import plot_comparison
from .history import plot_history
from .sweep import plot_sweep
from .trajectory import plot_trajectory

__all__ = ["animate", "plot_comparison", "plot_history", "plot_sweep", "plot_trajectory"]
