//! NumPy arrays as raw spans, and the only place that touches their memory.
//!
//! # The argument for every `unsafe` here
//!
//! *Alive.* A span's memory belongs to an array object of which the step holds an owned reference, and
//! NumPy refuses to reallocate an array that others refer to (`resize(refcheck=False)` takes the
//! responsibility from it; that parameters and states are still where they were is looked at in every
//! step). Shape and strides are copied out of the object, so that assigning `array.shape` cannot pull
//! them away.
//!
//! *In bounds.* A [`Walk`] visits exactly the elements NumPy's own indexing visits: it is made from the
//! array's shape and strides, its axes only reordered, reversed or merged. Every public reader takes a range
//! and checks it against the walk's length.
//!
//! *Aliasing.* No reference to array memory is ever made, only raw reads and writes of one element or of
//! one small block by value; so memory that Python or another thread also holds breaks no rule of Rust's.
//! Parameters and states are pairwise disjoint (checked when they are bound), and a gradient that touches
//! one of them is copied first, so the order of reads and writes between arrays does not matter.
//!
//! *Aligned.* Elements that are misaligned, or not adjacent, pass through a small scratch block by
//! unaligned reads and writes.

use std::array::from_fn;
use std::mem::MaybeUninit;
use std::ops::Range;

use numpy::npyffi::{NPY_ARRAY_WRITEABLE, NPY_TYPES, PyArrayObject};
use pyo3::prelude::*;
use pyo3::{ffi, types::PyType};

use crate::laws::Real;

/// Whether two shapes are equal: for a few axes faster than the call that `==` becomes.
#[inline(always)]
fn equal(a: &[isize], b: &[isize]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
}

/// Elements that pass through scratch at a time: the scratch of a step stays in the first-level cache.
const SCRATCH: usize = 512;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dtype {
    F32,
    F64,
}

impl Dtype {
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// An array object's fields as they stand now.
#[derive(Clone, Copy)]
struct Header<'a> {
    data: *mut u8,
    shape: &'a [isize],
    strides: &'a [isize],
    dtype: Dtype,
    writable: bool,
}

impl<'a> Header<'a> {
    /// Reads `object` if its type is exactly `ndarray` and its dtype one the laws are written in.
    ///
    /// # Safety
    /// No Python code runs while the header is in use: it could assign the object another shape.
    #[inline(always)]
    unsafe fn read(object: &'a Bound<'_, PyAny>, ndarray: &Bound<'_, PyType>) -> Option<Self> {
        let object = object.as_ptr();
        // SAFETY: `object` is alive for 'a; once its type is `ndarray` it is laid out as PyArrayObject,
        // whose descr is never null and whose dimensions and strides hold `nd` numbers (null when nd = 0).
        unsafe {
            if ffi::Py_TYPE(object) != ndarray.as_type_ptr() {
                return None;
            }
            let fields = &(*object.cast::<PyArrayObject>()).fields;
            let descr = &(*fields.descr).fields;
            let dtype = match descr.type_num {
                n if n == NPY_TYPES::NPY_FLOAT as i32 => Dtype::F32,
                n if n == NPY_TYPES::NPY_DOUBLE as i32 => Dtype::F64,
                _ => return None,
            };
            if descr.byteorder as u8 != b'=' {
                return None;
            }
            let axes = fields.nd as usize;
            let numbers = |first: *const isize| {
                if axes == 0 { &[][..] } else { std::slice::from_raw_parts(first, axes) }
            };
            Some(Self {
                data: fields.data.cast(),
                shape: numbers(fields.dimensions),
                strides: numbers(fields.strides),
                dtype,
                writable: fields.flags & NPY_ARRAY_WRITEABLE != 0,
            })
        }
    }
}

/// An address is a number: only a [`Span`], made within a step, follows it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Address(*mut u8);

// SAFETY: see above; the memory behind it is argued for at the head of this file.
unsafe impl Send for Address {}
// SAFETY: the same.
unsafe impl Sync for Address {}

/// An array with the walks over it. While it is held, spans can be made of it.
pub struct Array {
    held: Option<Py<PyAny>>,
    data: Address,
    shape: Vec<isize>,
    strides: Vec<isize>,
    dtype: Dtype,
    ordered: Walk,
    indexed: Walk,
    extent: Range<usize>,
}

