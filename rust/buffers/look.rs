//! What a step looks at to know arrays and list items again.

use std::ptr::null_mut;

use numpy::npyffi::{NPY_ARRAY_WRITEABLE, PyArrayObject, PyArrayObject_fields};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyType};

use super::{Address, Array, Dtype};

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
