//! Elements of one array, read and written one by one or in blocks.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::walk::Walk;
use crate::laws::{Mask, Real};
use crate::vectors::{Element, Vector, Vectors};

/// An array's memory together with the walk over it.
#[derive(Clone, Copy)]
pub struct Span<'a, T> {
    data: *mut u8,
    walk: &'a Walk,
    /// Where the elements lie one after another, aligned: the first.
    direct: Option<*mut T>,
}

impl<'a, T: Element> Span<'a, T> {
    /// The numbers of a slice, for tests that have no array.
    #[cfg(test)]
    pub fn over(numbers: &'a mut [T], walk: &'a Walk) -> Self {
        assert!(walk.adjacent && walk.len == numbers.len());
        // SAFETY: the walk is the slice's own.
        unsafe { Self::new(numbers.as_mut_ptr().cast(), walk) }
    }

    /// # Safety
    /// `walk` was made from the shape and strides of an array of `T` at `data`, and that array outlives
    /// the span; what is written to was seen to be writable.
    pub(super) unsafe fn new(data: *mut u8, walk: &'a Walk) -> Self {
        let first = data.cast::<T>();
        let direct = (walk.adjacent && first.is_aligned()).then_some(first);
        Self { data, walk, direct }
    }

    pub fn len(&self) -> usize {
        self.walk.len
    }

    /// Whatever a range says, no element outside the array is touched.
    #[inline(always)]
    fn check(&self, range: &Range<usize>) {
        assert!(range.start <= range.end && range.end <= self.walk.len, "range outside the array");
    }

    /// Calls `visit(done, first, count, stride)` for each stretch of equal stride in elements `range`, in
    /// order, `done` of them being behind it; elements may be misaligned.
    #[inline(always)]
    fn stretches(&self, range: Range<usize>, mut visit: impl FnMut(usize, *mut u8, usize, isize)) {
        self.check(&range);
        let mut done = 0;
        self.walk.stretches(range, |offset, count, stride| {
            visit(done, self.data.wrapping_offset(offset), count, stride);
            done += count;
        });
    }

    /// Calls `visit(i, element)` for the i-th element of `range`, in order; elements may be misaligned.
    #[inline(always)]
    fn each(&self, range: Range<usize>, mut visit: impl FnMut(usize, *mut T)) {
        self.stretches(range, |done, first, count, stride| {
            for i in 0..count {
                visit(done + i, first.wrapping_offset(i as isize * stride).cast());
            }
        });
    }

    /// A pointer to elements `range`, one after another: in place, or gathered into `scratch`.
    #[inline(always)]
    pub(super) fn enter(&self, range: Range<usize>, scratch: *mut T) -> *mut T {
        match self.direct {
            Some(first) => first.wrapping_add(range.start),
            None => {
                self.stretches(range, |done, first, count, stride| {
                    // SAFETY: in bounds by `stretches`; `scratch` has room for the range. Volatile, or the
                    // compiler makes vectors of single elements.
                    unsafe {
                        let scratch = scratch.add(done);
                        if stride == Self::SIZE {
                            scratch
                                .cast::<u8>()
                                .copy_from_nonoverlapping(first, count * size_of::<T>());
                        } else if stride == 2 * Self::SIZE {
                            // Every second one: of this stride the compiler does make vectors.
                            for i in 0..count {
                                let element = first.cast::<T>().add(2 * i);
                                scratch.add(i).write(element.read_unaligned());
                            }
                        } else {
                            apart::<T>(first, stride, count, |i, element| {
                                scratch.add(i).write_volatile(element.read_unaligned());
                            });
                        }
                    }
                });
                scratch
            }
        }
    }

    /// Writes back what `enter` gathered.
    #[inline(always)]
    pub(super) fn leave(&self, range: Range<usize>, scratch: *const T) {
        if self.direct.is_none() {
            self.stretches(range, |done, first, count, stride| {
                // SAFETY: in bounds by `stretches`; `scratch` holds the range. Volatile for the same reason.
                unsafe {
                    let scratch = scratch.add(done);
                    if stride == Self::SIZE {
                        first.copy_from_nonoverlapping(scratch.cast(), count * size_of::<T>());
                    } else {
                        apart::<T>(first, stride, count, |i, element| {
                            element.write_unaligned(scratch.add(i).read_volatile());
                        });
                    }
                }
            });
        }
    }

    const SIZE: isize = size_of::<T>() as isize;

    /// Replaces every element x by `next(x)`, in order.
    pub fn replace(&self, mut next: impl FnMut(T) -> T) {
        // SAFETY: in bounds by `each`.
        self.each(0..self.len(), |_, element| unsafe {
            element.write_unaligned(next(element.read_unaligned()))
        });
    }

