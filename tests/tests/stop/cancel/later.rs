//! Cancels and deadlines that are set while a run goes on.

use agent_core::CallStatus::{Completed, Interrupted};
use agent_core::{Agent, EventKind, Limits, Run, RunEnd, Transcript};
use std::future::{pending, poll_fn, ready};
use std::pin::Pin;
use std::task::Poll;
use tokio::select;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::{agent, goes_on, making};
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::Script;
use agent_tests::support::{ms, statuses, whole_ms};

/// Polls a run once.
async fn begin(run: &mut Run<'_>) {
    poll_fn(|cx| {
        assert!(Pin::new(&mut *run).poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_is_cancelled_by_whoever_waits_for_something_else_beside_it() {
    for (script, ended) in [
        (Script::new().stalls(), 250),
        (Script::new().calls("look 10, look 60000").with_text("so").stalls(), 250),
        (Script::new().calls("look 10, look 60000").end(), 1250),
        (Script::new().calls("save 600").end(), 600),
    ] {
        let diary = Diary::new();
        let agent = agent(&diary, [script]);
        let mut chat = agent.conversation(Transcript::default());
        let began = Instant::now();
        let (mut run, mut pressed) = (chat.send("go"), std::pin::pin!(sleep(ms(250))));
        let (outcome, ended_at) = loop {
            select! {
                outcome = &mut run => break (outcome.unwrap(), began.elapsed()),
                () = &mut pressed => {
                    pressed.set(sleep(ms(1_000_000)));
                    run = run.cancel_on(ready(()));
                }
            }
        };
        drop(run);
        assert_eq!((outcome.end(), whole_ms(ended_at)), (&RunEnd::Cancelled, ended));
        assert_quiet(&diary).await;
        goes_on(&mut chat).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_cancel_that_was_given_last_counts() {
    let diary = Diary::new();
    let mut run = making(&diary, "look 400").run("go").cancel_on(sleep(ms(100)));
    begin(&mut run).await;
    let outcome = run.cancel_on(pending::<()>()).await.unwrap();
    assert_eq!((outcome.end(), outcome.elapsed()), (&RunEnd::Done, ms(400)));

    let mut run = making(&diary, "look 400").run("go").cancel_on(sleep(ms(100)));
    select! {
        _ = &mut run => panic!("it has its time to end"),
        () = sleep(ms(200)) => {}
    }
    let outcome = run.cancel_on(pending::<()>()).await.unwrap();
    assert_eq!(outcome.end(), &RunEnd::Cancelled, "one that has come stays");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_may_come_nearer_or_move_on_and_counts_from_the_first_poll() {
    for (before, after, ended) in [
        (None, 300, (RunEnd::DeadlineExceeded, 1300)),
        (Some(9000), 300, (RunEnd::DeadlineExceeded, 1300)),
        (Some(9000), 50, (RunEnd::DeadlineExceeded, 1100)),
        (Some(300), 5500, (RunEnd::Done, 5000)),
        (Some(300), 2000, (RunEnd::DeadlineExceeded, 3000)),
    ] {
        let diary = Diary::new();
        let mut run = making(&diary, "look 5000").run("go");
        if let Some(time) = before {
            run = run.deadline(ms(time));
        }
        sleep(ms(60_000)).await;
        let began = Instant::now();
        select! {
            biased;
            _ = &mut run => panic!("it ends later"),
            () = sleep(ms(100)) => {}
        }
        let outcome = run.deadline(ms(after)).await.unwrap();
        let wanted = (ended.0, ms(ended.1));
        assert_eq!((outcome.end().clone(), began.elapsed()), wanted, "{before:?}, {after}");
        assert_quiet(&diary).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_goes_before_that_of_the_turn_if_it_comes_first() {
    let diary = Diary::new();
    for (deadline, ended) in [(200, 200), (9000, 700)] {
        let agent = agent(&diary, [Script::new().stalls()]);
        let mut run = agent.limits(Limits::default().with_turn_timeout(ms(700))).run("go");
        let began = Instant::now();
        begin(&mut run).await;
        let outcome = run.deadline(ms(deadline)).await.unwrap();
        assert_eq!(outcome.end(), &RunEnd::DeadlineExceeded);
        assert_eq!(began.elapsed(), ms(ended));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_takes_a_cancel_and_a_deadline_as_a_run_does() {
    let stop_at = |what: &'static str, calls: &'static str| async move {
        let diary = Diary::new();
        let (began, mut run) = (Instant::now(), making(&diary, calls).stream("go"));
        while let Some(event) = run.next().await {
            if matches!(event.kind, EventKind::CallEnded { number: 1, .. }) {
                run = match what {
                    "cancel" => run.cancel_on(ready(())),
                    _ => run.deadline(ms(300)),
                };
            }
        }
        // After the end it changes nothing.
        let outcome = run.cancel_on(pending::<()>()).deadline(ms(1)).outcome().await.unwrap();
        assert_eq!(statuses(outcome.transcript()), [Completed, Interrupted]);
        (outcome.end().clone(), whole_ms(began.elapsed()))
    };
    assert_eq!(stop_at("cancel", "look 10, look 60000").await, (RunEnd::Cancelled, 1010));
    let ended = (RunEnd::DeadlineExceeded, 1300);
    assert_eq!(stop_at("deadline", "look 10, look 60000").await, ended);

    let diary = Diary::new();
    let run = making(&diary, "look 60000").stream("go").cancel_on(sleep(ms(50)));
    assert_eq!(run.outcome().await.unwrap().end(), &RunEnd::Cancelled);
}

/// What cancels may borrow, also where the run borrows nothing.
#[tokio::test(start_paused = true)]
async fn a_cancel_may_borrow() {
    let (diary, notify) = (Diary::new(), Notify::new());
    let run = making(&diary, "look 60000").run("go").cancel_on(notify.notified());
    notify.notify_waiters();
    assert_eq!(run.await.unwrap().end(), &RunEnd::Cancelled);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "call `stream` before it is polled")]
async fn a_run_that_has_begun_cannot_be_watched() {
    let mut run = making(&Diary::new(), "look 10").run("go");
    begin(&mut run).await;
    _ = run.stream();
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "a run was polled after its end")]
async fn a_run_that_is_polled_after_its_end_says_so() {
    let agent: Agent = making(&Diary::new(), "look 10");
    let mut run = agent.run("go");
    _ = (&mut run).await;
    _ = run.await;
}
