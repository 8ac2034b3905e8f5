//! Blots secrets out of recordings, errors and logs.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use std::cmp::Reverse;

/// Replaces a secret.
pub(super) const BLOT: &str = "[secret]";

/// The values of the sensitive headers of a request.
pub(crate) struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// A shorter value is not a secret, and would be found everywhere.
    const SHORTEST: usize = 6;

    /// A longer minimum for other headers: they can hold ordinary words, which are no secret
    /// elsewhere.
    const SHORTEST_OF_OTHERS: usize = 16;

    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sensitive = headers.iter().filter(|(_, value)| value.is_sensitive());
        let mut secrets: Vec<_> = sensitive
            .map(|(name, value)| (name, without_scheme(value.as_bytes()).to_vec()))
            .filter(|(name, secret)| {
                let is_key = *name == AUTHORIZATION || *name == "x-api-key";
                secret.len() >= if is_key { Self::SHORTEST } else { Self::SHORTEST_OF_OTHERS }
            })
            .map(|(_, secret)| secret)
            .collect();
        // Longest first, because one secret may be a part of another.
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        Self(secrets)
    }

    /// Replaces the secrets in a text, also one that is cut off at the end of the text.
    pub(super) fn blot(&self, text: &[u8]) -> Vec<u8> {
        if self.0.is_empty() {
            return text.to_vec();
        }
        let mut blotted = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((first, after)) = rest.split_first() {
            let length = self.0.iter().find_map(|secret| spelled(secret, rest));
            rest = length.and_then(|length| rest.get(length..)).unwrap_or(after);
            match length {
                Some(_) => blotted.extend(BLOT.bytes()),
                None => blotted.push(*first),
            }
        }
        blotted
    }

    pub(crate) fn text(&self, text: &[u8]) -> String {
        String::from_utf8_lossy(&self.blot(text)).into_owned()
    }
}

fn without_scheme(value: &[u8]) -> &[u8] {
    const SCHEMES: [&[u8]; 2] = [b"bearer", b"basic"];
    let space = value.iter().position(|byte| *byte == b' ');
    let (scheme, rest) = value.split_at(space.unwrap_or_default());
    let is_scheme = SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if is_scheme { rest } else { value }.trim_ascii()
}

/// The length of the secret at the start of a text, plain or as JSON escapes it; `None` if it is
/// not there.
fn spelled(secret: &[u8], text: &[u8]) -> Option<usize> {
    let mut at = 0;
    for byte in secret {
        at += match text.get(at..)? {
            [] => return (at >= Secrets::SHORTEST).then_some(at),
            [b'\\', b'u', code @ ..] if is_code(code, *byte) => 6,
            [b'\\', escaped @ (b'"' | b'\\' | b'/'), ..] if escaped == byte => 2,
            [first, ..] if first == byte => 1,
            // An incomplete escape at the end of the text.
            cut @ ([b'\\'] | [b'\\', b'u', ..]) if cut.len() < 6 => {
                return (at >= Secrets::SHORTEST).then_some(text.len());
            }
            _ => return None,
        };
    }
    Some(at)
}

fn is_code(code: &[u8], byte: u8) -> bool {
    let digits = code.get(..4).and_then(|digits| str::from_utf8(digits).ok());
    digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) == Some(byte.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn secrets(values: &[&'static str]) -> Secrets {
        let values = values.iter().map(|value| {
            let mut value = HeaderValue::from_static(value);
            value.set_sensitive(true);
            (http::header::AUTHORIZATION, value)
        });
        let mut headers = HeaderMap::new();
        values.for_each(|(name, value)| _ = headers.append(name, value));
        headers.insert("x-open", HeaderValue::from_static("not a secret"));
        Secrets::of(&headers)
    }

    #[test]
    fn a_secret_is_blotted_out_in_any_json_spelling() {
        let secrets = secrets(&["Bearer ab/c\"d\\e+f"]);
        for text in [
            "ab/c\"d\\e+f",
            r#"ab/c\"d\\e+f"#,
            r"ab\/c\u0022d\u005Ce\u002bf",
            r#"\u0061b/c\"d\\e+f"#,
        ] {
            let whole = format!("Bearer {text}, {text}. not a secret");
            let blotted = "Bearer [secret], [secret]. not a secret";
            assert_eq!(secrets.text(whole.as_bytes()), blotted, "{text}");
        }
        assert_eq!(secrets.text(br#"\\ab/c\"d\\e+f"#), r"\\[secret]");
    }

    #[test]
    fn the_beginning_of_a_secret_is_blotted_out_at_the_end_of_a_text() {
        let secrets = secrets(&["Bearer 0123456789"]);
        assert_eq!(secrets.text(b"0123456 was; 01234567"), "0123456 was; [secret]");
        assert_eq!(secrets.text(b"01234"), "01234");
    }

    #[test]
    fn a_secret_within_another_is_blotted_out_as_a_whole() {
        let secrets = secrets(&["Bearer inside", "beside inside beside", "short", "basic x"]);
        assert_eq!(
            secrets.text(b"inside, beside inside beside, short"),
            "[secret], [secret], short"
        );
    }
}