    /// Sets elements `range` to zero.
    pub fn zero_range(&self, range: Range<usize>) {
        if let Some(first) = self.direct {
            self.check(&range);
            // SAFETY: the range lies within the array; zero bytes are the number 0.
            return unsafe { first.add(range.start).write_bytes(0, range.len()) };
        }
        // SAFETY: in bounds by `each`.
        self.each(range, |_, element| unsafe { element.write_unaligned(T::ZERO) });
    }

    /// Calls `read` with elements `range`, in order, in blocks of [`BLOCK`] (the last may be shorter);
    /// stops when it returns false, and returns what it returned last.
    pub fn blocks(&self, range: Range<usize>, mut read: impl FnMut(Block<T>) -> bool) -> bool {
        self.check(&range);
        let Some(first) = self.direct else { return self.gathered_blocks(range, read) };
        range.clone().step_by(BLOCK).all(|start| {
            let len = BLOCK.min(range.end - start);
            read(Block { first: first.wrapping_add(start), len })
        })
    }

    /// The same through scratch; apart, so that nothing else needs a stack of that size.
    #[inline(never)]
    fn gathered_blocks(&self, range: Range<usize>, mut read: impl FnMut(Block<T>) -> bool) -> bool {
        let mut scratch = [const { MaybeUninit::<T>::uninit() }; BLOCK];
        range.clone().step_by(BLOCK).all(|start| {
            let range = start..range.end.min(start + BLOCK);
            let len = range.len();
            read(Block { first: self.enter(range, scratch.as_mut_ptr().cast()), len })
        })
    }
}

/// Calls `copy(i, element)` with elements that lie `stride` bytes apart, four at a time: the counting would
/// cost more than the copying.
#[inline(always)]
fn apart<T>(first: *mut u8, stride: isize, count: usize, copy: impl Fn(usize, *mut T)) {
    let mut element = first.cast::<T>();
    for i in (0..count / 4 * 4).step_by(4) {
        for k in 0..4 {
            copy(i + k, element.wrapping_byte_offset(k as isize * stride));
        }
        element = element.wrapping_byte_offset(4 * stride);
    }
    for i in count / 4 * 4..count {
        copy(i, element);
        element = element.wrapping_byte_offset(stride);
    }
}

/// How many elements are read at a time.
pub const BLOCK: usize = 4096;

/// In rows this wide: enough independent sums to fill any vector unit.
pub const WIDTH: usize = 32;

/// Elements one after another, read by value.
#[derive(Clone, Copy)]
pub struct Block<T> {
    pub(super) first: *const T,
    pub(super) len: usize,
}

impl<T: Element> Block<T> {
    /// Whether all elements are smaller than `bound` in magnitude.
    #[inline(always)]
    pub fn all_below<V: Vectors>(&self, bound: T::In<V>) -> bool {
        let width = T::In::<V>::WIDTH;
        let mut below = [T::In::<V>::ZERO.below(bound); 4];
        let mut start = 0;
        // SAFETY: the vectors lie within the block.
        unsafe {
            let is_below = |x: T::In<V>| x.abs().below(bound);
            while self.len - start >= 4 * width {
                for (k, below) in below.iter_mut().enumerate() {
                    let first = self.first.add(start + k * width);
                    *below = *below & is_below(T::In::<V>::read(first));
                }
                start += 4 * width;
            }
            while self.len - start >= width {
                below[0] = below[0] & is_below(T::In::<V>::read(self.first.add(start)));
                start += width;
            }
            if start < self.len {
                let rest = self.len - start;
                let last = T::In::<V>::read_some(self.first.add(start), rest);
                below[1] = below[1] & is_below(last);
            }
        }
        ((below[0] & below[1]) & (below[2] & below[3])).all()
    }

    /// Calls `read(k, vector)` with the k-th vector of each row of [`WIDTH`] elements, in float64, the last
    /// row padded with zeros.
    #[inline(always)]
    pub fn rows<V: Vectors>(&self, mut read: impl FnMut(usize, V::F64)) {
        let mut padded = [T::ZERO; WIDTH];
        let mut start = 0;
        while start < self.len {
            // SAFETY: the elements lie within the block.
            let mut row = unsafe { self.first.add(start) };
            if self.len - start < WIDTH {
                for (k, x) in padded.iter_mut().enumerate().take(self.len - start) {
                    // SAFETY: the same.
                    *x = unsafe { row.add(k).read() };
                }
                row = padded.as_ptr();
            }
            for k in 0..WIDTH / V::F64::WIDTH {
                // SAFETY: the vector lies within the row.
                read(k, unsafe { T::wide::<V>(row.add(k * V::F64::WIDTH)) });
            }
            start += WIDTH;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers::Dtype;

    #[test]
    #[should_panic(expected = "range outside the array")]
    fn no_range_leads_outside() {
        let mut numbers = [1.0_f64; 4];
        let walk = Walk::line(4, Dtype::F64);
        let span = Span::over(&mut numbers, &walk);
        span.zero_range(2..5);
    }
}
