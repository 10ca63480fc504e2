//! The reproducible norm, and the search for values that are not finite.
//!
//! The order of every addition is fixed, so that the norm has the same bits whatever the instruction
//! set, the threads or the memory layout: an array in index order, in blocks of 4096, element k of a
//! block added to lane k mod 32, the lanes halved until one is left, the blocks added one by one.

use std::marker::PhantomData;
use std::ops::Range;
use std::slice::from_ref;

use crate::buffers::{BLOCK, Block, Lanes, Span, WIDTH};
use crate::instruction_set::{InstructionSet, Kernel};
use crate::laws::Real;
use crate::vectors::{Element, Vector, Vectors};

const _: () =
    assert!(BLOCK == 4096 && WIDTH == 32, "blocks and lanes are part of the norm's definition");

/// 2⁻⁶⁰⁰: squares that overflow float64 are summed once more at this scale.
pub const SCALE: f64 = f64::from_bits((1023 - 600) << 52);

/// Calls `add` with the sum of squares of each block of elements `range`, each element times `scale`.
pub fn block_sums<T: Element>(
    array: Span<'_, T>,
    range: Range<usize>,
    scale: f64,
    set: InstructionSet,
    mut add: impl FnMut(f64),
) {
    array.blocks(range, |block| {
        // By far the most blocks are summed as they are.
        add(if scale == 1.0 {
            set.run(SumOfSquares::<_, false> { block, scale })
        } else {
            set.run(SumOfSquares::<_, true> { block, scale })
        });
        true
    });
}

struct SumOfSquares<T, const SCALED: bool> {
    block: Block<T>,
    scale: f64,
}

impl<T: Element, const SCALED: bool> Kernel for SumOfSquares<T, SCALED> {
    type Output = f64;

    #[inline(always)]
    fn run<V: Vectors>(self) -> f64 {
        let scale = V::F64::cast(self.scale);
        let mut sums = [V::F64::ZERO; WIDTH];
        self.block.rows::<V>(|k, x| {
            let x = if SCALED { x * scale } else { x };
            sums[k] = sums[k] + x * x;
        });
        let mut lanes = [0.0; WIDTH];
        for (sum, lanes) in sums.into_iter().zip(lanes.chunks_exact_mut(V::F64::WIDTH)) {
            sum.store(lanes);
        }
        let mut width = WIDTH;
        while width > 1 {
            width /= 2;
            for k in 0..width {
                lanes[k] += lanes[k + width];
            }
        }
        lanes[0]
    }
}

/// ‖·‖ from the sum of squares; `rescaled` sums them again at the scale it is given.
pub fn norm(total: f64, rescaled: impl FnOnce(f64) -> f64) -> f64 {
    if total == f64::INFINITY { rescaled(SCALE).sqrt() / SCALE } else { total.sqrt() }
}

/// f = min(1, C / (‖g‖ + 1e-6)); NaN if the norm is.
pub fn clip_factor(most: f64, norm: f64) -> f64 {
    let factor = most / (norm + 1e-6);
    if factor >= 1.0 { 1.0 } else { factor }
}

/// The first lanes whose gradient is not finite, or if `squared` its square is not (in its own dtype).
pub fn first_nonfinite<T: Element>(
    lanes: &[Lanes],
    squared: bool,
    set: InstructionSet,
) -> Option<usize> {
    let all_finite = |lanes| set.run(LanesFinite::<T> { lanes, squared, of: PhantomData });
    if all_finite(lanes) { None } else { lanes.iter().position(|one| !all_finite(from_ref(one))) }
}

/// Whether elements `range` are finite, in that sense.
pub fn all_finite<T: Element>(
    array: Span<'_, T>,
    range: Range<usize>,
    squared: bool,
    set: InstructionSet,
) -> bool {
    array.blocks(range, |block| set.run(BlockFinite { block, squared }))
}

struct LanesFinite<'a, T> {
    lanes: &'a [Lanes],
    squared: bool,
    of: PhantomData<T>,
}

impl<T: Element> Kernel for LanesFinite<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<V: Vectors>(self) -> bool {
        let Self { lanes, squared, .. } = self;
        let mut all = true;
        for lanes in lanes {
            all &= BlockFinite { block: lanes.gradient::<T>(), squared }.run::<V>();
        }
        all
    }
}

struct BlockFinite<T> {
    block: Block<T>,
    squared: bool,
}

impl<T: Element> Kernel for BlockFinite<T> {
    type Output = bool;

