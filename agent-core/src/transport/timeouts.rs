use std::time::Duration;

/// The time limits of a request to a provider. They start anew with each attempt.
///
/// # Examples
///
/// ```
/// use agent_core::providers::Anthropic;
/// use agent_core::transport::Timeouts;
/// use std::time::Duration;
///
/// let patient = Timeouts::default().total(Duration::from_secs(1800));
/// let model = Anthropic::new("claude-opus-4-6", "a key").timeouts(patient);
/// # _ = model;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    pub(crate) total: Duration,
}

/// The values of the official clients: 5 seconds to connect, 10 minutes in total.
impl Default for Timeouts {
    fn default() -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        Self {
            connect: Duration::from_secs(5),
            first_byte: 10 * MINUTE,
            idle: MINUTE,
            total: 10 * MINUTE,
        }
    }
}

impl Timeouts {
    /// Sets the time to connect, TLS included; 5 s by default. Your own HTTP client has its own.
    #[must_use]
    pub fn connect(mut self, time: Duration) -> Self {
        self.connect = time;
        self
    }

    /// Sets the time until the head of the answer arrives; 10 minutes by default. The head of an
    /// answer that is not streamed arrives when the model has finished.
    #[must_use]
    pub fn first_byte(mut self, time: Duration) -> Self {
        self.first_byte = time;
        self
    }

    /// Sets the time between two pieces of the answer; 60 s by default.
    ///
    /// In an answer that is streamed, only events with content count, so pings do not hide a stall.
    /// A model that thinks for long without output may need more. A piece that arrived while the
    /// run was not polled counts as in time.
    #[must_use]
    pub fn idle(mut self, time: Duration) -> Self {
        self.idle = time;
        self
    }

    /// Sets the time for the whole exchange; 10 minutes by default.
    ///
    /// An answer is read while its run is polled, so the time that the consumer of the stream takes
    /// counts too.
    #[must_use]
    pub fn total(mut self, time: Duration) -> Self {
        self.total = time;
        self
    }
}
