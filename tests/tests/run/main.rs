//! Runs of an agent: the loop, its limits, approvals and timeline.

#![cfg(test)]

mod agent_loop;
mod approval;
mod eager;
mod limits;
mod scenarios;
mod timeline;
