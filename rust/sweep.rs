//! The driving: a law over the elements of parameters, between what comes before and after every law.

use std::marker::PhantomData;

use crate::buffers::{Lanes, Update};
use crate::instruction_set::{InstructionSet, Kernel};
use crate::laws::{Driver, Family, Law, Real, Settings, clamped};
use crate::vectors::{Element, Part, Vectors};

/// What every law shares: the rate, the value clip and the direction of a group.
#[derive(Clone, Copy)]
pub struct Common {
    /// NaN until a schedule has been asked for it.
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

    pub fn is_scheduled(&self) -> bool {
        self.lr.is_nan()
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

/// What stands before and after every law.
trait Around<X>: Copy {
    /// g, as the law sees it.
    fn before(&self, g: X) -> X;
    /// θ, a step along d further.
    fn after(&self, theta: X, d: X) -> X;
}

/// All of it: g ← clip(g·f), then θ ← θ · shrink ± rate · d.
#[derive(Clone, Copy)]
pub struct Frame<X> {
    factor: X,
    bound: X,
    shrink: X,
    rate: X,
}

impl Frame<f64> {
    /// Whether the law sees the gradient as it is.
    fn leaves_gradient(&self) -> bool {
        self.factor == 1.0 && self.bound == f64::INFINITY
    }

    fn cast<X: Real>(&self) -> Frame<X> {
        Frame {
            factor: X::cast(self.factor),
            bound: X::cast(self.bound),
            shrink: X::cast(self.shrink),
            rate: X::cast(self.rate),
        }
    }
}

impl<X: Real> Around<X> for Frame<X> {
    /// g ← g · f;  g ← g < −c ? −c : g > c ? c : g  (f < 0 turns the gradient)
    #[inline(always)]
    fn before(&self, g: X) -> X {
        clamped(g * self.factor, -self.bound, self.bound)
    }

    /// θ ← θ · shrink;  θ ← θ ± rate · d
    #[inline(always)]
    fn after(&self, theta: X, d: X) -> X {
        theta * self.shrink + self.rate * d
    }
}

/// θ ← θ · shrink ± rate · d alone: the same bits, where the gradient is left as it is.
#[derive(Clone, Copy)]
struct Shrinking<X>(Frame<X>);

impl<X: Real> Around<X> for Shrinking<X> {
    #[inline(always)]
    fn before(&self, g: X) -> X {
        g
    }

    #[inline(always)]
    fn after(&self, theta: X, d: X) -> X {
        self.0.after(theta, d)
    }
}

/// The rate alone: the same bits, where the rest is off.
#[derive(Clone, Copy)]
struct Rate<X>(X);

impl<X: Real> Around<X> for Rate<X> {
    #[inline(always)]
    fn before(&self, g: X) -> X {
        g
    }

    /// θ ← θ ± rate · d
    #[inline(always)]
    fn after(&self, theta: X, d: X) -> X {
        theta + self.0 * d
    }
}

/// Steps elements of type `T` by a law and what stands around it.
pub fn sweep<T: Element>(law: &Family, frame: Frame<f64>, lanes: &[Lanes], set: InstructionSet) {
    set.run(Sweep::<T> { law, frame, lanes, element: PhantomData });
}

struct Sweep<'a, T> {
    law: &'a Family,
    frame: Frame<f64>,
    lanes: &'a [Lanes],
    element: PhantomData<T>,
}

impl<T: Element> Kernel for Sweep<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vectors>(self) {
        let Self { law, frame, lanes, .. } = self;
        law.choose(Drive::<T, V> { frame, lanes, of: PhantomData });
    }
}

/// The law's scalars become vectors; from here on all is inlined but for the loop itself.
struct Drive<'a, T, V> {
    frame: Frame<f64>,
    lanes: &'a [Lanes],
    of: PhantomData<(T, V)>,
}

impl<T: Element, V: Vectors> Driver<T::In<V>> for Drive<'_, T, V> {
    #[inline(always)]
    fn drive<const STATES: usize>(self, law: impl Law<T::In<V>, STATES>) {
        let Self { lanes, of, .. } = self;
        let frame = self.frame.cast();
        if !self.frame.leaves_gradient() {
            V::apart(Loop { lanes, law, around: frame, of });
        } else if self.frame.shrink != 1.0 {
            V::apart(Loop { lanes, law, around: Shrinking(frame), of });
        } else {
            V::apart(Loop { lanes, law, around: Rate(frame.rate), of });
        }
    }
}