impl Array {
    /// Holds a writable array, to be walked in `order`, or in that of its own memory.
    pub fn hold(
        object: &Bound<'_, PyAny>,
        order: Option<&Order>,
        ndarray: &Bound<'_, PyType>,
    ) -> Option<Self> {
        // SAFETY: no Python code runs before this function returns.
        let header = unsafe { Header::read(object, ndarray) }.filter(|header| header.writable)?;
        Self::with_header(object, &header, order)
    }

    /// None if its strides reach beyond the address space.
    fn with_header(
        object: &Bound<'_, PyAny>,
        header: &Header<'_>,
        order: Option<&Order>,
    ) -> Option<Self> {
        let Header { data, shape, strides, dtype, .. } = *header;
        if order.is_some_and(|order| order.0.iter().any(|axis| *axis >= shape.len())) {
            return None;
        }
        let own_order = Order::memory(shape, strides);
        Some(Self {
            held: Some(object.clone().unbind()),
            data: Address(data),
            shape: shape.to_vec(),
            strides: strides.to_vec(),
            dtype,
            ordered: Walk::new(shape, strides, dtype, order.unwrap_or(&own_order)),
            indexed: Walk::new(shape, strides, dtype, &Order::index(shape.len())),
            extent: extent(data as usize, shape, strides, dtype)?,
        })
    }

    /// Holds a gradient of `theta` in the place of the last one, and says whether it lies in the same
    /// memory, so that what was found out about that one still stands. None if it is no gradient of
    /// `theta`, or shall be `writable` and is not.
    #[inline(always)]
    pub fn take(
        place: &mut Option<Self>,
        object: &Bound<'_, PyAny>,
        theta: &Self,
        order: &Order,
        writable: bool,
        ndarray: &Bound<'_, PyType>,
    ) -> Option<bool> {
        // SAFETY: no Python code runs before this function returns; dropping the last gradient cannot
        // run any either, as it was released at the end of its step.
        let header = unsafe { Header::read(object, ndarray) }?;
        if theta.dtype != header.dtype
            || !equal(&theta.shape, header.shape)
            || (writable && !header.writable)
        {
            return None;
        }
        match place {
            Some(last) if equal(&last.strides, header.strides) => {
                let same = last.data.0 == header.data;
                if !same {
                    let place = header.data as usize;
                    last.extent = extent(place, &last.shape, &last.strides, last.dtype)?;
                    last.data = Address(header.data);
                }
                last.held = Some(object.clone().unbind());
                Some(same)
            }
            _ => {
                *place = Self::with_header(object, &header, Some(order));
                place.as_ref().map(|_| false)
            }
        }
    }

    /// The order of its own memory.
    pub fn order(&self) -> Order {
        Order::memory(&self.shape, &self.strides)
    }

    pub fn release(&mut self) {
        self.held = None;
    }

    pub fn object(&self) -> Option<&Py<PyAny>> {
        self.held.as_ref()
    }

    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Whether another array has the same shape and dtype.
    pub fn is_like(&self, other: &Self) -> bool {
        self.dtype == other.dtype && self.shape == other.shape
    }

    pub fn len(&self) -> usize {
        self.ordered.len
    }

    /// Whether it is a single float64 number, without axes.
    pub fn is_number(&self) -> bool {
        self.dtype == Dtype::F64 && self.shape.is_empty()
    }

    /// Whether the object held is still the writable array it was: same memory, shape, strides, dtype.
    #[inline(always)]
    pub fn is_unchanged(&self, ndarray: &Bound<'_, PyType>) -> bool {
        let Some(object) = &self.held else { return false };
        // SAFETY: no Python code runs before this function returns.
        let header = unsafe { Header::read(object.bind(ndarray.py()), ndarray) };
        header.is_some_and(|header| {
            header.writable
                && self.data.0 == header.data
                && self.dtype == header.dtype
                && equal(&self.shape, header.shape)
                && equal(&self.strides, header.strides)
        })
    }

    /// The addresses of its first byte and of the one past its last; the same if it has no elements.
    pub fn extent(&self) -> &Range<usize> {
        &self.extent
    }

    /// The elements in the order of the parameter's memory.
    #[inline(always)]
    pub fn ordered<T: Real>(&self) -> Span<'_, T> {
        self.span(&self.ordered)
    }

    /// The elements in index order.
    #[inline(always)]
    pub fn indexed<T: Real>(&self) -> Span<'_, T> {
        self.span(&self.indexed)
    }

    #[inline(always)]
    fn span<'a, T: Real>(&'a self, walk: &'a Walk) -> Span<'a, T> {
        assert!(
            self.held.is_some() && size_of::<T>() == self.dtype.size(),
            "not this array's span"
        );
        // SAFETY: the array is held, and the walk was made from its shape and strides.
        unsafe { Span::new(self.data.0, walk) }
    }
}

