//! The door: Python in, results and errors out.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;

use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

#[cfg(test)]
mod allocations;
mod buffers;
mod instruction_set;
mod laws;
mod layout;
mod norm;
mod pool;
mod power;
mod step;
mod sweep;
mod vectors;

use instruction_set::InstructionSet;
use laws::{Family, Settings};
use layout::{Bond, Layout, Slot};
use step::{Engine, Group, Nonfinite, Report, Stage};
use sweep::Common;

/// The compiled step that the optimizers inherit.
#[pyclass(subclass, frozen, module = "steepest._kernels")]
struct Stepper {
    engine: Mutex<Engine>,
    /// Whether the engine is locked for a step, which may take long and call Python. Who locks it for
    /// anything else drops no object and calls no Python meanwhile, and so is done in a moment.
    is_stepping: AtomicBool,
}

impl Stepper {
    /// The engine, unless a step is being taken: never a wait for one.
    fn engine(&self) -> PyResult<MutexGuard<'_, Engine>> {
        loop {
            match self.engine.try_lock() {
                Ok(engine) => return Ok(engine),
                Err(TryLockError::Poisoned(engine)) => {
                    // A panic of ours left a step where it was.
                    self.engine.clear_poison();
                    let mut turn = Turn::begin(self, engine.into_inner());
                    turn.engine.layout.release();
                }
                Err(TryLockError::WouldBlock) if self.is_stepping.load(Ordering::Relaxed) => {
                    return Err(under_way());
                }
                // Another thread, without the GIL, looks at it or gives it something new. It must be free to do so.
                Err(TryLockError::WouldBlock) => {
                    Python::attach(|py| py.detach(thread::yield_now));
                }
            }
        }
    }

    /// The engine, unless it is in one of these stages.
    fn engine_outside(&self, stages: &[Stage]) -> PyResult<MutexGuard<'_, Engine>> {
        let engine = self.engine()?;
        if stages.contains(&engine.stage) { Err(under_way()) } else { Ok(engine) }
    }

    /// The engine for a step, unless one is under way.
    fn turn(&self) -> PyResult<Turn<'_>> {
        Ok(Turn::begin(self, self.engine_outside(STEPPING)?))
    }
}

/// The engine while a step has it to itself.
struct Turn<'a> {
    stepper: &'a Stepper,
    engine: MutexGuard<'a, Engine>,
}

impl<'a> Turn<'a> {
    fn begin(stepper: &'a Stepper, engine: MutexGuard<'a, Engine>) -> Self {
        stepper.is_stepping.store(true, Ordering::Relaxed);
        Self { stepper, engine }
    }

    /// Calls Python while others may look at the engine, but no other step of this optimizer can start.
    fn during<R>(
        mut self,
        stage: Stage,
        call: impl FnOnce() -> PyResult<R>,
    ) -> PyResult<(R, Self)> {
        let stepper = self.stepper;
        self.engine.stage = stage;
        drop(self);
        let result = call();
        let mut engine = stepper.engine()?; // in this stage nobody has it for a step
        engine.stage = Stage::Idle;
        let turn = Self::begin(stepper, engine);
        Ok((result?, turn))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.stepper.is_stepping.store(false, Ordering::Relaxed);
    }
}

const STEPPING: &[Stage] = &[Stage::Arranging, Stage::Reporting];

fn under_way() -> PyErr {
    PyRuntimeError::new_err(
        "a step of this optimizer is under way, in its callback or in another thread",
    )
}

/// A panic of ours becomes an ordinary RuntimeError.
fn guarded<R>(body: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        Err(PyRuntimeError::new_err(format!(
            "internal error, please report it: {}",
            words(&*panic)
        )))
    })
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

/// A group's options, read by name.
struct Options<'a, 'py>(&'a Bound<'py, PyDict>);

impl<'py> Options<'_, 'py> {
    /// None if there is no such option.
    fn find<T: for<'a> FromPyObject<'a, 'py, Error = PyErr>>(
        &self,
        name: &str,
    ) -> PyResult<Option<T>> {
        self.0.get_item(name)?.map(|value| value.extract()).transpose()
    }

    fn get<T: for<'a> FromPyObject<'a, 'py, Error = PyErr>>(&self, name: &str) -> PyResult<T> {
        self.0.as_any().get_item(name)?.extract()
    }
}

impl Settings for Options<'_, '_> {
    type Error = PyErr;

    /// NaN for a schedule, which is asked before every step.
    fn number(&self, name: &str) -> PyResult<f64> {
        let value = self.0.as_any().get_item(name)?;
        if value.is_callable() { Ok(f64::NAN) } else { value.extract() }
    }
    fn pair(&self, name: &str) -> PyResult<(f64, f64)> {
        self.get(name)
    }
    fn optional(&self, name: &str) -> PyResult<Option<f64>> {
        Ok(self.find::<Option<f64>>(name)?.flatten())
    }
    fn count(&self, name: &str) -> PyResult<u64> {
        Ok(self.find(name)?.unwrap_or(0))
    }
    fn switch(&self, name: &str) -> PyResult<bool> {
        Ok(self.find(name)?.unwrap_or(false))
    }
}

