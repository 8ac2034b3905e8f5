/// The beginning of a text, on one line.
pub(super) fn one_line(text: &str) -> String {
    const MOST: usize = 600;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}..", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_text_is_shortened_to_one_line() {
        assert_eq!(one_line(" a\n b "), "a b");
        assert_eq!(one_line(&"ä".repeat(10_000)).chars().count(), 602);
    }
}
