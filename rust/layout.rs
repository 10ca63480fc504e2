//! The arrays of all parameters, where they must still be found, and how they are shared out to threads.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use numpy::PyUntypedArray;
use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;
use pyo3::types::{PyDict, PyList, PyType};

use crate::buffers::{
    self, Array, BLOCK, Dtype, Extents, Found, Lanes, Look, MOST_STATES, Order, Watched, is_item,
};
use crate::instruction_set::InstructionSet;
use crate::norm;
use crate::pool;

/// An entry of a container that must still be the one handed over: `container[key] is value`.
pub struct Bond {
    container: Py<PyAny>,
    key: Py<PyAny>,
    /// The key, if it is the place in a list.
    place: Option<usize>,
    value: Py<PyAny>,
}

impl Bond {
    pub fn new(
        container: Bound<'_, PyAny>,
        key: Bound<'_, PyAny>,
        value: Bound<'_, PyAny>,
    ) -> Self {
        let is_list = container.cast_exact::<PyList>().is_ok();
        let place = if is_list { key.extract().ok() } else { None };
        Self { container: container.unbind(), key: key.unbind(), place, value: value.unbind() }
    }

    #[inline(always)]
    fn holds(&self, py: Python<'_>) -> bool {
        let container = self.container.bind(py);
        if let (Some(place), Ok(list)) = (self.place, container.cast_exact::<PyList>()) {
            return is_item(list, place, &self.value);
        }
        let now = match container.cast_exact::<PyDict>() {
            Ok(dict) => dict.get_item(&self.key).ok().flatten(),
            Err(_) => container.get_item(&self.key).ok(),
        };
        now.is_some_and(|now| now.is(&self.value))
    }
}

/// Calls a generic function of an array with the type its dtype names.
macro_rules! with_type {
    ($array:expr, $T:ident => $call:expr) => {
        match $array.dtype() {
            $crate::buffers::Dtype::F32 | $crate::buffers::Dtype::C64 => {
                type $T = f32;
                $call
            }
            $crate::buffers::Dtype::F64 | $crate::buffers::Dtype::C128 => {
                type $T = f64;
                $call
            }
        }
    };
}
pub(crate) use with_type;

/// One parameter with its states, and the gradient last accepted for it: first what every step looks at.
pub struct Slot {
    watched: Watched,
    /// The states, and the number carried from step to step.
    watched_states: [Option<Watched>; MOST_STATES + 1],
    /// What the gradient last accepted looked like.
    look: Look,
    pub group: usize,
    /// tᵢ: its completed steps since its second moment was allocated.
    pub steps: u64,
    dtype: Dtype,
    /// Whether it has a gradient in this step.
    pub is_stepped: bool,
    /// Whether that gradient shares memory with a parameter or a state.
    overlaps: bool,
    /// Whether elements of its arrays lie apart or misaligned.
    is_scattered: bool,
    arrays: Box<Arrays>,
}

/// The arrays themselves.
struct Arrays {
    theta: Array,
    state: Vec<Array>,
    /// The number it carries from step to step, if its law has one.
    carried: Option<Array>,
    order: Order,
    /// The gradient last accepted, held only while a step lasts.
    gradient: Option<Array>,
    /// Its copy for one step, if it overlaps.
    copy: Option<Array>,
    /// The place of its first block in the layout's sums.
    first_block: usize,
}

impl Arrays {
    /// The gradient of this step, if the parameter has one.
    fn gradient(&self) -> Option<&Array> {
        self.gradient.as_ref().filter(|gradient| gradient.object().is_some())
    }

    /// Whether parameter and states are still the arrays they were.
    #[cold]
    fn are_unchanged(&self, ndarray: &Bound<'_, PyType>) -> bool {
        let Self { theta, state, carried, .. } = self;
        state.iter().chain(carried).chain([theta]).all(|array| array.is_unchanged(ndarray))
    }

