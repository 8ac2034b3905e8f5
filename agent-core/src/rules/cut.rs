//! Cuts the results of calls to limits on their size.

use std::num::NonZeroUsize;

use crate::transcript::{CallStatus, Part, ToolResult};

/// Cuts the texts of a result to `most` bytes together.
pub(crate) fn cut_result(result: &mut ToolResult, most: usize) {
    if result.lengths().sum::<usize>() <= most {
        return;
    }
    let share = fair_share(result.lengths(), most);
    result.cut_texts(|text, whole| cut(text, whole, share, "[cut]"));
}

/// Cuts the texts and media of all results of a response, each to a limit on all of them together.
///
/// A model can make more calls than run, so results of calls that did not run are cut first: where
/// the others need the rest of the limit, they are left an eighth of it.
pub(super) fn cut_results(results: &mut [Option<ToolResult>], texts: usize, media: usize) {
    // First, because the notes on media that are left out are texts.
    leave_out_media(results, media);
    let ran = size(results, has_run);
    if ran.bytes + size(results, was_refused).bytes <= texts {
        return;
    }
    let left = texts.saturating_sub(ran.bytes).max(texts / 8);
    shorten(results, was_refused, left.min(texts.saturating_sub(ran.texts)), "not run");
    let left = texts.saturating_sub(size(results, was_refused).bytes);
    shorten(results, has_run, left, "[cut]");
}

fn leave_out_media(results: &mut [Option<ToolResult>], most: usize) {
    let mut left = most;
    for part in results.iter_mut().flatten().flat_map(ToolResult::media_mut) {
        match left.checked_sub(part.size()) {
            Some(rest) => left = rest,
            None => *part = left_out(part, most),
        }
    }
}

fn left_out(part: &Part, most: usize) -> Part {
    let bytes = part.size();
    format!("[.. {bytes} bytes of an image or a document left out: at most {most} are taken ..]")
        .into()
}

fn was_refused(result: &ToolResult) -> bool {
    result.status() == CallStatus::NotRun
}

fn has_run(result: &ToolResult) -> bool {
    !was_refused(result)
}

struct Size {
    bytes: usize,
    /// The number of texts that are not empty: the fewest bytes to which they can be cut.
    texts: usize,
}

fn size(results: &[Option<ToolResult>], which: fn(&ToolResult) -> bool) -> Size {
    let results = results.iter().flatten().filter(|result| which(result));
    let lengths = results.flat_map(ToolResult::lengths).filter(|length| *length > 0);
    lengths.fold(Size { bytes: 0, texts: 0 }, |size, length| Size {
        bytes: size.bytes + length,
        texts: size.texts + 1,
    })
}

/// Cuts the texts of some of the results to `most` bytes together.
fn shorten(
    results: &mut [Option<ToolResult>],
    which: fn(&ToolResult) -> bool,
    most: usize,
    short: &str,
) {
    let chosen = results.iter().flatten().filter(|result| which(result));
    let share = fair_share(chosen.flat_map(ToolResult::lengths), most);
    for result in results.iter_mut().flatten().filter(|result| which(result)) {
        result.cut_texts(|text, whole| cut(text, whole, share, short));
    }
}

