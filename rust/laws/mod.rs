//! The laws: what one element's parameter, gradient and state become in one step.
//!
//! A law knows neither threads nor Python nor memory. It is given numbers and gives numbers back.
//! To add one: a file beside `ascent.rs`, and a line in `family!`.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Sub};

mod adabelief;
mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod ascent;
mod asgd;
mod lion;
mod moments;
mod nadam;
mod parts;
mod radam;
mod rmsprop;
mod rprop;
mod sgd;
mod yogi;

use adabelief::Adabelief;
use adadelta::Adadelta;
use adagrad::Adagrad;
use adam::Adam;
use adamax::Adamax;
use ascent::Ascent;
use asgd::Asgd;
use lion::Lion;
use nadam::Nadam;
use radam::Radam;
use rmsprop::Rmsprop;
use rprop::Rprop;
use sgd::Sgd;
use yogi::Yogi;

pub use parts::clamped;

/// The arithmetic a law is written in, each operation rounded once, never fused: one number, or as many
/// side by side as a vector register holds. What would be an `if` for one number is a [`Mask`] for many.
pub trait Real:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    const ZERO: Self;
    const ONE: Self;
    const INFINITY: Self;
    /// The smallest normal number.
    const TINY: Self;
    /// The largest finite number.
    const MOST: Self;
    /// The smallest number whose square overflows.
    const ROOT: Self;
    type Mask: Mask<Self>;
    /// The same number everywhere, rounded once.
    fn cast(x: f64) -> Self;
    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    /// self < other ? self : other, and so the other where one is NaN.
    fn lower(self, other: Self) -> Self;
    /// self > other ? self : other.
    fn upper(self, other: Self) -> Self;
    /// Where self < other; nowhere where one is NaN.
    fn below(self, other: Self) -> Self::Mask;
    /// Everywhere else.
    fn not_below(self, other: Self) -> Self::Mask;
    /// Where self ≥ other; nowhere where one is NaN.
    fn at_least(self, other: Self) -> Self::Mask;
}

/// The truth of a comparison, number by number.
pub trait Mask<T>: Copy + BitAnd<Output = Self> + BitOr<Output = Self> {
    /// `yes` where it is true, `no` where it is not.
    fn select(self, yes: T, no: T) -> T;
    /// Whether it is true everywhere.
    fn all(self) -> bool;
}

impl<T> Mask<T> for bool {
    #[inline(always)]
    fn select(self, yes: T, no: T) -> T {
        if self { yes } else { no }
    }
    #[inline(always)]
    fn all(self) -> bool {
        self
    }
}

/// The smallest numbers whose squares overflow: 2⁶⁴ and 2⁵¹².
pub const ROOT32: f32 = 18_446_744_073_709_551_616.0;
pub const ROOT64: f64 = f64::from_bits((1023 + 512) << 52);

macro_rules! real {
    ($type:ident, $root:expr) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const INFINITY: Self = $type::INFINITY;
            const TINY: Self = $type::MIN_POSITIVE;
            const MOST: Self = $type::MAX;
            const ROOT: Self = $root;
            type Mask = bool;
            #[inline(always)]
            fn cast(x: f64) -> Self {
                x as $type
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $type::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $type::sqrt(self)
            }
            #[inline(always)]
            fn lower(self, other: Self) -> Self {
                if self < other { self } else { other }
            }
            #[inline(always)]
            fn upper(self, other: Self) -> Self {
                if self > other { self } else { other }
            }
            #[inline(always)]
            fn below(self, other: Self) -> bool {
                self < other
            }
            #[inline(always)]
            #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "a NaN is not below")]
            fn not_below(self, other: Self) -> bool {
                !(self < other)
            }
            #[inline(always)]
            fn at_least(self, other: Self) -> bool {
                self >= other
            }
        }
    };
}

real!(f32, ROOT32);
real!(f64, ROOT64);

/// One optimizer's equation for one element, its scalars already cast to `T`.
pub trait Law<T, const STATES: usize>: Copy {
    /// The direction d, and the state after the step.
    fn direction(&self, theta: T, gradient: T, state: [T; STATES]) -> (T, [T; STATES]);

    /// The state once more, where it follows the parameter's new value.
    #[inline(always)]
    fn after(&self, _theta: T, state: [T; STATES]) -> [T; STATES] {
        state
    }
}

/// Whatever carries a law over arrays: it is handed the law that a group's options choose.
pub trait Driver<T> {
    fn drive<const STATES: usize>(self, law: impl Law<T, STATES>);
}

