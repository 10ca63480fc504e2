//! The driving: a law over the elements of one parameter, between what comes before and after every law.

use crate::buffers::{Array, Operands};
use crate::laws::{Driver, Family, Law, Real, Settings, power};

/// What every law shares: the rate, the value clip and the decoupled decay of a group.
#[derive(Clone, Copy)]
pub struct Common {
    lr: f64,
    lr_decay: f64,
    warmup_steps: u64,
    weight_decay: f64,
    clip_value: Option<f64>,
    maximize: bool,
}

impl Common {
    /// `couples_decay`: weight decay is the law's own, and none is left for after it.
    pub fn read<S: Settings>(settings: &S, couples_decay: bool) -> Result<Self, S::Error> {
        Ok(Self {
            lr: settings.number("lr")?,
            lr_decay: settings.optional("lr_decay")?.unwrap_or(1.0),
            warmup_steps: settings.count("warmup_steps")?,
            weight_decay: if couples_decay { 0.0 } else { settings.number("weight_decay")? },
            clip_value: settings.optional("clip_value")?,
            maximize: settings.switch("maximize")?,
        })
    }

    pub fn clips(&self) -> bool {
        self.clip_value.is_some()
    }

    /// α ← lr · γ^(t−1) · min(1, t / W)
    pub fn rate(&self, t: u64) -> f64 {
        let decayed =
            if self.lr_decay < 1.0 { self.lr * power(self.lr_decay, t - 1) } else { self.lr };
        if t < self.warmup_steps {
            decayed * (t as f64 / self.warmup_steps as f64)
        } else {
            decayed
        }
    }

    /// What stands around the law in this step; `factor` is the norm clip's f, `alpha` this step's α,
    /// of which `law` makes its rate.
    pub fn frame(&self, factor: f64, alpha: f64, law: &Family) -> Frame<f64> {
        let turns = law.turns_gradient();
        let rate = law.rate(alpha);
        Frame {
            factor: if turns && self.maximize { -factor } else { factor },
            bound: self.clip_value.unwrap_or(f64::INFINITY),
            shrink: 1.0 - alpha * self.weight_decay,
            rate: if !turns && self.maximize { rate } else { -rate },
        }
    }
}

/// What stands before and after every law: g ← clip(g·f), then θ ← θ(1 − αλ) ± α d.
#[derive(Clone, Copy)]
pub struct Frame<T> {
    factor: T,
    bound: T,
    shrink: T,
    rate: T,
}

impl Frame<f64> {
    pub fn cast<T: Real>(&self) -> Frame<T> {
        Frame {
            factor: T::cast(self.factor),
            bound: T::cast(self.bound),
            shrink: T::cast(self.shrink),
            rate: T::cast(self.rate),
        }
    }
}

impl<T: Real> Frame<T> {
    /// g ← g · f;  g ← g < −c ? −c : g > c ? c : g  (f < 0 turns the gradient)
    #[inline(always)]
    pub fn before(&self, g: T) -> T {
        let g = g * self.factor;
        if g < -self.bound {
            -self.bound
        } else if g > self.bound {
            self.bound
        } else {
            g
        }
    }

    /// θ ← θ · (1 − α λ);  θ ← θ ± α d
    #[inline(always)]
    pub fn after(&self, theta: T, d: T) -> T {
        theta * self.shrink + self.rate * d
    }
}

/// Elements stepped before their gradient is zeroed: few enough to find it still in the cache.
const BLOCK: usize = 4096;

/// One parameter's arrays and what this step does to them.
pub struct Sweep<'a, T> {
    pub theta: &'a Array,
    pub gradient: &'a Array,
    pub state: &'a [Array],
    pub frame: Frame<T>,
    pub zero_gradient: bool,
}

impl<T: Real> Driver<T> for Sweep<'_, T> {
    #[inline(always)]
    fn drive<const STATES: usize>(self, law: impl Law<T, STATES>) {
        let Self { frame, zero_gradient, .. } = self;
        let operands = Operands {
            theta: self.theta.ordered(),
            gradient: self.gradient.ordered(),
            state: std::array::from_fn::<_, STATES, _>(|k| self.state[k].ordered()),
        };
        let elements = operands.theta.len();
        let most = if zero_gradient { BLOCK } else { elements.max(1) };
        for start in (0..elements).step_by(most) {
            let range = start..elements.min(start + most);
            operands.update(range.clone(), |theta, g, state| {
                let (d, state) = law.direction(theta, frame.before(g), state);
                (frame.after(theta, d), state)
            });
            if zero_gradient {
                operands.gradient.zero_range(range);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nan_passes_the_value_clip() {
        let frame = Frame { factor: 1.0_f32, bound: 2.0, shrink: 1.0, rate: 1.0 };
        assert!(frame.before(f32::NAN).is_nan());
        assert_eq!([-9.0, -2.0, -0.5, 2.5].map(|g| frame.before(g)), [-2.0, -2.0, -0.5, 2.0]);
    }

    #[test]
    fn the_rate_decays_once_a_step_and_warms_up_linearly() {
        let common = Common {
            lr: 0.5,
            lr_decay: 0.5,
            warmup_steps: 4,
            weight_decay: 0.25,
            clip_value: None,
            maximize: false,
        };
        assert_eq!(
            [1, 2, 3, 4, 5].map(|t| common.rate(t)),
            [0.125, 0.125, 0.09375, 0.0625, 0.03125]
        );
    }
}
