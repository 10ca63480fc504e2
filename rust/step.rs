//! The step as a transaction: gather → check → norm → decide → sweep → count.
//!
//! All that can fail comes before the first write. Where something is not as it should be the kernels
//! only notice; the Python layer looks again and says what it found (the [`Hooks`]).

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use numpy::PyUntypedArray;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;
use pyo3::types::{PyDict, PyList, PyType};

use crate::buffers::{Array, Dtype, Extents, LANE, Order};
use crate::instruction_set::InstructionSet;
use crate::laws::Family;
use crate::norm;
use crate::pool;
use crate::sweep::{Common, Frame, Stepped, Sweep};

/// What the transaction asks of the Python object it belongs to.
struct Hooks<'a, 'py>(&'a Bound<'py, PyAny>);

impl<'py> Hooks<'_, 'py> {
    /// Raises the error that says what is wrong with gradients, parameters or containers; returns plain
    /// arrays where nothing is (a subclass, a dtype with metadata), and all can be zeroed if they shall.
    fn check(&self, gradients: &Bound<'py, PyList>, zero: bool) -> PyResult<Bound<'py, PyList>> {
        Ok(self.0.call_method1(intern!(self.0.py(), "_check"), (gradients, zero))?.cast_into()?)
    }

    /// Whether a gradient shares memory with a parameter or a state.
    fn overlaps(&self, gradient: &Bound<'py, PyAny>) -> PyResult<bool> {
        self.0.call_method1(intern!(self.0.py(), "_overlaps"), (gradient,))?.extract()
    }

    /// Raises the FloatingPointError that says where a gradient is not finite.
    fn nonfinite(&self, slot: usize, gradient: &Bound<'py, PyAny>) -> PyResult<()> {
        self.0.call_method1(intern!(self.0.py(), "_nonfinite"), (slot, gradient)).map(drop)
    }

    /// Whether the record of this step would be emitted.
    fn wants_log(&self) -> PyResult<bool> {
        self.0.call_method0(intern!(self.0.py(), "_wants_log"))?.extract()
    }
}

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
        let now = match (self.place, container.cast_exact::<PyList>()) {
            (Some(place), Ok(list)) => list.get_item(place).ok(),
            _ => match container.cast_exact::<PyDict>() {
                Ok(dict) => dict.get_item(&self.key).ok().flatten(),
                Err(_) => container.get_item(&self.key).ok(),
            },
        };
        now.is_some_and(|now| now.is(&self.value))
    }
}

/// The options of a parameter group, and the scalars its last step used.
pub struct Group {
    pub common: Common,
    pub law: Family,
    /// α of its last step.
    pub rate: Option<f64>,
    /// The tᵢ of the array last stepped, with its plan: most arrays of a group share them in a step.
    at: Option<(u64, Plan)>,
}

/// What a step does to an array: its law, with the scalars of this step, and what stands around it.
#[derive(Clone, Copy)]
struct Plan {
    law: Family,
    frame: Frame<f64>,
}

impl Group {
    pub fn new(common: Common, law: Family) -> Self {
        Self { common, law, rate: None, at: None }
    }

    /// Begins a step: nothing of the last one's scalars is left.
    fn begin(&mut self, t: u64) {
        self.rate = Some(self.law.alpha(self.common.lr, t));
        self.at = None;
    }

    fn at(&mut self, steps: u64, factor: f64) -> &Plan {
        if self.at.as_ref().is_none_or(|(known, _)| *known != steps) {
            self.at = None;
        }
        let (_, plan) = self.at.get_or_insert_with(|| {
            let law = self.law.at(steps);
            let frame = self.common.frame(factor, self.rate.unwrap_or_default(), &law);
            (steps, Plan { law, frame })
        });
        plan
    }
}

/// Calls a generic function of an array with the type its dtype names.
macro_rules! with_type {
    ($array:expr, $T:ident => $call:expr) => {
        match $array.dtype() {
            Dtype::F32 => {
                type $T = f32;
                $call
            }
            Dtype::F64 => {
                type $T = f64;
                $call
            }
        }
    };
}

