//! Providers: requests, responses, streams, retries and recordings.

#![cfg(test)]

mod mock_server;
mod real_model;
mod recordings;
mod replay;
mod retries;
mod streams;
mod wire;
