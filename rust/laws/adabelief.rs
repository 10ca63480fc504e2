//! The law of AdaBelief, optax's; `reference/laws/adabelief.py` is the same, line by line.

use super::parts::{capped, correction, coupled, first_moment, flushed, scaled_by, second_moment};
use super::{Driver, Law, Options, Real, Settings};

/// The first moment, scaled by how far gradients are from it.
#[derive(Clone, Copy)]
struct Scaled<T, const DECAYS: bool> {
    lambda: T,
    b1: T,
    rest1: T,
    b2: T,
    rest2: T,
    kappa1: T,
    root2: T,
    eps: T,
    eps_root: T,
}

impl<T: Real, const DECAYS: bool> Law<T, 2> for Scaled<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [m, s]: [T; 2]) -> (T, [T; 2]) {
        let m = flushed(first_moment(self.b1, self.rest1, m, g));
        let s = second_moment(self.b2, self.rest2, s, g - m) + self.eps_root;
        let s = flushed(capped(s));
        let d = scaled_by(self.root2, self.eps, s, self.kappa1 * m);
        (coupled::<T, DECAYS>(self.lambda, theta, d), [m, s])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Adabelief {
    b1: f64,
    b2: f64,
    eps: f64,
    eps_root: f64,
    weight_decay: f64,
    kappa1: f64,
    kappa2: f64,
}

impl Options for Adabelief {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            b1: settings.number("b1")?,
            b2: settings.number("b2")?,
            eps: settings.number("eps")?,
            eps_root: settings.number("eps_root")?,
            weight_decay: settings.number("weight_decay")?,
            kappa1: 1.0,
            kappa2: 1.0,
        })
    }

    fn states(&self) -> usize {
        2
    }

    fn at(self, steps: u64) -> Self {
        Self { kappa1: correction(self.b1, steps), kappa2: correction(self.b2, steps), ..self }
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

impl Adabelief {
    fn scaled<T: Real, const DECAYS: bool>(&self) -> Scaled<T, DECAYS> {
        Scaled {
            lambda: T::cast(self.weight_decay),
            b1: T::cast(self.b1),
            rest1: T::cast(1.0 - self.b1),
            b2: T::cast(self.b2),
            rest2: T::cast(1.0 - self.b2),
            kappa1: T::cast(self.kappa1),
            root2: T::cast(self.kappa2.sqrt()),
            eps: T::cast(self.eps),
            eps_root: T::cast(self.eps_root),
        }
    }
}
