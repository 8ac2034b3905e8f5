use bytes::Bytes;
use std::sync::Arc;

use super::body::Body;
use crate::error::ModelError;
use crate::model::BoxFuture;

/// Sends a request to a provider and returns its answer, as bytes.
///
/// A transport does not interpret the bytes and has no timeouts: deadlines, limits on size and
/// retries belong to its caller.
///
/// # Examples
///
/// A service that is always busy, to test how an agent reacts:
///
/// ```
/// use agent_core::providers::Anthropic;
/// use agent_core::transport::{Body, Transport};
/// use agent_core::{Agent, BoxFuture, Limits, ModelError, ModelErrorKind, RunErrorKind};
/// use bytes::Bytes;
///
/// struct Busy;
///
/// impl Transport for Busy {
///     fn send(
///         &self,
///         _: http::Request<Bytes>,
///     ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
///         let mut answer = http::Response::new(Body::from("try later"));
///         *answer.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
///         Box::pin(async { Ok(answer) })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let model = Anthropic::new("claude-sonnet-4-6", "a key").transport(Busy);
/// let agent = Agent::new(model).limits(Limits::default().with_retries(0));
/// let error = agent.run("Hello").await.unwrap_err();
/// let RunErrorKind::Model(error) = error.kind() else { panic!("{error}") };
/// assert_eq!((error.kind(), error.status()), (ModelErrorKind::Overloaded, Some(503)));
/// # }
/// ```
pub trait Transport: Send + Sync {
    /// Sends a request and returns when the head of the answer has arrived.
    ///
    /// Header values that are [sensitive](http::HeaderValue::is_sensitive) are secrets. Dropping
    /// the future, or the answer's body, cancels the exchange.
    ///
    /// # Errors
    ///
    /// When the provider cannot be reached, or the connection is lost. An answer with the status of an
    /// error is an answer.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        (**self).send(request)
    }
}
