//! The moments that Adam and its kin keep; `reference/laws/moments.py` is the same, line by line.

use super::Real;
use super::parts::{capped, coupled, first_moment, flushed, second_moment};

/// The first and the second moment of the gradient, which has weight decay in it.
#[derive(Clone, Copy)]
pub struct Moments<T, const DECAYS: bool> {
    lambda: T,
    beta1: T,
    rest1: T,
    beta2: T,
    rest2: T,
}

impl<T: Real, const DECAYS: bool> Moments<T, DECAYS> {
    pub fn new(lambda: f64, (beta1, beta2): (f64, f64)) -> Self {
        Self {
            lambda: T::cast(lambda),
            beta1: T::cast(beta1),
            rest1: T::cast(1.0 - beta1),
            beta2: T::cast(beta2),
            rest2: T::cast(1.0 - beta2),
        }
    }

    /// The gradient, and its moments with it.
    #[inline(always)]
    pub fn with(&self, theta: T, g: T, [m, v]: [T; 2]) -> (T, [T; 2]) {
        let g = coupled::<T, DECAYS>(self.lambda, theta, g);
        let m = first_moment(self.beta1, self.rest1, m, g);
        let v = second_moment(self.beta2, self.rest2, v, g);
        (g, [flushed(m), flushed(capped(v))])
    }
}
