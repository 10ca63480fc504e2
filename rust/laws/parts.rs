//! What several laws are made of; `reference/laws/parts.py` is the same, line by line.

use super::{Mask, Real, Settings};
use crate::power::one_minus_power;

/// g ← g + λ θ, or d ← d + λ θ, if there is weight decay at all: nothing is added where there is none.
#[inline(always)]
pub fn coupled<T: Real, const DECAYS: bool>(lambda: T, theta: T, g: T) -> T {
    if DECAYS { g + lambda * theta } else { g }
}

/// v ← μ v + g
#[inline(always)]
pub fn velocity<T: Real>(mu: T, v: T, g: T) -> T {
    mu * v + g
}

/// d ← g + μ v
#[inline(always)]
pub fn look_ahead<T: Real>(mu: T, v: T, g: T) -> T {
    g + mu * v
}

/// m ← β m + (1 − β) g
#[inline(always)]
pub fn first_moment<T: Real>(beta: T, rest: T, m: T, g: T) -> T {
    beta * m + rest * g
}

/// m ← β m + ((1 − β) g) g
#[inline(always)]
pub fn second_moment<T: Real>(beta: T, rest: T, m: T, g: T) -> T {
    beta * m + (rest * g) * g
}

/// d ← d / (√m + ε)
#[inline(always)]
pub fn scaled<T: Real>(eps: T, m: T, d: T) -> T {
    d / (m.sqrt() + eps)
}

/// d ← d / (√κ √v + ε), where κ v might be too large; `root` is √κ.
#[inline(always)]
pub fn scaled_by<T: Real>(root: T, eps: T, v: T, d: T) -> T {
    d / (root * v.sqrt() + eps)
}

/// κ = 1 / (1 − β^tᵢ)
pub fn correction(beta: f64, steps: u64) -> f64 {
    1.0 / one_minus_power(beta, steps)
}

/// The larger of two; the second if it is NaN.
#[inline(always)]
pub fn larger<T: Real>(a: T, b: T) -> T {
    a.at_least(b).select(a, b)
}

/// Weight decay, coupled to the gradient as in L2, or decoupled from it.
#[derive(Clone, Copy)]
pub struct Decay {
    pub lambda: f64,
    decoupled: bool,
}

impl Decay {
    pub fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            lambda: settings.number("weight_decay")?,
            decoupled: settings.switch("decoupled_weight_decay")?,
        })
    }

    pub fn is_coupled(&self) -> bool {
        self.lambda != 0.0 && !self.decoupled
    }

    /// 1 − α λ, if decoupled
    pub fn shrink(&self, alpha: f64) -> f64 {
        if self.decoupled { 1.0 - alpha * self.lambda } else { 1.0 }
    }
}

/// Subnormal state becomes +0: it carries no information worth its hundredfold cost.
#[inline(always)]
pub fn flushed<T: Real>(x: T) -> T {
    x.abs().not_below(T::TINY).select(x, T::ZERO)
}

/// A sum of squares stays at the largest number: an infinite one would freeze its element.
#[inline(always)]
pub fn capped<T: Real>(x: T) -> T {
    T::MOST.lower(x)
}

/// x within [least, most]; NaN stays NaN.
#[inline(always)]
pub fn clamped<T: Real>(x: T, least: T, most: T) -> T {
    least.upper(most.lower(x))
}

/// −1, 0 or 1; NaN of NaN.
#[inline(always)]
pub fn sign<T: Real>(x: T) -> T {
    T::ZERO.below(x).select(T::ONE, x.below(T::ZERO).select(-T::ONE, x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flushing_keeps_normals_nans_and_signs_of_normals() {
        assert_eq!(flushed(f32::MIN_POSITIVE), f32::MIN_POSITIVE);
        assert_eq!(flushed(-f64::MIN_POSITIVE), -f64::MIN_POSITIVE);
        assert_eq!(flushed(-f32::MIN_POSITIVE / 2.0).to_bits(), 0);
        assert_eq!(flushed(-0.0_f64).to_bits(), 0);
        assert!(flushed(f32::NAN).is_nan());
        assert_eq!(flushed(f64::NEG_INFINITY), f64::NEG_INFINITY);
    }

    #[test]
    fn only_infinity_is_capped_and_only_upwards() {
        assert_eq!(capped(f32::INFINITY), f32::MAX);
        assert_eq!(capped(3.0_f64), 3.0);
        assert!(capped(f64::NAN).is_nan());
    }

    #[test]
    fn what_is_clamped_stays_within_its_bounds_and_nan_stays_nan() {
        assert_eq!([0.0, 0.5, 3.0, 9.0].map(|x| clamped(x, 0.5, 8.0)), [0.5, 0.5, 3.0, 8.0]);
        assert!(clamped(f64::NAN, 0.5, 8.0).is_nan());
    }

    #[test]
    fn the_sign_of_zero_is_zero_and_of_nan_nan() {
        assert_eq!([2.0_f32, 0.0, -1e-40].map(sign), [1.0, 0.0, -1.0]);
        assert!(sign(f64::NAN).is_nan());
    }
}