/// A law over elements, parameter by parameter.
struct Loop<'a, T, V, L, A, const STATES: usize> {
    lanes: &'a [Lanes],
    law: L,
    around: A,
    of: PhantomData<(T, V)>,
}

impl<T, V, L, A, const STATES: usize> Part for Loop<'_, T, V, L, A, STATES>
where
    T: Element,
    V: Vectors,
    L: Law<T::In<V>, STATES>,
    A: Around<T::In<V>>,
{
    #[inline(always)]
    fn run(self) {
        for lanes in self.lanes {
            lanes.update::<T, V, STATES>(&self);
        }
    }
}

impl<T, V, L, A, const STATES: usize> Update<T::In<V>, STATES> for Loop<'_, T, V, L, A, STATES>
where
    T: Element,
    V: Vectors,
    L: Law<T::In<V>, STATES>,
    A: Around<T::In<V>>,
{
    #[inline(always)]
    fn update(
        &self,
        theta: T::In<V>,
        g: T::In<V>,
        state: [T::In<V>; STATES],
    ) -> (T::In<V>, [T::In<V>; STATES]) {
        let (d, state) = self.law.direction(theta, self.around.before(g), state);
        let theta = self.around.after(theta, d);
        (theta, self.law.after(theta, state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocations::allocations;
    use crate::pool;

    /// Steps float32 slices by SGD with momentum, a thousand numbers at a time on two threads.
    fn step(theta: &mut [f32], gradient: &[f32], velocity: &mut [f32], set: InstructionSet) {
        let law = Family::read("sgd", &Chosen).unwrap().unwrap().at(1);
        let common = Common { lr: 0.5, clip_value: None, maximize: false };
        let frame = common.frame(1.0, 0.5, &law);
        let lanes = Lanes::of_slices(theta, gradient, [velocity]);
        pool::run(2, 4, &|unit| {
            let part = lanes.part(&(unit * 1000..lanes.len().min(unit * 1000 + 1000)));
            sweep::<f32>(&law, frame, std::slice::from_ref(&part), set);
        });
    }

    struct Chosen;

    impl Settings for Chosen {
        type Error = ();
        fn number(&self, name: &str) -> Result<f64, ()> {
            Ok(if name == "momentum" { 0.5 } else { 0.0 })
        }
        fn pair(&self, _: &str) -> Result<(f64, f64), ()> {
            Err(())
        }
        fn optional(&self, _: &str) -> Result<Option<f64>, ()> {
            Ok(None)
        }
        fn count(&self, _: &str) -> Result<u64, ()> {
            Ok(0)
        }
        fn switch(&self, _: &str) -> Result<bool, ()> {
            Ok(false)
        }
    }

    #[test]
    fn a_sweep_steps_every_element_and_allocates_nothing() {
        let gradient: Vec<f32> = (0..3003).map(|i| i as f32).collect();
        for set in InstructionSet::all() {
            let (mut theta, mut velocity) = (vec![1.0; 3003], vec![2.0; 3003]);
            step(&mut theta, &gradient, &mut velocity, set); // the pool begins
            let before = allocations();
            step(&mut theta, &gradient, &mut velocity, set);
            assert_eq!(allocations(), before);
            for (i, (theta, velocity)) in theta.iter().zip(&velocity).enumerate() {
                let g = i as f32;
                let (first, second) = (1.0 + g, 0.5 * (1.0 + g) + g);
                assert_eq!((*velocity, *theta), (second, 1.0 - 0.5 * first - 0.5 * second));
            }
        }
    }

    #[test]
    fn a_nan_passes_the_value_clip() {
        let frame = Frame { factor: 1.0_f32, bound: 2.0, shrink: 1.0, rate: 1.0 };
        assert!(frame.before(f32::NAN).is_nan());
        assert_eq!([-9.0, -2.0, -0.5, 2.5].map(|g| frame.before(g)), [-2.0, -2.0, -0.5, 2.0]);
    }
}
