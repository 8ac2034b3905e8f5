use syn::{Error, Meta};

/// The error for an unknown option.
pub(crate) fn unknown(option: &Meta, options: &[&str]) -> Error {
    let written = option.path().get_ident().map(ToString::to_string).unwrap_or_default();
    let message = match nearest(&written, options) {
        Some(meant) => format!("unknown option: did you mean `{meant}`?"),
        None => format!("unknown option; expected {}", one_of(options)),
    };
    Error::new_spanned(option.path(), message)
}

/// The option that was probably meant, by the same rule as the core's for misspellings of a model.
fn nearest<'a>(written: &str, options: &[&'a str]) -> Option<&'a str> {
    let written = written.to_lowercase();
    let near = options.iter().map(|option| (strsim::damerau_levenshtein(&written, option), option));
    let (distance, option) = near.min()?;
    (distance * 3 <= option.len()).then_some(option)
}

fn one_of(options: &[&str]) -> String {
    let quoted: Vec<_> = options.iter().map(|option| format!("`{option}`")).collect();
    match quoted.as_slice() {
        [several @ .., last] if !several.is_empty() => {
            format!("{} or {last}", several.join(", "))
        }
        one => one.concat(),
    }
}
