//! Which call: of any run, by its place in it.

/// Names a call of any run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallRef {
    pub(crate) run: u64,
    pub(crate) turn: u32,
    pub(crate) attempt: u32,
    pub(crate) index: usize,
}
