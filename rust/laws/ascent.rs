//! The law of GradientAscent and GradientDescent; `reference/laws/ascent.py` is the same, line by line.
//!
//! From simple to complex: the textbook rule, momentum, and either of them scaled by the second moment.

use super::parts::{flushed, look_ahead, scaled, second_moment, velocity};
use super::{Driver, Law, Options, Real, Settings};
use crate::power::power;

/// The textbook rule: the direction is the gradient.
#[derive(Clone, Copy)]
struct Plain;

impl<T: Real> Law<T, 0> for Plain {
    #[inline(always)]
    fn direction(&self, _theta: T, g: T, []: [T; 0]) -> (T, [T; 0]) {
        (g, [])
    }
}

/// Momentum: the direction is the velocity, or with Nesterov one look ahead of it.
#[derive(Clone, Copy)]
struct Momentum<T, const NESTEROV: bool> {
    mu: T,
}

impl<T: Real, const NESTEROV: bool> Law<T, 1> for Momentum<T, NESTEROV> {
    #[inline(always)]
    fn direction(&self, _theta: T, g: T, [v]: [T; 1]) -> (T, [T; 1]) {
        let v = velocity(self.mu, v, g);
        let d = if NESTEROV { look_ahead(self.mu, v, g) } else { v };
        (d, [flushed(v)])
    }
}

/// Either of them, divided by the root of the second moment.
#[derive(Clone, Copy)]
struct Scaled<T, L> {
    law: L,
    beta: T,
    rest: T,
    kappa: T,
    eps: T,
}

impl<T: Real, L> Scaled<T, L> {
    #[inline(always)]
    fn scale(&self, d: T, g: T, m: T) -> (T, T) {
        let m = flushed(second_moment(self.beta, self.rest, m, g));
        (scaled(self.eps, self.kappa * m, d), m)
    }
}

impl<T: Real> Law<T, 1> for Scaled<T, Plain> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [m]: [T; 1]) -> (T, [T; 1]) {
        let (d, []) = self.law.direction(theta, g, []);
        let (d, m) = self.scale(d, g, m);
        (d, [m])
    }
}

impl<T: Real, const NESTEROV: bool> Law<T, 2> for Scaled<T, Momentum<T, NESTEROV>> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [v, m]: [T; 2]) -> (T, [T; 2]) {
        let (d, [v]) = self.law.direction(theta, g, [v]);
        let (d, m) = self.scale(d, g, m);
        (d, [v, m])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Ascent {
    momentum: f64,
    nesterov: bool,
    beta: Option<f64>,
    eps: f64,
    bias_correction: bool,
    lr_decay: f64,
    warmup_steps: u64,
    weight_decay: f64,
    kappa: f64,
}

impl Options for Ascent {
    const TURNS_GRADIENT: bool = false;

    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            momentum: settings.number("momentum")?,
            nesterov: settings.switch("nesterov")?,
            beta: settings.optional("beta")?,
            eps: settings.number("eps")?,
            bias_correction: settings.switch("bias_correction")?,
            lr_decay: settings.optional("lr_decay")?.unwrap_or(1.0),
            warmup_steps: settings.count("warmup_steps")?,
            weight_decay: settings.number("weight_decay")?,
            kappa: 1.0,
        })
    }

    fn states(&self) -> usize {
        usize::from(self.momentum != 0.0) + usize::from(self.beta.is_some())
    }

    fn squares(&self) -> bool {
        self.beta.is_some()
    }

    fn at(self, steps: u64) -> Self {
        let kappa = match self.beta {
            Some(beta) if self.bias_correction => 1.0 / (1.0 - power(beta, steps)),
            _ => 1.0,
        };
        Self { kappa, ..self }
    }

    /// α ← lr · γ^(t−1) · min(1, t / W)
    fn alpha(&self, lr: f64, t: u64) -> f64 {
        let decayed = if self.lr_decay < 1.0 { lr * power(self.lr_decay, t - 1) } else { lr };
        if t < self.warmup_steps {
            decayed * (t as f64 / self.warmup_steps as f64)
        } else {
            decayed
        }
    }

    /// 1 − α λ
    fn shrink(&self, alpha: f64) -> f64 {
        1.0 - alpha * self.weight_decay
    }

    /// Which arrays exist and which equation runs: the six sweeps of a dtype.
    #[inline(always)]
    fn choose<T: Real>(&self, driver: impl Driver<T>) {
        let mu = T::cast(self.momentum);
        match (self.momentum != 0.0, self.nesterov, self.beta) {
            (false, _, None) => driver.drive(Plain),
            (true, false, None) => driver.drive(Momentum::<T, false> { mu }),
            (true, true, None) => driver.drive(Momentum::<T, true> { mu }),
            (false, _, Some(beta)) => driver.drive(self.scaled(Plain, beta)),
            (true, false, Some(beta)) => {
                driver.drive(self.scaled(Momentum::<T, false> { mu }, beta))
            }
            (true, true, Some(beta)) => driver.drive(self.scaled(Momentum::<T, true> { mu }, beta)),
        }
    }
}

impl Ascent {
    fn scaled<T: Real, L>(&self, law: L, beta: f64) -> Scaled<T, L> {
        Scaled {
            law,
            beta: T::cast(beta),
            rest: T::cast(1.0 - beta),
            kappa: T::cast(self.kappa),
            eps: T::cast(self.eps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn momentum_keeps_the_velocity_it_looked_ahead_from() {
        let law = Momentum::<f64, true> { mu: 0.5 };
        assert_eq!(law.direction(0.0, 1.0, [4.0]), (2.5, [3.0]));
        let tiny = f64::MIN_POSITIVE / 4.0;
        let (d, [v]) = Momentum::<f64, false> { mu: 0.5 }.direction(0.0, tiny, [0.0]);
        assert_eq!((d, v.to_bits()), (tiny, 0));
    }

    const OPTIONS: Ascent = Ascent {
        momentum: 0.0,
        nesterov: false,
        beta: Some(0.75),
        eps: 1.0,
        bias_correction: true,
        lr_decay: 0.5,
        warmup_steps: 4,
        weight_decay: 0.25,
        kappa: 1.0,
    };

    #[test]
    fn the_second_moment_is_scaled_by_its_correction() {
        let law = OPTIONS.at(1).scaled::<f32, _>(Plain, 0.75);
        assert_eq!(law.direction(0.0, 4.0, [0.0]), (4.0 / 5.0, [4.0]));
        assert_eq!(OPTIONS.at(2).kappa, 1.0 / (1.0 - 0.75 * 0.75));
    }

    #[test]
    fn the_rate_decays_once_a_step_and_warms_up_linearly() {
        let rates = [1, 2, 3, 4, 5].map(|t| OPTIONS.alpha(0.5, t));
        assert_eq!(rates, [0.125, 0.125, 0.09375, 0.0625, 0.03125]);
    }
}