    /// Takes hold of a gradient that looks like the last one; false if there was none.
    #[inline(always)]
    fn hold_again(&mut self, gradient: Bound<'_, PyAny>) -> bool {
        let last = self.gradient.as_mut();
        last.map(|last| last.hold_again(gradient)).is_some()
    }

    /// What is stepped along: the gradient, or its copy.
    fn source(&self) -> Option<&Array> {
        self.copy.as_ref().or(self.gradient())
    }
}

impl Slot {
    /// None unless `parameter` and `state` are writable arrays of one shape and dtype, and `carried` is
    /// one of a single float64 number.
    pub fn new(
        parameter: &Bound<'_, PyAny>,
        state: &[Bound<'_, PyAny>],
        carried: Option<&Bound<'_, PyAny>>,
        group: usize,
        steps: u64,
    ) -> Option<Self> {
        let py = parameter.py();
        let ndarray = ndarray(py);
        let theta = Array::hold(parameter, None, &ndarray)?;
        let order = theta.order();
        let state = state
            .iter()
            .map(|state| Array::hold(state, Some(&order), &ndarray).filter(|it| it.is_like(&theta)))
            .collect::<Option<Vec<_>>>()?;
        let carried = match carried {
            Some(carried) => Some(Array::hold(carried, None, &ndarray).filter(Array::is_number)?),
            None => None,
        };
        if state.len() > MOST_STATES {
            return None;
        }
        let mut watched_states = [const { None }; MOST_STATES + 1];
        for (place, array) in watched_states.iter_mut().zip(state.iter().chain(&carried)) {
            *place = Some(Watched::over(array, py)?);
        }
        Some(Self {
            watched: Watched::over(&theta, py)?,
            watched_states,
            look: Look::NONE,
            group,
            steps,
            dtype: theta.dtype(),
            is_stepped: false,
            overlaps: false,
            is_scattered: false,
            arrays: Box::new(Arrays {
                theta,
                state,
                carried,
                order,
                gradient: None,
                copy: None,
                first_block: 0,
            }),
        })
    }

    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    pub fn states(&self) -> usize {
        self.arrays.state.len()
    }

    /// The number it carries from step to step, if its law has one.
    pub fn carried(&self) -> Option<&Array> {
        self.arrays.carried.as_ref()
    }

    /// The gradient of this step, if the parameter has one.
    pub fn gradient(&self) -> Option<&Array> {
        self.arrays.gradient()
    }

    /// Whether parameter and states are still the arrays they were.
    #[inline(always)]
    fn is_unchanged(&self, ndarray: &Bound<'_, PyType>) -> bool {
        let mut unchanged = self.watched.is_unchanged(ndarray);
        for state in &self.watched_states {
            let Some(state) = state else { break };
            unchanged &= state.is_in_place();
        }
        unchanged || self.arrays.are_unchanged(ndarray)
    }

    /// Takes hold of the gradient a second time, as a copy: it would be overwritten while it is still read.
    fn copy_gradient(&mut self, py: Python<'_>) -> PyResult<()> {
        if let Some(gradient) = self.arrays.gradient().and_then(Array::object) {
            // In the order of its memory, which is mostly the parameter's.
            let copy = gradient.bind(py).call_method1(intern!(py, "copy"), ("K",))?;
            let Arrays { theta, order, copy: place, .. } = &mut *self.arrays;
            *place = Array::hold(&copy, Some(order), &ndarray(py)).filter(|it| it.is_like(theta));
            if place.is_none() {
                return Err(changing());
            }
        }
        Ok(())
    }

    /// The arrays of this step as lanes; None if their elements lie apart or misaligned.
    fn lanes(&self) -> Option<Lanes> {
        let Arrays { theta, state, .. } = &*self.arrays;
        self.arrays.source().map_or(Some(Lanes::NONE), |source| Lanes::over(theta, source, state))
    }

    /// Whether its elements go through scratch in this step.
    pub fn goes_through_scratch(&self) -> bool {
        self.is_scattered && self.is_stepped
    }

    /// Calls `step` with elements `range`, some at a time, through scratch.
    pub fn gather(&self, range: &Range<usize>, step: impl FnMut(&Lanes)) {
        let Arrays { theta, state, .. } = &*self.arrays;
        if let Some(gradient) = self.arrays.source() {
            with_type!(self, T => buffers::gathered::<T>(
                theta.ordered(), gradient.ordered(), state, self.within(range), step));
        }
    }

    /// Of a range of elements, those it has.
    pub fn within(&self, range: &Range<usize>) -> Range<usize> {
        range.start..range.end.min(self.arrays.theta.len())
    }

    /// Sets elements `range` of its gradient, if it has one, to zero.
    pub fn zero_gradient(&self, range: &Range<usize>) {
        if let Some(gradient) = self.gradient() {
            with_type!(self, T => gradient.ordered::<T>().zero_range(self.within(range)));
        }
    }

    /// Whether both have the same options and dtype.
    pub fn is_like(&self, other: &Self) -> bool {
        self.group == other.group && self.dtype == other.dtype
    }

    /// Whether a plan for one is a plan for the other: same law, same scalars, same dtype.
    pub fn steps_as(&self, other: &Self) -> bool {
        self.is_like(other) && self.steps == other.steps && self.arrays.carried.is_none()
    }
}

/// What a thread takes at a time: elements of one slot, or several slots with so many elements in all.
struct Unit {
    slots: Range<usize>,
    elements: Range<usize>,
}

/// The most elements of a unit.
const UNIT: usize = 8 * 1024;

const _: () = assert!(UNIT.is_multiple_of(BLOCK), "a unit is made of whole blocks of the norm");

/// Elements, however many there are.
pub const ALL: Range<usize> = 0..usize::MAX;

/// The arrays of all parameters, and where they must still be found.
#[derive(Default)]
pub struct Layout {
    pub slots: Vec<Slot>,
    /// What a step goes over where elements lie one after another; slot by slot.
    pub lanes: Vec<Lanes>,
    bonds: Vec<Bond>,
    sizes: Vec<(Py<PyAny>, usize)>,
    /// The keys of the parameters if they are the values of one dict, no key if they are one array.
    keys: Option<Vec<Py<PyAny>>>,
    extents: Extents,
    /// What threads share out among themselves.
    units: Vec<Unit>,
    /// The sum of squares of each block of each gradient, as bits.
    sums: Vec<AtomicU64>,
    /// Whether any slot has been scattered yet.
    pub any_scattered: bool,
    /// Whether the gradients now accepted can all be zeroed.
    pub zeroable: bool,
}

impl Layout {
    pub fn new(
        mut slots: Vec<Slot>,
        bonds: Vec<Bond>,
        sizes: Vec<(Py<PyAny>, usize)>,
        keys: Option<Vec<Py<PyAny>>>,
    ) -> Self {
        let arrays = slots.iter().flat_map(|slot| {
            let Arrays { theta, state, carried, .. } = &*slot.arrays;
            state.iter().chain(carried).chain([theta])
        });
        let extents = Extents::new(arrays.map(|array| array.extent().clone()));
        let mut units: Vec<Unit> = Vec::new();
        let mut blocks = 0;
        for (i, slot) in slots.iter_mut().enumerate() {
            let len = slot.arrays.theta.len();
            match units.last_mut() {
                Some(last) if last.elements.start == 0 && last.elements.end + len <= UNIT => {
                    last.slots.end = i + 1;
                    last.elements.end += len;
                }
                _ => {
                    units.extend((0..len.max(1)).step_by(UNIT).map(|start| Unit {
                        slots: i..i + 1,
                        elements: start..len.min(start + UNIT),
                    }))
                }
            }
            slot.arrays.first_block = blocks;
            blocks += len.div_ceil(BLOCK);
        }
        let sums = (0..blocks).map(|_| AtomicU64::new(0)).collect();
        let lanes = vec![Lanes::NONE; slots.len()];
        Self {
            slots,
            lanes,
            bonds,
            sizes,
            keys,
            extents,
            units,
            sums,
            any_scattered: false,
            zeroable: false,
        }
    }

