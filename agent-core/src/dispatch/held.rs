//! Calls that wait for a decision, and those after them that must not overtake them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use super::batch::Ready;
use crate::log::waited_for::WaitedFor;
use crate::model::BoxFuture;
use crate::rules::approval::{Approval, Decision, PendingCall};

/// The held calls of a batch, in the model's order. They claim nothing, so nobody else waits for a
/// human.
#[derive(Default)]
pub(super) struct Held<'a>(Vec<Ready<'a>>);

impl<'a> Held<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a call must not overtake one of these.
    pub(super) fn holds_back(&self, ready: &Ready<'_>) -> bool {
        self.0.iter().any(|earlier| earlier.conflicts_with(ready))
    }

    pub(super) fn push(&mut self, ready: Ready<'a>) {
        self.0.push(ready);
    }

    /// Whether somebody is asked.
    pub(super) fn is_asking(&self) -> bool {
        self.0.iter().any(|ready| ready.question.is_some())
    }

    /// The next decision: its call, and why it does not run; or nothing, if it may.
    pub(super) fn poll_decided(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<(Ready<'a>, String)>> {
        let decided = |(at, ready): (usize, &mut Ready<'a>)| {
            let question = ready.question.as_mut()?;
            match catch_unwind(AssertUnwindSafe(|| question.as_mut().poll(cx))) {
                Ok(Poll::Pending) => None,
                Ok(Poll::Ready(decision)) => Some((at, decision)),
                Err(_) => Some((at, Decision::deny("the one who was asked panicked"))),
            }
        };
        let Some((at, decision)) = self.0.iter_mut().enumerate().find_map(decided) else {
            return Poll::Pending;
        };
        let why = match decision {
            Decision::Allow => {
                if let Some(ready) = self.0.get_mut(at) {
                    ready.question = None;
                    ready.job.waited_for(WaitedFor::Approval);
                }
                return Poll::Ready(None);
            }
            Decision::Deny(why) => why,
            Decision::Ask => "nobody decided".to_owned(),
        };
        Poll::Ready(Some((self.0.remove(at), why)))
    }

    /// Takes those out that are allowed and overtake nobody.
    pub(super) fn released(&mut self) -> Vec<Ready<'a>> {
        let mut released = Vec::new();
        for ready in std::mem::take(&mut self.0) {
            if ready.question.is_none() && !self.holds_back(&ready) {
                released.push(ready);
            } else {
                self.0.push(ready);
            }
        }
        released
    }
}

/// What is decided over a call before it is admitted.
pub(super) enum Verdict {
    Allowed,
    Denied(String),
    Asked(BoxFuture<'static, Decision>),
}

/// Asks the policy, and starts to ask whoever approves. A panic of theirs is a no.
pub(super) fn judge(approval: &Approval, call: PendingCall) -> Verdict {
    let decided = catch_unwind(AssertUnwindSafe(|| match approval.decide(&call) {
        Decision::Allow => Verdict::Allowed,
        Decision::Deny(why) => Verdict::Denied(why),
        Decision::Ask => match approval.ask(call) {
            Some(question) => Verdict::Asked(question),
            None => Verdict::Denied("there is nobody to ask".to_owned()),
        },
    }));
    decided.unwrap_or_else(|_| Verdict::Denied("the policy panicked".to_owned()))
}
