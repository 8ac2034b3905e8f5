//! How a call of any run is named.

/// Names a call of any run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallRef {
    pub(crate) run: u64,
    pub(crate) turn: u32,
    pub(crate) attempt: u32,
    pub(crate) index: usize,
}

impl CallRef {
    /// Whether both are calls of one response.
    pub(crate) fn is_sibling(&self, other: &Self) -> bool {
        (self.run, self.turn, self.attempt) == (other.run, other.turn, other.attempt)
    }
}