    /// Calls `work(slots, elements of each)` until all elements of all slots are done.
    pub fn for_all(&self, threads: usize, work: impl Fn(Range<usize>, &Range<usize>) + Sync) {
        if threads > 1 {
            pool::run(threads, self.units.len(), &|unit: usize| {
                let Unit { slots, elements } = &self.units[unit];
                work(slots.clone(), if slots.len() > 1 { &ALL } else { elements });
            });
        } else {
            work(0..self.slots.len(), &ALL);
        }
    }

    /// The norm of all gradients together.
    pub fn norm(&self, threads: usize) -> f64 {
        let set = InstructionSet::current();
        let total = |scale: f64| {
            self.for_all(threads, |slots, range| {
                for slot in &self.slots[slots] {
                    let Some(gradient) = slot.gradient() else { continue };
                    let range = slot.within(range);
                    let mut sums =
                        self.sums[slot.arrays.first_block + range.start / BLOCK..].iter();
                    let keep = |sum: f64| {
                        if let Some(place) = sums.next() {
                            place.store(sum.to_bits(), Ordering::Relaxed);
                        }
                    };
                    with_type!(gradient, T =>
                        norm::block_sums(gradient.indexed::<T>(), range, scale, set, keep));
                }
            });
            let mut total = 0.0;
            for Slot { arrays, .. } in self.slots.iter().filter(|slot| slot.is_stepped) {
                let blocks = arrays.theta.len().div_ceil(BLOCK);
                for sum in &self.sums[arrays.first_block..][..blocks] {
                    total += f64::from_bits(sum.load(Ordering::Relaxed));
                }
            }
            total
        };
        norm::norm(total(1.0), total)
    }

