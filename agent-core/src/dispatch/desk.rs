use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::held::Held;
use super::outcome::{Ending, drop_quietly};
use super::shared::{CallTimes, Ended, Shared};
use crate::limits::cut_result;
use crate::sync::{Instant, timeout};
use crate::toolset::Bound;
use crate::transcript::{ToolCall, ToolResult};

/// A fatal error of a tool, and the position of its call.
pub(crate) type Fatal = (usize, Arc<dyn Error + Send + Sync>);

/// Takes each result as it comes.
pub(crate) type Sink<'a> = dyn FnMut(usize, ToolResult, CallTimes) + Send + 'a;

/// How long a stopped call has to let go.
const GRACE: Duration = Duration::from_secs(1);

/// The side of a batch that waits for its calls.
pub(super) struct Desk<'a, 'b> {
    calls: &'a [&'a ToolCall],
    shared: &'a Arc<Shared>,
    /// The cap on the output of a call, in bytes.
    output: usize,
    began: Instant,
    /// Which calls have their result.
    answered: Vec<bool>,
    /// Empty; room for those that end.
    ended: Vec<Ended>,
    /// How many calls were accepted and have no result yet.
    open: usize,
    pub(super) fatal: Option<Fatal>,
    sink: &'a mut Sink<'b>,
}

impl<'a, 'b> Desk<'a, 'b> {
    pub(super) fn new(
        calls: &'a [&'a ToolCall],
        shared: &'a Arc<Shared>,
        output: usize,
        sink: &'a mut Sink<'b>,
    ) -> Self {
        let (began, answered, ended) = (Instant::now(), vec![false; calls.len()], Vec::new());
        Self { calls, shared, output, began, answered, ended, open: 0, fatal: None, sink }
    }

    /// Expects a result more.
    pub(super) fn expect(&mut self) {
        self.open += 1;
    }

    /// Waits for all open calls, also those that are held; after a fatal error only for those that run
    /// to let go.
    pub(super) async fn collect(&mut self, held: &mut Held<'_>) {
        loop {
            self.take_ended();
            if self.fatal.is_some() {
                *held = Held::default();
                return self.stop().await;
            }
            if self.open == 0 {
                return;
            }
            if held.is_empty() {
                self.shared.reported().await;
            } else {
                // Boxed: most runs ask nobody, and hold no room for it.
                Box::pin(self.collect_or_decide(held)).await;
            }
        }
    }

    /// Waits for an end or a decision, whichever comes first.
    async fn collect_or_decide(&mut self, held: &mut Held<'_>) {
        let shared = self.shared;
        let mut reported = pin!(shared.reported());
        let decided = {
            let mut decided = pin!(held.decided());
            poll_fn(|cx| match reported.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(None),
                Poll::Pending => decided.as_mut().poll(cx).map(Some),
            })
            .await
        };
        if let Some(Some((ready, why))) = decided {
            // Answered before the call is dropped, which would report that it never started.
            let times = ready.job.times_if_denied();
            self.answer(ready.job.index(), Ending::denied(&why), times);
            drop_quietly(ready);
        }
        shared.admit(&mut held.released());
    }

    /// Takes the results that are there.
    pub(super) fn take_ended(&mut self) {
        let mut ended = std::mem::take(&mut self.ended);
        self.shared.swap_ended(&mut ended);
        for Ended { index, ending, times } in ended.drain(..) {
            let shut_down = || Ending::never_started("the runtime was shut down");
            self.answer(index, ending.unwrap_or_else(shut_down), times);
        }
        self.ended = ended;
    }

    /// The result of a call; the first one counts.
    pub(super) fn answer(&mut self, index: usize, ending: Ending, times: CallTimes) {
        let (Some(call), Some(answered)) = (self.calls.get(index), self.answered.get_mut(index))
        else {
            return;
        };
        if std::mem::replace(answered, true) {
            return;
        }
        self.open = self.open.saturating_sub(1);
        if self.fatal.is_none() {
            self.fatal = ending.fatal().map(|error| (index, error));
        }
        let mut result = ending.into_result(call);
        cut_result(&mut result, self.output);
        (self.sink)(index, result, times);
    }

    /// Ends all calls, as `tokio::try_join!` would.
    async fn stop(&mut self) {
        let let_go = async {
            // A call that another batch released meanwhile comes late.
            loop {
                let tasks = self.shared.close();
                if tasks.is_empty() {
                    return;
                }
                for task in tasks {
                    _ = task.await;
                }
            }
        };
        _ = timeout(GRACE, let_go).await;
        self.give_up("another call ended the run");
    }

    /// Gives each call that has none a result: those that began are interrupted, whether they let go
    /// or not, and the others never started, because of `why`.
    fn give_up(&mut self, why: &str) {
        // Those that were dropped before they began have no ending.
        let mut ended = Vec::new();
        self.shared.swap_ended(&mut ended);
        for Ended { index, ending, times } in ended {
            if let Some(ending) = ending {
                self.answer(index, ending, times);
            }
        }
        for (index, call) in self.calls.iter().enumerate() {
            let tool = self.shared.toolset.find(call.name());
            let access = tool.map(|tool| tool.options.access);
            let silent = tool.is_some_and(Bound::is_silent);
            let (queued, started) = match self.shared.began(index) {
                Some((queued, started)) => (queued, Some(started)),
                None => (self.began, None),
            };
            let ending = match started {
                Some(_) => Ending::interrupted(access.unwrap_or_default()),
                None => Ending::never_started(why),
            };
            let ended = Instant::now();
            let times = CallTimes { queued, started, ended, after: None, access, silent };
            self.answer(index, ending, times);
        }
    }
}

/// Stops the calls of a batch that is dropped, and hands over the results it has by then.
impl Drop for Desk<'_, '_> {
    fn drop(&mut self) {
        drop(self.shared.close());
        if self.answered.contains(&false) {
            self.give_up("the run was dropped");
        }
    }
}
