//! What a run may use up; every cap has a default and its own clear result.

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
/// let limits = Limits::default().calls(500).call_timeout(Duration::from_secs(10));
/// # _ = limits;
/// ```
#[derive(Debug, Clone)]
pub struct Limits {
    pub(crate) calls: usize,
    pub(crate) arguments: usize,
    pub(crate) output: usize,
    pub(crate) turn_output: usize,
    pub(crate) media: usize,
    pub(crate) response: usize,
    pub(crate) event: usize,
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
            arguments: 1 << 20,
            output: 256 << 10,
            turn_output: 1 << 20,
            media: 16 << 20,
            response: 16 << 20,
            event: 8 << 20,
            retries: 2,
            call_timeout: Duration::from_secs(120),
            turn_timeout: Duration::from_secs(60 * 60),
            run_timeout: Duration::from_secs(24 * 60 * 60),
            grace: Duration::from_secs(1),
        }
    }
}

impl Limits {
    /// Calls of one response that are run; 128 unless set. The rest are told to come again. Set to
    /// more than 65,536, no call [begins early](crate::Agent::early_start).
    #[must_use]
    pub fn calls(mut self, calls: usize) -> Self {
        self.calls = calls;
        self
    }

    /// Bytes of the arguments of a call; 1 MiB unless set. A larger call is not run.
    #[must_use]
    pub fn arguments(mut self, bytes: usize) -> Self {
        self.arguments = bytes;
        self
    }

    /// Bytes of text in the output of a call; 256 KiB unless set. Of a longer one head and tail are
    /// kept.
    #[must_use]
    pub fn output(mut self, bytes: usize) -> Self {
        self.output = bytes;
        self
    }

    /// Bytes of text in the outputs of all calls of a response; 1 MiB unless set. The longest are cut
    /// first.
    #[must_use]
    pub fn turn_output(mut self, bytes: usize) -> Self {
        self.turn_output = bytes;
        self
    }

    /// Bytes of images and documents in the outputs of all calls of a response, as they are sent
    /// (base64); 16 MiB unless set. Those that come after are left out, and the model is told so.
    #[must_use]
    pub fn media(mut self, bytes: usize) -> Self {
        self.media = bytes;
        self
    }

    /// Bytes of a response, as it is sent; 16 MiB unless set. A larger one is an error.
    #[must_use]
    pub fn response(mut self, bytes: usize) -> Self {
        self.response = bytes;
        self
    }

    /// Bytes of one event of a response that is streamed; 8 MiB unless set. A larger one is an error.
    #[must_use]
    pub fn event(mut self, bytes: usize) -> Self {
        self.event = bytes;
        self
    }

    /// How often the model is asked again after a temporary error; 2 unless set.
    ///
    /// Between two attempts lies the time that the provider asks for; if it asks for more than two
    /// minutes, the run ends at once. Else half a second, which doubles with each attempt up to 8 s,
    /// less up to a quarter by chance. [`ModelError::is_temporary`](crate::ModelError::is_temporary)
    /// says what is temporary. No call that may write is ever made twice by it; one that only reads and
    /// [began early](crate::Agent::early_start) may be, unless it had finished and is the same.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// How long a call runs whose tool sets no timeout; 120 s unless set.
    ///
    /// It counts from the start of the call's body. A plain sync function cannot be interrupted.
    #[must_use]
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// How long a turn takes at most, the model's answer with all attempts and its calls; 1 hour unless
    /// set. Then the run ends with [`Stop::DeadlineExceeded`](crate::Stop::DeadlineExceeded).
    ///
    /// The time in which somebody is asked for [approval](crate::Agent::approve) does not count.
    #[must_use]
    pub fn turn_timeout(mut self, timeout: Duration) -> Self {
        self.turn_timeout = timeout;
        self
    }

    /// How long a run takes at most; 24 hours unless set. As [`turn_timeout`](Self::turn_timeout).
    #[must_use]
    pub fn run_timeout(mut self, timeout: Duration) -> Self {
        self.run_timeout = timeout;
        self
    }

    /// How long calls that run may go on when their run is cancelled or its time is over; 1 s unless set.
    ///
    /// They are told ([`Ctx::cancelled`](crate::Ctx::cancelled)), and what they return in this time is
    /// their result. Then they are interrupted.
    #[must_use]
    pub fn grace(mut self, time: Duration) -> Self {
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
pub(crate) fn cut_results(
    results: &mut [Option<ToolResult>],
    Limits { turn_output, media, .. }: &Limits,
) {
    let lengths = || results.iter().flatten().flat_map(ToolResult::lengths);
    let has_media = results.iter().flatten().any(|result| !result.more().is_empty());
    if !has_media && lengths().sum::<usize>() <= *turn_output {
        return;
    }
    let most = fair_share(lengths(), *turn_output);
    let mut left = *media;
    for result in results.iter_mut().flatten() {
        result.cut_texts(|text, whole| cut(text, whole, most));
        for part in result.media_mut() {
            match left.checked_sub(part.size()) {
                Some(rest) => left = rest,
                None => *part = left_out(part, *media),
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
