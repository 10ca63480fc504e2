//! Powers with the same bits on every CPU, which libm's are not.

/// baseⁿ by repeated squaring, lowest bit first.
pub fn power(mut base: f64, mut n: u64) -> f64 {
    let mut product = 1.0;
    while n > 0 {
        // A factor of 1 changes no bit, and costs less than a branch on bits that differ step by step.
        product *= if n & 1 == 1 { base } else { 1.0 };
        base *= base;
        n >>= 1;
    }
    product
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
