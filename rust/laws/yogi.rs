//! The law of Yogi, optax's; `reference/laws/yogi.py` is the same, line by line.

use super::parts::{capped, correction, coupled, first_moment, flushed, scaled_by, sign};
use super::{Driver, Law, Options, Real, Settings};

/// Where both moments start, as in optax.
const INITIAL: f64 = 1e-6;

/// v ← v − (1 − b₂) sign(v − g²) g²
#[inline(always)]
fn controlled<T: Real>(rest: T, v: T, g: T) -> T {
    let square = g * g;
    v - (rest * sign(v - square)) * square
}

/// The first moment, scaled by a second that moves towards g² by no more than a part of it.
#[derive(Clone, Copy)]
struct Scaled<T, const DECAYS: bool> {
    lambda: T,
    initial: T,
    b1: T,
    rest1: T,
    rest2: T,
    kappa1: T,
    root2: T,
    eps: T,
}

impl<T: Real, const DECAYS: bool> Law<T, 2> for Scaled<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [m, v]: [T; 2]) -> (T, [T; 2]) {
        let m = flushed(first_moment(self.b1, self.rest1, m + self.initial, g));
        let v = flushed(capped(controlled(self.rest2, v + self.initial, g)));
        let d = scaled_by(self.root2, self.eps, v, self.kappa1 * m);
        (coupled::<T, DECAYS>(self.lambda, theta, d), [m, v])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Yogi {
    b1: f64,
    b2: f64,
    eps: f64,
    weight_decay: f64,
    initial: f64,
    kappa1: f64,
    kappa2: f64,
}

impl Options for Yogi {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            b1: settings.number("b1")?,
            b2: settings.number("b2")?,
            eps: settings.number("eps")?,
            weight_decay: settings.number("weight_decay")?,
            initial: 0.0,
            kappa1: 1.0,
            kappa2: 1.0,
        })
    }

    fn states(&self) -> usize {
        2
    }

    /// The moments start at their initial value: that is added in the first step.
    fn at(self, steps: u64) -> Self {
        Self {
            initial: if steps == 1 { INITIAL } else { 0.0 },
            kappa1: correction(self.b1, steps),
            kappa2: correction(self.b2, steps),
            ..self
        }
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

impl Yogi {
    fn scaled<T: Real, const DECAYS: bool>(&self) -> Scaled<T, DECAYS> {
        Scaled {
            lambda: T::cast(self.weight_decay),
            initial: T::cast(self.initial),
            b1: T::cast(self.b1),
            rest1: T::cast(1.0 - self.b1),
            rest2: T::cast(1.0 - self.b2),
            kappa1: T::cast(self.kappa1),
            root2: T::cast(self.kappa2.sqrt()),
            eps: T::cast(self.eps),
        }
    }
}
