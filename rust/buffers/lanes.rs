//! Elements of a parameter's arrays side by side, stepped vector by vector.

use std::array::from_fn;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::ptr::null_mut;

use super::{Address, Array, Block, Dtype, Span};
use crate::vectors::{Element, Vector, Vectors};

/// Elements that pass through scratch at a time: the scratch of a step stays in the first-level cache.
const SCRATCH: usize = 512;

/// The most state arrays that a law has.
pub const MOST_STATES: usize = 3;

/// What a law does to elements side by side: (θ, g, state) → (θ, state).
pub trait Update<X, const STATES: usize> {
    fn update(&self, theta: X, gradient: X, state: [X; STATES]) -> (X, [X; STATES]);
}

/// Elements one after another in parameter, gradient and states, aligned: where they begin, and how many.
#[derive(Clone, Copy)]
pub struct Lanes {
    theta: Address,
    gradient: Address,
    state: [Address; MOST_STATES],
    states: usize,
    len: usize,
    dtype: Dtype,
}

impl Lanes {
    /// No elements.
    pub const NONE: Self = Self {
        theta: Address(null_mut()),
        gradient: Address(null_mut()),
        state: [Address(null_mut()); MOST_STATES],
        states: MOST_STATES,
        len: 0,
        dtype: Dtype::F32,
    };

    /// All elements of a parameter's arrays; none where they do not lie one after another, aligned.
    pub fn over(theta: &Array, gradient: &Array, state: &[Array]) -> Option<Self> {
        let first = |array: &Array| array.is_like(theta).then(|| array.first()).flatten();
        let mut lanes = Self {
            theta: first(theta)?,
            gradient: first(gradient)?,
            states: state.len(),
            len: theta.len(),
            dtype: theta.dtype,
            ..Self::NONE
        };
        for (place, array) in lanes.state.iter_mut().zip(state) {
            *place = first(array)?;
        }
        Some(lanes)
    }

    /// The numbers of slices, for tests that have no arrays.
    #[cfg(test)]
    pub fn of_slices<const STATES: usize>(
        theta: &mut [f32],
        gradient: &[f32],
        state: [&mut [f32]; STATES],
    ) -> Self {
        let len = theta.len();
        assert!(gradient.len() == len && state.iter().all(|state| state.len() == len));
        let mut lanes = Self {
            theta: Address(theta.as_mut_ptr().cast()),
            gradient: Address(gradient.as_ptr().cast_mut().cast()),
            states: STATES,
            len,
            ..Self::NONE
        };
        for (place, state) in lanes.state.iter_mut().zip(state) {
            *place = Address(state.as_mut_ptr().cast());
        }
        lanes
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// The same with another gradient, if its elements lie one after another, aligned, as the last one's did.
    pub fn along(&self, gradient: &Array) -> Option<Self> {
        let fits = gradient.dtype == self.dtype && gradient.len() == self.len;
        Some(Self { gradient: gradient.first().filter(|_| fits)?, ..*self })
    }

    /// Of these elements, those of `range`.
    #[inline(always)]
    pub fn part(&self, range: &Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.len, "range outside the array");
        let from = |first: Address| Address(first.0.wrapping_add(range.start * self.dtype.size()));
        Self {
            theta: from(self.theta),
            gradient: from(self.gradient),
            state: self.state.map(from),
            len: range.len(),
            ..*self
        }
    }

    /// The gradient's elements.
    #[inline(always)]
    pub fn gradient<T: Element>(&self) -> Block<T> {
        assert!(self.len == 0 || size_of::<T>() == self.dtype.size(), "not this array's elements");
        Block { first: self.gradient.0.cast(), len: self.len }
    }

