"""Checks of what an optimizer is handed: a gradient against differences, a direction against a gradient."""

from .check import check_gradient, is_ascent_direction, is_descent_direction
from .report import GradientReport

__all__ = ["GradientReport", "check_gradient", "is_ascent_direction", "is_descent_direction"]
