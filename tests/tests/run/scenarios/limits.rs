//! Too many calls at the same time, and too few.

use agent_core::Limits;

use super::agent;
use agent_tests::support::{ms, plan, spans, texts};

/// pydantic/pydantic-ai#6884: 792 calls ran all at once and the run was stuck for hours.
#[tokio::test(start_paused = true)]
async fn s14_792_calls_under_a_limit_end_in_order() {
    let agent = agent(plan(&["look 100"; 792].join(", ")))
        .limits(Limits::default().with_calls(1000))
        .concurrency(10);
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(outcome.elapsed(), ms(8_000));
    assert_eq!(texts(outcome.transcript()), ["100"; 792]);
}

/// withastro/flue#449: a platform allows four workers at a time.
#[tokio::test(start_paused = true)]
async fn s15_four_at_a_time_and_no_free_worker_while_a_call_is_ready() {
    let agent = agent(plan("think 40, think 10, think 20, think 30, think 10, think 10, think 10"))
        .concurrency(4);
    assert_eq!(
        spans(&agent.run("go").await.unwrap()),
        [(0, 40), (0, 10), (0, 20), (0, 30), (10, 20), (20, 30), (20, 30)]
    );
}
