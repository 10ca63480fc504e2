//! The law of NAdam, torch's; `reference/laws/nadam.py` is the same, line by line.

use super::moments::Moments;
use super::parts::{Decay, correction, flushed, scaled_by};
use super::{Driver, Law, Options, Real, Settings};
use crate::power::real_power;

/// One look ahead along the first moment, scaled by the second.
#[derive(Clone, Copy)]
struct LookAhead<T, const DECAYS: bool> {
    moments: Moments<T, DECAYS>,
    root: T,
    eps: T,
    now: T,
    next: T,
}

impl<T: Real, const DECAYS: bool> Law<T, 2> for LookAhead<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, state: [T; 2]) -> (T, [T; 2]) {
        let (g, [m, v]) = self.moments.with(theta, g, state);
        let d = self.now * g + self.next * m;
        (scaled_by(self.root, self.eps, v, d), [m, v])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Nadam {
    betas: (f64, f64),
    eps: f64,
    decay: Decay,
    momentum_decay: f64,
    kappa: f64,
    mu: f64,
    mu_next: f64,
    now: f64,
    next: f64,
}

impl Nadam {
    /// μ_t = β₁ (1 − ½ · 0.96^(t ψ))
    fn momentum(&self, steps: u64) -> f64 {
        self.betas.0 * (1.0 - 0.5 * real_power(0.96, steps as f64 * self.momentum_decay))
    }

    fn look_ahead<T: Real, const DECAYS: bool>(&self) -> LookAhead<T, DECAYS> {
        LookAhead {
            moments: Moments::new(self.decay.lambda, self.betas),
            root: T::cast(self.kappa.sqrt()),
            eps: T::cast(self.eps),
            now: T::cast(self.now),
            next: T::cast(self.next),
        }
    }
}

impl Options for Nadam {
    const CARRIES: bool = true;

    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            betas: settings.pair("betas")?,
            eps: settings.number("eps")?,
            decay: Decay::read(settings)?,
            momentum_decay: settings.number("momentum_decay")?,
            kappa: 1.0,
            mu: 0.0,
            mu_next: 0.0,
            now: 1.0,
            next: 0.0,
        })
    }

    fn states(&self) -> usize {
        2
    }

    fn at(self, steps: u64) -> Self {
        Self {
            kappa: correction(self.betas.1, steps),
            mu: self.momentum(steps),
            mu_next: self.momentum(steps + 1),
            ..self
        }
    }

    /// Π ← Π μ_t;  the weights of g and m: (1 − μ_t) / (1 − Π) and μ_{t+1} / (1 − Π μ_{t+1})
    fn carry(self, product: f64) -> (Self, f64) {
        let product = flushed(product * self.mu);
        let now = (1.0 - self.mu) / (1.0 - product);
        let next = self.mu_next / (1.0 - product * self.mu_next);
        (Self { now, next, ..self }, product)
    }

    fn shrink(&self, alpha: f64) -> f64 {
        self.decay.shrink(alpha)
    }

    #[inline(always)]
    fn choose<T: Real>(&self, driver: impl Driver<T>) {
        if self.decay.is_coupled() {
            driver.drive(self.look_ahead::<T, true>());
        } else {
            driver.drive(self.look_ahead::<T, false>());
        }
    }
}
