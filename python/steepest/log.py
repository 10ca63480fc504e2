"""The logger of the package, imported when something may be logged: most programs log nothing."""

from logging import INFO, NullHandler, getLogger

__all__ = ["INFO", "logger"]

logger = getLogger("steepest")
logger.addHandler(NullHandler())
