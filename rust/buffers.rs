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
use std::ptr::null_mut;

use numpy::npyffi::{
    NPY_ARRAY_WRITEABLE, NPY_TYPES, PyArray_Descr_fields, PyArrayObject, PyArrayObject_fields,
};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyType};

use crate::laws::{Mask, Real};
use crate::vectors::{Element, Vector, Vectors};

/// Elements that pass through scratch at a time: the scratch of a step stays in the first-level cache.
const SCRATCH: usize = 512;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dtype {
    F32,
    F64,
}

impl Dtype {
    /// None if the laws are not written in it.
    #[inline(always)]
    fn of(descr: &PyArray_Descr_fields) -> Option<Self> {
        match descr.type_num {
            _ if descr.byteorder as u8 != b'=' => None,
            n if n == NPY_TYPES::NPY_FLOAT as i32 => Some(Self::F32),
            n if n == NPY_TYPES::NPY_DOUBLE as i32 => Some(Self::F64),
            _ => None,
        }
    }

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
            let dtype = Dtype::of(&(*fields.descr).fields)?;
            Some(Self {
                data: fields.data.cast(),
                shape: numbers(fields.dimensions, fields.nd),
                strides: numbers(fields.strides, fields.nd),
                dtype,
                writable: fields.flags & NPY_ARRAY_WRITEABLE != 0,
            })
        }
    }
}

/// One number for each of an array's axes.
///
/// # Safety
/// There are so many at `first`, unless there are no axes; nobody changes them while they are in use.
#[inline(always)]
unsafe fn numbers<'a>(first: *const isize, axes: i32) -> &'a [isize] {
    // SAFETY: the caller's.
    if axes == 0 { &[] } else { unsafe { std::slice::from_raw_parts(first, axes as usize) } }
}

/// Whether `list[place] is value`.
#[inline(always)]
pub fn is_item(list: &Bound<'_, PyList>, place: usize, value: &Py<PyAny>) -> bool {
    // SAFETY: a list is asked; what it answers is compared and not followed.
    unsafe {
        let item = ffi::PyList_GetItem(list.as_ptr(), place as ffi::Py_ssize_t);
        if item.is_null() {
            ffi::PyErr_Clear();
        }
        item == value.as_ptr()
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
    dtype: Dtype,
    shape: Box<[isize]>,
    strides: Box<[isize]>,
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
            dtype,
            shape: shape.into(),
            strides: strides.into(),
            ordered: Walk::new(shape, strides, dtype, order.unwrap_or(&own_order)),
            indexed: Walk::new(shape, strides, dtype, &Order::index(shape.len())),
            extent: extent(data as usize, shape, strides, dtype)?,
        })
    }

    /// Holds another object that looks like the last one.
    pub fn hold_again(&mut self, object: Bound<'_, PyAny>) {
        self.held = Some(object.unbind());
    }

    /// Takes hold of a gradient of `theta` in the place of the last one, and says whether it lies where that
    /// one lay. None if it is no gradient of `theta`, or shall be `writable` and is not.
    pub fn hold_gradient(
        place: &mut Option<Self>,
        object: Bound<'_, PyAny>,
        theta: &Self,
        order: &Order,
        writable: bool,
        ndarray: &Bound<'_, PyType>,
    ) -> Option<bool> {
        // SAFETY: no Python code runs before this function returns; dropping the last gradient cannot
        // run any either, as it was released at the end of its step.
        let header = unsafe { Header::read(&object, ndarray) }?;
        if theta.dtype != header.dtype
            || *theta.shape != *header.shape
            || (writable && !header.writable)
        {
            return None;
        }
        match place {
            Some(last) if *last.strides == *header.strides => {
                let same = last.data.0 == header.data;
                let place = header.data as usize;
                last.extent = extent(place, &last.shape, &last.strides, last.dtype)?;
                last.data = Address(header.data);
                last.held = Some(object.unbind());
                Some(same)
            }
            _ => {
                *place = Some(Self::with_header(&object, &header, Some(order))?);
                Some(false)
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

    /// Where its elements begin, if in the order of the parameter's memory they lie one after another, aligned.
    fn first(&self) -> Option<Address> {
        let aligned = (self.data.0 as usize).is_multiple_of(self.dtype.size());
        (self.held.is_some() && self.ordered.adjacent && aligned).then_some(self.data)
    }

    /// Whether it is a single float64 number, without axes.
    pub fn is_number(&self) -> bool {
        self.dtype == Dtype::F64 && self.shape.is_empty()
    }

    /// Whether the object held is still the writable array it was: same memory, shape, strides, dtype.
    pub fn is_unchanged(&self, ndarray: &Bound<'_, PyType>) -> bool {
        let Some(object) = &self.held else { return false };
        // SAFETY: no Python code runs before this function returns.
        let header = unsafe { Header::read(object.bind(ndarray.py()), ndarray) };
        header.is_some_and(|header| {
            self.data.0 == header.data
                && self.dtype == header.dtype
                && *self.shape == *header.shape
                && *self.strides == *header.strides
                && header.writable
        })
    }

    /// The addresses of its first byte and of the one past its last; the same if it has no elements.
    pub fn extent(&self) -> &Range<usize> {
        &self.extent
    }

    /// The elements in the order of the parameter's memory.
    #[inline(always)]
    pub fn ordered<T: Element>(&self) -> Span<'_, T> {
        self.span(&self.ordered)
    }

    /// The elements in index order.
    #[inline(always)]
    pub fn indexed<T: Element>(&self) -> Span<'_, T> {
        self.span(&self.indexed)
    }

    #[inline(always)]
    fn span<'a, T: Element>(&'a self, walk: &'a Walk) -> Span<'a, T> {
        assert!(
            self.held.is_some() && size_of::<T>() == self.dtype.size(),
            "not this array's span"
        );
        // SAFETY: the array is held, and the walk was made from its shape and strides.
        unsafe { Span::new(self.data.0, walk) }
    }
}

