use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::sync::thread;
use crate::sync::thread::Thread;
use crate::tool::meta::{CallFuture, Returned};

/// Drives a call to its end on a thread that may block.
///
/// Not by `Handle::block_on`: a body that blocks on a runtime itself would panic under it.
pub(super) fn drive(mut call: CallFuture) -> Returned {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(returned) = call.as_mut().poll(&mut cx) {
            return returned;
        }
        thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
