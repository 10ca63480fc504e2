//! The step as a transaction: gather → check → norm → decide → sweep → count.
//!
//! All that can fail comes before the first write. Where something is not as it should be the kernels
//! only notice; the Python layer looks again and says what it found (the [`Hooks`]).

use std::ops::Range;
use std::slice::from_ref;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::buffers::{Array, BLOCK, Lanes};
use crate::instruction_set::InstructionSet;
use crate::laws::Family;
use crate::layout::{ALL, Layout, Slot, changing, with_type};
use crate::norm;
use crate::pool;
use crate::sweep::{Common, Frame, sweep};

/// What the transaction asks of the Python object it belongs to.
struct Hooks<'a, 'py>(&'a Bound<'py, PyAny>);

impl<'py> Hooks<'_, 'py> {
    /// Raises the error that says what is wrong with gradients, parameters or containers; returns plain
    /// arrays where nothing is (a subclass, another form), and all can be zeroed if they shall.
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

impl Plan {
    /// The plan for arrays with this number carried from step to step, if any is: with that number in it.
    fn carrying(mut self, carried: Option<&Array>) -> Self {
        if let Some(carried) = carried {
            carried.ordered::<f64>().replace(|carried| {
                let carries_on;
                (self.law, carries_on) = self.law.carry(carried);
                carries_on
            });
        }
        self
    }

    /// Writes: steps elements of slots that step alike, and zeroes those of their gradients if `zero`.
    fn step(
        &self,
        layout: &Layout,
        slots: Range<usize>,
        elements: &Range<usize>,
        zero: bool,
        set: InstructionSet,
    ) {
        let dtype = &layout.slots[slots.start];
        let sweep = |lanes: &[Lanes]| {
            with_type!(dtype, T => sweep::<T>(&self.law, self.frame, lanes, set));
        };
        let lanes = &layout.lanes[slots.clone()];
        if zero || *elements != ALL {
            for lanes in lanes {
                let mut start = elements.start;
                let end = elements.end.min(lanes.len());
                while start < end {
                    // Few enough elements to find their gradient still in the cache.
                    let block = start..if zero { end.min(start + BLOCK) } else { end };
                    start = block.end;
                    let part = lanes.part(&block);
                    sweep(from_ref(&part));
                    if zero {
                        part.zero_gradient();
                    }
                }
            }
        } else {
            sweep(lanes);
        }
        if layout.any_scattered {
            for slot in layout.slots[slots].iter().filter(|slot| slot.goes_through_scratch()) {
                slot.gather(elements, |lanes| sweep(from_ref(lanes)));
                if zero {
                    slot.zero_gradient(elements);
                }
            }
        }
    }
}

impl Group {
    pub fn new(common: Common, law: Family) -> Self {
        Self { common, law, rate: None, at: None }
    }

    /// Takes what the group's schedule gives for the next step.
    fn set_lr(&mut self, lr: f64) {
        self.common.lr = lr;
        self.law = self.law.with_lr(lr);
    }

    /// Begins a step: nothing of the last one's scalars is left.
    fn begin(&mut self, t: u64) {
        self.rate = Some(self.law.alpha(self.common.lr, t));
        self.at = None;
    }

    fn at(&mut self, steps: u64, factor: f64) -> Plan {
        match self.at {
            Some((known, plan)) if known == steps => plan,
            _ => {
                let law = self.law.at(steps);
                let frame = self.common.frame(factor, self.rate.unwrap_or_default(), &law);
                let plan = Plan { law, frame };
                self.at = Some((steps, plan));
                plan
            }
        }
    }
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

/// Elements of a step for each thread it is worth: what waking one costs is little beside them.
const SHARE: usize = 32 * 1024;

/// Elements from which on other Python threads may run while a step computes.
const LONG: usize = 16 * 1024;

/// Everything a step needs, installed once.
#[derive(Default)]
pub struct Engine {
    pub layout: Layout,
    groups: Vec<Group>,
    /// What this step does, to slots that step alike.
    plans: Vec<(Range<usize>, Plan)>,
    settings: Settings,
    /// Whether a group's lr is a schedule, which is asked before every step.
    pub is_scheduled: bool,
    pub step_count: u64,
    pub skipped_steps: u64,
    pub stage: Stage,
    /// How often something was installed.
    pub version: u64,
}

impl Engine {
    /// Takes new options and, where they change, arrays, leaving the old ones in their place, and with those
    /// forgets every verdict about memory; every group keeps the rate of its last step. Takes nothing if the
    /// options do not fit the arrays.
    pub fn install(
        &mut self,
        mut groups: Vec<Group>,
        settings: Settings,
        layout: &mut Option<Layout>,
    ) -> PyResult<()> {
        let fits = |slot: &Slot| {
            groups.get(slot.group).is_some_and(|Group { law, .. }| {
                law.states() == slot.states() && law.carries() == slot.carried().is_some()
            })
        };
        if !layout.as_ref().unwrap_or(&self.layout).slots.iter().all(fits) {
            return Err(PyValueError::new_err("the states are not those of the law"));
        }
        groups.iter_mut().zip(&self.groups).for_each(|(new, old)| new.rate = old.rate);
        self.is_scheduled = groups.iter().any(|group| group.common.is_scheduled());
        (self.groups, self.settings) = (groups, settings);
        if let Some(layout) = layout {
            std::mem::swap(&mut self.layout, layout);
        }
        Ok(())
    }

