use bytes::Bytes;
use futures_core::Stream;
use http::Uri;
use reqwest::Client;
use reqwest::redirect::Policy;
use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::body::Body;
use super::timeouts::Timeouts;
use super::transport::Transport;
use crate::error::{ModelError, ModelErrorKind};
use crate::model::BoxFuture;

/// HTTP/1.1 and HTTP/2 over [`reqwest`]. Connections are kept for later requests.
///
/// It needs a tokio runtime with I/O and timers (`enable_all`, as `#[tokio::main]` has).
///
/// It follows no redirects: a provider sends none, and a key must not be sent to another address.
/// Proxies are taken from the usual variables (`HTTPS_PROXY` and so on).
///
/// # Examples
///
/// ```
/// use agent_core::providers::Anthropic;
/// use agent_core::transport::Http;
///
/// let client = reqwest::Client::builder().https_only(true).build()?;
/// let model = Anthropic::new("claude-sonnet-4-6", "a key").transport(Http::from(client));
/// # _ = model;
/// # Ok::<(), reqwest::Error>(())
/// ```
#[derive(Clone)]
pub struct Http {
    client: Client,
}

impl Http {
    /// Creates a client with the default settings and the connect timeout of `timeouts`.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn new(timeouts: Timeouts) -> Result<Self, ModelError> {
        const KEEPALIVE: Duration = Duration::from_secs(60);
        let client = Client::builder()
            .connect_timeout(timeouts.connect)
            // A model can think for minutes, and some routers drop connections that are silent for
            // so long.
            .tcp_keepalive(KEEPALIVE)
            .redirect(Policy::none())
            .build();
        let client = client.map_err(|error| {
            let error = error.without_url();
            let message = "the HTTP client could not be set up";
            ModelError::new(message).with_kind(ModelErrorKind::Configuration).caused_by(error)
        });
        Ok(Self { client: client? })
    }
}

/// Uses your own client. If it follows redirects, it sends the request's headers to the new
/// address.
impl From<Client> for Http {
    fn from(client: Client) -> Self {
        Self { client }
    }
}

impl Transport for Http {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        Box::pin(async move {
            let host = host(request.uri());
            let request = request.try_into().map_err(|error| failure(error, &host))?;
            let answer = self.client.execute(request).await;
            let answer = answer.map_err(|error| failure(error, &host))?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let pieces = ReqwestPieces { pieces: Box::pin(answer.bytes_stream()), host };
            let mut answer = http::Response::new(Body::new(pieces));
            (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
            Ok(answer)
        })
    }
}

fn host(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    uri.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Omits the client, whose default headers may be secrets.
impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

struct ReqwestPieces {
    pieces: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    host: String,
}

impl Stream for ReqwestPieces {
    type Item = Result<Bytes, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.pieces.as_mut().poll_next(cx);
        next.map_err(|error| failure(error, &self.host))
    }
}

/// Describes an error without the address, which may hold secrets.
fn failure(error: reqwest::Error, host: &str) -> ModelError {
    use ModelErrorKind as Kind;
    let error = error.without_url();
    let (kind, message) = match local(&error) {
        Some(why) => (Kind::Configuration, format!("no connection to {host}: {why}")),
        None if error.is_builder() => {
            (Kind::Configuration, "the request cannot be sent: is the address correct?".to_owned())
        }
        None if error.is_connect() && error.is_timeout() => {
            (Kind::Timeout, format!("{host} did not accept the connection in time"))
        }
        None if error.is_connect() => (Kind::Connection, format!("{host} could not be reached")),
        None if error.is_timeout() => (Kind::Timeout, format!("{host} did not answer in time")),
        None => (Kind::Connection, format!("the connection to {host} was lost")),
    };
    ModelError::new(message).with_kind(kind).caused_by(error)
}

/// Describes a fault on this side of the connection, which a retry cannot resolve.
fn local(error: &reqwest::Error) -> Option<&'static str> {
    const TOO_MANY_FILES: [i32; 2] = [23, 24];
    // After the connection is established, `InvalidData` means a malformed answer instead.
    let connects = error.is_connect();
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        let io = error.downcast_ref::<io::Error>();
        if let Some(io) = io {
            if cfg!(unix) && io.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code)) {
                return Some("too many files are open");
            }
            if connects && io.kind() == io::ErrorKind::InvalidData {
                return Some("TLS failed");
            }
        }
        // `io::Error::source` skips the error that it wraps, so that is asked for separately.
        let wrapped = io.and_then(io::Error::get_ref).map(|inner| inner as &(dyn Error + 'static));
        next = wrapped.or_else(|| error.source());
    }
    None
}
