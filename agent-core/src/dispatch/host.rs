//! A batch as the bodies of its calls see it, and what runs within them.

use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use crate::dispatch::row::CallRow;
use crate::dispatch::table::{CallTable, lock, wake};
use crate::log::event::Event;
use crate::schedule::claim::Claim;
use crate::schedule::queue::{Holding, Permits, SharedLedger, Within};
use crate::schema::Access;
use crate::tool::context::parent::{Host, ParentCall};
use crate::transcript::Usage;

impl Host for CallTable {
    fn stopped(&self, index: usize) -> CancellationToken {
        self.token(index)
    }

    fn progress(&self, index: usize, text: String) {
        let waker = self.lock().report(index, text);
        wake(waker);
    }

    fn is_watched(&self) -> bool {
        self.rules.watched
    }

    fn nested(&self, index: usize, event: Event) {
        let mut state = self.lock();
        let (waker, left_out) = state.report_nested(index, event);
        drop(state);
        drop(left_out);
        wake(waker);
    }

    fn add_usage(&self, _: usize, usage: Usage) {
        self.lock().add_usage(usage);
    }

    fn within(&self, index: usize) -> Option<Arc<Within>> {
        let mut state = self.lock();
        let holding = state.row(index).holding.take()?;
        let within = match holding {
            Holding::Shared(within) => within,
            Holding::Own(permits) => {
                let claims = self.claims_of(state.row(index), &permits);
                Within::new(permits, claims)
            }
        };
        state.row(index).holding = Some(Holding::Shared(within.clone()));
        Some(within)
    }

    fn ledger(&self) -> &SharedLedger {
        self.rules.toolset.shared_ledger()
    }

    fn access(&self, index: usize) -> Access {
        self.meta(index).map(|meta| meta.access).unwrap_or_default()
    }

    fn parent(&self) -> Option<&ParentCall> {
        self.rules.parent.as_ref()
    }
}

impl CallTable {
    fn claims_of(&self, row: &CallRow, permits: &Permits) -> Vec<Claim> {
        if let Some(ticket) = permits.ticket() {
            return lock(&self.ledger).claims_of(ticket);
        }
        let tool = row.meta.map(|meta| self.rules.toolset.tool(meta.tool));
        let claims = tool.into_iter().flat_map(|tool| tool.claims.iter());
        claims.map(|claim| claim.of_run(self.rules.run.number())).collect()
    }
}
