use super::message::Message;
use super::part::Input;
use super::response::Response;
use super::result::ToolResult;

/// A conversation with a model in which every tool call has its result.
///
/// Only a run appends to it, a response always together with one result for each of its calls, in
/// call order. A history from elsewhere (JSON) is checked when it is read, and rejected with an
/// error that names the place.
///
/// It serialises to versioned JSON. Cloning shares the messages.
///
/// # Examples
///
/// ```
/// use agent_core::Transcript;
///
/// let saved = serde_json::to_string(&Transcript::default())?;
/// assert_eq!(saved, r#"{"version":1,"messages":[]}"#);
///
/// let orphan = r#"{"version":1,"messages":[{"results":[]}]}"#;
/// let error = serde_json::from_str::<Transcript>(orphan).unwrap_err();
/// assert!(error.to_string().contains("messages[0]"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcript {
    pub(super) messages: Vec<Message>,
}

impl Transcript {
    /// The messages, oldest first.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Whether it has no messages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The model's responses, oldest first.
    pub fn responses(&self) -> impl DoubleEndedIterator<Item = &Response> {
        self.messages.iter().filter_map(Message::as_response)
    }

    /// The results of all tool calls, in call order.
    pub fn results(&self) -> impl DoubleEndedIterator<Item = &ToolResult> {
        self.messages.iter().filter_map(Message::as_results).flatten()
    }

    pub(crate) fn pop_input(&mut self) -> Option<Input> {
        let Some(Message::User(parts)) = self.messages.last() else { return None };
        let input = Input::from(parts.to_vec());
        self.messages.pop();
        Some(input)
    }

    pub(crate) fn push_user(&mut self, input: Input) {
        self.messages.push(Message::User(input.into_parts()));
    }
}