/// One parameter with its states, and the gradient last accepted for it.
pub struct Slot {
    theta: Array,
    state: Vec<Array>,
    /// The number it carries from step to step, if its law has one.
    carried: Option<Array>,
    order: Order,
    group: usize,
    /// tᵢ: its completed steps since its second moment was allocated.
    pub steps: u64,
    /// The gradient last accepted, held only while a step lasts.
    gradient: Option<Array>,
    /// Whether that gradient shares memory with a parameter or a state.
    overlaps: bool,
    /// Its copy for one step, if it does.
    copy: Option<Array>,
    /// The place of its plan among this step's, for threads; none if it has nothing to step.
    plan: Option<usize>,
    /// The place of its first block in the layout's sums.
    first_block: usize,
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
        let ndarray = ndarray(parameter.py());
        let theta = Array::hold(parameter, None, &ndarray)?;
        let order = theta.order();
        let state = state
            .iter()
            .map(|state| Array::hold(state, Some(&order), &ndarray).filter(|it| it.is_like(&theta)))
            .collect::<Option<_>>()?;
        let carried = match carried {
            Some(carried) => Some(Array::hold(carried, None, &ndarray).filter(Array::is_number)?),
            None => None,
        };
        Some(Self {
            theta,
            state,
            carried,
            order,
            group,
            steps,
            gradient: None,
            overlaps: false,
            copy: None,
            plan: None,
            first_block: 0,
        })
    }

    /// The gradient of this step, if the parameter has one.
    #[inline(always)]
    fn gradient(&self) -> Option<&Array> {
        self.gradient.as_ref().filter(|gradient| gradient.object().is_some())
    }

    /// Whether parameter and states are still the arrays they were.
    fn is_unchanged(&self, ndarray: &Bound<'_, PyType>) -> bool {
        self.theta.is_unchanged(ndarray)
            && self.state.iter().chain(&self.carried).all(|state| state.is_unchanged(ndarray))
    }

    /// Copies a gradient that would be overwritten while it is still being read.
    fn copy_gradient(&mut self, py: Python<'_>) -> PyResult<()> {
        if let Some(gradient) = self.gradient().and_then(Array::object) {
            let copy = gradient.bind(py).call_method0(intern!(py, "copy"))?;
            self.copy = Array::hold(&copy, Some(&self.order), &ndarray(py))
                .filter(|copy| copy.is_like(&self.theta));
            if self.copy.is_none() {
                return Err(changing());
            }
        }
        Ok(())
    }

    /// The plan of a law that carries a number from step to step: with that number in it.
    fn carry(carried: &Array, Plan { mut law, frame }: Plan) -> Plan {
        carried.ordered::<f64>().replace(|carried| {
            let carries_on;
            (law, carries_on) = law.carry(carried);
            carries_on
        });
        Plan { law, frame }
    }

    /// Of a range of elements, those it has.
    fn within(&self, range: &Range<usize>) -> Range<usize> {
        range.start..range.end.min(self.theta.len())
    }

    /// Whether a plan for one is a plan for the other: same law, same scalars, same dtype.
    fn steps_as(&self, other: &Self) -> bool {
        self.group == other.group
            && self.steps == other.steps
            && self.theta.dtype() == other.theta.dtype()
            && self.carried.is_none()
    }
}

impl Stepped for Slot {
    #[inline(always)]
    fn arrays(&self) -> Option<(&Array, &Array, &[Array])> {
        let gradient = self.copy.as_ref().or(self.gradient())?;
        Some((&self.theta, gradient, &self.state))
    }
}

/// Writes: steps elements `range` of slots that step alike, and zeroes their gradients if `zero`.
fn sweep(slots: &[Slot], plan: &Plan, range: Range<usize>, zero: bool, set: InstructionSet) {
    let Some(first) = slots.first() else { return };
    with_type!(first.theta, T => plan.law.choose(Sweep::<_, T> {
        stepped: slots,
        range,
        frame: plan.frame.cast(),
        zero_gradients: zero,
        set,
    }));
}

