/// Values at positions that are used again.
pub(crate) struct Slab<T> {
    values: Vec<Option<T>>,
    vacant: Vec<usize>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { values: Vec::new(), vacant: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// The position that the next value will have.
    pub(crate) fn vacant(&self) -> usize {
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

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.values.iter().flatten()
    }

    pub(crate) fn remove(&mut self, at: usize) -> Option<T> {
        let value = self.values.get_mut(at)?.take()?;
        self.vacant.push(at);
        Some(value)
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }
}
