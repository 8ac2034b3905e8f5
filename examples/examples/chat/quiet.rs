//! A terminal that does not show what is typed.

#[cfg(unix)]
use rustix::termios::{LocalModes, OptionalActions::Now, Termios, tcgetattr, tcsetattr};
#[cfg(unix)]
use std::io::stdin;

/// What is typed while this lives is not shown; the next prompt reads it.
pub(crate) struct Quiet {
    #[cfg(unix)]
    before: Option<Termios>,
}

impl Quiet {
    #[cfg(unix)]
    pub(crate) fn new() -> Self {
        let before = tcgetattr(stdin()).ok();
        if let Some(mut quiet) = before.clone() {
            quiet.local_modes.remove(LocalModes::ECHO);
            _ = tcsetattr(stdin(), Now, &quiet);
        }
        Self { before }
    }

    /// Elsewhere it is shown, and drawn over soon.
    #[cfg(not(unix))]
    pub(crate) fn new() -> Self {
        Self {}
    }
}

#[cfg(unix)]
impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            _ = tcsetattr(stdin(), Now, before);
        }
    }
}
