//! The law of ASGD, torch's; `reference/laws/asgd.py` is the same, line by line.

use super::parts::{coupled, flushed};
use super::{Driver, Law, Options, Real, Settings};
use crate::power::real_power;

/// The gradient, with weight decay in it; beside the parameter, the average of its values.
#[derive(Clone, Copy)]
struct Averaged<T, const DECAYS: bool, const AVERAGES: bool> {
    lambda: T,
    mu: T,
}

impl<T: Real, const DECAYS: bool, const AVERAGES: bool> Law<T, 1>
    for Averaged<T, DECAYS, AVERAGES>
{
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [ax]: [T; 1]) -> (T, [T; 1]) {
        (coupled::<T, DECAYS>(self.lambda, theta, g), [ax])
    }

    /// a ← a + (θ − a) μ
    #[inline(always)]
    fn after(&self, theta: T, [ax]: [T; 1]) -> [T; 1] {
        [flushed(if AVERAGES { ax + (theta - ax) * self.mu } else { theta })]
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Asgd {
    lambd: f64,
    alpha: f64,
    t0: f64,
    weight_decay: f64,
    steps: u64,
}

impl Options for Asgd {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            lambd: settings.number("lambd")?,
            alpha: settings.number("alpha")?,
            t0: settings.number("t0")?,
            weight_decay: settings.number("weight_decay")?,
            steps: 1,
        })
    }

    fn states(&self) -> usize {
        1
    }

    fn squares(&self) -> bool {
        false
    }

    fn at(self, steps: u64) -> Self {
        Self { steps, ..self }
    }

    /// 1 − λ η
    fn shrink(&self, alpha: f64) -> f64 {
        1.0 - self.lambd * self.rate(alpha)
    }

    /// η = α / (1 + λ α (tᵢ − 1))^a
    fn rate(&self, alpha: f64) -> f64 {
        let grown = 1.0 + self.lambd * alpha * (self.steps - 1) as f64;
        alpha / real_power(grown, self.alpha)
    }

    #[inline(always)]
    fn choose<T: Real>(&self, driver: impl Driver<T>) {
        match (self.weight_decay != 0.0, self.average_weight() != 1.0) {
            (false, false) => driver.drive(self.averaged::<T, false, false>()),
            (false, true) => driver.drive(self.averaged::<T, false, true>()),
            (true, false) => driver.drive(self.averaged::<T, true, false>()),
            (true, true) => driver.drive(self.averaged::<T, true, true>()),
        }
    }
}

impl Asgd {
    /// μ = 1 / max(1, tᵢ − 1 − t₀)
    fn average_weight(&self) -> f64 {
        1.0 / ((self.steps - 1) as f64 - self.t0).max(1.0)
    }

    fn averaged<T: Real, const DECAYS: bool, const AVERAGES: bool>(
        &self,
    ) -> Averaged<T, DECAYS, AVERAGES> {
        Averaged { lambda: T::cast(self.weight_decay), mu: T::cast(self.average_weight()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_follows_the_parameter_until_t0_and_lags_behind_it_from_then_on() {
        let options = Asgd { lambd: 0.5, alpha: 0.5, t0: 2.0, weight_decay: 0.0, steps: 1 };
        assert_eq!([1, 4, 5, 7].map(|t| options.at(t).average_weight()), [1.0, 1.0, 0.5, 0.25]);
        assert_eq!([1, 7].map(|t| options.at(t).rate(1.0)), [1.0, 0.5]);
        let law = options.at(7).averaged::<f64, false, true>();
        assert_eq!(law.after(5.0, [1.0]), [2.0]);
    }
}
