//! What a step looks at to know arrays and list items again.

use std::ptr::null_mut;

use numpy::npyffi::{NPY_ARRAY_WRITEABLE, PyArrayObject, PyArrayObject_fields};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyList, PyType};

use super::{Address, Array, Dtype};

/// Whether `list[place] is value`.
#[inline(always)]
pub fn is_item(list: &Bound<'_, PyList>, place: usize, value: &Py<PyAny>) -> bool {
    // SAFETY: a list is asked, which no other thread changes meanwhile; what it answers is compared and not
    // followed.
    with_critical_section(list, || unsafe {
        let item = ffi::PyList_GetItem(list.as_ptr(), place as ffi::Py_ssize_t);
        if item.is_null() {
            ffi::PyErr_Clear();
        }
        item == value.as_ptr()
    })
}

/// The most axes of an array that a step knows again at a glance; with more it looks closer.
const AXES: usize = 4;

/// What an array looks like: all that a step compares to know it again, in one place.
pub struct Look {
    data: Address,
    /// More than `AXES` if nothing can look like it.
    axes: usize,
    dtype: Dtype,
    shape: [isize; AXES],
    strides: [isize; AXES],
}

/// How an array object looks beside another.
pub enum Found {
    /// As that one does.
    Same,
    /// The same, but elsewhere in memory.
    Elsewhere,
    /// Otherwise, or of more axes than are compared.
    Other,
}

impl Look {
    /// What nothing looks like.
    pub const NONE: Self = Self {
        data: Address(null_mut()),
        axes: usize::MAX,
        dtype: Dtype::F32,
        shape: [0; AXES],
        strides: [0; AXES],
    };

    pub fn of(array: &Array) -> Self {
        let first = |numbers: &[isize]| {
            let mut first = [0; AXES];
            first.iter_mut().zip(numbers).for_each(|(place, number)| *place = *number);
            first
        };
        Self {
            data: array.data,
            axes: array.shape.len(),
            dtype: array.dtype,
            shape: first(&array.shape),
            strides: first(&array.strides),
        }
    }

    /// How `object` looks beside it; otherwise, too, if it shall be writable and is not.
    #[inline(always)]
    pub fn find(
        &self,
        object: &Bound<'_, PyAny>,
        writable: bool,
        ndarray: &Bound<'_, PyType>,
    ) -> Found {
        // SAFETY: once its type is `ndarray` the object is laid out as one; nothing changes its header before
        // this function returns.
        unsafe {
            if ffi::Py_TYPE(object.as_ptr()) != ndarray.as_type_ptr() {
                return Found::Other;
            }
            let fields = &(*object.as_ptr().cast::<PyArrayObject>()).fields;
            if !self.has_elements_of(fields)
                || !equal(self.axes, fields.strides, &self.strides)
                || (writable && fields.flags & NPY_ARRAY_WRITEABLE == 0)
            {
                return Found::Other;
            }
            if fields.data.cast() == self.data.0 { Found::Same } else { Found::Elsewhere }
        }
    }

    /// Whether an array has as many elements of the same dtype.
    ///
    /// # Safety
    /// They are the fields of an array; nobody changes them meanwhile.
    #[inline(always)]
    unsafe fn has_elements_of(&self, fields: &PyArrayObject_fields) -> bool {
        // SAFETY: there are `nd` dimensions, and the descr is never null.
        unsafe {
            fields.nd as usize == self.axes
                && self.axes <= AXES
                && equal(self.axes, fields.dimensions, &self.shape)
                && self.dtype.is(&(*fields.descr).fields)
        }
    }
}

/// Whether the first `axes` numbers, at most `AXES`, are equal.
///
/// # Safety
/// There are so many at `first`.
#[inline(always)]
unsafe fn equal(axes: usize, first: *const isize, known: &[isize; AXES]) -> bool {
    // Written out: most arrays have one axis or two, and a loop would cost as much as the rest.
    // SAFETY: the caller's.
    unsafe {
        axes < 1
            || *first == known[0]
                && (axes < 2
                    || *first.add(1) == known[1]
                        && (axes < 3
                            || *first.add(2) == known[2]
                                && (axes < 4 || *first.add(3) == known[3])))
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
        matches!(self.look.find(self.object.bind(ndarray.py()), true, ndarray), Found::Same)
    }

    /// Whether its memory is still where it was, as much and of the same dtype: enough for an array that is
    /// ours, so that no user has set its strides or flags. False also if that has to be looked at closer.
    #[inline(always)]
    pub fn is_in_place(&self) -> bool {
        // SAFETY: the object is alive and was seen to be an array; nothing changes its header before this
        // function returns.
        unsafe {
            let fields = &(*self.object.as_ptr().cast::<PyArrayObject>()).fields;
            fields.data.cast() == self.look.data.0 && self.look.has_elements_of(fields)
        }
    }
}
