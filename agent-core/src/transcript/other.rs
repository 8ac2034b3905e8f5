//! Saves a reason that this version does not know.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reason<'a> {
    Other(Cow<'a, str>),
    /// As a version that knows the reason writes it.
    #[serde(untagged)]
    Known(Cow<'a, str>),
}

pub(crate) fn serialize<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
    Reason::Other(text.into()).serialize(to)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let (Reason::Other(text) | Reason::Known(text)) = Reason::deserialize(from)?;
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use std::fmt::Debug;

    use super::*;
    use crate::log::end::RunEnd;
    use crate::log::event::EventKind;
    use crate::transcript::StopReason;

    /// Checks the saved form, which existing transcripts hold, and that it reads back as the same
    /// value.
    fn assert_saved<T: Serialize + DeserializeOwned + PartialEq + Debug>(reason: &T, json: &str) {
        assert_eq!(serde_json::to_string(reason).unwrap(), json);
        assert_eq!(serde_json::from_str::<T>(json).unwrap(), *reason);
    }

    #[test]
    fn each_reason_has_its_saved_form() {
        assert_saved(&RunEnd::Done, r#""done""#);
        assert_saved(&RunEnd::MaxTurns, r#""max_turns""#);
        assert_saved(&RunEnd::Truncated, r#""truncated""#);
        assert_saved(&RunEnd::Refused, r#""refused""#);
        assert_saved(&RunEnd::Filtered, r#""filtered""#);
        assert_saved(&RunEnd::Cancelled, r#""cancelled""#);
        assert_saved(&RunEnd::DeadlineExceeded, r#""deadline_exceeded""#);
        assert_saved(&StopReason::EndTurn, r#""end_turn""#);
        assert_saved(&StopReason::ToolUse, r#""tool_use""#);
        assert_saved(&StopReason::StopSequence, r#""stop_sequence""#);
        assert_saved(&StopReason::Paused, r#""paused""#);
        assert_saved(&StopReason::MaxTokens, r#""max_tokens""#);
        assert_saved(&StopReason::Refusal, r#""refusal""#);
        assert_saved(&StopReason::Filtered, r#""filtered""#);
        for text in ["x", "", "done", "end_turn", "other", "a \"b\"\n"] {
            let json = serde_json::json!({ "other": text }).to_string();
            assert_saved(&RunEnd::Other(text.to_owned()), &json);
            assert_saved(&StopReason::Other(text.to_owned()), &json);
        }
    }

    #[test]
    fn a_reason_of_a_newer_version_is_read_as_other() {
        for text in ["budget", "other", "Done", "endTurn", "", "a \"b\"\n"] {
            let json = serde_json::json!(text).to_string();
            let stop: RunEnd = serde_json::from_str(&json).unwrap();
            assert_eq!(stop, RunEnd::Other(text.to_owned()));
            let stop: StopReason = serde_json::from_str(&json).unwrap();
            assert_eq!(stop, StopReason::Other(text.to_owned()));
        }
        let event = serde_json::from_str::<EventKind>(r#"{"type":"run_ended","end":"budget"}"#);
        assert_eq!(event.ok(), Some(EventKind::RunEnded { end: RunEnd::Other("budget".into()) }));
    }

    #[test]
    fn a_value_that_is_not_a_reason_is_an_error() {
        for json in ["null", "5", "[]", "{}", r#"{"other":5}"#, r#"{"done":5}"#, r#"["done"]"#] {
            assert!(serde_json::from_str::<RunEnd>(json).is_err(), "{json}");
            assert!(serde_json::from_str::<StopReason>(json).is_err(), "{json}");
        }
        let two = r#"{"other":"x","more":"y"}"#;
        assert!(serde_json::from_str::<RunEnd>(two).is_err());
    }
}
