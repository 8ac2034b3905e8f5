/// The name that was probably meant.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    let name: String = name.chars().take(LONGEST).collect::<String>().to_lowercase();
    let near =
        names.map(|known| (strsim::damerau_levenshtein(&name, &known.to_lowercase()), known));
    let (distance, known) = near.min()?;
    (distance * 3 <= known.chars().count()).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_offered_if_it_is_near() {
        let names = ["search", "read_file", "add"];
        assert_eq!(nearest("serach", names.into_iter()), Some("search"));
        assert_eq!(nearest("readfile", names.into_iter()), Some("read_file"));
        assert_eq!(nearest("Search", names.into_iter()), Some("search"));
        assert_eq!(nearest("delete", names.into_iter()), None);
        assert_eq!(nearest("x", [].into_iter()), None);
    }
}
