//! The end of a batch that does not end by itself: a fatal error, a stop, or a drop.

use std::future::{Future, poll_fn};
use std::panic::catch_unwind;
use std::time::Duration;

use crate::dispatch::batch::ENDED_BY_ANOTHER;
use crate::dispatch::ending::Ending;
use crate::dispatch::seal::Sealed;
use crate::sync::{Instant, sleep, timeout};

/// How long bodies that were dropped by an abort have to return from the poll that runs.
const LETTING_GO: Duration = Duration::from_secs(1);

impl Sealed<'_, '_> {
    /// Ends all calls, as `tokio::try_join!` would, and waits until their bodies are gone.
    pub(super) async fn stop_now(&mut self) {
        self.table.close();
        let table = self.table.clone();
        within(LETTING_GO, poll_fn(|cx| table.poll_lingering(cx))).await;
        self.give_up(ENDED_BY_ANOTHER);
    }

    /// Starts nothing more, and gives what runs some time to come to its end.
    pub(super) async fn wind_down(&mut self) {
        let (table, grace, why) = (self.table.clone(), self.table.rules.limits.grace, self.why);
        for index in self.held.clear() {
            self.answer_unadmitted(index, Ending::not_run(why), Instant::now());
        }
        table.shut();
        let ended = async {
            loop {
                self.take_mail();
                if self.open == 0 {
                    return;
                }
                poll_fn(|cx| table.poll_mail(cx)).await;
            }
        };
        within(grace, ended).await;
        table.close();
        self.give_up(why);
    }

    /// Gives a result to each call that has none: those that began are interrupted, and the others did not
    /// run, because of `why`.
    fn give_up(&mut self, why: &'static str) {
        self.why = why;
        self.take_mail();
        self.held.clear();
        for index in 0..self.calls.len() {
            if self.answered.get(index) == Some(&false) {
                self.answer_unadmitted(index, Ending::not_run(why), Instant::now());
            }
        }
    }
}

/// Waits for a future, but not longer than this; not at all on a runtime without a timer.
async fn within(time: Duration, future: impl Future<Output = ()>) {
    if catch_unwind(|| sleep(Duration::ZERO)).is_ok() {
        _ = timeout(time, future).await;
    }
}

/// Stops the calls of a batch that is dropped, and hands over the results it has by then.
impl Drop for Sealed<'_, '_> {
    fn drop(&mut self) {
        if self.answered.contains(&false) {
            self.table.close();
            self.give_up("the run was dropped");
        }
        self.table.emit_usage(self.log);
        // What a call has left running, that has returned, is not stopped.
        self.table.end_all_starts();
    }
}