/// Where a law reads its options from, by their Python names; an option that is not there is off.
pub trait Settings {
    type Error;
    fn number(&self, name: &str) -> Result<f64, Self::Error>;
    fn pair(&self, name: &str) -> Result<(f64, f64), Self::Error>;
    fn optional(&self, name: &str) -> Result<Option<f64>, Self::Error>;
    fn count(&self, name: &str) -> Result<u64, Self::Error>;
    fn switch(&self, name: &str) -> Result<bool, Self::Error>;
}

/// A law's options in one group, and its scalars, in float64; what a law does not say is as here.
pub trait Options: Copy {
    /// Whether `maximize` turns the gradient before the law sees it, as in torch, and not the step after.
    const TURNS_GRADIENT: bool = true;

    /// Whether it keeps a number for each array as a whole, which is 1 at first.
    const CARRIES: bool = false;

    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error>;

    /// The same options with this step's lr, for a law whose direction has it.
    fn with_lr(self, _lr: f64) -> Self {
        self
    }

    /// How many state arrays each parameter has.
    fn states(&self) -> usize;

    /// Whether the law squares the gradient, so that a square beyond the dtype would freeze an element.
    fn squares(&self) -> bool {
        true
    }

    /// The same options with the scalars of an array's `steps`-th step.
    fn at(self, _steps: u64) -> Self {
        self
    }

    /// The same with the number the array carries; returns what it carries on.
    fn carry(self, carried: f64) -> (Self, f64) {
        (self, carried)
    }

    /// α of the optimizer's step t.
    fn alpha(&self, lr: f64, _t: u64) -> f64 {
        lr
    }

    /// What the parameter is multiplied by before the step, from α.
    fn shrink(&self, _alpha: f64) -> f64 {
        1.0
    }

    /// What the direction is multiplied by, from α.
    fn rate(&self, alpha: f64) -> f64 {
        alpha
    }

    /// Hands the law these options choose to `driver`.
    fn choose<T: Real>(&self, driver: impl Driver<T>);
}

/// All laws there are, as one type.
macro_rules! family {
    ($($name:literal => $Law:ident),+ $(,)?) => {
        #[derive(Clone, Copy)]
        pub enum Family {
            $($Law($Law)),+
        }

        impl Family {
            /// The law called `name`, or `None` if there is none of that name.
            pub fn read<S: Settings>(name: &str, settings: &S) -> Result<Option<Self>, S::Error> {
                Ok(match name {
                    $($name => Some(Self::$Law(Options::read(settings)?)),)+
                    _ => None,
                })
            }

            pub fn turns_gradient(&self) -> bool {
                match self {
                    $(Self::$Law(_) => <$Law as Options>::TURNS_GRADIENT),+
                }
            }

            pub fn states(&self) -> usize {
                match self {
                    $(Self::$Law(law) => law.states()),+
                }
            }

            pub fn squares(&self) -> bool {
                match self {
                    $(Self::$Law(law) => law.squares()),+
                }
            }

            pub fn carries(&self) -> bool {
                match self {
                    $(Self::$Law(_) => <$Law as Options>::CARRIES),+
                }
            }

            pub fn with_lr(self, lr: f64) -> Self {
                match self {
                    $(Self::$Law(law) => Self::$Law(law.with_lr(lr))),+
                }
            }

            pub fn at(self, steps: u64) -> Self {
                match self {
                    $(Self::$Law(law) => Self::$Law(law.at(steps))),+
                }
            }

            pub fn carry(self, carried: f64) -> (Self, f64) {
                match self {
                    $(Self::$Law(law) => {
                        let (law, carried) = law.carry(carried);
                        (Self::$Law(law), carried)
                    }),+
                }
            }

            pub fn alpha(&self, lr: f64, t: u64) -> f64 {
                match self {
                    $(Self::$Law(law) => law.alpha(lr, t)),+
                }
            }

            pub fn shrink(&self, alpha: f64) -> f64 {
                match self {
                    $(Self::$Law(law) => law.shrink(alpha)),+
                }
            }

            pub fn rate(&self, alpha: f64) -> f64 {
                match self {
                    $(Self::$Law(law) => law.rate(alpha)),+
                }
            }

            #[inline(always)]
            pub fn choose<T: Real>(&self, driver: impl Driver<T>) {
                match self {
                    $(Self::$Law(law) => law.choose(driver)),+
                }
            }
        }
    };
}

family! {
    "ascent" => Ascent,
    "sgd" => Sgd,
    "adam" => Adam,
    "nadam" => Nadam,
    "radam" => Radam,
    "adamax" => Adamax,
    "rmsprop" => Rmsprop,
    "adagrad" => Adagrad,
    "adadelta" => Adadelta,
    "rprop" => Rprop,
    "asgd" => Asgd,
    "lion" => Lion,
    "adabelief" => Adabelief,
    "yogi" => Yogi,
}