/// Cuts a text to `most` bytes: head and tail stay, with a note between them that counts the bytes
/// left out. Without room for the note, the text becomes `short`, or one character: providers
/// reject an error without text.
///
/// `whole` is the length before any cut, so that the note of a text that is cut twice counts all
/// bytes left out.
fn cut(text: &mut String, whole: &mut Option<NonZeroUsize>, most: usize, short: &str) {
    const NOTE: usize = 48;
    if text.len() <= most {
        return;
    }
    let length = NonZeroUsize::new(text.len()).unwrap_or(NonZeroUsize::MIN);
    let whole = whole.get_or_insert(length).get();
    let shown = most.saturating_sub(NOTE);
    let boundary = |at: &usize| text.is_char_boundary(*at);
    let head = (0..=shown - shown / 4).rev().find(boundary).unwrap_or_default();
    let tail = (text.len() - shown / 4..=text.len()).find(boundary).unwrap_or(text.len());
    let kept = head + text.len() - tail;
    let note = format!("\n[.. {} bytes left out ..]\n", whole - kept);
    if kept + note.len() <= most {
        text.replace_range(head..tail, &note);
    } else {
        text.replace_range(.., if short.len() <= most { short } else { "-" });
    }
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
    use crate::transcript::{Media, ToolCall};

    #[test]
    fn a_cut_keeps_head_and_tail_and_whole_characters() {
        let mut text = "ä".repeat(1000) + "end";
        cut(&mut text, &mut None, 101, "");
        assert!(text.starts_with("ä") && text.ends_with("end"), "{text}");
        assert!(text.contains("bytes left out") && text.len() <= 101);
        let mut short = "as it is".to_owned();
        cut(&mut short, &mut None, 8, "");
        assert_eq!(short, "as it is");
    }

    #[test]
    fn a_cut_without_room_for_its_note_is_a_short_note() {
        for (most, expected) in [(7, "[cut]"), (5, "[cut]"), (4, "-"), (1, "-"), (0, "-")] {
            let mut text = "as it is".to_owned();
            cut(&mut text, &mut None, most, "[cut]");
            assert_eq!(text, expected, "{most}");
        }
        for most in 0..100 {
            let mut text = "x".repeat(1000);
            cut(&mut text, &mut None, most, "[cut]");
            assert!((1..=most.max(1)).contains(&text.len()), "{most}: {text}");
        }
    }

    #[test]
    fn small_texts_are_spared() {
        assert_eq!(fair_share([10, 20, 300, 400].into_iter(), 230), 100);
        assert_eq!(fair_share([10, 20].into_iter(), 230), 230);
        assert_eq!(fair_share([0, 0, 9].into_iter(), 5), 5);
    }

    /// Numbers below a bound, the same in each run.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % bound as u64).unwrap()
        }

        fn result(&mut self) -> ToolResult {
            const TEXTS: [&str; 3] = ["x", "ä", "€"];
            const LENGTHS: [usize; 4] = [3, 40, 200, 3000];
            let length = LENGTHS[self.below(4)];
            let text = TEXTS[self.below(3)].repeat(self.below(length));
            let status = [CallStatus::Completed, CallStatus::Failed, CallStatus::NotRun];
            let call = ToolCall::new("id", "tool", "{}");
            let result = ToolResult::new(&call, status[self.below(3)], text);
            let media = Media::new("image/png", "x".repeat(self.below(200)));
            match self.below(8) {
                0 => result.with_more(vec![Part::Image(media), "y".repeat(self.below(99)).into()]),
                _ => result,
            }
        }
    }

    fn lengths(results: &[Option<ToolResult>], which: fn(&ToolResult) -> bool) -> Vec<usize> {
        let results = results.iter().flatten().filter(|result| which(result));
        results.flat_map(ToolResult::lengths).collect()
    }

    #[test]
    fn results_stay_below_the_limit_and_those_of_calls_that_ran_are_cut_last() {
        let mut dice = Dice(7);
        for round in 0..3000 {
            let mut results: Vec<_> = (0..=dice.below(40)).map(|_| Some(dice.result())).collect();
            leave_out_media(&mut results, 300);
            let ran = lengths(&results, has_run);
            let refused = lengths(&results, was_refused);
            let [ran_bytes, refused_bytes]: [usize; 2] = [ran.iter().sum(), refused.iter().sum()];
            let least = [&ran, &refused].map(|list| list.iter().filter(|n| **n > 0).count());
            let texts = dice.below(2 * (ran_bytes + refused_bytes) + 2);

            let mut cut = results.clone();
            cut_results(&mut cut, texts, 300);
            let (cut_ran, cut_refused) = (lengths(&cut, has_run), lengths(&cut, was_refused));
            let total = cut_ran.iter().chain(&cut_refused).sum::<usize>();
            let case = format!("{round}: {ran:?} and {refused:?} cut to {texts}: {cut:?}");
            assert!(total <= texts.max(least[0] + least[1]), "{total}, {case}");

            // Whatever the refusals hold, at most an eighth is kept from the others, or a byte each.
            let share = fair_share(ran.iter().copied(), texts - least[1].max(texts / 8).min(texts));
            for (before, after) in ran.iter().zip(&cut_ran) {
                assert!(*after == *before || *before > share, "{share}, {case}");
            }
            if refused_bytes <= (texts / 8).min(texts.saturating_sub(least[0])) {
                assert_eq!(refused, cut_refused, "{case}");
            }
            let all = ran.iter().chain(&refused).zip(cut_ran.iter().chain(&cut_refused));
            all.for_each(|(before, after)| assert_eq!(*before == 0, *after == 0, "{case}"));
        }
    }

    #[test]
    fn refusals_of_very_many_calls_leave_the_limit_to_the_calls_that_ran() {
        const MOST: usize = 1 << 20;
        let result = |at: usize| {
            let call = ToolCall::new(format!("c{at}"), "tool", "{}");
            Some(match at < 128 {
                true => ToolResult::new(&call, CallStatus::Completed, "x".repeat(7000)),
                false => ToolResult::new(&call, CallStatus::NotRun, "not run: too many calls"),
            })
        };
        for (calls, note) in [(1000, "not run: too many calls"), (9000, "not run"), (100_000, "-")]
        {
            let mut results: Vec<_> = (0..calls).map(result).collect();
            cut_results(&mut results, MOST, MOST);
            let texts: Vec<_> = results.iter().flatten().map(ToolResult::text).collect();
            assert!(texts.iter().map(|text| text.len()).sum::<usize>() <= MOST);
            assert!(texts[..128].iter().all(|text| text.len() == 7000));
            assert!(texts[128..].iter().all(|text| *text == note), "{}", texts[128]);
        }
    }
}