/// The addresses of an array's first byte and of the one past its last; None if they are out of reach.
fn extent(data: usize, shape: &[isize], strides: &[isize], dtype: Dtype) -> Option<Range<usize>> {
    if shape.contains(&0) {
        return Some(data..data);
    }
    let (mut start, mut end) = (data, data.checked_add(dtype.size())?);
    for (n, stride) in shape.iter().zip(strides) {
        let reach = (n - 1).checked_mul(*stride)?;
        if reach < 0 {
            start = start.checked_add_signed(reach)?;
        } else {
            end = end.checked_add_signed(reach)?;
        }
    }
    // No object is larger than isize::MAX, and no address lies beyond.
    (end <= isize::MAX as usize).then_some(start..end)
}

/// Where many arrays lie, for asking quickly whether another one could touch any of them.
#[derive(Default)]
pub struct Extents(Vec<Extent>);

/// An array's extent, and the furthest end of all extents up to it.
struct Extent {
    start: usize,
    end: usize,
    furthest: usize,
}

impl Extents {
    pub fn new(extents: impl Iterator<Item = Range<usize>>) -> Self {
        let mut sorted: Vec<Extent> = extents
            .filter(|extent| !extent.is_empty())
            .map(|Range { start, end }| Extent { start, end, furthest: end })
            .collect();
        sorted.sort_by_key(|extent| extent.start);
        let mut furthest = 0;
        for extent in &mut sorted {
            furthest = furthest.max(extent.end);
            extent.furthest = furthest;
        }
        Self(sorted)
    }

    /// Whether an extent overlaps any of these; arrays whose extents do may still be interleaved.
    pub fn meet(&self, extent: &Range<usize>) -> bool {
        let before = self.0.partition_point(|other| other.start < extent.end);
        before > 0 && !extent.is_empty() && self.0[before - 1].furthest > extent.start
    }
}

/// The order in which the arrays of one parameter are walked: its axes, outermost first.
#[derive(Clone, Debug)]
pub struct Order(Vec<usize>);

impl Order {
    /// C (index) order.
    pub fn index(axes: usize) -> Self {
        Self((0..axes).collect())
    }

    /// The order of an array's own memory: the smallest stride innermost.
    pub fn memory(shape: &[isize], strides: &[isize]) -> Self {
        let mut axes: Vec<usize> = (0..shape.len()).filter(|&axis| shape[axis] != 1).collect();
        axes.sort_by_key(|&axis| std::cmp::Reverse(strides[axis].unsigned_abs()));
        Self(axes)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    len: usize,
    stride: isize,
}

/// One array's elements in a given order: byte offsets from its data pointer, as few axes as will do.
#[derive(Clone, Debug)]
pub struct Walk {
    axes: Vec<Axis>,
    len: usize,
    adjacent: bool,
}

impl Walk {
    pub fn new(shape: &[isize], strides: &[isize], dtype: Dtype, order: &Order) -> Self {
        let len = shape.iter().product::<isize>() as usize;
        let mut axes: Vec<Axis> = Vec::new();
        for &axis in &order.0 {
            let (n, stride) = (shape[axis], strides[axis]);
            if n == 1 || len == 0 {
                continue;
            }
            match axes.last_mut() {
                Some(outer) if outer.stride == n * stride => {
                    *outer = Axis { len: outer.len * n as usize, stride };
                }
                _ => axes.push(Axis { len: n as usize, stride }),
            }
        }
        let adjacent = match axes[..] {
            [] => true,
            [Axis { stride, .. }] => stride == dtype.size() as isize,
            _ => false,
        };
        Self { axes, len, adjacent }
    }

    /// `len` elements one after another.
    #[cfg(test)]
    pub fn line(len: usize, dtype: Dtype) -> Self {
        Self::new(&[len as isize], &[dtype.size() as isize], dtype, &Order::index(1))
    }

