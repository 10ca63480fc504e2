//! The law of RMSprop, torch's; `reference/laws/rmsprop.py` is the same, line by line.

use super::parts::{capped, coupled, first_moment, flushed, scaled, second_moment, velocity};
use super::{Driver, Law, Options, Real, Settings};

/// s − a², which rounding must not make negative.
#[inline(always)]
fn variance<T: Real>(s: T, a: T) -> T {
    T::ZERO.upper(s - a * a)
}

/// The gradient, with weight decay in it, scaled by the average of its square.
#[derive(Clone, Copy)]
struct Scaled<T, const DECAYS: bool> {
    lambda: T,
    alpha: T,
    rest: T,
    eps: T,
}

impl<T: Real, const DECAYS: bool> Scaled<T, DECAYS> {
    #[inline(always)]
    fn square(&self, theta: T, g: T, s: T) -> (T, T) {
        let g = coupled::<T, DECAYS>(self.lambda, theta, g);
        (g, flushed(capped(second_moment(self.alpha, self.rest, s, g))))
    }
}

impl<T: Real, const DECAYS: bool> Law<T, 1> for Scaled<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [s]: [T; 1]) -> (T, [T; 1]) {
        let (g, s) = self.square(theta, g, s);
        (scaled(self.eps, s, g), [s])
    }
}

/// Scaled by its variance instead.
#[derive(Clone, Copy)]
struct Centered<T, const DECAYS: bool>(Scaled<T, DECAYS>);

impl<T: Real, const DECAYS: bool> Law<T, 2> for Centered<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [s, a]: [T; 2]) -> (T, [T; 2]) {
        let (g, s) = self.0.square(theta, g, s);
        let a = flushed(first_moment(self.0.alpha, self.0.rest, a, g));
        (scaled(self.0.eps, variance(s, a), g), [s, a])
    }
}

/// Either of them, gathered in a momentum buffer.
#[derive(Clone, Copy)]
struct Momentum<T, L> {
    law: L,
    mu: T,
}

impl<T: Real, const DECAYS: bool> Law<T, 2> for Momentum<T, Scaled<T, DECAYS>> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [s, b]: [T; 2]) -> (T, [T; 2]) {
        let (d, [s]) = self.law.direction(theta, g, [s]);
        let b = velocity(self.mu, b, d);
        (b, [s, flushed(b)])
    }
}

impl<T: Real, const DECAYS: bool> Law<T, 3> for Momentum<T, Centered<T, DECAYS>> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [s, b, a]: [T; 3]) -> (T, [T; 3]) {
        let (d, [s, a]) = self.law.direction(theta, g, [s, a]);
        let b = velocity(self.mu, b, d);
        (b, [s, flushed(b), a])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Rmsprop {
    alpha: f64,
    eps: f64,
    weight_decay: f64,
    momentum: f64,
    centered: bool,
}

impl Options for Rmsprop {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            alpha: settings.number("alpha")?,
            eps: settings.number("eps")?,
            weight_decay: settings.number("weight_decay")?,
            momentum: settings.number("momentum")?,
            centered: settings.switch("centered")?,
        })
    }

    fn states(&self) -> usize {
        1 + usize::from(self.momentum != 0.0) + usize::from(self.centered)
    }

    #[inline(always)]
    fn choose<T: Real>(&self, driver: impl Driver<T>) {
        if self.weight_decay != 0.0 {
            self.choose_with::<T, true>(driver);
        } else {
            self.choose_with::<T, false>(driver);
        }
    }
}

impl Rmsprop {
    #[inline(always)]
    fn choose_with<T: Real, const DECAYS: bool>(&self, driver: impl Driver<T>) {
        let mu = T::cast(self.momentum);
        let scaled = Scaled::<T, DECAYS> {
            lambda: T::cast(self.weight_decay),
            alpha: T::cast(self.alpha),
            rest: T::cast(1.0 - self.alpha),
            eps: T::cast(self.eps),
        };
        match (self.momentum != 0.0, self.centered) {
            (false, false) => driver.drive(scaled),
            (false, true) => driver.drive(Centered(scaled)),
            (true, false) => driver.drive(Momentum { law: scaled, mu }),
            (true, true) => driver.drive(Momentum { law: Centered(scaled), mu }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variance_is_not_negative_but_may_be_nan() {
        assert_eq!(variance(1.0_f32, 2.0), 0.0);
        assert_eq!(variance(5.0, 2.0), 1.0);
        assert!(variance(f64::NAN, 1.0).is_nan());
    }
}
