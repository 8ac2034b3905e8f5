use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The origin of a response: the dialect and the model.
///
/// Raw blocks go back only to the dialect, and thinking only to the model, that they are from.
/// Other models receive our view of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Origin {
    /// The wire dialect of the raw blocks, such as `anthropic`.
    pub dialect: Arc<str>,
    /// The model that was asked, by the name in the request.
    pub asked: Arc<str>,
    /// The model that answered, by the name in the response.
    pub model: Arc<str>,
    /// The id by which the provider finds the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Arc<str>>,
    /// The provider's details about the stop reason, such as why the model refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_details: Option<Arc<str>>,
}

impl Origin {
    /// Creates an origin whose model is the one that was asked.
    #[must_use]
    pub fn new(dialect: impl Into<Arc<str>>, model: impl Into<Arc<str>>) -> Self {
        let model = model.into();
        Self {
            dialect: dialect.into(),
            asked: model.clone(),
            model,
            request_id: None,
            stop_details: None,
        }
    }
}

/// Tokens, as the provider counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the request, those read from or written to a cache included.
    pub input_tokens: u64,
    /// Tokens of the response, reasoning included.
    pub output_tokens: u64,
    /// The part of the request that was read from the provider's cache.
    pub cache_read_tokens: u64,
    /// The part of the request that was written to the provider's cache.
    pub cache_write_tokens: u64,
    /// The part of the response that is reasoning, if the provider reports it.
    pub reasoning_tokens: u64,
}

impl Usage {
    /// Tokens of one request and its response, without any cache.
    #[must_use]
    pub fn new(input_tokens: u64, output_tokens: u64) -> Self {
        Self { input_tokens, output_tokens, ..Self::default() }
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        let add = |a: &mut u64, b| *a = a.saturating_add(b);
        add(&mut self.input_tokens, other.input_tokens);
        add(&mut self.output_tokens, other.output_tokens);
        add(&mut self.cache_read_tokens, other.cache_read_tokens);
        add(&mut self.cache_write_tokens, other.cache_write_tokens);
        add(&mut self.reasoning_tokens, other.reasoning_tokens);
    }
}
