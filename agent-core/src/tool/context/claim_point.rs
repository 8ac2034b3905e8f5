//! The point at which a prepared call waits for its turn.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use crate::schedule::claim::Claim;
use crate::tool::claims::Claims;

thread_local! {
    static POINT: Cell<Point> = const { Cell::new(Point::Elsewhere) };
    /// What the call claims that this thread is preparing, besides the claims of its tool.
    static CLAIMS: Cell<Vec<Claim>> = const { Cell::new(Vec::new()) };
}

/// Adds to the claims of the call that this thread is preparing.
pub(crate) fn add_claims<T>(add: impl FnOnce(&mut Claims) -> T) -> T {
    let mut claims = Claims::from(CLAIMS.take());
    let result = add(&mut claims);
    if matches!(POINT.get(), Point::Before { .. }) {
        POINT.set(Point::Before { claims: true });
        CLAIMS.set(claims.into());
    }
    result
}

/// How far the call has come that this thread is preparing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Point {
    Elsewhere,
    /// On the way there; whether it has claims of its own by now. Most calls have none, and pay nothing
    /// for asking.
    Before {
        claims: bool,
    },
    Reached {
        claims: bool,
    },
}

/// Polls `call` up to its claim point. If it waits there: what it claims besides the claims of its tool.
///
/// The future that is polled here once is spawned later, when the ledger has admitted it. So the
/// arguments are parsed in model order, and nothing of the user's body runs before its turn.
pub(crate) fn poll_to_claim_point<T>(call: impl FnOnce() -> T) -> (T, Option<Vec<Claim>>) {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            if let Point::Before { claims: true } = POINT.replace(Point::Elsewhere) {
                CLAIMS.take();
            }
        }
    }
    POINT.set(Point::Before { claims: false });
    let leave = Leave;
    let result = call();
    let claims = match POINT.get() {
        Point::Reached { claims: true } => Some(CLAIMS.take()),
        Point::Reached { claims: false } => Some(Vec::new()),
        Point::Before { .. } | Point::Elsewhere => None,
    };
    drop(leave);
    (result, claims)
}

/// The claim point of a call.
///
/// Its first poll hands the call over to whoever prepares it, and keeps no waker: the next poll is
/// the start. Where nobody prepares, it ends at once.
#[derive(Default)]
pub struct Admitted {
    handed_in: bool,
}

impl Future for Admitted {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<()> {
        match POINT.get() {
            Point::Before { claims } if !self.handed_in => {
                self.handed_in = true;
                POINT.set(Point::Reached { claims });
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}