    /// Gradients in one of the usual forms (a dict like the parameters', an array for the one parameter)
    /// as a flat list; None for any other.
    pub fn in_order<'py>(
        &self,
        gradients: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyList>>> {
        let py = gradients.py();
        let Some(keys) = &self.keys else { return Ok(None) };
        if keys.is_empty() && gradients.get_type().is(ndarray(py)) {
            return PyList::new(py, [gradients]).map(Some);
        }
        match gradients.cast_exact::<PyDict>() {
            Ok(dict) if dict.len() == keys.len() => {
                let list = PyList::empty(py);
                for key in keys {
                    let Some(gradient) = dict.get_item(key)? else { return Ok(None) };
                    list.append(gradient)?;
                }
                Ok(Some(list))
            }
            _ => Ok(None),
        }
    }

    /// Takes hold of the gradients and counts their elements; None if not all is plainly as it should be.
    /// `overlaps` is asked whether a gradient shares memory with a parameter or a state.
    pub fn accept<'py>(
        &mut self,
        gradients: &Bound<'py, PyList>,
        zero: bool,
        overlaps: impl Fn(&Bound<'py, PyAny>) -> PyResult<bool>,
    ) -> PyResult<Option<usize>> {
        let py = gradients.py();
        let ndarray = ndarray(py);
        let has_size = |(container, size): &(Py<PyAny>, usize)| {
            container.bind(py).len().is_ok_and(|now| now == *size)
        };
        if gradients.len() != self.slots.len()
            || !self.bonds.iter().all(|bond| bond.holds(py))
            || !self.sizes.iter().all(has_size)
        {
            return Ok(None);
        }
        let mut elements = 0;
        for i in 0..self.slots.len() {
            let Ok(gradient) = gradients.get_item(i) else { return Ok(None) };
            let slot = &mut self.slots[i];
            slot.is_stepped = !gradient.is_none();
            if !slot.is_stepped {
                self.lanes[i] = Lanes::NONE;
                slot.look = Look::NONE;
                slot.arrays.gradient = None;
                continue;
            }
            if !slot.is_unchanged(&ndarray) {
                return Ok(None);
            }
            elements += slot.arrays.theta.len();
            let accepted = match slot.look.find(&gradient, zero, &ndarray) {
                Found::Same => slot.arrays.hold_again(gradient),
                Found::Elsewhere if self.accept_elsewhere(i, &gradient) => true,
                _ => self.accept_other(i, gradient, zero, &overlaps)?,
            };
            if !accepted {
                return Ok(None);
            }
            if self.slots[i].overlaps {
                self.slots[i].copy_gradient(py)?;
                self.lay(i);
            }
        }
        Ok(Some(elements))
    }

