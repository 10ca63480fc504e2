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
//! *Unchanged.* Nothing changes an array's header (address, shape, strides, dtype) between a look at it and
//! the use of what was seen: no Python code of this thread runs meanwhile, and with the GIL none of
//! another's. Without the GIL that is left to those who write the other threads (`docs/inputs.md`), as NumPy
//! leaves it: it has no lock for a header that we could take.
//!
//! *Still there.* [`Lanes`] keep addresses from one step to the next. A step follows them only if its own
//! `Layout::accept` has found every array of that slot as it was when they were made ([`Look`]), or has made
//! new ones; a slot it refuses ends the step.
//!
//! *In bounds.* A [`Walk`] visits exactly the elements NumPy's own indexing visits: it is made from the
//! array's shape and strides, its axes only reordered or merged, those of length 1 left out. Ranges are
//! checked against the walk's length; lanes are as long as the arrays they were made of.
//!
//! *Aliasing.* No reference to array memory is ever made, only raw reads, writes and copies, by value; so memory that Python or another thread also holds breaks no rule of Rust's.
//! Parameters and states are pairwise disjoint (checked when they are bound), and a gradient that touches
//! one of them is copied first, so the order of reads and writes between arrays does not matter.
//!
//! *Aligned.* Elements that are misaligned, or not adjacent, pass through a small scratch block by
//! unaligned reads and writes.

mod array;
mod lanes;
mod look;
mod span;
mod walk;

use std::borrow::Cow;

use numpy::npyffi::{NPY_TYPES, PyArray_Descr_fields};

pub use array::Array;
pub use lanes::{Lanes, MOST_STATES, Update, gathered};
pub use look::{Found, Look, Watched, is_item};
pub use span::{BLOCK, Block, Span, WIDTH};
#[cfg(test)]
pub use walk::Walk;
pub use walk::{Extents, Order};

/// What an array's elements are: real numbers, or complex ones, which are walked as pairs of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i32)]
pub enum Dtype {
    F32 = NPY_TYPES::NPY_FLOAT as i32,
    F64 = NPY_TYPES::NPY_DOUBLE as i32,
    C64 = NPY_TYPES::NPY_CFLOAT as i32,
    C128 = NPY_TYPES::NPY_CDOUBLE as i32,
}

impl Dtype {
    /// None if the laws are not written in it.
    #[inline(always)]
    fn of(descr: &PyArray_Descr_fields) -> Option<Self> {
        [Self::F32, Self::F64, Self::C64, Self::C128].into_iter().find(|dtype| dtype.is(descr))
    }

    #[inline(always)]
    fn is(self, descr: &PyArray_Descr_fields) -> bool {
        descr.type_num == self as i32 && descr.byteorder as u8 == b'='
    }

    /// The bytes of one real number.
    pub fn size(self) -> usize {
        match self {
            Self::F32 | Self::C64 => 4,
            Self::F64 | Self::C128 => 8,
        }
    }

    /// An array's axes, with one more for the two real numbers of a complex one.
    fn with_parts<'a>(self, shape: &'a [isize], strides: &'a [isize]) -> [Cow<'a, [isize]>; 2] {
        match self {
            Self::F32 | Self::F64 => [shape.into(), strides.into()],
            Self::C64 | Self::C128 => {
                [[shape, &[2]].concat().into(), [strides, &[self.size() as isize]].concat().into()]
            }
        }
    }
}

/// An address is a number: only [`Span`], [`Block`] and [`Lanes`] follow it, within a step.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Address(*mut u8);

// SAFETY: see above; the memory behind it is argued for at the head of this file.
unsafe impl Send for Address {}
// SAFETY: the same.
unsafe impl Sync for Address {}
