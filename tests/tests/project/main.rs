//! The repository itself: its documents and its layers.

#![cfg(test)]

mod docs;
mod layers;