    /// Calls `run(offset, count, stride)` for each stretch of equal stride in elements `range`, in order.
    #[inline(always)]
    fn stretches(&self, range: Range<usize>, mut run: impl FnMut(isize, usize, isize)) {
        let Some((inner, outer)) = self.axes.split_last() else {
            return run(0, range.len(), 0);
        };
        let mut element = range.start;
        while element < range.end {
            let (mut rest, within) = (element / inner.len, element % inner.len);
            let mut offset = within as isize * inner.stride;
            for axis in outer.iter().rev() {
                offset += (rest % axis.len) as isize * axis.stride;
                rest /= axis.len;
            }
            let count = (inner.len - within).min(range.end - element);
            run(offset, count, inner.stride);
            element += count;
        }
    }
}

/// An array's memory together with the walk over it.
#[derive(Clone, Copy)]
pub struct Span<'a, T> {
    data: *mut u8,
    walk: &'a Walk,
    /// Where the elements lie one after another, aligned: the first.
    direct: Option<*mut T>,
}

impl<'a, T: Real> Span<'a, T> {
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
    unsafe fn new(data: *mut u8, walk: &'a Walk) -> Self {
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

    /// Calls `visit(i, element)` for the i-th element of `range`, in order; elements may be misaligned.
    #[inline(always)]
    fn each(&self, range: Range<usize>, mut visit: impl FnMut(usize, *mut T)) {
        self.check(&range);
        let mut done = 0;
        self.walk.stretches(range, |offset, count, stride| {
            let first = self.data.wrapping_offset(offset);
            for i in 0..count {
                visit(done + i, first.wrapping_offset(i as isize * stride).cast());
            }
            done += count;
        });
    }

    /// A pointer to elements `range`, one after another: in place, or gathered into `scratch`.
    #[inline(always)]
    fn enter(&self, range: Range<usize>, scratch: *mut T) -> *mut T {
        match self.direct {
            Some(first) => first.wrapping_add(range.start),
            None => {
                // SAFETY: in bounds by `each`; `scratch` has room for the range.
                self.each(range, |i, element| unsafe {
                    scratch.add(i).write(element.read_unaligned())
                });
                scratch
            }
        }
    }

    /// Writes back what `enter` gathered.
    #[inline(always)]
    fn leave(&self, range: Range<usize>, scratch: *const T) {
        if self.direct.is_none() {
            // SAFETY: in bounds by `each`; `scratch` holds the range.
            self.each(range, |i, element| unsafe {
                element.write_unaligned(scratch.add(i).read())
            });
        }
    }

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

    /// Sets every element to zero.
    pub fn zero(&self) {
        self.zero_range(0..self.len());
    }

    /// Calls `read` with elements `range`, in order, in lanes of [`LANE`] (the last may be shorter);
    /// stops when it returns false, and returns what it returned last.
    #[inline(always)]
    pub fn lanes(&self, range: Range<usize>, mut read: impl FnMut(Lane<T>) -> bool) -> bool {
        self.check(&range);
        let Some(first) = self.direct else { return self.gathered_lanes(range, read) };
        // A loop, not an adapter: what is not inlined here is not compiled for the instruction set.
        let mut start = range.start;
        while start < range.end {
            let len = LANE.min(range.end - start);
            if !read(Lane { first: first.wrapping_add(start), len }) {
                return false;
            }
            start += len;
        }
        true
    }

    /// The same through scratch; apart, so that nothing else needs a stack of that size.
    #[inline(never)]
    fn gathered_lanes(&self, range: Range<usize>, mut read: impl FnMut(Lane<T>) -> bool) -> bool {
        let mut scratch = [const { MaybeUninit::<T>::uninit() }; LANE];
        range.clone().step_by(LANE).all(|start| {
            let range = start..range.end.min(start + LANE);
            let len = range.len();
            read(Lane { first: self.enter(range, scratch.as_mut_ptr().cast()), len })
        })
    }
}

/// How many elements are read at a time.
pub const LANE: usize = 4096;

/// In rows this wide: enough independent sums to fill any vector unit.
pub const WIDTH: usize = 32;

/// Elements one after another, read by value.
#[derive(Clone, Copy)]
pub struct Lane<T> {
    first: *const T,
    len: usize,
}

impl<T: Real> Lane<T> {
    /// Calls `read` with each row of [`WIDTH`] elements, the last padded with zeros.
    #[inline(always)]
    pub fn rows(&self, mut read: impl FnMut([T; WIDTH])) {
        let full = self.len / WIDTH * WIDTH;
        let mut start = 0;
        while start < full {
            // SAFETY: the row lies within the lane.
            read(unsafe { self.first.add(start).cast::<[T; WIDTH]>().read() });
            start += WIDTH;
        }
        if full < self.len {
            let mut row = [T::ZERO; WIDTH];
            for i in full..self.len {
                // SAFETY: `i` lies within the lane.
                row[i - full] = unsafe { self.first.add(i).read() };
            }
            read(row);
        }
    }
}

/// The arrays of one parameter, all walked in the same order.
#[derive(Clone, Copy)]
pub struct Operands<'a, T, const STATES: usize> {
    pub theta: Span<'a, T>,
    pub gradient: Span<'a, T>,
    pub state: [Span<'a, T>; STATES],
}

/// What a law does to one element: (θ, g, state) → (θ, state).
pub trait Update<T, const STATES: usize>: Fn(T, T, [T; STATES]) -> (T, [T; STATES]) {}
impl<T, const STATES: usize, F: Fn(T, T, [T; STATES]) -> (T, [T; STATES])> Update<T, STATES> for F {}

impl<T: Real, const STATES: usize> Operands<'_, T, STATES> {
    #[inline(always)]
    fn check(&self, range: &Range<usize>) {
        self.theta.check(range);
        self.gradient.check(range);
        self.state.iter().for_each(|span| span.check(range));
    }

