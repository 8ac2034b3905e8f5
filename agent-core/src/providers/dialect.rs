use bytes::Bytes;
use http::{HeaderMap, Response as Answer};
use serde::de::IgnoredAny;
use std::time::Duration;
use tokio::task::yield_now;

use crate::error::ModelError;
use crate::model::Request;
use crate::providers::sse::Frames;
use crate::transcript::Response;
use crate::transport::{Body, Pieces, Timeouts, Transport, fetch, is_event_stream, whole};

/// The wire format of a provider's API: requests out, responses in, without I/O and without a
/// clock.
pub(super) trait Dialect {
    /// Encodes a request for the model.
    fn encode(&self, request: &Request<'_>) -> Result<http::Request<Bytes>, ModelError>;

    /// Decodes a complete answer: a response, or the error that the API reports in it.
    fn decode(&self, request: &Request<'_>, answer: &Answer<Bytes>)
    -> Result<Response, ModelError>;

    /// Starts to decode an answer that is streamed as events; `headers` are those of the answer.
    fn decoder<'a>(&'a self, request: Request<'a>, headers: HeaderMap) -> impl Decode + Send + 'a;
}

/// Decodes the events of an answer one by one, emits deltas, and builds the response.
pub(super) trait Decode {
    /// Decodes the data of one event.
    fn event(&mut self, data: &str) -> Result<Progress, ModelError>;

    /// Returns the response; an error if the events did not complete it.
    fn end(self) -> Result<Response, ModelError>;
}

/// How an event moved the answer forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It carried no content: a ping.
    None,
    /// It carried a part of the answer.
    Content,
    /// It completed the answer.
    Complete,
}

/// Sends a request to a model and decodes its answer.
///
/// The answer decides whether it is read as events or whole: some gateways ignore `stream`.
pub(super) async fn ask(
    dialect: &(impl Dialect + Sync),
    transport: &dyn Transport,
    timeouts: &Timeouts,
    request: Request<'_>,
) -> Result<Response, ModelError> {
    let encoded = dialect.encode(&request)?;
    let read = |answer| read(dialect, request, answer, timeouts.idle);
    fetch(transport, encoded, timeouts, read).await
}

async fn read(
    dialect: &(impl Dialect + Sync),
    request: Request<'_>,
    mut answer: Answer<Body>,
    idle: Duration,
) -> Result<Response, ModelError> {
    if is_event_stream(&mut answer, idle).await? {
        return read_events(dialect, request, answer, idle).await;
    }
    let answer = whole(answer, idle, request.response_limit()).await?;
    dialect.decode(&request, &answer)
}

async fn read_events(
    dialect: &(impl Dialect + Sync),
    request: Request<'_>,
    answer: Answer<Body>,
    idle: Duration,
) -> Result<Response, ModelError> {
    let (head, body) = answer.into_parts();
    let mut pieces = Pieces::new(&head.headers, body, idle, request.response_limit())?;
    let mut decoder = dialect.decoder(request, head.headers);
    let mut frames = Frames::new(request.event_limit());
    while let Some(piece) = pieces.next().await? {
        frames.push(piece);
        let mut has_content = false;
        while let Some(data) = frames.pop()? {
            match decoder.event(&data)? {
                Progress::None => {}
                Progress::Content => has_content = true,
                Progress::Complete => {
                    pieces.rest().await?;
                    return decoder.end();
                }
            }
        }
        if has_content {
            // A body can deliver pieces faster than they are decoded, and then nothing in this loop
            // ever waits. Yielding here lets the consumer of the stream see the deltas that were
            // just emitted.
            yield_now().await;
        }
        pieces.note(has_content);
    }
    // The connection closed without the empty line that ends an event, so the last event can be cut
    // off. Only complete JSON is decoded.
    if let Some(data) = frames.last()
        && serde_json::from_str::<IgnoredAny>(&data).is_ok()
    {
        decoder.event(&data)?;
    }
    decoder.end()
}
