//! Vectors: as many numbers side by side as a register of an instruction set holds.
//!
//! # The argument for the `unsafe` here
//!
//! The intrinsics need a processor that has their instructions. Vectors are made only by a [`Kernel`], which
//! [`InstructionSet::run`] hands the vectors of the instruction set it found the machine to have; all is
//! inlined into that kernel, or into a part of it that [`Vectors::apart`] compiles for the same instruction
//! set. Pointers are the caller's to answer for.
//!
//! [`Kernel`]: crate::instruction_set::Kernel
//! [`InstructionSet::run`]: crate::instruction_set::InstructionSet::run

use crate::laws::Real;

/// What arrays are made of: `f32` or `f64`.
pub trait Element: Real {
    /// As many as a register of an instruction set holds.
    type In<V: Vectors>: Vector<Self>;

    /// As many as there are float64 numbers in a register, as float64 numbers.
    ///
    /// # Safety
    /// There are so many at `first`.
    unsafe fn wide<V: Vectors>(first: *const Self) -> V::F64;
}

/// The vectors of an instruction set.
pub trait Vectors {
    type F32: Vector<f32>;
    type F64: Vector<f64>;

    /// Runs a part of a kernel in a function of its own, so that it has all registers to itself.
    fn apart<P: Part>(part: P);

    /// # Safety
    /// There are as many numbers at `first` as an `F64` holds.
    unsafe fn wide(first: *const f32) -> Self::F64;
}

/// A part of a kernel: `run` and all it calls must be inlined into it.
pub trait Part {
    fn run(self);
}

/// Numbers of an array side by side, wherever they lie.
pub trait Vector<T>: Real {
    const WIDTH: usize;

    /// # Safety
    /// There are so many numbers at `first`.
    unsafe fn read(first: *const T) -> Self;

    /// # Safety
    /// There is room for so many numbers at `first`.
    unsafe fn write(self, first: *mut T);

    /// Fewer than `WIDTH` numbers; the others are 0.
    ///
    /// # Safety
    /// There are `count` numbers at `first`.
    unsafe fn read_some(first: *const T, count: usize) -> Self;

    /// # Safety
    /// There is room for `count` numbers at `first`, fewer than `WIDTH`.
    unsafe fn write_some(self, first: *mut T, count: usize);

    /// Writes them over the first of `numbers`.
    #[inline(always)]
    fn store(self, numbers: &mut [T]) {
        assert!(numbers.len() >= Self::WIDTH);
        // SAFETY: there is room.
        unsafe { self.write(numbers.as_mut_ptr()) };
    }
}

impl Element for f32 {
    type In<V: Vectors> = V::F32;

    #[inline(always)]
    unsafe fn wide<V: Vectors>(first: *const Self) -> V::F64 {
        // SAFETY: the caller's.
        unsafe { V::wide(first) }
    }
}

impl Element for f64 {
    type In<V: Vectors> = V::F64;

    #[inline(always)]
    unsafe fn wide<V: Vectors>(first: *const Self) -> V::F64 {
        // SAFETY: the caller's.
        unsafe { V::F64::read(first) }
    }
}

/// One number at a time: where we know no better, the compiler may.
#[cfg_attr(all(target_arch = "x86_64", not(test)), expect(dead_code, reason = "x86-64 has better"))]
pub struct Single;

impl Vectors for Single {
    type F32 = f32;
    type F64 = f64;

    #[inline(never)]
    fn apart<P: Part>(part: P) {
        part.run();
    }

    #[inline(always)]
    unsafe fn wide(first: *const f32) -> f64 {
        // SAFETY: the caller's.
        f64::from(unsafe { first.read() })
    }
}

impl<T: Element> Vector<T> for T {
    const WIDTH: usize = 1;

    #[inline(always)]
    unsafe fn read(first: *const T) -> T {
        // SAFETY: the caller's.
        unsafe { first.read() }
    }

