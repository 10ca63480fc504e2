//! The driving: a law over the elements of one parameter, between what comes before and after every law.

use crate::buffers::{Array, Operands};
use crate::laws::{Driver, Family, Law, Real, Settings};

/// What every law shares: the rate, the value clip and the direction of a group.
#[derive(Clone, Copy)]
pub struct Common {
    pub lr: f64,
    clip_value: Option<f64>,
    maximize: bool,
}

impl Common {
    pub fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            lr: settings.number("lr")?,
            clip_value: settings.optional("clip_value")?,
            maximize: settings.switch("maximize")?,
        })
    }

    pub fn clips(&self) -> bool {
        self.clip_value.is_some()
    }

    /// What stands around the law in this step; `factor` is the norm clip's f, `alpha` this step's α,
    /// of which `law` makes its rate.
    pub fn frame(&self, factor: f64, alpha: f64, law: &Family) -> Frame<f64> {
        let turns = law.turns_gradient();
        let rate = law.rate(alpha);
        Frame {
            factor: if turns && self.maximize { -factor } else { factor },
            bound: self.clip_value.unwrap_or(f64::INFINITY),
            shrink: law.shrink(alpha),
            rate: if !turns && self.maximize { rate } else { -rate },
        }
    }
}

/// What stands before and after every law: g ← clip(g·f), then θ ← θ · shrink ± rate · d.
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

    /// θ ← θ · shrink;  θ ← θ ± rate · d
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
                let theta = frame.after(theta, d);
                (theta, law.after(theta, state))
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
}