    /// Replaces (θ, state) by what `update` makes of them, vector by vector.
    #[inline(always)]
    pub fn update<T: Element, V: Vectors, const STATES: usize>(
        &self,
        update: &impl Update<T::In<V>, STATES>,
    ) {
        let fits = size_of::<T>() == self.dtype.size() && STATES <= self.states;
        assert!(self.len == 0 || fits, "not this array's elements");
        // Copies, which no write to an array can change.
        let first = |address: Address| address.0.cast::<T>();
        let (theta, gradient) = (first(self.theta), first(self.gradient));
        let state: [*mut T; STATES] = from_fn(|k| first(self.state[k]));
        let (mut start, width) = (0, T::In::<V>::WIDTH);
        while self.len - start >= width {
            // SAFETY: each pointer leads to so many elements; only those of parameter and states are
            // written, which are disjoint.
            unsafe {
                let old = state.map(|first| T::In::<V>::read(first.add(start)));
                let (x, g) = (theta.add(start), gradient.add(start));
                let (new_x, new) = update.update(T::In::<V>::read(x), T::In::<V>::read(g), old);
                new_x.write(x);
                (0..STATES).for_each(|k| new[k].write(state[k].add(start)));
            }
            start += width;
        }
        let rest = self.len - start;
        if rest > 0 {
            // SAFETY: the same.
            unsafe {
                let old = state.map(|first| T::In::<V>::read_some(first.add(start), rest));
                let (x, g) = (theta.add(start), gradient.add(start));
                let (new_x, new) = update.update(
                    T::In::<V>::read_some(x, rest),
                    T::In::<V>::read_some(g, rest),
                    old,
                );
                new_x.write_some(x, rest);
                (0..STATES).for_each(|k| new[k].write_some(state[k].add(start), rest));
            }
        }
    }

    /// Sets the gradient's elements to zero.
    pub fn zero_gradient(&self) {
        // SAFETY: there are so many elements; zero bytes are the number 0.
        unsafe { self.gradient.0.write_bytes(0, self.len * self.dtype.size()) };
    }
}

/// Calls `step` with elements `range` of a parameter's arrays, some at a time, through scratch where they
/// are misaligned or lie apart. A function of its own, so that nothing else needs a stack of that size.
#[inline(never)]
pub fn gathered<T: Element>(
    theta: Span<'_, T>,
    gradient: Span<'_, T>,
    state: &[Array],
    range: Range<usize>,
    mut step: impl FnMut(&Lanes),
) {
    let mut scratch = [[const { MaybeUninit::<T>::uninit() }; SCRATCH]; MOST_STATES + 2];
    let [thetas, gradients, states @ ..] = &mut scratch;
    for start in range.clone().step_by(SCRATCH) {
        let block = start..range.end.min(start + SCRATCH);
        let enter = |span: &Span<'_, T>, scratch: &mut [MaybeUninit<T>]| {
            Address(span.enter(block.clone(), scratch.as_mut_ptr().cast()).cast())
        };
        let mut lanes = Lanes {
            theta: enter(&theta, thetas),
            gradient: enter(&gradient, gradients),
            states: state.len(),
            len: block.len(),
            dtype: if size_of::<T>() == 4 { Dtype::F32 } else { Dtype::F64 },
            ..Lanes::NONE
        };
        for ((place, array), scratch) in lanes.state.iter_mut().zip(state).zip(&mut *states) {
            *place = enter(&array.ordered(), scratch);
        }
        step(&lanes);
        theta.leave(block.clone(), lanes.theta.0.cast());
        for (first, array) in lanes.state.iter().zip(state) {
            array.ordered::<T>().leave(block.clone(), first.0.cast());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers::{Order, Walk};
    use crate::vectors::Single;

    fn walk(shape: &[isize], strides: &[isize], order: &Order) -> Walk {
        Walk::new(shape, strides, Dtype::F64, order)
    }

    #[test]
    fn misaligned_and_strided_elements_are_updated_in_place() {
        let mut bytes = [0_u8; 8 * 2000 + 8];
        let data = bytes.as_mut_ptr().wrapping_add(3);
        let at = |i: usize| data.wrapping_add(16 * i).cast::<f64>();
        for i in 0..1000 {
            // SAFETY: within `bytes`.
            unsafe { at(i).write_unaligned(i as f64) };
        }
        let mut gradient: Vec<f64> = (0..1000).map(|i| f64::from(i) / 2.0).collect();
        let odd = walk(&[1000], &[16], &Order::index(1));
        let even = Walk::line(1000, Dtype::F64);
        // SAFETY: the walk is that of the numbers in `bytes`.
        let theta = unsafe { Span::new(data, &odd) };
        struct Sum;
        impl Update<f64, 0> for Sum {
            fn update(&self, x: f64, g: f64, []: [f64; 0]) -> (f64, [f64; 0]) {
                (x + g, [])
            }
        }
        gathered(theta, Span::over(&mut gradient, &even), &[], 1..1000, |lanes| {
            lanes.update::<f64, Single, 0>(&Sum);
        });
        for i in 0..1000 {
            // SAFETY: within `bytes`.
            assert_eq!(
                unsafe { at(i).read_unaligned() },
                if i == 0 { 0.0 } else { i as f64 * 1.5 }
            );
        }
    }
}
