//! Powers with the same bits on every CPU, which libm's are not.

/// One or the other, without a branch, which compilers like to make of such a choice.
#[inline(always)]
fn either(condition: bool, yes: f64, no: f64) -> f64 {
    let mask = u64::from(condition).wrapping_neg();
    f64::from_bits((yes.to_bits() & mask) | (no.to_bits() & !mask))
}

/// baseⁿ by repeated squaring, lowest bit first.
pub fn power(mut base: f64, mut n: u64) -> f64 {
    let mut product = 1.0;
    while n > 0 {
        // A factor of 1 changes no bit, and costs less than a branch on bits that differ step by step.
        product *= either(n & 1 == 1, base, 1.0);
        base *= base;
        n >>= 1;
    }
    product
}

/// 1 − baseⁿ for 0 ≤ base ≤ 1, likewise, from 1 − base: 1 − ab = (1 − a) + (1 − b) a, so nothing cancels.
pub fn one_minus_power(base: f64, mut n: u64) -> f64 {
    let mut rest = 0.0;
    let mut square = 1.0 - base;
    while n > 0 {
        rest = either(n & 1 == 1, rest + square * (1.0 - rest), rest);
        square *= 2.0 - square;
        n >>= 1;
    }
    rest
}

/// a + b with a the sum rounded and b what the rounding lost: twice the digits of a float64.
type Double = (f64, f64);

/// Veltkamp's 2²⁷ + 1, which splits a float64 in halves whose products are exact.
const SPLITTER: f64 = 134_217_729.0;

fn halves(x: f64) -> Double {
    let t = SPLITTER * x;
    let high = t - (t - x);
    (high, x - high)
}

/// Dekker's product, by + − × alone.
fn times(a: Double, b: Double) -> Double {
    let product = a.0 * b.0;
    let ((a1, a2), (b1, b2)) = (halves(a.0), halves(b.0));
    let lost = a2 * b2 - (((product - a1 * b1) - a2 * b1) - a1 * b2);
    let rest = lost + (a.0 * b.1 + a.1 * b.0);
    let sum = product + rest;
    (sum, rest - (sum - product))
}

/// baseⁿ by repeated squaring with twice the digits, lowest bit first, rounded once: for formulas in which
/// everything else cancels.
pub fn rounded_power(base: f64, mut n: u64) -> f64 {
    let mut product = (1.0, 0.0);
    let mut square = (base, 0.0);
    while n > 0 {
        if n & 1 == 1 {
            product = times(product, square);
        }
        square = times(square, square);
        n >>= 1;
    }
    product.0 + product.1
}

/// Binary digits of a fraction that are looked at.
const DIGITS: u32 = 60;

/// baseˣ for x ≥ 0: its integer part as above, then for each binary digit of its fraction, highest first,
/// one root more of the base, as a factor where the digit is 1.
pub fn real_power(base: f64, exponent: f64) -> f64 {
    let whole = exponent.floor().min(2f64.powi(62));
    let mut product = power(base, whole as u64);
    let mut fraction = exponent - exponent.floor();
    let mut root = base;
    let mut digits = 0;
    while fraction > 0.0 && digits < DIGITS {
        root = root.sqrt();
        fraction *= 2.0;
        if fraction >= 1.0 {
            product *= root;
            fraction -= 1.0;
        }
        digits += 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_multiplies_from_the_lowest_bit() {
        assert_eq!(power(3.0, 0), 1.0);
        assert_eq!(power(3.0, 13), 1_594_323.0);
        let beta: f64 = 0.999;
        let (b2, b4) = (beta * beta, (beta * beta) * (beta * beta));
        assert_eq!(power(beta, 7), (beta * b2) * b4);
        assert_eq!(power(beta, u64::MAX), 0.0);
        assert_eq!(power(1.0, u64::MAX), 1.0);
    }

    #[test]
    fn one_minus_a_power_keeps_its_digits() {
        assert_eq!(one_minus_power(0.999, 0), 0.0);
        assert_eq!(one_minus_power(0.75, 3), 1.0 - 0.421875);
        assert_eq!(one_minus_power(0.0, 5), 1.0);
        assert_eq!(one_minus_power(0.999, u64::MAX), 1.0);
        // 1 − (1 − 2⁻⁴⁰)⁴ = 4·2⁻⁴⁰ − 6·2⁻⁸⁰ + …
        let tiny = 2f64.powi(-40);
        assert_eq!(one_minus_power(1.0 - tiny, 4), 4.0 * tiny - 6.0 * tiny * tiny);
    }

    #[test]
    fn a_rounded_power_is_the_float64_next_to_it() {
        assert_eq!(rounded_power(0.75, 20), 3_486_784_401.0 / 1_099_511_627_776.0);
        assert_eq!(rounded_power(3.0, 33), 5_559_060_566_555_523.0);
        assert_eq!(rounded_power(0.999, 0), 1.0);
        assert_eq!(rounded_power(0.999, 40), 0.960_770_210_735_811_8);
        assert_eq!(rounded_power(0.999, u64::MAX), 0.0);
    }

    #[test]
    fn a_real_power_multiplies_roots_from_the_highest_digit() {
        assert_eq!(real_power(16.0, 0.0), 1.0);
        assert_eq!(real_power(16.0, 2.75), 256.0 * 4.0 * 2.0);
        for (base, exponent) in [(0.96, 0.004), (0.96, 1234.567), (1.7, 0.75), (3.0, 1e-9)] {
            let (found, known) = (real_power(base, exponent), f64::powf(base, exponent));
            let bound = (40.0 + exponent) * f64::EPSILON * known;
            assert!((found - known).abs() <= bound, "{base}^{exponent}");
        }
        assert_eq!(real_power(0.96, f64::INFINITY), 0.0);
        assert_eq!(real_power(f64::INFINITY, 0.5), f64::INFINITY);
    }
}
