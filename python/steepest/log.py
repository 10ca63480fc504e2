"""The logger of the package, imported when something may be logged: most programs log nothing."""

from logging import NullHandler, getLogger

__all__ = ["logger"]

logger = getLogger("steepest")
logger.addHandler(NullHandler())
