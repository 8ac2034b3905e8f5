use bytes::Bytes;

use crate::error::ModelError;
use crate::model::Request;
use crate::transcript::Response;

/// What a provider's API says and understands, without I/O and without a clock.
///
/// The streaming of responses adds a decoder of frames beside [`decode`](Self::decode).
pub(super) trait Dialect {
    /// The request that asks the model.
    fn encode(&self, request: &Request<'_>) -> Result<http::Request<Bytes>, ModelError>;

    /// The response in an answer that was received whole; or the error that the answer is.
    fn decode(
        &self,
        request: &Request<'_>,
        answer: &http::Response<Bytes>,
    ) -> Result<Response, ModelError>;
}
