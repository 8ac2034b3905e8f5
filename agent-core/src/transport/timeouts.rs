use std::time::Duration;

/// How long a request to a provider may take, step by step. Each attempt has these times anew.
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

/// As the providers' own clients: 5 seconds to connect, 10 minutes in all.
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
    /// Until the connection stands, with TLS; 5 s unless set. A client of your own has its own.
    #[must_use]
    pub fn connect(mut self, time: Duration) -> Self {
        self.connect = time;
        self
    }

    /// Until the head of the answer is there; 10 minutes unless set. An answer that is not streamed
    /// comes when the model has said all.
    #[must_use]
    pub fn first_byte(mut self, time: Duration) -> Self {
        self.first_byte = time;
        self
    }

    /// Between two pieces of the answer; 60 s unless set.
    ///
    /// Of an answer that is streamed, only events that say something count: pings do not hide a stall.
    /// A model that thinks for long without showing it may need more. What came while nobody polled the
    /// run was in time.
    #[must_use]
    pub fn idle(mut self, time: Duration) -> Self {
        self.idle = time;
        self
    }

    /// For all of it; 10 minutes unless set.
    ///
    /// An answer is taken in while its run is polled: the time that whoever watches it takes counts too.
    #[must_use]
    pub fn total(mut self, time: Duration) -> Self {
        self.total = time;
        self
    }
}