#[derive(Clone, Copy, Default, PartialEq)]
pub enum Nonfinite {
    #[default]
    Raise,
    Skip,
    Propagate,
}

/// What Python code outside the transaction is running for this step, if any is.
#[derive(Clone, Copy, Default, PartialEq)]
pub enum Stage {
    #[default]
    Idle,
    /// Gradients are being collected: the parameters must stay as they are.
    Arranging,
    /// Log and callback are told of the step, which is complete.
    Reporting,
}

/// What logging and callback are told of a step.
pub struct Report {
    pub norm: Option<f64>,
    pub clipped: bool,
    pub skipped: bool,
}

/// The options of the optimizer as a whole.
#[derive(Default)]
pub struct Settings {
    pub clip_norm: Option<f64>,
    pub nonfinite: Nonfinite,
    /// Steps between two log records; 0 for none.
    pub logging_interval: u64,
    /// Whether every step is reported, not only those that are logged.
    pub always_reports: bool,
}

/// What a thread takes at a time: elements of one slot, or several slots with so many elements in all.
struct Unit {
    slots: Range<usize>,
    elements: Range<usize>,
}

/// The most elements of a unit.
const UNIT: usize = 16 * 1024;

/// Elements, however many there are.
const ALL: Range<usize> = 0..usize::MAX;

/// Elements of a step for each thread it is worth: what waking one costs is little beside them.
const SHARE: usize = 64 * 1024;

/// Elements from which on other Python threads may run while a step computes.
const LONG: usize = 16 * 1024;

const _: () = assert!(UNIT.is_multiple_of(LANE), "a unit is made of whole blocks of the norm");

/// The arrays of all parameters, and where they must still be found.
#[derive(Default)]
pub struct Layout {
    slots: Vec<Slot>,
    bonds: Vec<Bond>,
    sizes: Vec<(Py<PyAny>, usize)>,
    /// The keys of the parameters if they are the values of one dict, no key if they are one array.
    keys: Option<Vec<Py<PyAny>>>,
    extents: Extents,
    /// What threads share out among themselves.
    units: Vec<Unit>,
    /// This step's plans, for threads.
    plans: Vec<Plan>,
    /// The sum of squares of each block of each gradient, as bits.
    sums: Vec<AtomicU64>,
    /// Whether the gradients now accepted can all be zeroed.
    zeroable: bool,
}

impl Layout {
    pub fn new(
        mut slots: Vec<Slot>,
        bonds: Vec<Bond>,
        sizes: Vec<(Py<PyAny>, usize)>,
        keys: Option<Vec<Py<PyAny>>>,
    ) -> Self {
        let arrays = slots
            .iter()
            .flat_map(|slot| slot.state.iter().chain(&slot.carried).chain([&slot.theta]));
        let extents = Extents::new(arrays.map(|array| array.extent().clone()));
        let mut units: Vec<Unit> = Vec::new();
        let mut blocks = 0;
        for (i, slot) in slots.iter_mut().enumerate() {
            let len = slot.theta.len();
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
            slot.first_block = blocks;
            blocks += len.div_ceil(LANE);
        }
        let sums = (0..blocks).map(|_| AtomicU64::new(0)).collect();
        Self { slots, bonds, sizes, keys, extents, units, plans: Vec::new(), sums, zeroable: false }
    }

    /// Calls `work(slots, elements of each)` until all elements of all slots are done.
    fn for_all(&self, threads: usize, work: impl Fn(&[Slot], Range<usize>) + Sync) {
        if threads > 1 {
            pool::run(threads, self.units.len(), &|unit: usize| {
                let Unit { slots, elements } = &self.units[unit];
                let elements = if slots.len() > 1 { ALL } else { elements.clone() };
                work(&self.slots[slots.clone()], elements);
            });
        } else {
            work(&self.slots, ALL);
        }
    }

