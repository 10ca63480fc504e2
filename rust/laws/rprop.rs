//! The law of Rprop, torch's; `reference/laws/rprop.py` is the same, line by line.

use super::parts::{clamped, flushed, sign};
use super::{Driver, Law, Mask, Options, Real, Settings};

/// The sign of the gradient times a step size that grows while the sign stays and shrinks where it turned.
#[derive(Clone, Copy)]
struct Signs<T> {
    initial: T,
    shrinks: T,
    grows: T,
    least: T,
    most: T,
}

impl<T: Real> Law<T, 2> for Signs<T> {
    #[inline(always)]
    fn direction(&self, _theta: T, g: T, [prev, size]: [T; 2]) -> (T, [T; 2]) {
        // Signs are compared, not multiplied gradients: the product of small ones would be zero.
        let (up, down) = (T::ZERO.below(g), g.below(T::ZERO));
        let (was_up, was_down) = (T::ZERO.below(prev), prev.below(T::ZERO));
        let stays = (up & was_up) | (down & was_down);
        let turned = (up & was_down) | (down & was_up);
        let factor = turned.select(self.shrinks, stays.select(self.grows, T::ONE));
        let size = clamped((size + self.initial) * factor, self.least, self.most);
        let g = turned.select(T::ZERO, g);
        (sign(g) * size, [flushed(g), size])
    }
}

/// A group's options, in float64.
#[derive(Clone, Copy)]
pub struct Rprop {
    lr: f64,
    etas: (f64, f64),
    step_sizes: (f64, f64),
    initial: f64,
}

impl Options for Rprop {
    fn read<S: Settings>(settings: &S) -> Result<Self, S::Error> {
        Ok(Self {
            lr: settings.number("lr")?,
            etas: settings.pair("etas")?,
            step_sizes: settings.pair("step_sizes")?,
            initial: 0.0,
        })
    }

    fn with_lr(self, lr: f64) -> Self {
        Self { lr, ..self }
    }

    fn states(&self) -> usize {
        2
    }

    fn squares(&self) -> bool {
        false
    }

    /// The step size starts at the rate: that is added in the first step.
    fn at(self, steps: u64) -> Self {
        Self { initial: if steps == 1 { self.lr } else { 0.0 }, ..self }
    }

    /// 1: the step size is the step
    fn rate(&self, _alpha: f64) -> f64 {
        1.0
    }

    #[inline(always)]
    fn choose<T: Real>(&self, driver: impl Driver<T>) {
        driver.drive(Signs {
            initial: T::cast(self.initial),
            shrinks: T::cast(self.etas.0),
            grows: T::cast(self.etas.1),
            least: T::cast(self.step_sizes.0),
            most: T::cast(self.step_sizes.1),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_gradient_shrinks_the_step_and_is_forgotten() {
        let law = Signs { initial: 0.0, shrinks: 0.5, grows: 2.0, least: 0.5, most: 8.0 };
        assert_eq!(law.direction(0.0, 3.0, [1.0, 2.0]), (4.0, [3.0, 4.0]));
        assert_eq!(law.direction(0.0, -3.0, [1.0, 2.0]), (0.0, [0.0, 1.0]));
        assert_eq!(law.direction(0.0, -3.0, [0.0, 1.0]), (-1.0, [-3.0, 1.0]));
    }

    #[test]
    fn signs_are_compared_where_the_product_of_gradients_is_zero() {
        let law = Signs { initial: 0.0, shrinks: 0.5, grows: 2.0, least: 0.5, most: 8.0 };
        assert_eq!(law.direction(0.0, 1e-300, [1e-300, 2.0]), (4.0, [1e-300, 4.0]));
        assert_eq!(law.direction(0.0, -1e-300, [-1e-300, 2.0]), (-4.0, [-1e-300, 4.0]));
        assert_eq!(law.direction(0.0, -1e-300, [1e-300, 2.0]), (0.0, [0.0, 1.0]));
        assert_eq!(law.direction(0.0, 0.0, [1e-300, 2.0]), (0.0, [0.0, 2.0]));
    }

    #[test]
    fn a_step_size_stays_within_its_bounds() {
        let law = Signs { initial: 0.0, shrinks: 0.5, grows: 2.0, least: 0.5, most: 8.0 };
        assert_eq!(law.direction(0.0, 1.0, [1.0, 7.0]), (8.0, [1.0, 8.0]));
        assert_eq!(law.direction(0.0, -1.0, [1.0, 0.6]), (0.0, [0.0, 0.5]));
    }
}
