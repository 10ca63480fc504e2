//! The law of RAdam, torch's; `reference/laws/radam.py` is the same, line by line.

use super::moments::Moments;
use super::parts::{Decay, correction, scaled};
use super::{Driver, Law, Options, Real, Settings};
use crate::power::rounded_power;

/// The first moment alone: too few gradients yet to trust the second.
#[derive(Clone, Copy)]
struct Plain<T, const DECAYS: bool>(Moments<T, DECAYS>);

impl<T: Real, const DECAYS: bool> Law<T, 2> for Plain<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, state: [T; 2]) -> (T, [T; 2]) {
        let (_, [m, v]) = self.0.with(theta, g, state);
        (m, [m, v])
    }
}

/// The first moment, scaled by the second, which is rectified.
#[derive(Clone, Copy)]
struct Rectified<T, const DECAYS: bool> {
    moments: Moments<T, DECAYS>,
    factor: T,
    eps: T,
}

impl<T: Real, const DECAYS: bool> Law<T, 2> for Rectified<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, state: [T; 2]) -> (T, [T; 2]) {
        let (_, [m, v]) = self.moments.with(theta, g, state);
        (scaled(self.eps, v, self.factor * m), [m, v])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Radam {
    betas: (f64, f64),
    eps: f64,
    decay: Decay,
    kappa: f64,
    /// r √(1 − β₂ᵗ), if the second moment is to be trusted.
    factor: Option<f64>,
}

/// r √(1 − β₂ᵗ), with r = √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ)), where ρ > 5
fn rectification(beta: f64, steps: u64) -> Option<f64> {
    // Rounded as torch rounds it: in ρ, of a few units, thousands cancel.
    let decayed = rounded_power(beta, steps);
    let rest = 1.0 - decayed;
    let most = 2.0 / (1.0 - beta) - 1.0;
    let rho = most - 2.0 * steps as f64 * decayed / rest;
    let rectifies = rho > 5.0;
    rectifies.then(|| {
        let above = (rho - 4.0) * (rho - 2.0) * most;
        let below = (most - 4.0) * (most - 2.0) * rho;
        (above / below).sqrt() * rest.sqrt()
    })
}

impl Radam {
    fn plain<T: Real, const DECAYS: bool>(&self) -> Plain<T, DECAYS> {
        Plain(Moments::new(self.decay.lambda, self.betas))
    }

    fn rectified<T: Real, const DECAYS: bool>(&self, factor: f64) -> Rectified<T, DECAYS> {
        Rectified {
            moments: Moments::new(self.decay.lambda, self.betas),
            factor: T::cast(factor),
            eps: T::cast(self.eps),
        }
    }
}

impl Options for Radam {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            betas: settings.pair("betas")?,
            eps: settings.number("eps")?,
            decay: Decay::read(settings)?,
            kappa: 1.0,
            factor: None,
        })
    }

    fn states(&self) -> usize {
        2
    }

    fn at(self, steps: u64) -> Self {
        let (beta1, beta2) = self.betas;
        Self { kappa: correction(beta1, steps), factor: rectification(beta2, steps), ..self }
    }

    fn shrink(&self, alpha: f64) -> f64 {
        self.decay.shrink(alpha)
    }

    /// α κ₁
    fn rate(&self, alpha: f64) -> f64 {
        alpha * self.kappa
    }

    #[inline(always)]
    fn choose<T: Real>(&self, driver: impl Driver<T>) {
        match (self.decay.is_coupled(), self.factor) {
            (false, None) => driver.drive(self.plain::<T, false>()),
            (true, None) => driver.drive(self.plain::<T, true>()),
            (false, Some(factor)) => driver.drive(self.rectified::<T, false>(factor)),
            (true, Some(factor)) => driver.drive(self.rectified::<T, true>(factor)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_moment_is_trusted_from_the_sixth_step_on() {
        let first = (1..20).find(|steps| rectification(0.999, *steps).is_some());
        assert_eq!(first, Some(6));
        assert!(rectification(0.5, 1_000).is_none());
        assert!((rectification(0.999, 1_000_000).unwrap() - 1.0).abs() < 1e-12);
    }
}