    /// Takes hold of a gradient that lies elsewhere than the last one, but is like it, and touches nothing;
    /// false if more has to be asked.
    fn accept_elsewhere(&mut self, i: usize, gradient: &Bound<'_, PyAny>) -> bool {
        let slot = &mut self.slots[i];
        let Some(array) = &mut slot.arrays.gradient else { return false };
        if slot.overlaps
            || !array.hold_elsewhere(gradient.clone())
            || self.extents.meet(array.extent())
        {
            return false;
        }
        let Some(lanes) = self.lanes[i].along(array) else { return false };
        slot.look = Look::of(array);
        self.lanes[i] = lanes;
        self.zeroable = false;
        true
    }

    /// Takes hold of any gradient; false if it is none.
    #[inline(never)]
    fn accept_other<'py>(
        &mut self,
        i: usize,
        gradient: Bound<'py, PyAny>,
        zero: bool,
        overlaps: impl Fn(&Bound<'py, PyAny>) -> PyResult<bool>,
    ) -> PyResult<bool> {
        let slot = &mut self.slots[i];
        let Arrays { theta, order, gradient: place, .. } = &mut *slot.arrays;
        let ndarray = ndarray(gradient.py());
        slot.look = Look::NONE;
        self.zeroable = false;
        if !Array::hold_gradient(place, gradient.clone(), theta, order, zero, &ndarray) {
            return Ok(false);
        }
        let meets = place.as_ref().is_some_and(|array| self.extents.meet(array.extent()));
        slot.overlaps = meets && overlaps(&gradient)?;
        slot.look = place.as_ref().map_or(Look::NONE, Look::of);
        self.lay(i);
        Ok(true)
    }

    /// Lays the arrays of a slot's step side by side.
    fn lay(&mut self, i: usize) {
        let slot = &mut self.slots[i];
        let lanes = slot.lanes();
        slot.is_scattered = lanes.is_none();
        self.any_scattered |= slot.is_scattered;
        self.lanes[i] = lanes.unwrap_or(Lanes::NONE);
    }

    /// Lets go of this step's gradients.
    pub fn release(&mut self) {
        for slot in &mut self.slots {
            slot.is_stepped = false;
            if let Some(gradient) = &mut slot.arrays.gradient {
                gradient.release();
            }
            slot.arrays.copy = None;
        }
    }

    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        for Bond { container, key, value, .. } in &self.bonds {
            visit.call(container)?;
            visit.call(key)?;
            visit.call(value)?;
        }
        for container in
            self.sizes.iter().map(|(container, _)| container).chain(self.keys.iter().flatten())
        {
            visit.call(container)?;
        }
        for slot in &self.slots {
            let Arrays { theta, state, carried, gradient, copy, .. } = &*slot.arrays;
            let arrays = state.iter().chain(carried).chain([theta]).chain(gradient).chain(copy);
            let watched = slot.watched_states.iter().flatten().chain([&slot.watched]);
            for object in arrays.filter_map(Array::object).chain(watched.map(Watched::object)) {
                visit.call(object)?;
            }
        }
        Ok(())
    }
}

/// What was checked is not so any more, or a state is not the array that was allocated.
pub fn changing() -> PyErr {
    PyRuntimeError::new_err(
        "an array was changed behind the optimizer's back, by resize(refcheck=False) or another thread",
    )
}

fn ndarray(py: Python<'_>) -> Bound<'_, PyType> {
    PyUntypedArray::type_object(py)
}
