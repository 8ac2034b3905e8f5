//! One tool: its arguments, the resources it declares, and panics in its code.

#![cfg(test)]

mod access;
mod arguments;
mod keys;
mod panics;
mod tools;
