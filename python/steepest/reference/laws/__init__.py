"""The laws, by the names the kernels know them by; see `rust/laws/mod.rs`."""

from .adam import Adam
from .ascent import Ascent
from .law import Law
from .sgd import Sgd

LAWS: dict[str, Law] = {
    "ascent": Ascent(),
    "sgd": Sgd(),
    "adam": Adam(),
}
