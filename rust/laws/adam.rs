//! The law of Adam and AdamW, torch's; `reference/laws/adam.py` is the same, line by line.

use super::moments::Moments;
use super::parts::{Decay, correction, larger, scaled_by};
use super::{Driver, Law, Options, Real, Settings};

/// The first moment, scaled by the second.
#[derive(Clone, Copy)]
struct Scaled<T, const DECAYS: bool> {
    moments: Moments<T, DECAYS>,
    root: T,
    eps: T,
}

impl<T: Real, const DECAYS: bool> Scaled<T, DECAYS> {
    /// d ← m / (√κ √v + ε)
    #[inline(always)]
    fn scale(&self, m: T, v: T) -> T {
        scaled_by(self.root, self.eps, v, m)
    }
}

impl<T: Real, const DECAYS: bool> Law<T, 2> for Scaled<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, state: [T; 2]) -> (T, [T; 2]) {
        let (_, [m, v]) = self.moments.with(theta, g, state);
        (self.scale(m, v), [m, v])
    }
}

/// AMSGrad: scaled by the largest second moment there was.
#[derive(Clone, Copy)]
struct AmsGrad<T, const DECAYS: bool>(Scaled<T, DECAYS>);

impl<T: Real, const DECAYS: bool> Law<T, 3> for AmsGrad<T, DECAYS> {
    #[inline(always)]
    fn direction(&self, theta: T, g: T, [m, v, most]: [T; 3]) -> (T, [T; 3]) {
        let (_, [m, v]) = self.0.moments.with(theta, g, [m, v]);
        let most = larger(most, v);
        (self.0.scale(m, most), [m, v, most])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Adam {
    betas: (f64, f64),
    eps: f64,
    decay: Decay,
    amsgrad: bool,
    kappa1: f64,
    kappa2: f64,
}

impl Options for Adam {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            betas: settings.pair("betas")?,
            eps: settings.number("eps")?,
            decay: Decay::read(settings)?,
            amsgrad: settings.switch("amsgrad")?,
            kappa1: 1.0,
            kappa2: 1.0,
        })
    }

    fn states(&self) -> usize {
        2 + usize::from(self.amsgrad)
    }

    fn at(self, steps: u64) -> Self {
        let (beta1, beta2) = self.betas;
        Self { kappa1: correction(beta1, steps), kappa2: correction(beta2, steps), ..self }
    }

    fn shrink(&self, alpha: f64) -> f64 {
        self.decay.shrink(alpha)
    }

    /// α κ₁
    fn rate(&self, alpha: f64) -> f64 {
        alpha * self.kappa1
    }

    #[inline(always)]
    fn choose<T: Real>(&self, driver: impl Driver<T>) {
        match (self.decay.is_coupled(), self.amsgrad) {
            (false, false) => driver.drive(self.scaled::<T, false>()),
            (true, false) => driver.drive(self.scaled::<T, true>()),
            (false, true) => driver.drive(AmsGrad(self.scaled::<T, false>())),
            (true, true) => driver.drive(AmsGrad(self.scaled::<T, true>())),
        }
    }
}

impl Adam {
    fn scaled<T: Real, const DECAYS: bool>(&self) -> Scaled<T, DECAYS> {
        Scaled {
            moments: Moments::new(self.decay.lambda, self.betas),
            root: T::cast(self.kappa2.sqrt()),
            eps: T::cast(self.eps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amsgrad_keeps_the_largest_second_moment() {
        let moments = Moments::<f64, false>::new(0.0, (0.5, 0.5));
        let law = AmsGrad(Scaled { moments, root: 1.0, eps: 0.0 });
        assert_eq!(law.direction(0.0, 2.0, [0.0, 0.0, 16.0]), (0.25, [1.0, 2.0, 16.0]));
        assert_eq!(law.direction(0.0, 4.0, [0.0, 0.0, 4.0]).1, [2.0, 8.0, 8.0]);
    }
}
