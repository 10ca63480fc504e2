//! Shapes and strides: in what order elements are visited, and how far they reach. Numbers only, no memory.

use std::ops::Range;

use super::Dtype;

/// The addresses of an array's first byte and of the one past its last; None if they are out of reach.
pub fn extent(
    data: usize,
    shape: &[isize],
    strides: &[isize],
    dtype: Dtype,
) -> Option<Range<usize>> {
    if shape.contains(&0) {
        return Some(data..data);
    }
    let (mut start, mut end) = (data, data.checked_add(dtype.size())?);
    for (n, stride) in shape.iter().zip(strides) {
        let reach = (n - 1).checked_mul(*stride)?;
        if reach < 0 {
            start = start.checked_add_signed(reach)?;
        } else {
            end = end.checked_add_signed(reach)?;
        }
    }
    // No object is larger than isize::MAX, and no address lies beyond.
    (end <= isize::MAX as usize).then_some(start..end)
}

/// Where many arrays lie, for asking quickly whether another one could touch any of them.
#[derive(Default)]
pub struct Extents(Vec<Extent>);

/// An array's extent, and the furthest end of all extents up to it.
struct Extent {
    start: usize,
    end: usize,
    furthest: usize,
}

impl Extents {
    pub fn new(extents: impl Iterator<Item = Range<usize>>) -> Self {
        let mut sorted: Vec<Extent> = extents
            .filter(|extent| !extent.is_empty())
            .map(|Range { start, end }| Extent { start, end, furthest: end })
            .collect();
        sorted.sort_by_key(|extent| extent.start);
        let mut furthest = 0;
        for extent in &mut sorted {
            furthest = furthest.max(extent.end);
            extent.furthest = furthest;
        }
        Self(sorted)
    }

    /// Whether an extent overlaps any of these; arrays whose extents do may still be interleaved.
    pub fn meet(&self, extent: &Range<usize>) -> bool {
        let before = self.0.partition_point(|other| other.start < extent.end);
        before > 0 && !extent.is_empty() && self.0[before - 1].furthest > extent.start
    }
}

/// The order in which the arrays of one parameter are walked: its axes, outermost first.
#[derive(Clone, Debug)]
pub struct Order(pub Vec<usize>);

impl Order {
    /// C (index) order.
    pub fn index(axes: usize) -> Self {
        Self((0..axes).collect())
    }

    /// The order of an array's own memory: the smallest stride innermost.
    pub fn memory(shape: &[isize], strides: &[isize]) -> Self {
        let mut axes: Vec<usize> = (0..shape.len()).filter(|&axis| shape[axis] != 1).collect();
        axes.sort_by_key(|&axis| std::cmp::Reverse(strides[axis].unsigned_abs()));
        Self(axes)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    len: usize,
    stride: isize,
}

/// One array's elements in a given order: byte offsets from its data pointer, as few axes as will do.
#[derive(Clone, Debug)]
pub struct Walk {
    axes: Vec<Axis>,
    pub len: usize,
    pub adjacent: bool,
}

impl Walk {
    pub fn new(shape: &[isize], strides: &[isize], dtype: Dtype, order: &Order) -> Self {
        let len = shape.iter().product::<isize>() as usize;
        let mut axes: Vec<Axis> = Vec::new();
        for &axis in &order.0 {
            let (n, stride) = (shape[axis], strides[axis]);
            if n == 1 || len == 0 {
                continue;
            }
            match axes.last_mut() {
                Some(outer) if outer.stride == n * stride => {
                    *outer = Axis { len: outer.len * n as usize, stride };
                }
                _ => axes.push(Axis { len: n as usize, stride }),
            }
        }
        let adjacent = match axes[..] {
            [] => true,
            [Axis { stride, .. }] => stride == dtype.size() as isize,
            _ => false,
        };
        Self { axes, len, adjacent }
    }

    /// `len` elements one after another.
    #[cfg(test)]
    pub fn line(len: usize, dtype: Dtype) -> Self {
        Self::new(&[len as isize], &[dtype.size() as isize], dtype, &Order::index(1))
    }