/// A parameter, its states, the number it carries if its law has one, its group and its tᵢ.
type Row<'py> = (Bound<'py, PyAny>, Vec<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>, usize, u64);

/// All parameters, and where they must still be found: entries and sizes of the containers they came in,
/// and the keys if they came in one dict (none if they are one array).
#[derive(FromPyObject)]
struct Arrays<'py>(
    Vec<Row<'py>>,
    Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    Vec<(Py<PyAny>, usize)>,
    Option<Vec<Py<PyAny>>>,
);

impl Arrays<'_> {
    fn layout(self) -> PyResult<Layout> {
        let Self(slots, bonds, sizes, keys) = self;
        let slots = slots
            .iter()
            .map(|(array, states, carried, group, steps)| {
                Slot::new(array, states, carried.as_ref(), *group, *steps)
            })
            .collect::<Option<_>>()
            .ok_or_else(|| PyTypeError::new_err("expected writable float32 or float64 arrays"))?;
        let bonds =
            bonds.into_iter().map(|(container, key, value)| Bond::new(container, key, value));
        Ok(Layout::new(slots, bonds.collect(), sizes, keys))
    }
}

/// Steps, skipped steps, every parameter's tᵢ, every group's last rate.
type Counters = (u64, u64, Vec<u64>, Vec<Option<f64>>);

