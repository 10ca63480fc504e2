//! The law of SGD, torch's; `reference/laws/sgd.py` is the same, line by line.

use super::parts::{coupled, flushed, look_ahead};
use super::{Driver, Law, Options, Real, Settings};

/// b ← μ b + (1 − τ) g
#[inline(always)]
fn momentum_buffer<T: Real>(mu: T, rest: T, b: T, g: T) -> T {
    mu * b + rest * g
}

/// The gradient, with weight decay in it.
#[derive(Clone, Copy)]
struct Plain<T, const DECAYS: bool> {
    lambda: T,
}

impl<T: Real, const DECAYS: bool> Law<T, 0> for Plain<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, []: [T; 0]) -> (T, [T; 0]) {
        (coupled::<T, DECAYS>(self.lambda, theta, g), [])
    }
}

/// The momentum buffer, or with Nesterov one look ahead of it.
#[derive(Clone, Copy)]
struct Momentum<T, const DECAYS: bool, const NESTEROV: bool> {
    lambda: T,
    mu: T,
    rest: T,
}

impl<T: Real, const DECAYS: bool, const NESTEROV: bool> Law<T, 1>
    for Momentum<T, DECAYS, NESTEROV>
{
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [b]: [T; 1]) -> (T, [T; 1]) {
        let g = coupled::<T, DECAYS>(self.lambda, theta, g);
        let b = momentum_buffer(self.mu, self.rest, b, g);
        let d = if NESTEROV { look_ahead(self.mu, b, g) } else { b };
        (d, [flushed(b)])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Sgd {
    momentum: f64,
    dampening: f64,
    nesterov: bool,
    weight_decay: f64,
    rest: f64,
}

impl Options for Sgd {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            momentum: settings.number("momentum")?,
            dampening: settings.number("dampening")?,
            nesterov: settings.switch("nesterov")?,
            weight_decay: settings.number("weight_decay")?,
            rest: 1.0,
        })
    }

    fn states(&self) -> usize {
        usize::from(self.momentum != 0.0)
    }

    fn squares(&self) -> bool {
        false
    }

    /// The first gradient is taken whole: only those after it are dampened.
    fn at(self, steps: u64) -> Self {
        Self { rest: if steps == 1 { 1.0 } else { 1.0 - self.dampening }, ..self }
    }

    #[inline(always)]
    fn choose<T: Real>(&self, driver: impl Driver<T>) {
        match (self.momentum != 0.0, self.weight_decay != 0.0, self.nesterov) {
            (false, false, _) => driver.drive(Plain::<T, false> { lambda: T::ZERO }),
            (false, true, _) => {
                driver.drive(Plain::<T, true> { lambda: T::cast(self.weight_decay) })
            }
            (true, false, false) => driver.drive(self.with_momentum::<T, false, false>()),
            (true, false, true) => driver.drive(self.with_momentum::<T, false, true>()),
            (true, true, false) => driver.drive(self.with_momentum::<T, true, false>()),
            (true, true, true) => driver.drive(self.with_momentum::<T, true, true>()),
        }
    }
}

impl Sgd {
    fn with_momentum<T: Real, const DECAYS: bool, const NESTEROV: bool>(
        &self,
    ) -> Momentum<T, DECAYS, NESTEROV> {
        Momentum {
            lambda: T::cast(self.weight_decay),
            mu: T::cast(self.momentum),
            rest: T::cast(self.rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_gradient_is_not_dampened() {
        let options =
            Sgd { momentum: 0.5, dampening: 0.75, nesterov: false, weight_decay: 0.0, rest: 1.0 };
        let law = |steps| options.at(steps).with_momentum::<f64, false, false>();
        assert_eq!(law(1).direction(0.0, 8.0, [0.0]), (8.0, [8.0]));
        assert_eq!(law(2).direction(0.0, 8.0, [8.0]), (6.0, [6.0]));
    }
}
