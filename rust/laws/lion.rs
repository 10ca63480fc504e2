//! The law of Lion, optax's; `reference/laws/lion.py` is the same, line by line.

use super::parts::{coupled, first_moment, flushed, sign};
use super::{Driver, Law, Options, Real, Settings};

/// The sign of the momentum that the gradient would make; the momentum kept is a slower one.
#[derive(Clone, Copy)]
struct Signs<T, const DECAYS: bool> {
    lambda: T,
    b1: T,
    rest1: T,
    b2: T,
    rest2: T,
}

impl<T: Real, const DECAYS: bool> Law<T, 1> for Signs<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [m]: [T; 1]) -> (T, [T; 1]) {
        let d = sign(first_moment(self.b1, self.rest1, m, g));
        let d = coupled::<T, DECAYS>(self.lambda, theta, d);
        (d, [flushed(first_moment(self.b2, self.rest2, m, g))])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Lion {
    b1: f64,
    b2: f64,
    weight_decay: f64,
}

impl Options for Lion {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            b1: settings.number("b1")?,
            b2: settings.number("b2")?,
            weight_decay: settings.number("weight_decay")?,
        })
    }

    fn states(&self) -> usize {
        1
    }

    fn squares(&self) -> bool {
        false
    }

    #[inline(always)]
    fn choose<T: Real>(&self, driver: impl Driver<T>) {
        if self.weight_decay != 0.0 {
            driver.drive(self.signs::<T, true>());
        } else {
            driver.drive(self.signs::<T, false>());
        }
    }
}

impl Lion {
    fn signs<T: Real, const DECAYS: bool>(&self) -> Signs<T, DECAYS> {
        Signs {
            lambda: T::cast(self.weight_decay),
            b1: T::cast(self.b1),
            rest1: T::cast(1.0 - self.b1),
            b2: T::cast(self.b2),
            rest2: T::cast(1.0 - self.b2),
        }
    }
}
