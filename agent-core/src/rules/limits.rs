//! The caps on the resources of a run. Every cap has a default and its own clear result.

use std::time::Duration;

use super::cut;
pub(crate) use super::cut::cut_result;
use crate::transcript::ToolResult;

/// Caps on what a model and its tools can make a run hold or wait for.
///
/// # Examples
///
/// ```
/// use agent_core::Limits;
/// use std::time::Duration;
///
/// let limits = Limits::default().with_calls(500).with_call_timeout(Duration::from_secs(10));
/// # _ = limits;
/// ```
#[derive(Debug, Clone)]
pub struct Limits {
    pub(crate) calls: usize,
    pub(crate) argument_bytes: usize,
    pub(crate) output_bytes: usize,
    pub(crate) turn_output_bytes: usize,
    pub(crate) media_bytes: usize,
    pub(crate) response_bytes: usize,
    pub(crate) event_bytes: usize,
    pub(crate) retries: u32,
    pub(crate) call_timeout: Duration,
    pub(crate) turn_timeout: Duration,
    pub(crate) run_timeout: Duration,
    pub(crate) grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 128,
            argument_bytes: 1 << 20,
            output_bytes: 256 << 10,
            turn_output_bytes: 1 << 20,
            media_bytes: 16 << 20,
            response_bytes: 16 << 20,
            event_bytes: 8 << 20,
            retries: 2,
            call_timeout: Duration::from_secs(120),
            turn_timeout: Duration::from_secs(60 * 60),
            run_timeout: Duration::from_secs(24 * 60 * 60),
            grace: Duration::from_secs(1),
        }
    }
}

impl Limits {
    /// The number of calls of one response that run; 128 by default.
    ///
    /// The model is asked to make the others again in its next turn. With more than 65,536, no call
    /// [starts eagerly](crate::Agent::eager_calls).
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// Sets [`calls`](Self::calls).
    #[must_use]
    pub fn with_calls(mut self, calls: usize) -> Self {
        self.calls = calls;
        self
    }

    /// The size of the arguments of one call, in bytes; 1 MiB by default. A larger call does not run.
    #[must_use]
    pub fn argument_bytes(&self) -> usize {
        self.argument_bytes
    }

    /// Sets [`argument_bytes`](Self::argument_bytes).
    #[must_use]
    pub fn with_argument_bytes(mut self, bytes: usize) -> Self {
        self.argument_bytes = bytes;
        self
    }

    /// The size of the text in the output of one call, in bytes; 256 KiB by default. Of a longer text, head and
    /// tail are kept.
    #[must_use]
    pub fn output_bytes(&self) -> usize {
        self.output_bytes
    }

    /// Sets [`output_bytes`](Self::output_bytes).
    #[must_use]
    pub fn with_output_bytes(mut self, bytes: usize) -> Self {
        self.output_bytes = bytes;
        self
    }

    /// The size of the text in the results of all calls of a response, in bytes; 1 MiB by default.
    ///
    /// The longest results are cut first. Results of calls that did not run ([`CallStatus::NotRun`]) are cut before
    /// those of other calls: where these need the rest, to an eighth of the limit, if need be to the words `not run`
    /// or to one character. A text that is cut keeps at least one byte, so a response with more calls than this limit
    /// has bytes holds one byte for each.
    ///
    /// [`CallStatus::NotRun`]: crate::CallStatus::NotRun
    #[must_use]
    pub fn turn_output_bytes(&self) -> usize {
        self.turn_output_bytes
    }

    /// Sets [`turn_output_bytes`](Self::turn_output_bytes).
    #[must_use]
    pub fn with_turn_output_bytes(mut self, bytes: usize) -> Self {
        self.turn_output_bytes = bytes;
        self
    }

    /// The size of images and documents in the outputs of all calls of a response, in bytes of base64; 16 MiB by
    /// default. Later ones are left out, with a note to the model.
    #[must_use]
    pub fn media_bytes(&self) -> usize {
        self.media_bytes
    }

    /// Sets [`media_bytes`](Self::media_bytes).
    #[must_use]
    pub fn with_media_bytes(mut self, bytes: usize) -> Self {
        self.media_bytes = bytes;
        self
    }

    /// The size of a response on the wire, in bytes; 16 MiB by default. A larger one is an error.
    #[must_use]
    pub fn response_bytes(&self) -> usize {
        self.response_bytes
    }

    /// Sets [`response_bytes`](Self::response_bytes).
    #[must_use]
    pub fn with_response_bytes(mut self, bytes: usize) -> Self {
        self.response_bytes = bytes;
        self
    }

    /// The size of one event of a streamed response, in bytes; 8 MiB by default. A larger one is an error.
    #[must_use]
    pub fn event_bytes(&self) -> usize {
        self.event_bytes
    }

    /// Sets [`event_bytes`](Self::event_bytes).
    #[must_use]
    pub fn with_event_bytes(mut self, bytes: usize) -> Self {
        self.event_bytes = bytes;
        self
    }

    /// How often the model is asked again after a retryable error; 2 by default.
    ///
    /// The pause before a retry is the one that the provider asks for; if it asks for more than two minutes, the
    /// run ends at once. Otherwise the pause is half a second and doubles with each attempt up to 8 s, less up to a
    /// quarter at random. [`ModelError::is_retryable`](crate::ModelError::is_retryable) documents which errors are
    /// retryable. A retry never repeats a call that may write. It may repeat a call that reads and
    /// [started eagerly](crate::Agent::eager_calls), unless that call had finished and is the same.
    #[must_use]
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// Sets [`retries`](Self::retries).
    #[must_use]
    pub fn with_retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// How long a call runs whose tool sets no timeout; 120 s by default.
    ///
    /// The time counts from the first instruction of the call's body.
    #[must_use]
    pub fn call_timeout(&self) -> Duration {
        self.call_timeout
    }

    /// Sets [`call_timeout`](Self::call_timeout).
    #[must_use]
    pub fn with_call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// How long a turn takes at most, with all attempts of the model's answer and all calls; 1 hour by default.
    ///
    /// Then the run ends with [`RunEnd::DeadlineExceeded`](crate::RunEnd::DeadlineExceeded). The time in which an
    /// [approver](crate::Agent::approve) decides does not count.
    #[must_use]
    pub fn turn_timeout(&self) -> Duration {
        self.turn_timeout
    }

    /// Sets [`turn_timeout`](Self::turn_timeout).
    #[must_use]
    pub fn with_turn_timeout(mut self, timeout: Duration) -> Self {
        self.turn_timeout = timeout;
        self
    }

    /// How long a run takes at most; 24 hours by default. As [`turn_timeout`](Self::turn_timeout).
    #[must_use]
    pub fn run_timeout(&self) -> Duration {
        self.run_timeout
    }

    /// Sets [`run_timeout`](Self::run_timeout).
    #[must_use]
    pub fn with_run_timeout(mut self, timeout: Duration) -> Self {
        self.run_timeout = timeout;
        self
    }

    /// How long running calls may go on after their run was cancelled or its deadline passed; 1 s by default.
    ///
    /// The calls are cancelled ([`ToolContext::cancelled`](crate::ToolContext::cancelled)); what they return in this
    /// time is their result. Then they are interrupted.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// Sets [`grace`](Self::grace).
    #[must_use]
    pub fn with_grace(mut self, time: Duration) -> Self {
        self.grace = time;
        self
    }
}

/// Cuts the results of a response to the limits on all of them together.
pub(crate) fn cut_results(results: &mut [Option<ToolResult>], limits: &Limits) {
    cut::cut_results(results, limits.turn_output_bytes, limits.media_bytes);
}
