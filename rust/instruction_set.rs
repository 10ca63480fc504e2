//! Instruction sets: what the machine has, which of them is used, and code compiled for each.
//!
//! The choice changes no bit: IEEE 754 rounds each operation in one way, and none is fused in any of them.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::vectors::{self, Vectors};

/// From the narrowest vectors to the widest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Width {
    /// What every processor of the target has.
    Baseline,
    Avx2,
    Avx512,
}

use Width::{Avx2, Avx512, Baseline};

const WIDTHS: [Width; 3] = [Baseline, Avx2, Avx512];

impl Width {
    #[cfg(target_arch = "x86_64")]
    fn is_there(self) -> bool {
        match self {
            Baseline => true,
            Avx2 => is_x86_feature_detected!("avx2"),
            Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn is_there(self) -> bool {
        self == Baseline
    }
}

/// An instruction set that this machine has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InstructionSet(Width);

/// The place in `WIDTHS` of the one in use, and `UNKNOWN` before it has been looked for.
static CHOSEN: AtomicUsize = AtomicUsize::new(UNKNOWN);
const UNKNOWN: usize = usize::MAX;

impl InstructionSet {
    /// All that this machine has, the widest last.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        WIDTHS.into_iter().filter(|width| width.is_there()).map(Self)
    }

    /// The one in use: the widest there is, unless another was chosen.
    #[inline]
    pub fn current() -> Self {
        match WIDTHS.get(CHOSEN.load(Ordering::Relaxed)) {
            Some(width) => Self(*width),
            None => Self::widest(),
        }
    }

    #[cold]
    fn widest() -> Self {
        let Self(widest) = Self::all().next_back().unwrap_or(Self(Baseline));
        let (found, order) = (widest as usize, Ordering::Relaxed);
        // Unless another thread has chosen one meanwhile.
        let chosen = CHOSEN.compare_exchange(UNKNOWN, found, order, order);
        Self(chosen.map_or_else(|chosen| WIDTHS[chosen], |_| widest))
    }

    /// Uses this one from now on.
    pub fn choose(self) {
        CHOSEN.store(self.0 as usize, Ordering::Relaxed);
    }

    pub fn name(self) -> &'static str {
        match self.0 {
            Avx512 => "AVX-512",
            Avx2 => "AVX2",
            Baseline if cfg!(target_arch = "x86_64") => "SSE2",
            Baseline if cfg!(target_arch = "aarch64") => "NEON",
            Baseline => "scalar",
        }
    }

    /// Runs `kernel` as compiled for this instruction set.
    #[inline(always)]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            // SAFETY: there is no such value where the machine lacks the instructions.
            #[cfg(target_arch = "x86_64")]
            Avx2 => unsafe { avx2(kernel) },
            // SAFETY: the same.
            #[cfg(target_arch = "x86_64")]
            Avx512 => unsafe { avx512(kernel) },
            _ => baseline(kernel),
        }
    }
}

/// Code that is compiled once for each instruction set, with its vectors: `run` and all it calls must be
/// inlined into it.
pub trait Kernel {
    type Output;
    fn run<V: Vectors>(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
type Narrowest = vectors::Sse2;
#[cfg(not(target_arch = "x86_64"))]
type Narrowest = vectors::Single;

#[inline(never)]
fn baseline<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Narrowest>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline(never)]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<vectors::Avx2>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
#[inline(never)]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<vectors::Avx512>()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Name(&'static str);

    impl Kernel for Name {
        type Output = usize;
        #[inline(always)]
        fn run<V: Vectors>(self) -> usize {
            self.0.len()
        }
    }

    #[test]
    fn the_baseline_is_always_there_and_all_that_are_there_run() {
        assert_eq!(InstructionSet::all().next(), Some(InstructionSet(Baseline)));
        for set in InstructionSet::all() {
            assert_eq!(set.run(Name(set.name())), set.name().len());
        }
    }
}