/// What an array of at most two axes looks like: all that a step compares to know it again, in one place.
pub struct Look {
    data: Address,
    shape: [isize; 2],
    strides: [isize; 2],
    /// `MANY` if there are more: then nothing looks like it, and who asks has to look closer.
    axes: usize,
    dtype: Dtype,
}

const MANY: usize = usize::MAX;

impl Look {
    /// What nothing looks like.
    pub const NONE: Self = Self {
        data: Address(null_mut()),
        shape: [0; 2],
        strides: [0; 2],
        axes: MANY,
        dtype: Dtype::F32,
    };

    pub fn of(array: &Array) -> Self {
        let pair = |numbers: &[isize]| match *numbers {
            [] => ([0, 0], 0),
            [a] => ([a, 0], 1),
            [a, b] => ([a, b], 2),
            _ => ([0, 0], MANY),
        };
        let (shape, axes) = pair(&array.shape);
        Self { data: array.data, shape, strides: pair(&array.strides).0, axes, dtype: array.dtype }
    }

    /// Whether `object` looks like this, and is writable if it shall be.
    #[inline(always)]
    pub fn is_of(
        &self,
        object: &Bound<'_, PyAny>,
        writable: bool,
        ndarray: &Bound<'_, PyType>,
    ) -> bool {
        // SAFETY: once its type is `ndarray` the object is laid out as one; no Python code runs before
        // this function returns.
        unsafe {
            if ffi::Py_TYPE(object.as_ptr()) != ndarray.as_type_ptr() {
                return false;
            }
            let fields = &(*object.as_ptr().cast::<PyArrayObject>()).fields;
            let descr = &(*fields.descr).fields;
            self.is_where(fields)
                && (fields.nd < 1 || *fields.strides == self.strides[0])
                && (fields.nd < 2 || *fields.strides.add(1) == self.strides[1])
                && Dtype::of(descr) == Some(self.dtype)
                && (fields.flags & NPY_ARRAY_WRITEABLE != 0 || !writable)
        }
    }

    /// Whether an array's memory is this, and as much.
    ///
    /// # Safety
    /// They are the fields of an array; nobody changes them meanwhile.
    #[inline(always)]
    unsafe fn is_where(&self, fields: &PyArrayObject_fields) -> bool {
        // SAFETY: there are `nd` dimensions.
        unsafe {
            fields.data.cast() == self.data.0
                && fields.nd as usize == self.axes
                && (fields.nd < 1 || *fields.dimensions == self.shape[0])
                && (fields.nd < 2 || *fields.dimensions.add(1) == self.shape[1])
        }
    }
}

/// An array object that must stay what it was, and what that was.
pub struct Watched {
    object: Py<PyAny>,
    look: Look,
}

impl Watched {
    /// None if the array is not held.
    pub fn over(array: &Array, py: Python<'_>) -> Option<Self> {
        let object = array.held.as_ref()?.clone_ref(py);
        Some(Self { object, look: Look::of(array) })
    }

    pub fn object(&self) -> &Py<PyAny> {
        &self.object
    }

    /// Whether it is still the writable array it was; false also if that has to be looked at closer.
    #[inline(always)]
    pub fn is_unchanged(&self, ndarray: &Bound<'_, PyType>) -> bool {
        self.look.is_of(self.object.bind(ndarray.py()), true, ndarray)
    }

    /// Whether its memory is still where it was, and as much: enough for an array that is ours, of which
    /// nobody else may know that it is read-only or seen as of another dtype. False also if that has to be
    /// looked at closer.
    #[inline(always)]
    pub fn is_in_place(&self) -> bool {
        // SAFETY: the object is alive and was seen to be an array; no Python code runs before this
        // function returns.
        unsafe { self.look.is_where(&(*self.object.as_ptr().cast::<PyArrayObject>()).fields) }
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
    fn enter(&self, range: Range<usize>, scratch: *mut T) -> *mut T {
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
    fn leave(&self, range: Range<usize>, scratch: *const T) {
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
    first: *const T,
    len: usize,
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
    use crate::vectors::Single;

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
