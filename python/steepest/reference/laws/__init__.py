"""The laws, by the names the kernels know them by; see `rust/laws/mod.rs`."""

from .adabelief import Adabelief
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam
from .adamax import Adamax
from .ascent import Ascent
from .asgd import Asgd
from .law import Law
from .lion import Lion
from .nadam import Nadam
from .radam import Radam
from .rmsprop import Rmsprop
from .rprop import Rprop
from .sgd import Sgd
from .yogi import Yogi

LAWS: dict[str, Law] = {
    "ascent": Ascent(),
    "sgd": Sgd(),
    "adam": Adam(),
    "nadam": Nadam(),
    "radam": Radam(),
    "adamax": Adamax(),
    "rmsprop": Rmsprop(),
    "adagrad": Adagrad(),
    "adadelta": Adadelta(),
    "rprop": Rprop(),
    "asgd": Asgd(),
    "lion": Lion(),
    "adabelief": Adabelief(),
    "yogi": Yogi(),
}