#[pymethods]
impl Stepper {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { engine: Mutex::default(), is_stepping: AtomicBool::new(false) }
    }

    /// Step every parameter along its gradient, in place, by one call: all of them or none.
    ///
    /// Parameters
    /// ----------
    /// grads : array, or nesting of arrays like the parameters', or flat list of arrays; optional
    ///     One gradient a parameter, of the parameter's shape and dtype, with any strides, read-only or
    ///     not. ``None`` in the place of an array leaves that parameter and its state untouched. For
    ///     parameter groups: a list with one entry a group. If not given, the ``.grad`` of every parameter.
    /// zero_grads : bool, default False
    ///     Set the gradient arrays to zero in the same pass; also if the step is skipped.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If a gradient is not an array of the parameter's dtype, or if ``grads`` is not given for bare arrays.
    /// ValueError
    ///     If shapes or structure differ from the parameters', if an entry of a container handed over is
    ///     another array now, if every gradient is None, or if a gradient cannot be zeroed.
    /// FloatingPointError
    ///     If a gradient is not finite and ``nonfinite="raise"``.
    /// RuntimeError
    ///     If a step is under way, in the callback or in another thread.
    /// Exception
    ///     What a schedule of the learning rate raises; TypeError or ValueError if what it gives is no rate.
    ///
    /// Notes
    /// -----
    /// Nothing is written before everything has been checked. The equation is that of the class.
    #[pyo3(signature = (grads=None, *, zero_grads=false))]
    fn step(
        slf: &Bound<'_, Self>,
        grads: Option<&Bound<'_, PyAny>>,
        zero_grads: bool,
    ) -> PyResult<()> {
        guarded(|| {
            let (py, owner) = (slf.py(), slf.as_any());
            let mut turn = slf.get().turn()?;
            let list = grads.and_then(|grads| grads.cast_exact::<PyList>().ok());
            let flat = match (list, grads) {
                (Some(list), _) => Some(list.clone()),
                (None, Some(grads)) => turn.engine.layout.in_order(grads)?,
                (None, None) => None,
            };
            let gradients = match flat {
                Some(list) => list,
                None => {
                    let arrange = || owner.call_method1(intern!(py, "_arrange"), (grads,));
                    let arranged;
                    (arranged, turn) = turn.during(Stage::Arranging, arrange)?;
                    arranged.cast_into()?
                }
            };
            if turn.engine.is_scheduled {
                // Schedules are Python code, so they are asked before anything is looked at.
                let t = turn.engine.step_count + 1;
                let ask = || owner.call_method1(intern!(py, "_lrs_at"), (t,))?.extract();
                let lrs: Vec<f64>;
                (lrs, turn) = turn.during(Stage::Arranging, ask)?;
                turn.engine.set_lrs(&lrs);
            }
            let report = turn.engine.step(owner, &gradients, zero_grads)?;
            let Some(Report { norm, clipped, skipped }) = report else { return Ok(()) };
            let tell = || owner.call_method1(intern!(py, "_report"), (norm, clipped, skipped));
            turn.during(Stage::Reporting, tell).map(drop)
        })
    }

    /// Completed steps.
    #[getter]
    fn step_count(&self) -> PyResult<u64> {
        Ok(self.engine()?.step_count)
    }

    /// Steps that did not happen because a gradient was not finite (``nonfinite="skip"``).
    #[getter]
    fn skipped_steps(&self) -> PyResult<u64> {
        Ok(self.engine()?.skipped_steps)
    }

    /// How often something was installed.
    fn _version(&self) -> PyResult<u64> {
        Ok(self.engine()?.version)
    }

    /// Takes options and, where they change, arrays and counters; all of it, or nothing if it raises, as it
    /// does if another thread installed something since this version.
    ///
    /// `commit` lists items (dict, key, value) that are assigned together with it, so that no other thread
    /// and not even an interrupt comes between what the kernels know and what Python knows.
    #[expect(clippy::too_many_arguments)]
    fn _install(
        &self,
        version: u64,
        law: &str,
        groups: Vec<Bound<'_, PyDict>>,
        settings: &Bound<'_, PyDict>,
        arrays: Option<Arrays<'_>>,
        counters: Option<Counters>,
        commit: Vec<(Bound<'_, PyDict>, Bound<'_, PyString>, Bound<'_, PyAny>)>,
    ) -> PyResult<()> {
        guarded(|| {
            let groups = groups
                .iter()
                .map(|options| {
                    let options = Options(options);
                    let law = Family::read(law, &options)?
                        .ok_or_else(|| PyValueError::new_err("no such law"))?;
                    Ok(Group::new(Common::read(&options)?, law))
                })
                .collect::<PyResult<Vec<_>>>()?;
            let settings = Options(settings);
            let settings = step::Settings {
                clip_norm: settings.optional("clip_norm")?,
                nonfinite: match settings.get::<String>("nonfinite")?.as_str() {
                    "skip" => Nonfinite::Skip,
                    "propagate" => Nonfinite::Propagate,
                    _ => Nonfinite::Raise,
                },
                logging_interval: settings.count("logging_interval")?,
                always_reports: !settings.0.as_any().get_item("callback")?.is_none(),
            };
            let mut layout = arrays.map(Arrays::layout).transpose()?;
            // What gives way is let go of, which may call Python, when the engine is free again.
            let _replaced: Vec<_>;
            let mut engine = self.engine_outside(&[Stage::Arranging])?;
            if engine.version != version {
                return Err(PyRuntimeError::new_err("another thread changed this optimizer"));
            }
            _replaced = commit
                .iter()
                .map(|(place, name, _)| place.get_item(name))
                .collect::<PyResult<_>>()?;
            engine.install(groups, settings, &mut layout)?;
            if let Some((step_count, skipped_steps, steps, rates)) = counters {
                engine.set_counters(step_count, skipped_steps, &steps, &rates);
            }
            engine.version += 1;
            commit.iter().try_for_each(|(place, name, value)| place.set_item(name, value))
        })
    }

    /// What steps count and keep.
    fn _counters(&self) -> PyResult<Counters> {
        let engine = self.engine()?;
        Ok((engine.step_count, engine.skipped_steps, engine.steps(), engine.rates()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.engine.try_lock() {
            Ok(engine) => engine.layout.traverse(&visit),
            Err(TryLockError::Poisoned(engine)) => engine.into_inner().layout.traverse(&visit),
            Err(TryLockError::WouldBlock) => Ok(()),
        }
    }

    fn __clear__(&self) {
        // What it lets go of may call Python, and that come back: first it is unlocked.
        drop(match self.engine.try_lock() {
            Ok(mut engine) => mem::take(&mut *engine),
            Err(TryLockError::Poisoned(engine)) => mem::take(&mut *engine.into_inner()),
            Err(TryLockError::WouldBlock) => return,
        });
    }
}

/// The instruction set in use: "AVX-512", "AVX2", or what every processor of this kind has.
#[pyfunction]
fn get_instruction_set() -> &'static str {
    InstructionSet::current().name()
}

/// All that this machine has, the widest last.
#[pyfunction]
fn instruction_sets() -> Vec<&'static str> {
    InstructionSet::all().map(InstructionSet::name).collect()
}

/// Uses the instruction set of that name from now on; the bits of a step do not depend on it.
#[pyfunction]
fn set_instruction_set(name: &str) -> PyResult<()> {
    match InstructionSet::all().find(|set| set.name() == name) {
        Some(set) => {
            set.choose();
            Ok(())
        }
        None => Err(PyValueError::new_err(format!(
            "name: got {name:?}, expected one that this machine has: {:?}",
            instruction_sets()
        ))),
    }
}

/// The most threads a step uses.
#[pyfunction]
fn get_num_threads() -> usize {
    pool::threads()
}

/// Uses up to `n` threads in a step from now on.
#[pyfunction]
fn set_num_threads(n: usize) {
    pool::set_threads(n);
}

// Nothing here needs the GIL. An optimizer's engine is behind a mutex, and the pool of threads; their number and
// the instruction set are atomic; every object that a step looks at is held by a reference of its own. Only an
// array's header has nothing else to guard it, here as in NumPy: see `buffers`.
#[pymodule(gil_used = false)]
mod _kernels {
    #[pymodule_export]
    use super::{
        Stepper, get_instruction_set, get_num_threads, instruction_sets, set_instruction_set,
        set_num_threads,
    };
}