    /// Every parameter's tᵢ.
    pub fn steps(&self) -> Vec<u64> {
        self.layout.slots.iter().map(|slot| slot.steps).collect()
    }

    /// Takes every group's lr for the next step.
    pub fn set_lrs(&mut self, lrs: &[f64]) {
        self.groups.iter_mut().zip(lrs).for_each(|(group, lr)| group.set_lr(*lr));
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
        let overlaps = |gradient: &Bound<'py, PyAny>| hooks.overlaps(gradient);
        let mut accepted = self.layout.accept(gradients, zero, overlaps)?;
        if accepted.is_none() || (zero && !self.layout.zeroable) {
            let checked = hooks.check(gradients, zero)?;
            self.layout.release();
            accepted = self.layout.accept(&checked, zero, overlaps)?;
            self.layout.zeroable = zero && accepted.is_some();
        }
        let elements = accepted.ok_or_else(changing)?;
        if !self.layout.slots.iter().any(|slot| slot.is_stepped) {
            return Err(PyValueError::new_err("every gradient is None: nothing to step"));
        }
        Ok(elements)
    }

    /// The first slot whose gradient cannot be stepped along.
    fn first_nonfinite(&self, threads: usize) -> Option<usize> {
        if threads > 1 {
            let all = AtomicBool::new(true);
            self.layout.for_all(threads, |slots, elements| {
                if self.first_nonfinite_of(slots, elements).is_some() {
                    all.store(false, Ordering::Relaxed);
                }
            });
            if all.into_inner() {
                return None;
            }
        }
        self.first_nonfinite_of(0..self.layout.slots.len(), &ALL)
    }

    /// The first of these slots for whose elements that is so.
    fn first_nonfinite_of(&self, slots: Range<usize>, elements: &Range<usize>) -> Option<usize> {
        let Self { layout, settings, groups, .. } = self;
        let set = InstructionSet::current();
        let mut from = slots.start;
        for alike in layout.slots[slots].chunk_by(Slot::is_like) {
            let Group { common, law, .. } = &groups[alike[0].group];
            let squared = law.squares() && settings.clip_norm.is_none() && !common.clips();
            let lanes = &layout.lanes[from..][..alike.len()];
            let part;
            let lanes = match lanes {
                [one] if *elements != ALL && one.len() > 0 => {
                    part = [one.part(elements)];
                    &part
                }
                all => all,
            };
            let first = with_type!(alike[0], T => {
                let direct = norm::first_nonfinite::<T>(lanes, squared, set);
                let is_nonfinite = |slot: &Slot| {
                    let gradient = slot.gradient().filter(|_| slot.goes_through_scratch());
                    gradient.is_some_and(|gradient| {
                        let range = slot.within(elements);
                        !norm::all_finite(gradient.ordered::<T>(), range, squared, set)
                    })
                };
                let scattered = layout.any_scattered.then(|| alike.iter().position(is_nonfinite));
                direct.into_iter().chain(scattered.flatten()).min()
            });
            if let Some(first) = first {
                return Some(from + first);
            }
            from += alike.len();
        }
        None
    }

    /// A gradient that is not finite: the step does not happen.
    fn refuse(&mut self, slot: usize, zero: bool, threads: usize) -> Outcome {
        if self.settings.nonfinite == Nonfinite::Raise {
            return Outcome::Refused { slot };
        }
        let norm = self.settings.always_reports.then(|| self.layout.norm(threads));
        if zero {
            self.layout.slots.iter().for_each(|slot| slot.zero_gradient(&ALL));
        }
        self.skipped_steps += 1;
        Outcome::Skipped { norm }
    }

    /// Writes: the only part of a step that does, and it cannot fail.
    fn sweep(&mut self, t: u64, factor: f64, zero: bool, threads: usize) {
        let set = InstructionSet::current();
        let Self { groups, layout, plans, .. } = self;
        groups.iter_mut().for_each(|group| group.begin(t));
        plans.clear();
        let mut from = 0;
        for alike in layout.slots.chunk_by_mut(Slot::steps_as) {
            let slots = from..from + alike.len();
            from = slots.end;
            let mut plan = None;
            for slot in alike.iter_mut().filter(|slot| slot.is_stepped) {
                slot.steps += 1;
                plan.get_or_insert_with(|| {
                    groups[slot.group].at(slot.steps, factor).carrying(slot.carried())
                });
            }
            plans.extend(plan.map(|plan| (slots, plan)));
        }
        layout.for_all(threads, |slots, elements| {
            let first = plans.partition_point(|(planned, _)| planned.end <= slots.start);
            for (planned, plan) in &plans[first..] {
                let both = planned.start.max(slots.start)..planned.end.min(slots.end);
                if both.is_empty() {
                    break;
                }
                plan.step(layout, both, elements, zero, set);
            }
        });
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
