"""Trying optimizers and rates on an objective: `compare` many, `lr_finder` for the rate of one.

Both are :func:`maximize` or :func:`minimize`, called again and again (`trial`), and a table or a curve of
what came out.
"""

from .calls import compare
from .comparison import Comparison, Row
from .finder import lr_finder
from .sweep import Sweep

__all__ = ["Comparison", "Row", "Sweep", "compare", "lr_finder"]
