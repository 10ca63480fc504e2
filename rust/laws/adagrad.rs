//! The law of Adagrad, torch's; `reference/laws/adagrad.py` is the same, line by line.

use super::parts::{capped, coupled, flushed, scaled};
use super::{Driver, Law, Options, Real, Settings};

/// s ← s + g²
#[inline(always)]
fn sum_of_squares<T: Real>(s: T, g: T) -> T {
    s + g * g
}

/// The gradient, with weight decay in it, scaled by the sum of all its squares.
#[derive(Clone, Copy)]
struct Scaled<T, const DECAYS: bool> {
    lambda: T,
    initial: T,
    eps: T,
}

impl<T: Real, const DECAYS: bool> Law<T, 1> for Scaled<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [s]: [T; 1]) -> (T, [T; 1]) {
        let g = coupled::<T, DECAYS>(self.lambda, theta, g);
        let s = flushed(capped(sum_of_squares(s + self.initial, g)));
        (scaled(self.eps, s, g), [s])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Adagrad {
    lr_decay: f64,
    weight_decay: f64,
    initial_accumulator_value: f64,
    eps: f64,
    steps: u64,
}

impl Options for Adagrad {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            lr_decay: settings.number("lr_decay")?,
            weight_decay: settings.number("weight_decay")?,
            initial_accumulator_value: settings.number("initial_accumulator_value")?,
            eps: settings.number("eps")?,
            steps: 1,
        })
    }

    fn states(&self) -> usize {
        1
    }

    fn at(self, steps: u64) -> Self {
        Self { steps, ..self }
    }

    /// α / (1 + (tᵢ − 1) η)
    fn rate(&self, alpha: f64) -> f64 {
        alpha / (1.0 + (self.steps - 1) as f64 * self.lr_decay)
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

impl Adagrad {
    fn scaled<T: Real, const DECAYS: bool>(&self) -> Scaled<T, DECAYS> {
        // The sum starts at its initial value: that is added in the first step.
        let initial = if self.steps == 1 { self.initial_accumulator_value } else { 0.0 };
        Scaled {
            lambda: T::cast(self.weight_decay),
            initial: T::cast(initial),
            eps: T::cast(self.eps),
        }
    }
}
