//! The laws: what one element's parameter, gradient and state become in one step.
//!
//! A law knows neither threads nor Python nor memory. It is given numbers and gives numbers back.
//! To add one: a file beside `ascent.rs`, and a line in `family!`.

use std::ops::{Add, Div, Mul, Neg, Sub};

mod adam;
mod ascent;
mod sgd;

use adam::Adam;
use ascent::Ascent;
use sgd::Sgd;

/// The arithmetic a law is written in: `f32` or `f64`, each operation rounded once, never fused.
pub trait Real:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    const ZERO: Self;
    const INFINITY: Self;
    /// The smallest normal number.
    const TINY: Self;
    fn cast(x: f64) -> Self;
    fn wide(self) -> f64;
    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
}

macro_rules! real {
    ($type:ident) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            const INFINITY: Self = $type::INFINITY;
            const TINY: Self = $type::MIN_POSITIVE;
            #[inline(always)]
            fn cast(x: f64) -> Self {
                x as $type
            }
            #[inline(always)]
            fn wide(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $type::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $type::sqrt(self)
            }
        }
    };
}

real!(f32);
real!(f64);

/// One optimizer's equation for one element, its scalars already cast to `T`.
pub trait Law<T, const STATES: usize>: Copy {
    /// The direction d, and the state after the step.
    fn direction(&self, theta: T, gradient: T, state: [T; STATES]) -> (T, [T; STATES]);
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

/// A law's options in one group, and its scalars, in float64.
pub trait Options: Copy {
    /// Whether `maximize` turns the gradient before the law sees it, as in torch, and not the step after.
    const TURNS_GRADIENT: bool = true;

    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error>;

    /// How many state arrays each parameter has.
    fn states(&self) -> usize;

    /// Whether the law squares the gradient, so that a square beyond the dtype would freeze an element.
    fn squares(&self) -> bool;

    /// Whether weight decay is a part of the law, not of what comes after it.
    fn couples_decay(&self) -> bool;

    /// The same options with the scalars of an array's `steps`-th step.
    fn at(self, steps: u64) -> Self;

    /// The rate of this step, from α.
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

            pub fn couples_decay(&self) -> bool {
                match self {
                    $(Self::$Law(law) => law.couples_decay()),+
                }
            }

            pub fn at(self, steps: u64) -> Self {
                match self {
                    $(Self::$Law(law) => Self::$Law(law.at(steps))),+
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
}

/// baseⁿ by repeated squaring, lowest bit first: the same bits on every CPU, which libm's pow is not.
pub fn power(mut base: f64, mut n: u64) -> f64 {
    let mut product = 1.0;
    while n > 0 {
        // A factor of 1 changes no bit, and costs less than a branch on bits that differ step by step.
        product *= if n & 1 == 1 { base } else { 1.0 };
        base *= base;
        n >>= 1;
    }
    product
}

/// g ← g + λ θ, if the law has weight decay at all: nothing is added where there is none.
#[inline(always)]
pub fn coupled<T: Real, const DECAYS: bool>(lambda: T, theta: T, g: T) -> T {
    if DECAYS { g + lambda * theta } else { g }
}

/// Subnormal state becomes +0: it carries no information worth its hundredfold cost.
#[inline(always)]
pub fn flushed<T: Real>(x: T) -> T {
    if x.abs() < T::TINY { T::ZERO } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_multiplies_from_the_lowest_bit() {
        assert_eq!(power(3.0, 0), 1.0);
        assert_eq!(power(3.0, 13), 1_594_323.0);
        let beta: f64 = 0.999;
        let (b2, b4) = (beta * beta, (beta * beta) * (beta * beta));
        assert_eq!(power(beta, 7), (beta * b2) * b4);
        assert_eq!(power(beta, u64::MAX), 0.0);
        assert_eq!(power(1.0, u64::MAX), 1.0);
    }

    #[test]
    fn flushing_keeps_normals_nans_and_signs_of_normals() {
        assert_eq!(flushed(f32::MIN_POSITIVE), f32::MIN_POSITIVE);
        assert_eq!(flushed(-f64::MIN_POSITIVE), -f64::MIN_POSITIVE);
        assert_eq!(flushed(-f32::MIN_POSITIVE / 2.0).to_bits(), 0);
        assert_eq!(flushed(-0.0_f64).to_bits(), 0);
        assert!(flushed(f32::NAN).is_nan());
        assert_eq!(flushed(f64::NEG_INFINITY), f64::NEG_INFINITY);
    }
}