    /// Elements `range`, if those of every array lie one after another, aligned.
    #[inline(always)]
    pub fn direct(&self, range: &Range<usize>) -> Option<Lanes<T, STATES>> {
        self.check(range);
        let from = |first: *mut T| first.wrapping_add(range.start);
        let theta = from(self.theta.direct?);
        let mut state = [theta; STATES];
        for (lane, span) in state.iter_mut().zip(&self.state) {
            *lane = from(span.direct?);
        }
        Some(Lanes { theta, gradient: from(self.gradient.direct?), state, len: range.len() })
    }

    /// Replaces (θ, state) by `update(θ, g, state)`, element by element of `range`, through scratch where
    /// elements are misaligned or lie apart.
    #[inline(always)]
    pub fn update(&self, range: Range<usize>, update: impl Update<T, STATES>) {
        self.check(&range);
        let Self { theta, gradient, state } = self;
        let mut thetas = scratch::<T>();
        let mut gradients = scratch::<T>();
        let mut states: [_; STATES] = from_fn(|_| scratch::<T>());
        for start in range.clone().step_by(SCRATCH) {
            let block = start..range.end.min(start + SCRATCH);
            let lanes = Lanes {
                theta: theta.enter(block.clone(), thetas.as_mut_ptr().cast()),
                gradient: gradient.enter(block.clone(), gradients.as_mut_ptr().cast()),
                state: from_fn(|k| state[k].enter(block.clone(), states[k].as_mut_ptr().cast())),
                len: block.len(),
            };
            lanes.update(&update);
            theta.leave(block.clone(), lanes.theta);
            (0..STATES).for_each(|k| state[k].leave(block.clone(), lanes.state[k]));
        }
    }
}

/// Aligned elements one after another, in the arrays of one parameter or in scratch.
#[derive(Clone, Copy)]
pub struct Lanes<T, const STATES: usize> {
    theta: *mut T,
    gradient: *const T,
    state: [*mut T; STATES],
    len: usize,
}

impl<T: Real, const STATES: usize> Lanes<T, STATES> {
    pub fn len(&self) -> usize {
        self.len
    }

    /// Replaces (θ, state) by `update(θ, g, state)`, element by element of a multiple of 16 elements.
    #[inline(always)]
    pub fn update_many(&self, update: impl Update<T, STATES>) {
        // SAFETY: as many as there are.
        unsafe { self.update_some(0, self.len & !15, &update) }
    }

    /// The same for any number: the compiler makes vectors of a loop whose count it knows to be a multiple
    /// of their length, so the last few go by eights and fours, not one by one.
    #[inline(always)]
    pub fn update(&self, update: impl Update<T, STATES>) {
        let mut start = 0;
        for count in [self.len & !15, self.len & 8, self.len & 4, self.len & 3] {
            // SAFETY: the counts add up to `len`.
            unsafe { self.update_some(start, count, &update) };
            start += count;
        }
    }

    /// # Safety
    /// There are so many elements.
    #[inline(always)]
    unsafe fn update_some(&self, start: usize, count: usize, update: &impl Update<T, STATES>) {
        let Self { theta, gradient, state, .. } = *self;
        for i in start..start + count {
            // SAFETY: each pointer leads to as many elements; only those of parameter and states are
            // written, which are disjoint.
            unsafe {
                let old = from_fn(|k| state[k].add(i).read());
                let (x, new) = update(theta.add(i).read(), gradient.add(i).read(), old);
                theta.add(i).write(x);
                (0..STATES).for_each(|k| state[k].add(i).write(new[k]));
            }
        }
    }
}