    /// The norm of all gradients together.
    fn norm(&self, threads: usize) -> f64 {
        let set = InstructionSet::current();
        let total = |scale: f64| {
            self.for_all(threads, |slots, range| {
                for slot in slots {
                    let Some(gradient) = slot.gradient() else { continue };
                    let range = slot.within(&range);
                    let mut sums = self.sums[slot.first_block + range.start / LANE..].iter();
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
            for slot in self.slots.iter().filter(|slot| slot.gradient().is_some()) {
                let blocks = slot.theta.len().div_ceil(LANE);
                for sum in &self.sums[slot.first_block..][..blocks] {
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

    /// Takes hold of the gradients; false if not all is plainly as it should be.
    fn accept<'py>(
        &mut self,
        hooks: &Hooks<'_, 'py>,
        gradients: &Bound<'py, PyList>,
        zero: bool,
    ) -> PyResult<bool> {
        let py = gradients.py();
        let ndarray = ndarray(py);
        let has_size = |(container, size): &(Py<PyAny>, usize)| {
            container.bind(py).len().is_ok_and(|now| now == *size)
        };
        if gradients.len() != self.slots.len()
            || !self.bonds.iter().all(|bond| bond.holds(py))
            || !self.sizes.iter().all(has_size)
        {
            return Ok(false);
        }
        for (slot, gradient) in self.slots.iter_mut().zip(gradients.iter()) {
            if gradient.is_none() {
                slot.gradient = None;
                slot.overlaps = false;
                continue;
            }
            if !slot.is_unchanged(&ndarray) {
                return Ok(false);
            }
            let Slot { theta, order, gradient: place, overlaps, .. } = slot;
            let Some(same) = Array::take(place, &gradient, theta, order, zero, &ndarray) else {
                return Ok(false);
            };
            if !same {
                // Should a question fail, the answer stays the one that costs time, not truth.
                self.zeroable = false;
                *overlaps = place.as_ref().is_some_and(|array| self.extents.meet(array.extent()));
                *overlaps = *overlaps && hooks.overlaps(&gradient)?;
            }
        }
        Ok(true)
    }

    /// Lets go of this step's gradients.
    fn release(&mut self) {
        for slot in &mut self.slots {
            if let Some(gradient) = &mut slot.gradient {
                gradient.release();
            }
            slot.copy = None;
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
            let own = slot.state.iter().chain(&slot.carried).chain([&slot.theta]);
            let arrays = own.chain(&slot.gradient).chain(&slot.copy);
            for object in arrays.filter_map(Array::object) {
                visit.call(object)?;
            }
        }
        Ok(())
    }
}

/// Everything a step needs, installed once.
#[derive(Default)]
pub struct Engine {
    pub layout: Layout,
    groups: Vec<Group>,
    settings: Settings,
    pub step_count: u64,
    pub skipped_steps: u64,
    pub stage: Stage,
}

impl Engine {
    /// Takes new options; every group keeps the rate of its last step.
    pub fn configure(&mut self, mut groups: Vec<Group>, settings: Settings) {
        groups.iter_mut().zip(&self.groups).for_each(|(new, old)| new.rate = old.rate);
        (self.groups, self.settings) = (groups, settings);
    }

    /// Takes new arrays, and with them forgets every verdict about memory.
    pub fn bind(&mut self, layout: Layout) {
        self.layout = layout;
    }

    /// Every parameter's tᵢ.
    pub fn steps(&self) -> Vec<u64> {
        self.layout.slots.iter().map(|slot| slot.steps).collect()
    }

    /// Every group's last rate.
    pub fn rates(&self) -> Vec<Option<f64>> {
        self.groups.iter().map(|group| group.rate).collect()
    }

    pub fn set_counters(
        &mut self,
        step_count: u64,
        skipped_steps: u64,
        steps: &[u64],
        rates: &[Option<f64>],
    ) {
        (self.step_count, self.skipped_steps) = (step_count, skipped_steps);
        self.layout.slots.iter_mut().zip(steps).for_each(|(slot, steps)| slot.steps = *steps);
        self.groups.iter_mut().zip(rates).for_each(|(group, rate)| group.rate = *rate);
    }

    /// Steps all parameters that have a gradient, or none; returns what is to be reported, if anything is.
    pub fn step(
        &mut self,
        owner: &Bound<'_, PyAny>,
        gradients: &Bound<'_, PyList>,
        zero: bool,
    ) -> PyResult<Option<Report>> {
        let report = self.transact(&Hooks(owner), gradients, zero);
        self.layout.release();
        report
    }

    fn transact<'py>(
        &mut self,
        hooks: &Hooks<'_, 'py>,
        gradients: &Bound<'py, PyList>,
        zero: bool,
    ) -> PyResult<Option<Report>> {
        let t = self.step_count + 1;
        let logs = self.settings.logging_interval > 0
            && t.is_multiple_of(self.settings.logging_interval)
            && hooks.wants_log()?;
        let elements = self.gather(hooks, gradients, zero)?;
        let reports = logs || self.settings.always_reports;
        let threads = if elements < 2 * SHARE { 1 } else { pool::threads().min(elements / SHARE) };
        let outcome = if elements < LONG {
            self.compute(t, reports, zero, threads)
        } else {
            gradients.py().detach(|| self.compute(t, reports, zero, threads))
        };
        match outcome {
            Outcome::Stepped { norm, clipped } => {
                Ok(reports.then_some(Report { norm, clipped, skipped: false }))
            }
            Outcome::Skipped { norm } => Ok(Some(Report { norm, clipped: false, skipped: true })),
            Outcome::Refused { slot } => {
                if let Some(gradient) = self.layout.slots[slot].gradient().and_then(Array::object) {
                    hooks.nonfinite(slot, gradient.bind(gradients.py()))?;
                }
                Err(changing())
            }
        }
    }

    /// The step's numbers: check → norm → decide → sweep → count, without Python.
    fn compute(&mut self, t: u64, reports: bool, zero: bool, threads: usize) -> Outcome {
        if self.settings.nonfinite != Nonfinite::Propagate
            && let Some(slot) = self.first_nonfinite(threads)
        {
            return self.refuse(slot, zero, threads);
        }
        let norm =
            (reports || self.settings.clip_norm.is_some()).then(|| self.layout.norm(threads));
        let factor = match (self.settings.clip_norm, norm) {
            (Some(most), Some(norm)) => norm::clip_factor(most, norm),
            _ => 1.0,
        };
        self.sweep(t, factor, zero, threads);
        self.step_count = t;
        Outcome::Stepped { norm, clipped: factor < 1.0 }
    }

    /// Accepts this step's gradients and counts their elements; when it returns, nothing can fail but for
    /// their values.
    fn gather<'py>(
        &mut self,
        hooks: &Hooks<'_, 'py>,
        gradients: &Bound<'py, PyList>,
        zero: bool,
    ) -> PyResult<usize> {
        let plain = self.layout.accept(hooks, gradients, zero)?;
        if !plain || (zero && !self.layout.zeroable) {
            let checked = hooks.check(gradients, zero)?;
            self.layout.release();
            if !self.layout.accept(hooks, &checked, zero)? {
                return Err(changing());
            }
            self.layout.zeroable = zero;
        }
        let (mut stepped, mut elements) = (false, 0);
        for slot in &mut self.layout.slots {
            if slot.gradient().is_some() {
                stepped = true;
                elements += slot.theta.len();
            }
            if slot.overlaps {
                slot.copy_gradient(gradients.py())?;
            }
            let fits = self.groups.get(slot.group).is_some_and(|Group { law, .. }| {
                law.states() == slot.state.len() && law.carries() == slot.carried.is_some()
            });
            if !fits {
                return Err(changing());
            }
        }
        if stepped {
            Ok(elements)
        } else {
            Err(PyValueError::new_err("every gradient is None: nothing to step"))
        }
    }

    /// The first slot whose gradient cannot be stepped along.
    fn first_nonfinite(&self, threads: usize) -> Option<usize> {
        if threads > 1 {
            let all = AtomicBool::new(true);
            self.layout.for_all(threads, |slots, range| {
                if !slots.iter().all(|slot| self.is_finite(slot, slot.within(&range))) {
                    all.store(false, Ordering::Relaxed);
                }
            });
            if all.into_inner() {
                return None;
            }
        }
        let is_finite = |slot: &Slot| self.is_finite(slot, slot.within(&ALL));
        self.layout.slots.iter().position(|slot| !is_finite(slot))
    }

    /// Whether elements `range` of a slot's gradient, if it has one, can be stepped along.
    fn is_finite(&self, slot: &Slot, range: Range<usize>) -> bool {
        let Some(gradient) = slot.gradient() else { return true };
        let group = &self.groups[slot.group];
        let squared =
            group.law.squares() && self.settings.clip_norm.is_none() && !group.common.clips();
        let set = InstructionSet::current();
        with_type!(gradient, T => norm::all_finite(gradient.ordered::<T>(), range, squared, set))
    }

    /// A gradient that is not finite: the step does not happen.
    fn refuse(&mut self, slot: usize, zero: bool, threads: usize) -> Outcome {
        if self.settings.nonfinite == Nonfinite::Raise {
            return Outcome::Refused { slot };
        }
        let norm = self.settings.always_reports.then(|| self.layout.norm(threads));
        if zero {
            for gradient in self.layout.slots.iter().filter_map(Slot::gradient) {
                with_type!(gradient, T => gradient.ordered::<T>().zero());
            }
        }
        self.skipped_steps += 1;
        Outcome::Skipped { norm }
    }

    /// Writes: the only part of a step that does, and it cannot fail.
    fn sweep(&mut self, t: u64, factor: f64, zero: bool, threads: usize) {
        let set = InstructionSet::current();
        let Self { groups, layout, .. } = self;
        groups.iter_mut().for_each(|group| group.begin(t));
        for slot in layout.slots.iter_mut().filter(|slot| slot.gradient().is_some()) {
            slot.steps += 1;
        }
        layout.plans.clear();
        for alike in layout.slots.chunk_by_mut(Slot::steps_as) {
            let Some(first) = alike.iter().find(|slot| slot.gradient().is_some()) else {
                alike.iter_mut().for_each(|slot| slot.plan = None);
                continue;
            };
            let mut plan = groups[first.group].at(first.steps, factor);
            let with_carried;
            if let Some(carried) = &first.carried {
                with_carried = Slot::carry(carried, *plan);
                plan = &with_carried;
            }
            if threads > 1 {
                alike.iter_mut().for_each(|slot| slot.plan = Some(layout.plans.len()));
                layout.plans.push(*plan);
            } else {
                sweep(alike, plan, ALL, zero, set);
            }
        }
        if threads > 1 {
            layout.for_all(threads, |slots, range| {
                for alike in slots.chunk_by(|a, b| a.plan == b.plan) {
                    if let Some(plan) = alike[0].plan {
                        sweep(alike, &layout.plans[plan], range.clone(), zero, set);
                    }
                }
            });
        }
    }
}

/// How the numeric part of a step ended.
enum Outcome {
    Stepped {
        norm: Option<f64>,
        clipped: bool,
    },
    Skipped {
        norm: Option<f64>,
    },
    /// This slot's gradient is not finite.
    Refused {
        slot: usize,
    },
}

/// What was checked is not so any more, or a state is not the array that was allocated.
fn changing() -> PyErr {
    PyRuntimeError::new_err(
        "an array was changed behind the optimizer's back, by resize(refcheck=False) or another thread",
    )
}

fn ndarray(py: Python<'_>) -> Bound<'_, PyType> {
    PyUntypedArray::type_object(py)
}
