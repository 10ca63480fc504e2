//! The law of Adamax, torch's; `reference/laws/adamax.py` is the same, line by line.

use super::parts::{correction, coupled, first_moment, flushed, larger};
use super::{Driver, Law, Options, Real, Settings};

/// u ← max(β₂ u, |g| + ε)
#[inline(always)]
fn infinity_norm<T: Real>(beta: T, eps: T, u: T, g: T) -> T {
    larger(beta * u, g.abs() + eps)
}

/// The first moment over the largest gradient, which is forgotten slowly; weight decay is in both.
#[derive(Clone, Copy)]
struct Scaled<T, const DECAYS: bool> {
    lambda: T,
    beta1: T,
    rest1: T,
    beta2: T,
    eps: T,
}

impl<T: Real, const DECAYS: bool> Law<T, 2> for Scaled<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [m, u]: [T; 2]) -> (T, [T; 2]) {
        let g = coupled::<T, DECAYS>(self.lambda, theta, g);
        let m = flushed(first_moment(self.beta1, self.rest1, m, g));
        let u = infinity_norm(self.beta2, self.eps, u, g);
        (m / u, [m, u])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Adamax {
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
    kappa: f64,
}

impl Options for Adamax {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            betas: settings.pair("betas")?,
            eps: settings.number("eps")?,
            weight_decay: settings.number("weight_decay")?,
            kappa: 1.0,
        })
    }

    fn states(&self) -> usize {
        2
    }

    fn squares(&self) -> bool {
        false
    }

    fn at(self, steps: u64) -> Self {
        Self { kappa: correction(self.betas.0, steps), ..self }
    }

    /// α κ₁
    fn rate(&self, alpha: f64) -> f64 {
        alpha * self.kappa
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

impl Adamax {
    fn scaled<T: Real, const DECAYS: bool>(&self) -> Scaled<T, DECAYS> {
        let (beta1, beta2) = self.betas;
        Scaled {
            lambda: T::cast(self.weight_decay),
            beta1: T::cast(beta1),
            rest1: T::cast(1.0 - beta1),
            beta2: T::cast(beta2),
            eps: T::cast(self.eps),
        }
    }
}
