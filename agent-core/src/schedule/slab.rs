//! Values at positions that are used again.

/// The most values for which room is kept when they are gone.
const KEPT: usize = 32;

/// Values at positions that are used again.
///
/// Vacant positions at the end are dropped at once, so the memory follows the values. Those before a
/// value have to stay: the value keeps its position.
pub(crate) struct Slab<T> {
    values: Vec<Option<T>>,
    /// The vacant positions, and some that were dropped at the end. `values` grows only when this is
    /// empty, so a position is here at most once and never while it is taken.
    vacant: Vec<usize>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { values: Vec::new(), vacant: Vec::new() }
    }
}

impl<T> Slab<T> {
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.values.iter().flatten()
    }

    /// The position that the next value will have.
    pub(crate) fn vacant(&mut self) -> usize {
        while self.vacant.pop_if(|at| *at >= self.values.len()).is_some() {}
        self.vacant.last().copied().unwrap_or(self.values.len())
    }

    pub(crate) fn add(&mut self, value: T) -> usize {
        let at = self.vacant();
        self.vacant.pop();
        match self.values.get_mut(at) {
            Some(slot) => *slot = Some(value),
            None => self.values.push(Some(value)),
        }
        at
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.values.get(at)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.values.get_mut(at)?.as_mut()
    }

    pub(crate) fn remove(&mut self, at: usize) -> Option<T> {
        let value = self.values.get_mut(at)?.take()?;
        self.vacant.push(at);
        while self.values.pop_if(|value| value.is_none()).is_some() {}
        self.release();
        Some(value)
    }

    /// Gives memory back when less than an eighth of it is used. Room for as many values again is kept,
    /// so the next release or growth is as many changes away as this one costs.
    fn release(&mut self) {
        let (length, capacity) = (self.values.len(), self.values.capacity());
        if length == 0 {
            self.vacant.clear();
        }
        if capacity > KEPT && length < capacity / 8 {
            self.vacant.retain(|at| *at < length);
            self.vacant.shrink_to(KEPT.max(2 * length));
            self.values.shrink_to(KEPT.max(2 * length));
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.values.iter().flatten().count()
    }

    #[cfg(test)]
    pub(crate) fn held_bytes(&self) -> usize {
        self.values.capacity() * size_of::<Option<T>>()
            + self.vacant.capacity() * size_of::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_used_again_and_memory_follows_the_values() {
        let mut slab = Slab::default();
        for value in 0..10_000 {
            assert_eq!(slab.add(value), value);
        }
        // From the front, so that the last value keeps all positions alive until it goes.
        for at in 0..10_000 {
            assert_eq!(slab.remove(at), Some(at));
            assert_eq!(slab.remove(at), None);
        }
        assert!(
            slab.held_bytes() <= 2 * KEPT * size_of::<Option<usize>>(),
            "{}",
            slab.held_bytes()
        );
        let positions: Vec<_> = (0..4).map(|value| slab.add(value)).collect();
        assert_eq!(positions, [0, 1, 2, 3]);
        slab.remove(1);
        slab.remove(3);
        slab.remove(2);
        // 1, 2 and 3 were dropped at the end.
        assert_eq!([slab.vacant(), slab.add(7), slab.add(8)], [1, 1, 2]);
        assert_eq!(slab.iter().copied().collect::<Vec<_>>(), [0, 7, 8]);
    }
}
