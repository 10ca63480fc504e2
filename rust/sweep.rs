//! The driving: a law over the elements of one parameter, between what comes before and after every law.

use std::ops::Range;

use crate::buffers::{Array, Lanes, Operands, Update};
use crate::instruction_set::{InstructionSet, Kernel};
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

/// What a sweep goes over.
pub trait Stepped {
    /// Parameter, gradient and states; None if there is nothing to step.
    fn arrays(&self) -> Option<(&Array, &Array, &[Array])>;
}

/// Parameters that one law steps alike, all of one dtype, and what this step does to elements `range` of each.
pub struct Sweep<'a, S, T> {
    pub stepped: &'a [S],
    pub range: Range<usize>,
    pub frame: Frame<T>,
    pub zero_gradients: bool,
    pub set: InstructionSet,
}

impl<S: Stepped, T: Real> Driver<T> for Sweep<'_, S, T> {
    #[inline(always)]
    fn drive<const STATES: usize>(self, law: impl Law<T, STATES>) {
        let Self { stepped, ref range, frame, zero_gradients, set } = self;
        let is_long = |one: &S| one.arrays().is_some_and(|(theta, ..)| theta.len() >= LONG);
        for alike in stepped.chunk_by(|a, b| !is_long(a) && !is_long(b)) {
            let mut range = range.clone();
            if let [one] = alike
                && is_long(one)
            {
                range.start = self.step_long(one, law);
            }
            let sweep = Sweep { stepped: alike, range, frame, zero_gradients, set };
            set.run(Rest::<_, _, _, STATES> { sweep, law });
        }
    }
}

impl<S: Stepped, T: Real> Sweep<'_, S, T> {
    /// Steps the elements of a long array, but for the last few; returns where they begin.
    #[inline(always)]
    fn step_long<const STATES: usize>(&self, one: &S, law: impl Law<T, STATES>) -> usize {
        let Self { ref range, frame, zero_gradients, set, .. } = *self;
        let Some(operands) = operands(one) else { return range.start };
        let end = range.end.min(operands.theta.len());
        let mut start = range.start;
        loop {
            let most = if zero_gradients { BLOCK } else { usize::MAX };
            let block = start..start + (end.saturating_sub(start).min(most) & !15);
            let Some(lanes) = operands.direct(&block).filter(|lanes| lanes.len() > 0) else {
                return start;
            };
            set.run(Many { lanes, law, frame });
            if zero_gradients {
                operands.gradient.zero_range(block.clone());
            }
            start = block.end;
        }
    }
}

/// Elements from which on an array is stepped by a function of its own.
const LONG: usize = 1024;

#[inline(always)]
fn operands<T: Real, const STATES: usize>(one: &impl Stepped) -> Option<Operands<'_, T, STATES>> {
    one.arrays().map(|(theta, gradient, state)| Operands {
        theta: theta.ordered(),
        gradient: gradient.ordered(),
        state: std::array::from_fn(|k| state[k].ordered()),
    })
}

/// A law over short arrays, one after another; over the last elements of long ones; and over those that lie
/// apart.
struct Rest<'a, S, T, L, const STATES: usize> {
    sweep: Sweep<'a, S, T>,
    law: L,
}

impl<S: Stepped, T: Real, L: Law<T, STATES>, const STATES: usize> Kernel
    for Rest<'_, S, T, L, STATES>
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { sweep: Sweep { stepped, range, frame, zero_gradients, set }, law } = self;
        for operands in stepped.iter().filter_map(operands::<T, STATES>) {
            let block = range.start..range.end.min(operands.theta.len());
            if block.is_empty() {
                continue;
            }
            match operands.direct(&block) {
                Some(lanes) => lanes.update(element(law, frame)),
                None => set.run(Gathered { operands, block: block.clone(), law, frame }),
            }
            if zero_gradients {
                operands.gradient.zero_range(block);
            }
        }
    }
}

/// A law and what stands around it, for one element.
#[inline(always)]
fn element<T: Real, const STATES: usize>(
    law: impl Law<T, STATES>,
    frame: Frame<T>,
) -> impl Update<T, STATES> {
    move |theta, g, state| {
        let (d, state) = law.direction(theta, frame.before(g), state);
        let theta = frame.after(theta, d);
        (theta, law.after(theta, state))
    }
}

/// A law over many elements one after another: by itself, so that its scalars stay in registers.
struct Many<T, L, const STATES: usize> {
    lanes: Lanes<T, STATES>,
    law: L,
    frame: Frame<T>,
}

impl<T: Real, L: Law<T, STATES>, const STATES: usize> Kernel for Many<T, L, STATES> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.lanes.update_many(element(self.law, self.frame));
    }
}

/// A law over elements wherever they lie.
struct Gathered<'a, T, L, const STATES: usize> {
    operands: Operands<'a, T, STATES>,
    block: Range<usize>,
    law: L,
    frame: Frame<T>,
}

impl<T: Real, L: Law<T, STATES>, const STATES: usize> Kernel for Gathered<'_, T, L, STATES> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.operands.update(self.block, element(self.law, self.frame));
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
