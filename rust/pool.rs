//! Threads of our own: parked between steps, woken only for work above a measured size, safe to fork.
//!
//! A region is one call of [`run`]: units of work, shared out among the caller and the workers. Each
//! begins with its own share, so that it meets the memory it met in the last step, and then helps with
//! the others'. Nobody waits for a worker that wakes up late: when no unit is left the region closes, and
//! who comes then finds it closed. Who finds the pool in use works alone.
//!
//! # The argument for the `unsafe` here
//!
//! A worker follows the pointer to a region's work only after it has entered the region's gate, and the
//! caller, to whom the work belongs, does not return before the gate is closed and everybody has left.

use std::cell::UnsafeCell;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Threads that can take part.
pub const MOST: usize = 64;

/// How long a worker looks out for the next region before it sleeps: waking it costs as much.
const LOOKOUT: Duration = Duration::from_micros(20);

/// Threads in use; 0 before it was asked for.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// The most threads a step uses: what affinity and quota leave, at most 8, unless another number was set.
pub fn threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => {
            let found = thread::available_parallelism().map_or(1, NonZero::get).min(8);
            // Unless another thread has set a number meanwhile.
            let before = THREADS.compare_exchange(0, found, Ordering::Relaxed, Ordering::Relaxed);
            before.map_or_else(|set| set, |_| found)
        }
        set => set,
    }
}

/// Uses up to so many threads from now on, `1..=MOST`.
pub fn set_threads(threads: usize) {
    THREADS.store(threads.clamp(1, MOST), Ordering::Relaxed);
}

/// The next unit of one share.
#[repr(align(128))] // two cache lines, which processors fetch together
struct Cursor(AtomicUsize);

/// The units of a region, in shares.
struct Region<'a> {
    work: &'a (dyn Fn(usize) + Sync),
    cursors: [Cursor; MOST],
    units: usize,
    shares: usize,
    panicked: AtomicBool,
}

impl<'a> Region<'a> {
    fn new(shares: usize, units: usize, work: &'a (dyn Fn(usize) + Sync)) -> Self {
        let start = |share| Cursor(AtomicUsize::new(share * units / shares));
        let cursors = std::array::from_fn(start);
        Self { work, cursors, units, shares, panicked: AtomicBool::new(false) }
    }

    /// Works on the units of share `me`, if there is one, then on what is left of the others'.
    fn take_part(&self, me: usize) {
        if me >= self.shares {
            return; // a worker of a time when there were more
        }
        let work = || {
            for share in (me..self.shares).chain(0..me) {
                let end = (share + 1) * self.units / self.shares;
                loop {
                    let unit = self.cursors[share].0.fetch_add(1, Ordering::Relaxed);
                    if unit >= end {
                        break;
                    }
                    (self.work)(unit);
                }
            }
        };
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            self.panicked.store(true, Ordering::Relaxed);
        }
    }
}

/// What caller and workers share.
struct Gate {
    /// The number of regions there have been.
    region: AtomicUsize,
    /// 1 while a region is open, and 2 for each worker inside.
    inside: AtomicUsize,
    work: UnsafeCell<*const Region<'static>>,
}

// SAFETY: `work` is written by the caller while the gate is closed and empty, and read by those inside.
unsafe impl Sync for Gate {}
// SAFETY: the same.
unsafe impl Send for Gate {}

impl Gate {
    fn enter(&self) -> bool {
        let open = |inside: usize| (inside & 1 == 1).then_some(inside + 2);
        self.inside.fetch_update(Ordering::Acquire, Ordering::Relaxed, open).is_ok()
    }

    fn leave(&self) {
        self.inside.fetch_sub(2, Ordering::Release);
    }

    fn open(&self, region: &Region<'_>) {
        // SAFETY: the pool is the caller's alone, and the gate closed and empty; the lifetime is
        // forgotten because `close` waits until nobody can use it any more.
        unsafe { *self.work.get() = std::ptr::from_ref(region).cast() };
        self.inside.store(1, Ordering::Release);
        self.region.fetch_add(1, Ordering::Release);
    }

    fn close(&self) {
        self.inside.fetch_and(!1, Ordering::Relaxed);
        let mut tries = 0_u32;
        while self.inside.load(Ordering::Acquire) != 0 {
            tries += 1;
            // A worker that lost its core in the middle of a unit needs one to finish.
            if tries.is_multiple_of(1024) { thread::yield_now() } else { std::hint::spin_loop() }
        }
    }

    /// A worker's life.
    fn work(&self, me: usize) {
        let mut last = 0;
        loop {
            last = self.next(last);
            if self.enter() {
                // SAFETY: within the gate the region is alive.
                unsafe { (**self.work.get()).take_part(me) };
                self.leave();
            }
        }
    }

