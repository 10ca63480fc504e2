//! Arrays as they are held: where their memory is, and how it is walked.

use std::ops::Range;

use numpy::npyffi::{NPY_ARRAY_WRITEABLE, PyArrayObject};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::walk::{Order, Walk, extent};
use super::{Address, Dtype, Span};
use crate::vectors::Element;

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
    /// Nothing assigns the object another shape while the header is in use, as Python code that runs could.
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

/// An array with the walks over it. While it is held, spans can be made of it.
pub struct Array {
    pub(super) held: Option<Py<PyAny>>,
    pub(super) data: Address,
    pub(super) dtype: Dtype,
    pub(super) shape: Box<[isize]>,
    pub(super) strides: Box<[isize]>,
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
        // SAFETY: nothing changes the header before this function returns.
        let header = unsafe { Header::read(object, ndarray) }.filter(|header| header.writable)?;
        Self::with_header(object, &header, order)
    }

    /// None if its strides reach beyond the address space.
    fn with_header(
        object: &Bound<'_, PyAny>,
        header: &Header<'_>,
        order: Option<&Order>,
    ) -> Option<Self> {
        let Header { data, dtype, .. } = *header;
        let [shape, strides] = dtype.with_parts(header.shape, header.strides);
        if order.is_some_and(|order| order.0.iter().any(|axis| *axis >= shape.len())) {
            return None;
        }
        let own_order = Order::memory(&shape, &strides);
        Some(Self {
            held: Some(object.clone().unbind()),
            data: Address(data),
            dtype,
            shape: header.shape.into(),
            strides: header.strides.into(),
            ordered: Walk::new(&shape, &strides, dtype, order.unwrap_or(&own_order)),
            indexed: Walk::new(&shape, &strides, dtype, &Order::index(shape.len())),
            extent: extent(data as usize, &shape, &strides, dtype)?,
        })
    }

    /// Holds another object that looks like the last one.
    pub fn hold_again(&mut self, object: Bound<'_, PyAny>) {
        self.held = Some(object.unbind());
    }

    /// Holds another object that looks like the last one, but lies elsewhere; false if that is out of reach.
    pub fn hold_elsewhere(&mut self, object: Bound<'_, PyAny>) -> bool {
        // SAFETY: it was seen to be an array that looks like this one; nothing changes its header meanwhile.
        let data = unsafe { (*object.as_ptr().cast::<PyArrayObject>()).fields.data };
        let [shape, strides] = self.dtype.with_parts(&self.shape, &self.strides);
        let extent = extent(data as usize, &shape, &strides, self.dtype);
        self.data = Address(data.cast());
        self.extent = extent.clone().unwrap_or_default();
        self.held = Some(object.unbind());
        extent.is_some()
    }

    /// Takes hold of a gradient of `theta` in the place of the last one. False if it is no gradient of
    /// `theta`, or shall be `writable` and is not.
    pub fn hold_gradient(
        place: &mut Option<Self>,
        object: Bound<'_, PyAny>,
        theta: &Self,
        order: &Order,
        writable: bool,
        ndarray: &Bound<'_, PyType>,
    ) -> bool {
        // SAFETY: nothing changes the header before this function returns: dropping the last gradient cannot
        // run Python code, as it was released at the end of its step.
        let header = unsafe { Header::read(&object, ndarray) }.filter(|header| {
            theta.dtype == header.dtype
                && *theta.shape == *header.shape
                && (header.writable || !writable)
        });
        match (place, header) {
            (Some(last), Some(header)) if *last.strides == *header.strides => {
                last.hold_elsewhere(object)
            }
            (place, header) => {
                *place = header.and_then(|header| Self::with_header(&object, &header, Some(order)));
                place.is_some()
            }
        }
    }

    /// The order of its own memory.
    pub fn order(&self) -> Order {
        let [shape, strides] = self.dtype.with_parts(&self.shape, &self.strides);
        Order::memory(&shape, &strides)
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

    /// How many real numbers it has.
    pub fn len(&self) -> usize {
        self.ordered.len
    }

    /// Where its elements begin, if in the order of the parameter's memory they lie one after another, aligned.
    pub(super) fn first(&self) -> Option<Address> {
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
        // SAFETY: nothing changes the header before this function returns.
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
