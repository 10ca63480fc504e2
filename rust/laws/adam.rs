//! The law of Adam and AdamW, torch's; `reference/adam.py` is the same, line by line.

use super::parts::{
    capped, correction, coupled, first_moment, flushed, larger, scaled, second_moment,
};
use super::{Driver, Law, Options, Real, Settings};
use crate::power::power;

/// The two moments, with weight decay in the gradient.
#[derive(Clone, Copy)]
struct Moments<T, const DECAYS: bool> {
    lambda: T,
    beta1: T,
    rest1: T,
    beta2: T,
    rest2: T,
    kappa: T,
    eps: T,
}

impl<T: Real, const DECAYS: bool> Moments<T, DECAYS> {
    #[inline(always)]
    fn moments(&self, theta: T, g: T, m: T, v: T) -> (T, T) {
        let g = coupled::<T, DECAYS>(self.lambda, theta, g);
        let m = first_moment(self.beta1, self.rest1, m, g);
        let v = second_moment(self.beta2, self.rest2, v, g);
        (flushed(m), flushed(if DECAYS { capped(v) } else { v }))
    }
}

impl<T: Real, const DECAYS: bool> Law<T, 2> for Moments<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [m, v]: [T; 2]) -> (T, [T; 2]) {
        let (m, v) = self.moments(theta, g, m, v);
        (scaled(self.kappa, self.eps, v, m), [m, v])
    }
}

/// AMSGrad: scaled by the largest second moment there was.
#[derive(Clone, Copy)]
struct AmsGrad<T, const DECAYS: bool>(Moments<T, DECAYS>);

impl<T: Real, const DECAYS: bool> Law<T, 3> for AmsGrad<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [m, v, most]: [T; 3]) -> (T, [T; 3]) {
        let (m, v) = self.0.moments(theta, g, m, v);
        let most = larger(most, v);
        (scaled(self.0.kappa, self.0.eps, most, m), [m, v, most])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Adam {
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
    decoupled: bool,
    amsgrad: bool,
    steps: u64,
}

impl Options for Adam {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            betas: settings.pair("betas")?,
            eps: settings.number("eps")?,
            weight_decay: settings.number("weight_decay")?,
            decoupled: settings.switch("decoupled_weight_decay")?,
            amsgrad: settings.switch("amsgrad")?,
            steps: 1,
        })
    }

    fn states(&self) -> usize {
        2 + usize::from(self.amsgrad)
    }

    fn at(self, steps: u64) -> Self {
        Self { steps, ..self }
    }

    /// 1 − α λ, if decoupled
    fn shrink(&self, alpha: f64) -> f64 {
        if self.decoupled { 1.0 - alpha * self.weight_decay } else { 1.0 }
    }

    /// α / (1 − β₁^tᵢ)
    fn rate(&self, alpha: f64) -> f64 {
        alpha / (1.0 - power(self.betas.0, self.steps))
    }

    #[inline(always)]
    fn choose<T: Real>(&self, driver: impl Driver<T>) {
        match (self.weight_decay != 0.0 && !self.decoupled, self.amsgrad) {
            (false, false) => driver.drive(self.moments::<T, false>()),
            (true, false) => driver.drive(self.moments::<T, true>()),
            (false, true) => driver.drive(AmsGrad(self.moments::<T, false>())),
            (true, true) => driver.drive(AmsGrad(self.moments::<T, true>())),
        }
    }
}

impl Adam {
    fn moments<T: Real, const DECAYS: bool>(&self) -> Moments<T, DECAYS> {
        let (beta1, beta2) = self.betas;
        Moments {
            lambda: T::cast(self.weight_decay),
            beta1: T::cast(beta1),
            rest1: T::cast(1.0 - beta1),
            beta2: T::cast(beta2),
            rest2: T::cast(1.0 - beta2),
            kappa: T::cast(correction(beta2, self.steps)),
            eps: T::cast(self.eps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_is_the_rate_whatever_the_gradient() {
        let options = Adam {
            betas: (0.75, 0.75),
            eps: 1e-30,
            weight_decay: 0.0,
            decoupled: false,
            amsgrad: false,
            steps: 1,
        };
        let (d, [m, v]) = options.moments::<f64, false>().direction(0.0, 4.0, [0.0, 0.0]);
        assert_eq!((d, m, v), (0.25, 1.0, 4.0));
        assert_eq!(options.rate(0.5) * d, 0.5);
    }
}
