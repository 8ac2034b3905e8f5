//! Runs that are cancelled, dropped, past their deadline or ended by an error.

#![cfg(test)]

mod cancel;
mod dropped;
mod endings;
mod everywhere;