    /// Calls `run(offset, count, stride)` for each stretch of equal stride in elements `range`, in order.
    #[inline(always)]
    pub fn stretches(&self, range: Range<usize>, mut run: impl FnMut(isize, usize, isize)) {
        let Some((inner, outer)) = self.axes.split_last() else {
            return run(0, range.len(), 0);
        };
        let mut element = range.start;
        while element < range.end {
            let (mut rest, within) = (element / inner.len, element % inner.len);
            let mut offset = within as isize * inner.stride;
            for axis in outer.iter().rev() {
                offset += (rest % axis.len) as isize * axis.stride;
                rest /= axis.len;
            }
            let count = (inner.len - within).min(range.end - element);
            run(offset, count, inner.stride);
            element += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(shape: &[isize], strides: &[isize], order: &Order) -> Walk {
        Walk::new(shape, strides, Dtype::F64, order)
    }

    /// Every byte offset a walk visits, in order.
    fn offsets(walk: &Walk, range: Range<usize>) -> Vec<isize> {
        let mut all = Vec::new();
        walk.stretches(range, |offset, count, stride| {
            all.extend((0..count as isize).map(|i| offset + i * stride));
        });
        all
    }

    #[test]
    fn a_contiguous_array_is_one_stretch_in_either_order() {
        let (c, f) = ([96, 32, 8], [8, 16, 48]);
        let shape = [2, 3, 4];
        assert!(walk(&shape, &c, &Order::index(3)).adjacent);
        assert!(walk(&shape, &c, &Order::memory(&shape, &c)).adjacent);
        assert!(walk(&shape, &f, &Order::memory(&shape, &f)).adjacent);
        assert!(!walk(&shape, &f, &Order::index(3)).adjacent);
        assert!(!walk(&shape, &c, &Order::memory(&shape, &f)).adjacent);
    }

    #[test]
    fn a_walk_visits_what_indexing_visits_from_wherever_it_starts() {
        let (shape, strides) = ([3, 1, 4, 2], [-200, 7, 16, 0]);
        let mut expected = Vec::new();
        for a in 0..3 {
            for c in 0..4 {
                expected.extend([-200 * a + 16 * c; 2]);
            }
        }
        let walk = walk(&shape, &strides, &Order::index(4));
        assert_eq!(walk.len, 24);
        for start in 0..=24 {
            for end in start..=24 {
                assert_eq!(offsets(&walk, start..end), expected[start..end]);
            }
        }
    }

    #[test]
    fn extents_reach_from_the_first_byte_to_past_the_last() {
        assert_eq!(extent(1000, &[3, 4], &[-32, 8], Dtype::F64), Some(1000 - 64..1000 + 24 + 8));
        assert_eq!(extent(1000, &[], &[], Dtype::F32), Some(1000..1004));
        assert_eq!(extent(1000, &[5, 0], &[8, 8], Dtype::F64), Some(1000..1000));
        assert_eq!(extent(1000, &[2], &[-2000], Dtype::F64), None);
        assert_eq!(extent(1000, &[5], &[isize::MAX / 2], Dtype::F64), None);
        assert_eq!(extent(1000, &[2], &[isize::MAX - 7], Dtype::F64), None);
    }

    #[test]
    fn extents_meet_where_any_of_them_reaches() {
        let extents = Extents::new([100..200, 10..20, 110..120, 300..300].into_iter());
        let meets = [0..11, 19..20, 150..151, 199..300, 120..121];
        let misses = [0..10, 20..100, 200..400, 300..301, 15..15];
        assert!(meets.iter().all(|extent| extents.meet(extent)));
        assert!(!misses.iter().any(|extent| extents.meet(extent)));
    }

    #[test]
    fn an_empty_array_has_nothing_to_visit() {
        let walk = walk(&[4, 0], &[8, 8], &Order::index(2));
        assert_eq!((walk.len, offsets(&walk, 0..0)), (0, vec![]));
    }
}