    /// Waits for a region after `last`: awake for a while, then asleep.
    fn next(&self, last: usize) -> usize {
        let mut since = None;
        loop {
            for _ in 0..64 {
                let region = self.region.load(Ordering::Acquire);
                if region != last {
                    return region;
                }
                std::hint::spin_loop();
            }
            if since.get_or_insert_with(Instant::now).elapsed() > LOOKOUT {
                thread::park(); // returns at once if a region was opened since we looked
            }
        }
    }
}

struct Pool {
    gate: Arc<Gate>,
    workers: Vec<Thread>,
}

impl Pool {
    /// Sees to it that there are so many workers, or as many as the system gives.
    fn grow(&mut self, workers: usize) {
        while self.workers.len() < workers {
            let (gate, me) = (Arc::clone(&self.gate), self.workers.len() + 1);
            let thread = thread::Builder::new().name(format!("steepest-{me}"));
            match thread.spawn(move || gate.work(me)) {
                Ok(handle) => self.workers.push(handle.thread().clone()),
                Err(_) => break,
            }
        }
    }
}

/// The pool of a process. A child that was forked has none of its parent's threads, and perhaps a lock
/// that nobody will open: it makes a pool of its own, and leaves the other where it is.
struct Owned {
    process: u32,
    pool: Mutex<Pool>,
}

static POOL: AtomicPtr<Owned> = AtomicPtr::new(std::ptr::null_mut());

fn pool() -> &'static Mutex<Pool> {
    let process = process::id();
    let found = POOL.load(Ordering::Acquire);
    // SAFETY: what was stored is never freed.
    if let Some(owned) = unsafe { found.as_ref() }
        && owned.process == process
    {
        return &owned.pool;
    }
    let gate = Gate {
        region: AtomicUsize::new(0),
        inside: AtomicUsize::new(0),
        work: UnsafeCell::new(std::ptr::null()),
    };
    let pool = Mutex::new(Pool { gate: Arc::new(gate), workers: Vec::new() });
    let new = Box::into_raw(Box::new(Owned { process, pool }));
    match POOL.compare_exchange(found, new, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: it is never freed.
        Ok(_) => unsafe { &(*new).pool },
        Err(other) => {
            // SAFETY: nobody else has seen `new`; `other` is never freed.
            unsafe {
                drop(Box::from_raw(new));
                &(*other).pool
            }
        }
    }
}

/// Calls `work` once for each of so many units, on up to so many threads; returns when all are done.
pub fn run(threads: usize, units: usize, work: &(dyn Fn(usize) + Sync)) {
    let shares = threads.min(units).min(MOST);
    if shares > 1
        && let Ok(mut pool) = pool().try_lock()
    {
        pool.grow(shares - 1);
        let region = Region::new(shares, units, work);
        pool.gate.open(&region);
        pool.workers.iter().take(shares - 1).for_each(Thread::unpark);
        region.take_part(0);
        pool.gate.close();
        drop(pool);
        assert!(!region.panicked.load(Ordering::Relaxed), "a thread panicked");
        return;
    }
    (0..units).for_each(work);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times_each_unit_is_done(threads: usize, units: usize) -> Vec<usize> {
        let done: Vec<_> = (0..units).map(|_| AtomicUsize::new(0)).collect();
        run(threads, units, &|unit| {
            done[unit].fetch_add(1, Ordering::Relaxed);
        });
        done.into_iter().map(AtomicUsize::into_inner).collect()
    }

    #[test]
    fn every_unit_is_done_once_whatever_the_threads() {
        for _ in 0..200 {
            for (threads, units) in [(1, 5), (2, 1), (2, 2), (3, 100), (7, 5), (64, 1000), (9, 0)] {
                assert_eq!(times_each_unit_is_done(threads, units), vec![1; units]);
            }
        }
    }

    #[test]
    fn regions_within_and_beside_a_region_are_done_by_their_callers() {
        let beside = || {
            for _ in 0..200 {
                let total = AtomicUsize::new(0);
                run(3, 20, &|_| {
                    run(2, 3, &|_| {
                        total.fetch_add(1, Ordering::Relaxed);
                    });
                });
                assert_eq!(total.into_inner(), 60);
            }
        };
        thread::scope(|scope| {
            (0..3).for_each(|_| {
                scope.spawn(beside);
            });
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
        let panics = |unit| assert!(unit != 7, "unit 7");
        assert!(catch_unwind(|| run(2, 50, &panics)).is_err());
        assert_eq!(times_each_unit_is_done(2, 50), vec![1; 50]);
    }

    #[test]
    fn the_number_of_threads_can_be_set() {
        assert!((1..=8).contains(&threads()));
        let before = threads();
        set_threads(3);
        assert_eq!(threads(), 3);
        set_threads(before);
    }
}
