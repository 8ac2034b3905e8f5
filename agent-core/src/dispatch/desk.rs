use std::error::Error;
use std::future::{Future, poll_fn};
use std::mem;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::early::Begun;
use super::held::Held;
use super::news::{News, Word};
use super::outcome::{Ending, drop_quietly};
use super::shared::{CallTimes, Ended, Shared};
use crate::log::waited_for::WaitedFor;
use crate::rules::limits::{Limits, cut_result};
use crate::rules::stop::{StopCause, StopSignal};
use crate::sync::{Instant, sleep, timeout, yield_now};
use crate::transcript::{ToolCall, ToolResult};

/// Something that happens to the call at this position.
pub(crate) enum CallStep<'a> {
    /// Somebody is asked whether it may run.
    Asked(&'a ToolCall),
    /// Its body begins.
    Started(&'a ToolCall),
    /// It says how far it is.
    Progress(&'a ToolCall, &'a str),
    /// It has its result, which counts if its response does.
    Ended(&'a ToolCall, &'a ToolResult),
    /// It has its result, and that counts.
    Counted(ToolResult, CallTimes),
}

/// Takes what happens as it comes.
pub(crate) type Sink<'a> = dyn FnMut(usize, CallStep<'_>) + Send + 'a;

/// Why not all calls of a batch came to their own end.
pub(crate) enum Broken {
    /// A fatal error of the tool that was called at this position.
    Fatal(usize, Arc<dyn Error + Send + Sync>),
    /// The run was stopped.
    Stopped(StopCause),
}

/// Why what waited when a fatal error came never starts.
pub(super) const ENDED_BY_ANOTHER: &str = "another call ended the run";

/// How long calls that were aborted have to let go; not for them to go on, as `Limits::grace` is.
const LETTING_GO: Duration = Duration::from_secs(1);

/// The side of a batch that waits for its calls.
pub(super) struct Desk<'a, 'b> {
    calls: &'a [&'a ToolCall],
    shared: &'a Arc<Shared>,
    limits: &'a Limits,
    began: Instant,
    /// Which calls have their result.
    answered: Vec<bool>,
    /// How many calls were accepted and have no result yet.
    open: usize,
    /// Empty; room for what comes.
    news: News,
    /// Why a call that was dropped before it began did not begin.
    why: &'static str,
    pub(super) broken: Option<Broken>,
    sink: &'a mut Sink<'b>,
}