/// Room for a block of elements; filled before it is read.
#[inline(always)]
fn scratch<T>() -> [MaybeUninit<T>; SCRATCH] {
    [const { MaybeUninit::uninit() }; SCRATCH]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(shape: &[isize], strides: &[isize], order: &Order) -> Walk {
        Walk::new(shape, strides, Dtype::F64, order)
    }

    /// Every byte offset a walk visits, in order.
    fn offsets(walk: &Walk, range: Range<usize>) -> Vec<isize> {
        let mut all = Vec::new();
        walk.stretches(range, |offset, count, stride| {
            all.extend((0..count as isize).map(|i| offset + i * stride));
        });
        all
    }

    #[test]
    fn a_contiguous_array_is_one_stretch_in_either_order() {
        let (c, f) = ([96, 32, 8], [8, 16, 48]);
        let shape = [2, 3, 4];
        assert!(walk(&shape, &c, &Order::index(3)).adjacent);
        assert!(walk(&shape, &c, &Order::memory(&shape, &c)).adjacent);
        assert!(walk(&shape, &f, &Order::memory(&shape, &f)).adjacent);
        assert!(!walk(&shape, &f, &Order::index(3)).adjacent);
        assert!(!walk(&shape, &c, &Order::memory(&shape, &f)).adjacent);
    }

    #[test]
    fn a_walk_visits_what_indexing_visits_from_wherever_it_starts() {
        let (shape, strides) = ([3, 1, 4, 2], [-200, 7, 16, 0]);
        let mut expected = Vec::new();
        for a in 0..3 {
            for c in 0..4 {
                expected.extend([-200 * a + 16 * c; 2]);
            }
        }
        let walk = walk(&shape, &strides, &Order::index(4));
        assert_eq!(walk.len, 24);
        for start in 0..=24 {
            for end in start..=24 {
                assert_eq!(offsets(&walk, start..end), expected[start..end]);
            }
        }
    }

    #[test]
    fn extents_reach_from_the_first_byte_to_past_the_last() {
        assert_eq!(extent(1000, &[3, 4], &[-32, 8], Dtype::F64), Some(1000 - 64..1000 + 24 + 8));
        assert_eq!(extent(1000, &[], &[], Dtype::F32), Some(1000..1004));
        assert_eq!(extent(1000, &[5, 0], &[8, 8], Dtype::F64), Some(1000..1000));
        assert_eq!(extent(1000, &[2], &[-2000], Dtype::F64), None);
        assert_eq!(extent(1000, &[5], &[isize::MAX / 2], Dtype::F64), None);
        assert_eq!(extent(1000, &[2], &[isize::MAX - 7], Dtype::F64), None);
    }

    #[test]
    fn extents_meet_where_any_of_them_reaches() {
        let extents = Extents::new([100..200, 10..20, 110..120, 300..300].into_iter());
        let meets = [0..11, 19..20, 150..151, 199..300, 120..121];
        let misses = [0..10, 20..100, 200..400, 300..301, 15..15];
        assert!(meets.iter().all(|extent| extents.meet(extent)));
        assert!(!misses.iter().any(|extent| extents.meet(extent)));
    }

    #[test]
    fn an_empty_array_has_nothing_to_visit() {
        let walk = walk(&[4, 0], &[8, 8], &Order::index(2));
        assert_eq!((walk.len, offsets(&walk, 0..0)), (0, vec![]));
    }

    #[test]
    #[should_panic(expected = "range outside the array")]
    fn no_range_leads_outside() {
        let mut numbers = [1.0_f64; 4];
        let walk = Walk::line(4, Dtype::F64);
        let span = Span::over(&mut numbers, &walk);
        span.zero_range(2..5);
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
        let operands = Operands { theta, gradient: Span::over(&mut gradient, &even), state: [] };
        operands.update(1..1000, |x, g: f64, []| (x + g, []));
        for i in 0..1000 {
            // SAFETY: within `bytes`.
            assert_eq!(
                unsafe { at(i).read_unaligned() },
                if i == 0 { 0.0 } else { i as f64 * 1.5 }
            );
        }
    }
}
