//! The order of calls: results equal sequential execution, at the speed of the critical path.

#![cfg(test)]

mod makespan;
mod nested;
mod policies;
mod serial;
