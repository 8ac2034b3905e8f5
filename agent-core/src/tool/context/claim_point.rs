//! The point at which a prepared call waits for its turn.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use crate::tool::claims::Claims;

thread_local! {
    static POINT: Cell<Point> = const { Cell::new(Point::Elsewhere) };
    /// What the call claims that this thread is preparing, besides the claims of its tool.
    static CLAIMS: Cell<Claims> = const { Cell::new(Claims::new()) };
}

/// Adds to the claims of the call that this thread is preparing.
pub(crate) fn add_claims<T>(add: impl FnOnce(&mut Claims) -> T) -> T {
    let mut claims = CLAIMS.take();
    let result = add(&mut claims);
    if matches!(POINT.get(), Point::Before { .. }) {
        POINT.set(Point::Before { claims: true });
        CLAIMS.set(claims);
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
/// The future that is polled here once is polled again when the ledger has admitted it. So the
/// arguments are parsed in model order, and nothing of the user's body runs before its turn.
///
/// A key expression may itself prepare another call: the state of the outer one is kept meanwhile.
pub(crate) fn poll_to_claim_point<T>(call: impl FnOnce() -> T) -> (T, Option<Claims>) {
    struct Restore {
        point: Point,
        claims: Claims,
    }
    impl Drop for Restore {
        fn drop(&mut self) {
            POINT.set(self.point);
            CLAIMS.set(std::mem::take(&mut self.claims));
        }
    }
    let outer = POINT.replace(Point::Before { claims: false });
    // Only a call in preparation has claims, and most have none: nothing is moved then.
    let claims = if outer == Point::Elsewhere { Claims::new() } else { CLAIMS.take() };
    let restore = Restore { point: outer, claims };
    let result = call();
    let claims = match POINT.get() {
        Point::Reached { claims: true } => Some(CLAIMS.take()),
        Point::Reached { claims: false } => Some(Claims::new()),
        Point::Before { .. } | Point::Elsewhere => None,
    };
    drop(restore);
    (result, claims)
}

/// Polls a body that is not prepared, but may run while another call is: in a key expression, say.
pub(crate) fn outside_of_preparation<T>(poll: impl FnOnce() -> T) -> T {
    struct Restore(Point);
    impl Drop for Restore {
        fn drop(&mut self) {
            POINT.set(self.0);
        }
    }
    if POINT.get() == Point::Elsewhere {
        return poll();
    }
    let restore = Restore(POINT.replace(Point::Elsewhere));
    let result = poll();
    drop(restore);
    result
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
