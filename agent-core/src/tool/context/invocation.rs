//! What generated code makes of a call.

use std::future::Future;
use std::sync::Arc;

use crate::tool::context::ToolContext;
use crate::tool::context::claim_point::{Admitted, add_claims};
use crate::tool::key::Key;
use crate::tool::state::{Lend, LendMut};
use crate::transcript::SharedText;

/// What generated code runs a call with: the bound state, the arguments' text, the call itself.
pub struct Invocation<S> {
    /// There where the tool borrows from it: a handle less to count for those that do not.
    pub(crate) state: Option<Arc<S>>,
    pub(crate) text: SharedText,
    pub(crate) call: Option<ToolContext>,
}

impl<S> Invocation<S> {
    /// Declares that the call reads the part of a resource that this key names.
    pub fn reads<K: Key + ?Sized>(&self, resource: &str, key: &K) {
        claim(resource, false, key);
    }

    /// Declares that the call writes the part of a resource that this key names.
    pub fn writes<K: Key + ?Sized>(&self, resource: &str, key: &K) {
        claim(resource, true, key);
    }

    /// The claim point: ends when the ledger has admitted the call.
    #[must_use]
    pub fn admitted(&self) -> Admitted {
        Admitted::default()
    }

    /// Borrows a `T` from the state, when the ledger has admitted the call.
    #[expect(clippy::manual_async_fn, reason = "`Send` stands here, to be proved once")]
    pub fn lend<T: ?Sized>(&self) -> impl Future<Output = S::Ref<'_>> + Send
    where
        S: Lend<T>,
    {
        async {
            self.admitted().await;
            Lend::<T>::lend(self.state()).await
        }
    }

    /// Borrows a `T` from the state for this call alone, when the ledger has admitted it.
    #[expect(clippy::manual_async_fn, reason = "`Send` stands here, to be proved once")]
    pub fn lend_mut<T: ?Sized>(&self) -> impl Future<Output = S::Mut<'_>> + Send
    where
        S: LendMut<T>,
    {
        async {
            self.admitted().await;
            LendMut::<T>::lend_mut(self.state()).await
        }
    }

    #[expect(clippy::expect_used, reason = "whoever lends is in `Tool::LENT`")]
    fn state(&self) -> &S {
        self.state.as_deref().expect("a tool that borrows gets the state")
    }
}

fn claim<K: Key + ?Sized>(resource: &str, writes: bool, key: &K) {
    add_claims(|claims| claims.key(resource, writes, key));
}
