//! What a run may use up; every cap has a default and its own clear result.

use std::time::Duration;

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
    pub(crate) outputs: usize,
    pub(crate) response: usize,
    pub(crate) call_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 128,
            arguments: 1 << 20,
            output: 256 << 10,
            outputs: 1 << 20,
            response: 16 << 20,
            call_timeout: Duration::from_secs(120),
        }
    }
}

impl Limits {
    /// Calls of one response that are run; 128 unless set. The rest are told to come again.
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

    /// Bytes of the output of a call; 256 KiB unless set. Of a larger one head and tail are kept.
    #[must_use]
    pub fn output(mut self, bytes: usize) -> Self {
        self.output = bytes;
        self
    }

    /// Bytes of all outputs of a response's calls; 1 MiB unless set. The largest are cut first.
    #[must_use]
    pub fn outputs(mut self, bytes: usize) -> Self {
        self.outputs = bytes;
        self
    }

    /// Bytes of text and arguments in a response; 16 MiB unless set. A larger one is an error.
    #[must_use]
    pub fn response(mut self, bytes: usize) -> Self {
        self.response = bytes;
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
}

/// Cuts a text to `most` bytes: head and tail stay, and it says what is missing.
///
/// `whole` is the length before any cut, so that a text which is cut twice tells the truth.
pub(crate) fn cut((text, whole): (&mut String, &mut Option<usize>), most: usize) {
    const NOTE: usize = 48;
    if text.len() <= most {
        return;
    }
    let whole = *whole.get_or_insert(text.len());
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
pub(crate) fn fair_share(lengths: impl Iterator<Item = usize> + Clone, most: usize) -> usize {
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
        cut((&mut text, &mut None), 101);
        assert!(text.starts_with("ä") && text.ends_with("end"), "{text}");
        assert!(text.contains("bytes left out") && text.len() <= 101);
        let mut short = "as it is".to_owned();
        cut((&mut short, &mut None), 8);
        assert_eq!(short, "as it is");
        cut((&mut short, &mut None), 0);
        assert!(short.contains("8 bytes left out"));
    }

    #[test]
    fn small_texts_are_spared() {
        assert_eq!(fair_share([10, 20, 300, 400].into_iter(), 230), 100);
        assert_eq!(fair_share([10, 20].into_iter(), 230), 230);
        assert_eq!(fair_share([0, 0, 9].into_iter(), 5), 5);
    }
}
