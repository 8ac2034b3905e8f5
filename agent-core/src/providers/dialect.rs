use bytes::Bytes;
use http::{HeaderMap, Response as Answer};
use serde::de::IgnoredAny;
use std::time::Duration;
use tokio::task::yield_now;

use crate::error::ModelError;
use crate::model::Request;
use crate::providers::sse::Frames;
use crate::transcript::Response;
use crate::transport::{Body, Pieces, Timeouts, Transport, comes_in_events, fetch, whole};

/// What a provider's API says and understands, without I/O and without a clock.
pub(super) trait Dialect {
    /// The request that asks the model.
    fn encode(&self, request: &Request<'_>) -> Result<http::Request<Bytes>, ModelError>;

    /// The response in an answer that was received whole; or the error that the answer is.
    fn decode(&self, request: &Request<'_>, answer: &Answer<Bytes>)
    -> Result<Response, ModelError>;

    /// What makes a response of the events of an answer that has these headers.
    fn decoder<'a>(&'a self, request: Request<'a>, headers: HeaderMap) -> impl Decode + Send + 'a;
}

/// Takes in the events of an answer, tells what they say, and makes a response of it.
pub(super) trait Decode {
    /// Takes in the data of an event.
    fn event(&mut self, data: &str) -> Result<Heard, ModelError>;

    /// The response that the events have told of; an error if it is not complete.
    fn end(self) -> Result<Response, ModelError>;
}

/// What an event has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// That the connection lives.
    Nothing,
    /// Something of the answer.
    Something,
    /// That the answer is complete.
    All,
}

/// Asks a model: its answer is taken as it comes, in events or whole, whatever was asked for.
pub(super) async fn ask(
    dialect: &(impl Dialect + Sync),
    transport: &dyn Transport,
    timeouts: &Timeouts,
    request: Request<'_>,
) -> Result<Response, ModelError> {
    let asked = dialect.encode(&request)?;
    let read = |answer| read(dialect, request, answer, timeouts.idle);
    fetch(transport, asked, timeouts, read).await
}

async fn read(
    dialect: &(impl Dialect + Sync),
    request: Request<'_>,
    mut answer: Answer<Body>,
    idle: Duration,
) -> Result<Response, ModelError> {
    if comes_in_events(&mut answer, idle).await? {
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
        let mut said_something = false;
        while let Some(data) = frames.pop()? {
            match decoder.event(&data)? {
                Heard::Nothing => {}
                Heard::Something => said_something = true,
                Heard::All => {
                    pieces.rest().await?;
                    return decoder.end();
                }
            }
        }
        if said_something {
            // Whoever is told gets a turn, also where pieces come faster than they are taken in.
            yield_now().await;
        }
        pieces.heard(said_something);
    }
    // Without its empty line an event may be cut, which only its own end tells.
    if let Some(data) = frames.last()
        && serde_json::from_str::<IgnoredAny>(&data).is_ok()
    {
        decoder.event(&data)?;
    }
    decoder.end()
}
