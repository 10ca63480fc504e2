//! The law of Adadelta, torch's; `reference/laws/adadelta.py` is the same, line by line.

use super::parts::{capped, coupled, flushed, second_moment};
use super::{Driver, Law, Options, Real, Settings};

/// d ← √(u + ε) / √(s + ε) · g
#[inline(always)]
fn in_its_own_units<T: Real>(eps: T, u: T, s: T, g: T) -> T {
    (u + eps).sqrt() / (s + eps).sqrt() * g
}

/// The gradient, with weight decay in it, scaled by the averages of its square and of the steps' squares.
#[derive(Clone, Copy)]
struct Scaled<T, const DECAYS: bool> {
    lambda: T,
    rho: T,
    rest: T,
    eps: T,
}

impl<T: Real, const DECAYS: bool> Law<T, 2> for Scaled<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [s, u]: [T; 2]) -> (T, [T; 2]) {
        let g = coupled::<T, DECAYS>(self.lambda, theta, g);
        let s = flushed(capped(second_moment(self.rho, self.rest, s, g)));
        let d = in_its_own_units(self.eps, u, s, g);
        let u = flushed(capped(second_moment(self.rho, self.rest, u, d)));
        (d, [s, u])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Adadelta {
    rho: f64,
    eps: f64,
    weight_decay: f64,
}

impl Options for Adadelta {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            rho: settings.number("rho")?,
            eps: settings.number("eps")?,
            weight_decay: settings.number("weight_decay")?,
        })
    }

    fn states(&self) -> usize {
        2
    }

    #[inline(always)]
    fn choose<T: Real>(&self, driver: impl Driver<T>) {
        if self.weight_decay != 0.0 {
            driver.drive(self.scaled::<T, true>());
        } else {
            driver.drive(self.scaled::<T, false>());
        }
    }
}

impl Adadelta {
    fn scaled<T: Real, const DECAYS: bool>(&self) -> Scaled<T, DECAYS> {
        Scaled {
            lambda: T::cast(self.weight_decay),
            rho: T::cast(self.rho),
            rest: T::cast(1.0 - self.rho),
            eps: T::cast(self.eps),
        }
    }
}
