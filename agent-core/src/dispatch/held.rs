//! Calls that are held back: until their response has ended well, until a decision, or behind one of
//! these. They claim nothing, so that no other run waits for a model or a human.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use crate::dispatch::ending::drop_quietly;
use crate::dispatch::prepare::Prepared;
use crate::model::BoxFuture;
use crate::rules::approval::{Approval, Decision, PendingCall};
use crate::schedule::claim::Claim;
use crate::schedule::ledger::{Ledger, Ticket};

pub(super) type Question = BoxFuture<'static, Decision>;

/// The held calls of a batch, ordered in a ledger of the batch's own.
#[derive(Default)]
pub(super) struct Held {
    ledger: Ledger<usize>,
    calls: BTreeMap<usize, HeldCall>,
    asking: usize,
}

struct HeldCall {
    call: Prepared,
    ticket: Ticket,
    /// No earlier held call conflicts with it.
    free: bool,
    question: Option<Question>,
}

/// A decision over a held call.
pub(super) enum Decided {
    Allowed(usize),
    Denied(usize, Prepared, String),
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Whether an approver is asked.
    pub(super) fn is_asking(&self) -> bool {
        self.asking > 0
    }

    /// Holds a call: until its response has ended, or until an approver has answered.
    pub(super) fn hold(
        &mut self,
        index: usize,
        call: Prepared,
        claims: impl Iterator<Item = Claim>,
        question: Option<Question>,
    ) {
        self.asking += usize::from(question.is_some());
        let (ticket, free) = self.ledger.admit(claims, 0, || index);
        self.calls.insert(index, HeldCall { call, ticket, free, question });
    }

    /// Holds a call if it conflicts with one that is held; else it is returned.
    pub(super) fn hold_behind(
        &mut self,
        index: usize,
        call: Prepared,
        claims: impl Iterator<Item = Claim> + Clone,
    ) -> Option<Prepared> {
        if self.is_empty() {
            return Some(call);
        }
        if let Some(ticket) = self.ledger.try_admit(claims.clone(), 0) {
            self.ledger.finish(ticket, &mut Vec::new());
            return Some(call);
        }
        self.hold(index, call, claims, None);
        None
    }

    /// The response has ended: takes all calls out, to be decided over in model order.
    pub(super) fn unseal(&mut self) -> BTreeMap<usize, Prepared> {
        let all = std::mem::take(self);
        all.calls.into_iter().map(|(index, held)| (index, held.call)).collect()
    }

    /// Takes a call out.
    pub(super) fn take(&mut self, index: usize) -> Option<Prepared> {
        let HeldCall { call, ticket, question, .. } = self.calls.remove(&index)?;
        if question.is_some() {
            self.asking -= 1;
            drop_quietly(question);
        }
        let mut free = Vec::new();
        self.ledger.finish(ticket, &mut free);
        for (_, index) in free {
            if let Some(call) = self.calls.get_mut(&index) {
                call.free = true;
            }
        }
        Some(call)
    }

    /// The next decision. A panic of the approver denies.
    pub(super) fn poll_decided(&mut self, cx: &mut Context<'_>) -> Poll<Decided> {
        let decided = |(&index, held): (&usize, &mut HeldCall)| {
            let question = held.question.as_mut()?;
            match catch_unwind(AssertUnwindSafe(|| question.as_mut().poll(cx))) {
                Ok(Poll::Pending) => None,
                Ok(Poll::Ready(decision)) => Some((index, decision)),
                Err(panic) => {
                    drop_quietly(panic);
                    Some((index, Decision::deny("the approver panicked")))
                }
            }
        };
        let Some((index, decision)) = self.calls.iter_mut().find_map(decided) else {
            return Poll::Pending;
        };
        let why = match decision {
            Decision::Allow => {
                if let Some(held) = self.calls.get_mut(&index) {
                    self.asking -= 1;
                    drop_quietly(held.question.take());
                }
                return Poll::Ready(Decided::Allowed(index));
            }
            Decision::Deny(why) => why,
            Decision::Ask => "no one decided".to_owned(),
        };
        match self.take(index) {
            Some(call) => Poll::Ready(Decided::Denied(index, call, why)),
            None => Poll::Pending,
        }
    }

    /// Takes out the calls that are allowed and overtake none, in model order.
    pub(super) fn released(&mut self) -> Vec<(usize, Prepared)> {
        let mut released = Vec::new();
        // A call frees later ones alone, so one pass finds all.
        let indices: Vec<_> = self.calls.keys().copied().collect();
        for index in indices {
            let is_free = |held: &HeldCall| held.free && held.question.is_none();
            if self.calls.get(&index).is_some_and(is_free) {
                released.extend(self.take(index).map(|call| (index, call)));
            }
        }
        released
    }

    /// Drops all of them; their positions.
    pub(super) fn clear(&mut self) -> Vec<usize> {
        let all = std::mem::take(self);
        let indices = all.calls.keys().copied().collect();
        all.calls.into_values().for_each(drop_quietly);
        indices
    }
}

/// What is decided over a call before it is admitted.
pub(super) enum Verdict {
    Allowed,
    Denied(String),
    Asked(Question),
}

/// Asks the policy, and begins to ask the approver. A panic of theirs denies.
pub(super) fn judge(approval: &Approval, call: PendingCall) -> Verdict {
    let decided = catch_unwind(AssertUnwindSafe(|| match approval.decide(&call) {
        Decision::Allow => Verdict::Allowed,
        Decision::Deny(why) => Verdict::Denied(why),
        Decision::Ask => match approval.ask(call) {
            Some(question) => Verdict::Asked(question),
            None => Verdict::Denied("there is no approver to ask".to_owned()),
        },
    }));
    decided.unwrap_or_else(|panic| {
        drop_quietly(panic);
        Verdict::Denied("the policy panicked".to_owned())
    })
}
