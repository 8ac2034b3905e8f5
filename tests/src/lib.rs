//! What the integration tests in `tests/` share. The Rust blocks of the documents are doctests of this crate.

#![allow(clippy::pedantic, missing_docs, reason = "only the tests beside it use it")]
#![allow(clippy::len_without_is_empty, clippy::new_without_default, reason = "the same")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(clippy::indexing_slicing, reason = "a panic fails the test")]

pub mod support;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide.md")]
struct Guide;