    #[inline(always)]
    unsafe fn write(self, first: *mut T) {
        // SAFETY: the caller's.
        unsafe { first.write(self) }
    }

    #[inline(always)]
    unsafe fn read_some(_first: *const T, _count: usize) -> T {
        T::ZERO
    }

    #[inline(always)]
    unsafe fn write_some(self, _first: *mut T, _count: usize) {}
}

#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512, Sse2};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::mem::transmute;
    use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Sub};

    use super::{Part, Vector, Vectors};
    use crate::laws::{Mask, ROOT32, ROOT64, Real};

    pub struct Sse2;
    pub struct Avx2;
    pub struct Avx512;

    impl Vectors for Sse2 {
        type F32 = F32x4;
        type F64 = F64x2;

        #[inline(never)]
        fn apart<P: Part>(part: P) {
            part.run();
        }

        #[inline(always)]
        unsafe fn wide(first: *const f32) -> F64x2 {
            // SAFETY: see the head of the file.
            F64x2(unsafe { _mm_cvtps_pd(_mm_castsi128_ps(_mm_loadu_si64(first.cast()))) })
        }
    }

    impl Vectors for Avx2 {
        type F32 = F32x8;
        type F64 = F64x4;

        #[inline(always)]
        fn apart<P: Part>(part: P) {
            #[target_feature(enable = "avx2")]
            #[inline(never)]
            fn apart<P: Part>(part: P) {
                part.run();
            }
            // SAFETY: see the head of the file.
            unsafe { apart(part) }
        }

        #[inline(always)]
        unsafe fn wide(first: *const f32) -> F64x4 {
            // SAFETY: see the head of the file.
            F64x4(unsafe { _mm256_cvtps_pd(_mm_loadu_ps(first)) })
        }
    }

    impl Vectors for Avx512 {
        type F32 = F32x16;
        type F64 = F64x8;

        #[inline(always)]
        fn apart<P: Part>(part: P) {
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            #[inline(never)]
            fn apart<P: Part>(part: P) {
                part.run();
            }
            // SAFETY: see the head of the file.
            unsafe { apart(part) }
        }

        #[inline(always)]
        unsafe fn wide(first: *const f32) -> F64x8 {
            // SAFETY: see the head of the file.
            F64x8(unsafe { _mm512_cvtps_pd(_mm256_loadu_ps(first)) })
        }
    }

    /// A vector of `$width` numbers, and its arithmetic.
    macro_rules! vector {
        (
            $name:ident = $element:ident * $width:literal in $register:ident, $mask:ty, root $root:ident;
            $add:ident $sub:ident $mul:ident $div:ident $sqrt:ident $min:ident $max:ident $load:ident $store:ident;
            |$sign:ident, $x:ident| neg $neg:expr, abs $abs:expr;
            |$a:ident, $b:ident| below $below:expr, not_below $not_below:expr, at_least $at_least:expr;
            |$first:ident, $count:ident| read_some $read_some:expr, write_some $write_some:expr
        ) => {
            #[derive(Clone, Copy)]
            pub struct $name($register);

            vector!(@operator $name Add add $add);
            vector!(@operator $name Sub sub $sub);
            vector!(@operator $name Mul mul $mul);
            vector!(@operator $name Div div $div);

            impl $name {
                #[inline(always)]
                const fn all(x: $element) -> Self {
                    // SAFETY: an array and a register of as many numbers are the same bytes.
                    Self(unsafe { transmute::<[$element; $width], $register>([x; $width]) })
                }
            }

            impl Neg for $name {
                type Output = Self;
                #[inline(always)]
                fn neg(self) -> Self {
                    let ($sign, $x) = (Self::all(-0.0).0, self.0);
                    // SAFETY: see the head of the file.
                    Self(unsafe { $neg })
                }
            }

            impl Real for $name {
                const ZERO: Self = Self::all(0.0);
                const ONE: Self = Self::all(1.0);
                const INFINITY: Self = Self::all($element::INFINITY);
                const TINY: Self = Self::all($element::MIN_POSITIVE);
                const MOST: Self = Self::all($element::MAX);
                const ROOT: Self = Self::all($root);
                type Mask = $mask;
                #[inline(always)]
                fn cast(x: f64) -> Self {
                    Self::all(x as $element)
                }
                #[inline(always)]
                fn abs(self) -> Self {
                    let ($sign, $x) = (Self::all(-0.0).0, self.0);
                    // SAFETY: see the head of the file.
                    Self(unsafe { $abs })
                }
                #[inline(always)]
                fn sqrt(self) -> Self {
                    // SAFETY: see the head of the file.
                    Self(unsafe { $sqrt(self.0) })
                }
                #[inline(always)]
                fn lower(self, other: Self) -> Self {
                    // SAFETY: see the head of the file.
                    Self(unsafe { $min(self.0, other.0) })
                }
                #[inline(always)]
                fn upper(self, other: Self) -> Self {
                    // SAFETY: see the head of the file.
                    Self(unsafe { $max(self.0, other.0) })
                }
                #[inline(always)]
                fn below(self, other: Self) -> $mask {
                    let ($a, $b) = (self.0, other.0);
                    // SAFETY: see the head of the file.
                    unsafe { $below }
                }
                #[inline(always)]
                fn not_below(self, other: Self) -> $mask {
                    let ($a, $b) = (self.0, other.0);
                    // SAFETY: see the head of the file.
                    unsafe { $not_below }
                }
                #[inline(always)]
                fn at_least(self, other: Self) -> $mask {
                    let ($a, $b) = (self.0, other.0);
                    // SAFETY: see the head of the file.
                    unsafe { $at_least }
                }
            }

            impl Vector<$element> for $name {
                const WIDTH: usize = $width;
                #[inline(always)]
                unsafe fn read(first: *const $element) -> Self {
                    // SAFETY: see the head of the file.
                    Self(unsafe { $load(first) })
                }
                #[inline(always)]
                unsafe fn write(self, first: *mut $element) {
                    // SAFETY: see the head of the file.
                    unsafe { $store(first, self.0) }
                }
                #[inline(always)]
                unsafe fn read_some($first: *const $element, $count: usize) -> Self {
                    // SAFETY: see the head of the file.
                    Self(unsafe { $read_some })
                }
                #[inline(always)]
                unsafe fn write_some(self, $first: *mut $element, $count: usize) {
                    let $x = self.0;
                    // SAFETY: see the head of the file.
                    unsafe { $write_some }
                }
            }
        };
        (@operator $name:ident $Trait:ident $method:ident $intrinsic:ident) => {
            impl $Trait for $name {
                type Output = Self;
                #[inline(always)]
                fn $method(self, other: Self) -> Self {
                    // SAFETY: see the head of the file.
                    Self(unsafe { $intrinsic(self.0, other.0) })
                }
            }
        };
    }

    /// A mask that is a register of its own: all bits of a number, or none.
    macro_rules! mask {
        (
            $mask:ident of $name:ident in $register:ident, $and:ident $or:ident;
            |$m:ident, $yes:ident, $no:ident| $select:expr; $bits:ident all $all:literal
        ) => {
            #[derive(Clone, Copy)]
            pub struct $mask($register);

            vector!(@operator $mask BitAnd bitand $and);
            vector!(@operator $mask BitOr bitor $or);

            impl Mask<$name> for $mask {
                #[inline(always)]
                fn select(self, yes: $name, no: $name) -> $name {
                    let ($m, $yes, $no) = (self.0, yes.0, no.0);
                    // SAFETY: see the head of the file.
                    $name(unsafe { $select })
                }
                #[inline(always)]
                fn all(self) -> bool {
                    // SAFETY: see the head of the file.
                    unsafe { $bits(self.0) == $all }
                }
            }
        };
    }

    /// A mask of one bit a number.
    macro_rules! bits {
        ($mask:ident of $name:ident, $blend:ident) => {
            impl Mask<$name> for $mask {
                #[inline(always)]
                fn select(self, yes: $name, no: $name) -> $name {
                    // SAFETY: see the head of the file.
                    $name(unsafe { $blend(self, no.0, yes.0) })
                }
                #[inline(always)]
                fn all(self) -> bool {
                    self == $mask::MAX
                }
            }
        };
    }

    bits!(u16 of F32x16, _mm512_mask_blend_ps);
    bits!(u8 of F64x8, _mm512_mask_blend_pd);

    vector! {
        F32x16 = f32 * 16 in __m512, u16, root ROOT32;
        _mm512_add_ps _mm512_sub_ps _mm512_mul_ps _mm512_div_ps _mm512_sqrt_ps _mm512_min_ps _mm512_max_ps
        _mm512_loadu_ps _mm512_storeu_ps;
        |sign, x| neg _mm512_xor_ps(sign, x), abs _mm512_andnot_ps(sign, x);
        |a, b| below _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b),
            not_below _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(a, b),
            at_least _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, b);
        |first, count| read_some _mm512_maskz_loadu_ps((1 << count) - 1, first),
            write_some _mm512_mask_storeu_ps(first, (1 << count) - 1, x)
    }

    vector! {
        F64x8 = f64 * 8 in __m512d, u8, root ROOT64;
        _mm512_add_pd _mm512_sub_pd _mm512_mul_pd _mm512_div_pd _mm512_sqrt_pd _mm512_min_pd _mm512_max_pd
        _mm512_loadu_pd _mm512_storeu_pd;
        |sign, x| neg _mm512_xor_pd(sign, x), abs _mm512_andnot_pd(sign, x);
        |a, b| below _mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b),
            not_below _mm512_cmp_pd_mask::<_CMP_NLT_UQ>(a, b),
            at_least _mm512_cmp_pd_mask::<_CMP_GE_OQ>(a, b);
        |first, count| read_some _mm512_maskz_loadu_pd((1 << count) - 1, first),
            write_some _mm512_mask_storeu_pd(first, (1 << count) - 1, x)
    }

    /// The first `count` of 8 or 4 numbers, for loads and stores: a window on ones followed by zeros.
    static ONES: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

    #[inline(always)]
    unsafe fn first_of(width: usize, count: usize) -> __m256i {
        // A number of 8 bytes takes two of the ones.
        let count = count * (8 / width);
        // SAFETY: 0 ≤ count ≤ 8, so that eight numbers follow.
        unsafe { _mm256_loadu_si256(ONES.as_ptr().add(8 - count).cast()) }
    }

    mask!(Mask32x8 of F32x8 in __m256, _mm256_and_ps _mm256_or_ps;
        |mask, yes, no| _mm256_blendv_ps(no, yes, mask); _mm256_movemask_ps all 0xFF);
    mask!(Mask64x4 of F64x4 in __m256d, _mm256_and_pd _mm256_or_pd;
        |mask, yes, no| _mm256_blendv_pd(no, yes, mask); _mm256_movemask_pd all 0xF);

    vector! {
        F32x8 = f32 * 8 in __m256, Mask32x8, root ROOT32;
        _mm256_add_ps _mm256_sub_ps _mm256_mul_ps _mm256_div_ps _mm256_sqrt_ps _mm256_min_ps _mm256_max_ps
        _mm256_loadu_ps _mm256_storeu_ps;
        |sign, x| neg _mm256_xor_ps(sign, x), abs _mm256_andnot_ps(sign, x);
        |a, b| below Mask32x8(_mm256_cmp_ps::<_CMP_LT_OQ>(a, b)),
            not_below Mask32x8(_mm256_cmp_ps::<_CMP_NLT_UQ>(a, b)),
            at_least Mask32x8(_mm256_cmp_ps::<_CMP_GE_OQ>(a, b));
        |first, count| read_some _mm256_maskload_ps(first, first_of(8, count)),
            write_some _mm256_maskstore_ps(first, first_of(8, count), x)
    }

    vector! {
        F64x4 = f64 * 4 in __m256d, Mask64x4, root ROOT64;
        _mm256_add_pd _mm256_sub_pd _mm256_mul_pd _mm256_div_pd _mm256_sqrt_pd _mm256_min_pd _mm256_max_pd
        _mm256_loadu_pd _mm256_storeu_pd;
        |sign, x| neg _mm256_xor_pd(sign, x), abs _mm256_andnot_pd(sign, x);
        |a, b| below Mask64x4(_mm256_cmp_pd::<_CMP_LT_OQ>(a, b)),
            not_below Mask64x4(_mm256_cmp_pd::<_CMP_NLT_UQ>(a, b)),
            at_least Mask64x4(_mm256_cmp_pd::<_CMP_GE_OQ>(a, b));
        |first, count| read_some _mm256_maskload_pd(first, first_of(4, count)),
            write_some _mm256_maskstore_pd(first, first_of(4, count), x)
    }

    mask!(Mask32x4 of F32x4 in __m128, _mm_and_ps _mm_or_ps;
        |mask, yes, no| _mm_or_ps(_mm_and_ps(mask, yes), _mm_andnot_ps(mask, no)); _mm_movemask_ps all 0xF);
    mask!(Mask64x2 of F64x2 in __m128d, _mm_and_pd _mm_or_pd;
        |mask, yes, no| _mm_or_pd(_mm_and_pd(mask, yes), _mm_andnot_pd(mask, no)); _mm_movemask_pd all 0b11);

    vector! {
        F32x4 = f32 * 4 in __m128, Mask32x4, root ROOT32;
        _mm_add_ps _mm_sub_ps _mm_mul_ps _mm_div_ps _mm_sqrt_ps _mm_min_ps _mm_max_ps _mm_loadu_ps _mm_storeu_ps;
        |sign, x| neg _mm_xor_ps(sign, x), abs _mm_andnot_ps(sign, x);
        |a, b| below Mask32x4(_mm_cmplt_ps(a, b)), not_below Mask32x4(_mm_cmpnlt_ps(a, b)),
            at_least Mask32x4(_mm_cmpge_ps(a, b));
        |first, count| read_some {
            let mut four = [0.0; 4];
            for (k, x) in four.iter_mut().enumerate().take(count) {
                *x = first.add(k).read();
            }
            _mm_loadu_ps(four.as_ptr())
        }, write_some {
            let mut four = [0.0; 4];
            _mm_storeu_ps(four.as_mut_ptr(), x);
            for (k, x) in four.iter().enumerate().take(count) {
                first.add(k).write(*x);
            }
        }
    }

    vector! {
        F64x2 = f64 * 2 in __m128d, Mask64x2, root ROOT64;
        _mm_add_pd _mm_sub_pd _mm_mul_pd _mm_div_pd _mm_sqrt_pd _mm_min_pd _mm_max_pd _mm_loadu_pd _mm_storeu_pd;
        |sign, x| neg _mm_xor_pd(sign, x), abs _mm_andnot_pd(sign, x);
        |a, b| below Mask64x2(_mm_cmplt_pd(a, b)), not_below Mask64x2(_mm_cmpnlt_pd(a, b)),
            at_least Mask64x2(_mm_cmpge_pd(a, b));
        |first, count| read_some if count == 1 { _mm_load_sd(first) } else { _mm_setzero_pd() },
            write_some if count == 1 { _mm_store_sd(first, x) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instruction_set::{InstructionSet, Kernel};
    use crate::laws::Mask;

    /// Everything a law may do, to two numbers.
    fn all<X: Real>(a: X, b: X) -> [X; 14] {
        let both = a.below(b) & a.at_least(-b);
        let either = a.below(b) | b.below(a);
        [
            a + b,
            a - b,
            a * b,
            a / b,
            -a,
            a.abs(),
            a.abs().sqrt(),
            a.lower(b),
            a.upper(b),
            a.below(b).select(a, b),
            a.not_below(b).select(X::TINY, X::MOST),
            a.at_least(b).select(X::ONE, X::INFINITY),
            both.select(a, X::ROOT),
            either.select(X::cast(0.1), X::ZERO),
        ]
    }

    /// `all` of every pair of numbers, `count` side by side.
    struct Pairs<'a, T> {
        pairs: &'a [(T, T)],
        count: usize,
        found: &'a mut Vec<[T; 14]>,
    }

    impl<T: Element> Kernel for Pairs<'_, T> {
        type Output = ();

        fn run<V: Vectors>(self) {
            let Self { pairs, count, found } = self;
            let width = T::In::<V>::WIDTH;
            let count = count.min(width);
            for some in pairs.chunks(count) {
                let mut columns = [[T::ONE; 16]; 2];
                for (k, (a, b)) in some.iter().enumerate() {
                    (columns[0][k], columns[1][k]) = (*a, *b);
                }
                let mut results = [[T::ONE; 16]; 14];
                // SAFETY: every column has room for the widest vector.
                unsafe {
                    let read = |column: &[T; 16]| match some.len() {
                        n if n == width => T::In::<V>::read(column.as_ptr()),
                        n => T::In::<V>::read_some(column.as_ptr(), n),
                    };
                    let of_all = all(read(&columns[0]), read(&columns[1]));
                    for (x, result) in of_all.into_iter().zip(&mut results) {
                        match some.len() {
                            n if n == width => x.write(result.as_mut_ptr()),
                            n => x.write_some(result.as_mut_ptr(), n),
                        }
                    }
                }
                for k in 0..some.len() {
                    found.push(results.map(|result| result[k]));
                }
                // What lies behind is untouched.
                let behind = results.iter().flat_map(|result| &result[some.len()..]);
                assert!(behind.into_iter().all(|x| (*x - T::ONE).below(T::TINY).all()));
            }
        }
    }

    macro_rules! vectors_are_numbers_side_by_side {
        ($test:ident, $type:ident) => {
            #[test]
            fn $test() {
                let few = [
                    0.0,
                    1.0,
                    0.1,
                    3.5,
                    $type::MIN_POSITIVE,
                    $type::MIN_POSITIVE / 8.0,
                    $type::MAX,
                ];
                let many = few.into_iter().chain([1e19, $type::INFINITY]);
                let numbers: Vec<$type> = many.flat_map(|x| [x, -x]).chain([$type::NAN]).collect();
                let pairs: Vec<_> =
                    numbers.iter().flat_map(|a| numbers.iter().map(|b| (*a, *b))).collect();
                let expected: Vec<_> = pairs.iter().map(|(a, b)| all(*a, *b)).collect();
                let bits = |x: &$type| if x.is_nan() { $type::NAN.to_bits() } else { x.to_bits() };
                for set in InstructionSet::all() {
                    for count in 1..=16 {
                        let mut found = Vec::new();
                        set.run(Pairs { pairs: &pairs, count, found: &mut found });
                        for ((found, expected), pair) in found.iter().zip(&expected).zip(&pairs) {
                            let found: Vec<_> = found.iter().map(bits).collect();
                            let expected: Vec<_> = expected.iter().map(bits).collect();
                            assert_eq!(found, expected, "{}, {pair:?}, by {count}", set.name());
                        }
                        assert_eq!(found.len(), pairs.len());
                    }
                }
            }
        };
    }

    vectors_are_numbers_side_by_side!(vectors_of_float32_are_numbers_side_by_side, f32);
    vectors_are_numbers_side_by_side!(vectors_of_float64_are_numbers_side_by_side, f64);
}