impl<'a, 'b> Desk<'a, 'b> {
    pub(super) fn new(
        calls: &'a [&'a ToolCall],
        shared: &'a Arc<Shared>,
        limits: &'a Limits,
        sink: &'a mut Sink<'b>,
    ) -> Self {
        let (began, answered, news) = (Instant::now(), vec![false; calls.len()], News::default());
        let why = "the runtime was shut down";
        Self { calls, shared, limits, began, answered, open: 0, news, why, broken: None, sink }
    }

    /// Expects a result more.
    pub(super) fn expect(&mut self) {
        self.open += 1;
    }

    /// Tells that somebody is asked whether a call may run.
    pub(super) fn asks(&mut self, index: usize) {
        let Some(call) = self.calls.get(index) else { return };
        (self.sink)(index, CallStep::Asked(call));
    }

    /// Waits for all open calls, also those that are held; after a fatal error, or if the run is stopped,
    /// only for those that run to let go.
    ///
    /// What is rare is boxed, so that a run holds no room for it.
    pub(super) async fn collect(&mut self, held: &mut Held<'_>, halting: &mut StopSignal<'_>) {
        loop {
            self.take_news();
            match self.broken {
                Some(Broken::Fatal(..)) => {
                    *held = Held::default();
                    return Box::pin(self.stop()).await;
                }
                Some(Broken::Stopped(halt)) => {
                    self.why = halt.why();
                    *held = Held::default();
                    return Box::pin(self.wind_down()).await;
                }
                None if self.open == 0 => return,
                None if held.is_empty() => {
                    let shared = self.shared;
                    let halted = poll_fn(|cx| poll_news_or_halt(shared, halting, cx)).await;
                    self.broken = halted.map(Broken::Stopped);
                }
                None => Box::pin(self.collect_or_decide(held, halting)).await,
            }
            if self.shared.watched && self.broken.is_none() {
                // Whoever watches takes what there is before more comes.
                self.take_news();
                yield_now().await;
            }
        }
    }

    /// Looks whether the run is stopped, without waiting.
    pub(super) async fn look_out(&mut self, halting: &mut StopSignal<'_>) {
        if let (None, Some(halt)) = (&self.broken, halting.look().await) {
            self.broken = Some(Broken::Stopped(halt));
        }
    }

    /// Waits for news or a decision, whichever comes first. While somebody is asked, no clock runs.
    async fn collect_or_decide(&mut self, held: &mut Held<'_>, halting: &mut StopSignal<'_>) {
        let (shared, asking, since) = (self.shared, held.is_asking(), Instant::now());
        let mut decided = None;
        let halted = poll_fn(|cx| {
            // First, so that no flood of news holds it off.
            let halted = if asking { halting.poll_cancelled(cx) } else { halting.poll(cx) };
            if let Poll::Ready(halt) = halted {
                return Poll::Ready(Some(halt));
            }
            if shared.board.poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            if let Poll::Ready(decision) = held.poll_decided(cx) {
                decided = decision;
                return Poll::Ready(None);
            }
            Poll::Pending
        })
        .await;
        if asking {
            halting.put_off(since.elapsed());
        }
        self.broken = halted.map(Broken::Stopped);
        if let Some((ready, why)) = decided {
            // Answered before the call is dropped, which would report that it never started.
            let times = ready.job.times_if_over(Some(WaitedFor::Approval));
            self.answer(ready.job.index(), Ending::denied(&why), times);
            drop_quietly(ready);
        }
        if self.broken.is_none() {
            self.shared.admit(&mut held.released());
        }
    }

    /// Takes what has happened since.
    pub(super) fn take_news(&mut self) {
        let mut news = mem::take(&mut self.news);
        self.shared.board.take(&mut news);
        news.drain(|word| match word {
            Word::Started(index) => self.started(index),
            Word::Progress(index, text) => {
                if let (Some(false), Some(call)) = (self.answered.get(index), self.calls.get(index))
                {
                    (self.sink)(index, CallStep::Progress(call, &text));
                }
            }
            Word::Ended(Ended { index, ending, times }) => {
                let ending = ending.unwrap_or_else(|| Ending::not_run(self.why));
                self.answer(index, ending, times);
            }
        });
        self.news = news;
    }

    fn started(&mut self, index: usize) {
        if let Some(call) = self.calls.get(index) {
            (self.sink)(index, CallStep::Started(call));
        }
    }

    /// The result of a call; the first one counts.
    pub(super) fn answer(&mut self, index: usize, ending: Ending, times: CallTimes) {
        let Some(call) = self.calls.get(index) else { return };
        if self.is_answered(index) {
            return;
        }
        if let Some(error) = ending.fatal() {
            self.ends_run(index, error);
        }
        let mut result = ending.into_result(call);
        cut_result(&mut result, self.limits.output_bytes);
        if self.shared.watched {
            (self.sink)(index, CallStep::Ended(call, &result));
        }
        (self.sink)(index, CallStep::Counted(result, times));
    }

    /// Takes over what has begun early, with the results that were told before.
    pub(super) fn hand_over(&mut self, begun: &mut [Begun<'_>]) {
        for (index, begun) in begun.iter_mut().enumerate() {
            match begun {
                Begun::Started => self.expect(),
                Begun::Over(_) => {
                    self.expect();
                    let Begun::Over(over) = mem::replace(begun, Begun::Started) else { continue };
                    if let Some(error) = over.fatal {
                        self.ends_run(index, error);
                    }
                    if !self.is_answered(index) {
                        (self.sink)(index, CallStep::Counted(over.result, over.times));
                    }
                }
                Begun::Held(_) | Begun::Later => {}
            }
        }
    }

    fn ends_run(&mut self, index: usize, error: Arc<dyn Error + Send + Sync>) {
        match self.broken {
            Some(Broken::Fatal(..)) => {}
            // In its grace: the error is not lost, but why the others never started stays.
            Some(Broken::Stopped(_)) => self.broken = Some(Broken::Fatal(index, error)),
            None => {
                self.broken = Some(Broken::Fatal(index, error));
                self.why = ENDED_BY_ANOTHER;
            }
        }
    }

    /// Whether a call has its result; it has one from now on.
    fn is_answered(&mut self, index: usize) -> bool {
        let Some(answered) = self.answered.get_mut(index) else { return true };
        let before = mem::replace(answered, true);
        if !before {
            self.open = self.open.saturating_sub(1);
        }
        before
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
        within(LETTING_GO, let_go).await;
        self.give_up(ENDED_BY_ANOTHER);
    }

    /// Starts nothing more, and gives what runs some time to come to its end.
    async fn wind_down(&mut self) {
        let (shared, grace) = (self.shared, self.limits.grace);
        shared.shut();
        let ended = async {
            loop {
                self.take_news();
                if self.open == 0 {
                    return;
                }
                poll_fn(|cx| shared.board.poll(cx)).await;
            }
        };
        within(grace, ended).await;
        drop(shared.close());
        self.give_up(self.why);
    }

    /// Gives each call that has none a result: those that began are interrupted, whether they let go
    /// or not, and the others never started, because of `why`.
    fn give_up(&mut self, why: &str) {
        // Those that were dropped before they began have no ending.
        let mut news = News::default();
        self.shared.board.take(&mut news);
        news.drain(|word| match word {
            Word::Started(index) => self.started(index),
            Word::Ended(Ended { index, ending: Some(ending), times }) => {
                self.answer(index, ending, times);
            }
            _ => {}
        });
        for (index, call) in self.calls.iter().enumerate() {
            let tool = self.shared.toolset.find(call.name());
            let access = tool.map(|tool| tool.options.access);
            let (queued, started) = match self.shared.began(index) {
                Some((queued, started)) => (queued, Some(started)),
                None => (self.began, None),
            };
            let ending = match started {
                Some(_) => Ending::interrupted(access.unwrap_or_default()),
                None => Ending::not_run(why),
            };
            let ended = Instant::now();
            let times = CallTimes { queued, started, ended, waited_for: None, access };
            self.answer(index, ending, times);
        }
    }
}

fn poll_news_or_halt(
    shared: &Shared,
    halting: &mut StopSignal<'_>,
    cx: &mut Context<'_>,
) -> Poll<Option<StopCause>> {
    // First, so that no flood of news holds it off.
    match halting.poll(cx) {
        Poll::Ready(halt) => Poll::Ready(Some(halt)),
        Poll::Pending => shared.board.poll(cx).map(|()| None),
    }
}

/// Waits for a future, but not longer than this; not at all on a runtime without a timer.
async fn within(time: Duration, future: impl Future<Output = ()>) {
    if catch_unwind(|| sleep(Duration::ZERO)).is_ok() {
        _ = timeout(time, future).await;
    }
}

/// Stops the calls of a batch that is dropped, and hands over the results it has by then.
impl Drop for Desk<'_, '_> {
    fn drop(&mut self) {
        if self.answered.contains(&false) {
            drop(self.shared.close());
            self.give_up("the run was dropped");
        }
        // What a call has left running, that has returned, is not stopped.
        self.shared.start_nothing();
    }
}
