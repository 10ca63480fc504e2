//! The law of GradientAscent and GradientDescent; `reference/ascent.py` is the same, line by line.
//!
//! From simple to complex: the textbook rule, momentum, and either of them scaled by the second moment.

use super::{Driver, Law, Options, Real, Settings, flushed, power};

/// v ← μ v + g
#[inline(always)]
fn velocity<T: Real>(mu: T, v: T, g: T) -> T {
    mu * v + g
}

/// d ← g + μ v
#[inline(always)]
pub(super) fn look_ahead<T: Real>(mu: T, v: T, g: T) -> T {
    g + mu * v
}

/// m ← β m + ((1 − β) g) g
#[inline(always)]
pub(super) fn second_moment<T: Real>(beta: T, rest: T, m: T, g: T) -> T {
    beta * m + (rest * g) * g
}

/// d ← d / (√(κ m) + ε)
#[inline(always)]
pub(super) fn scaled<T: Real>(kappa: T, eps: T, m: T, d: T) -> T {
    d / ((kappa * m).sqrt() + eps)
}

/// κ = 1 / (1 − β^tᵢ)
pub(super) fn correction(beta: f64, steps: u64) -> f64 {
    1.0 / (1.0 - power(beta, steps))
}

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
        (scaled(self.kappa, self.eps, m, d), m)
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
            kappa: 1.0,
        })
    }

    fn states(&self) -> usize {
        usize::from(self.momentum != 0.0) + usize::from(self.beta.is_some())
    }

    fn squares(&self) -> bool {
        self.beta.is_some()
    }

    fn couples_decay(&self) -> bool {
        false
    }

    fn at(self, steps: u64) -> Self {
        let kappa = match self.beta {
            Some(beta) if self.bias_correction => correction(beta, steps),
            _ => 1.0,
        };
        Self { kappa, ..self }
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

    #[test]
    fn the_second_moment_is_scaled_by_its_correction() {
        let options = Ascent {
            momentum: 0.0,
            nesterov: false,
            beta: Some(0.75),
            eps: 1.0,
            bias_correction: true,
            kappa: 1.0,
        };
        let law = options.at(1).scaled::<f32, _>(Plain, 0.75);
        assert_eq!(law.direction(0.0, 4.0, [0.0]), (4.0 / 5.0, [4.0]));
        assert_eq!(options.at(2).kappa, 1.0 / (1.0 - 0.75 * 0.75));
    }
}
