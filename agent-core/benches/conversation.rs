//! A conversation of three model calls and ten `add` calls, against a loop written by hand with
//! typed messages and `join_all`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

mod support;

use std::hint::black_box;
use support::conversation::{agent, by_hand};
use support::{compare, judge, runtime};

fn main() {
    let runtime = runtime();
    let (handlers, agent) = (by_hand::handlers(), agent(false));
    let mut hand = |times: u32| {
        runtime.block_on(async {
            for _ in 0..times {
                black_box(by_hand::run(&handlers, "Add these.", false).await);
            }
        });
    };
    let mut ours = |times: u32| {
        runtime.block_on(async {
            for _ in 0..times {
                black_box(agent.run("Add these.").await.unwrap());
            }
        });
    };
    let [hand_ns, ours_ns] = compare(2000, [&mut hand, &mut ours]);
    println!("by hand {:.1} us, the agent {:.1} us", hand_ns / 1e3, ours_ns / 1e3);
    judge("conversation: times the loop by hand", ours_ns / hand_ns, 3.6);
}
