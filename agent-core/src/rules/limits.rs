//! The caps on the resources of a run. Every cap has a default and its own clear result.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::transcript::{Part, ToolResult};

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

    /// The size of the text in the outputs of all calls of a response, in bytes; 1 MiB by default.
    ///
    /// The longest outputs are cut first.
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

/// Cuts the texts of a result to `most` bytes together.
pub(crate) fn cut_result(result: &mut ToolResult, most: usize) {
    if result.lengths().sum::<usize>() <= most {
        return;
    }
    let most = fair_share(result.lengths(), most);
    result.cut_texts(|text, whole| cut(text, whole, most));
}

/// Cuts what the results of a response hold to the limits on all of them together.
pub(crate) fn cut_results(results: &mut [Option<ToolResult>], limits: &Limits) {
    let lengths = || results.iter().flatten().flat_map(ToolResult::lengths);
    let has_media = results.iter().flatten().any(|result| !result.more().is_empty());
    if !has_media && lengths().sum::<usize>() <= limits.turn_output_bytes {
        return;
    }
    let most = fair_share(lengths(), limits.turn_output_bytes);
    let mut left = limits.media_bytes;
    for result in results.iter_mut().flatten() {
        result.cut_texts(|text, whole| cut(text, whole, most));
        for part in result.media_mut() {
            match left.checked_sub(part.size()) {
                Some(rest) => left = rest,
                None => *part = left_out(part, limits.media_bytes),
            }
        }
    }
}

fn left_out(part: &Part, most: usize) -> Part {
    let bytes = part.size();
    format!("[.. {bytes} bytes of an image or a document left out: at most {most} are taken ..]")
        .into()
}

/// Cuts a text to `most` bytes: head and tail stay, and it says what is missing.
///
/// `whole` is the length before any cut, so that a text which is cut twice tells the truth.
fn cut(text: &mut String, whole: &mut Option<NonZeroUsize>, most: usize) {
    const NOTE: usize = 48;
    if text.len() <= most {
        return;
    }
    let length = NonZeroUsize::new(text.len()).unwrap_or(NonZeroUsize::MIN);
    let whole = whole.get_or_insert(length).get();
    let most = most.saturating_sub(NOTE);
    let boundary = |at: &usize| text.is_char_boundary(*at);
    let head = (0..=most - most / 4).rev().find(boundary).unwrap_or_default();
    let tail = (text.len() - most / 4..=text.len()).find(boundary).unwrap_or(text.len());
    let kept = head + text.len() - tail;
    let note = format!("\n[.. {} bytes left out ..]\n", whole - kept);
    text.replace_range(head..tail, &note);
    text.shrink_to_fit();
}

/// The length to which the longest texts are cut so that all together have at most `most` bytes.
fn fair_share(lengths: impl Iterator<Item = usize> + Clone, most: usize) -> usize {
    if lengths.clone().sum::<usize>() <= most {
        return most;
    }
    let mut lengths: Vec<_> = lengths.collect();
    lengths.sort_unstable();
    let (mut left, mut count) = (most, lengths.len());
    for length in lengths {
        if length > left / count {
            return left / count;
        }
        left -= length;
        count -= 1;
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_keeps_head_and_tail_and_whole_characters() {
        let mut text = "ä".repeat(1000) + "end";
        cut(&mut text, &mut None, 101);
        assert!(text.starts_with("ä") && text.ends_with("end"), "{text}");
        assert!(text.contains("bytes left out") && text.len() <= 101);
        let mut short = "as it is".to_owned();
        cut(&mut short, &mut None, 8);
        assert_eq!(short, "as it is");
        cut(&mut short, &mut None, 0);
        assert!(short.contains("8 bytes left out"));
    }

    #[test]
    fn small_texts_are_spared() {
        assert_eq!(fair_share([10, 20, 300, 400].into_iter(), 230), 100);
        assert_eq!(fair_share([10, 20].into_iter(), 230), 230);
        assert_eq!(fair_share([0, 0, 9].into_iter(), 5), 5);
    }
}