    #[inline(always)]
    fn run<V: Vectors>(self) -> bool {
        let bound = if self.squared { Real::ROOT } else { Real::INFINITY };
        self.block.all_below::<V>(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocations::allocations;
    use crate::buffers::{Dtype, Walk};

    fn with_span<R>(numbers: &mut [f64], read: impl FnOnce(Span<'_, f64>) -> R) -> R {
        let walk = Walk::line(numbers.len(), Dtype::F64);
        read(Span::over(numbers, &walk))
    }

    fn finite(span: Span<'_, f64>, squared: bool) -> bool {
        all_finite(span, 0..span.len(), squared, InstructionSet::current())
    }

    fn norm_of(numbers: &mut [f64]) -> f64 {
        let sum = |numbers: &mut [f64], scale| {
            let mut total = 0.0;
            with_span(numbers, |span| {
                let set = InstructionSet::current();
                block_sums(span, 0..span.len(), scale, set, |sum| total += sum);
            });
            total
        };
        let total = sum(numbers, 1.0);
        norm(total, |scale| sum(numbers, scale))
    }

    /// The definition, written out: one number after another.
    fn naive(numbers: &[f64]) -> f64 {
        let mut total = 0.0;
        for block in numbers.chunks(4096) {
            let mut lanes = vec![0.0; 32];
            for (k, x) in block.iter().enumerate() {
                lanes[k % 32] += x * x;
            }
            while lanes.len() > 1 {
                let half = lanes.split_off(lanes.len() / 2);
                lanes.iter_mut().zip(half).for_each(|(a, b)| *a += b);
            }
            total += lanes[0];
        }
        total.sqrt()
    }

    #[test]
    fn the_norm_is_its_definition_at_every_length() {
        for n in (0..200).chain([4095, 4096, 4097, 8192, 10_001]) {
            let mut numbers: Vec<f64> =
                (0..n).map(|i| (f64::from(i) * 0.7).sin() * 3.0 + 0.1).collect();
            assert_eq!(norm_of(&mut numbers).to_bits(), naive(&numbers).to_bits(), "{n} numbers");
        }
    }

    #[test]
    fn norm_and_search_allocate_nothing() {
        let mut numbers = vec![1.5; 10_001];
        with_span(&mut numbers, |span| {
            let (before, mut total) = (allocations(), 0.0);
            block_sums(span, 0..10_001, 1.0, InstructionSet::current(), |sum| total += sum);
            assert_eq!(total, 2.25 * 10_001.0);
            assert!(finite(span, true));
            assert_eq!(allocations(), before);
        });
    }

    #[test]
    fn the_clip_factor_shortens_what_is_too_long() {
        assert_eq!(clip_factor(1.0, 0.0), 1.0);
        assert_eq!(clip_factor(1.0, 2.0), 1.0 / (2.0 + 1e-6));
        assert_eq!(clip_factor(1.0, f64::INFINITY), 0.0);
        assert!(clip_factor(1.0, f64::NAN).is_nan());
    }

    #[test]
    fn squares_beyond_float64_are_summed_at_a_smaller_scale() {
        assert_eq!(SCALE, 2.0_f64.powi(-600));
        let big = 2.0_f64.powi(660);
        assert_eq!(norm_of(&mut [3.0 * big, 4.0 * big]), 5.0 * big);
        assert_eq!(norm_of(&mut [f64::MAX, f64::MAX]), f64::INFINITY);
        assert_eq!(norm_of(&mut [1.0, f64::NEG_INFINITY]), f64::INFINITY);
        assert!(norm_of(&mut [1e200, f64::NAN]).is_nan());
    }

    #[test]
    fn the_root_is_where_squares_begin_to_overflow() {
        let before = |x: f32| f32::from_bits(x.to_bits() - 1);
        assert_eq!(
            (f32::ROOT * f32::ROOT, before(f32::ROOT).powi(2) < f32::INFINITY),
            (f32::INFINITY, true)
        );
        let before = |x: f64| f64::from_bits(x.to_bits() - 1);
        assert_eq!(
            (f64::ROOT * f64::ROOT, before(f64::ROOT).powi(2) < f64::INFINITY),
            (f64::INFINITY, true)
        );
    }

    #[test]
    fn one_value_that_is_not_finite_is_found_wherever_it_is() {
        let mut numbers = vec![1.0; 5000];
        assert!(with_span(&mut numbers, |span| finite(span, true)));
        for place in [0, 31, 32, 4095, 4096, 4999] {
            for (wrong, is_finite) in
                [(f64::NAN, false), (f64::INFINITY, false), (-f64::INFINITY, false), (-1e160, true)]
            {
                numbers[place] = wrong;
                assert_eq!(with_span(&mut numbers, |span| finite(span, false)), is_finite);
                assert!(!with_span(&mut numbers, |span| finite(span, true)));
                numbers[place] = 1.0;
            }
        }
    }
}
