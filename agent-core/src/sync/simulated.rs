//! The same items under the control of shuttle's scheduler: at each use, another task or thread can
//! run first.

pub(crate) use shuttle::future::{AbortHandle, JoinHandle, yield_now};
pub(crate) use shuttle::sync::{Mutex, MutexGuard};
pub(crate) use shuttle::{thread, thread_local};

use shuttle::rand::{Rng, thread_rng};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::ops::Add;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

/// The only runtime of a simulation.
#[derive(Clone)]
pub(crate) struct Handle;

impl Handle {
    pub(crate) fn enter(&self) {}

    pub(crate) fn current() -> Self {
        Self
    }

    #[expect(clippy::unnecessary_wraps, reason = "tokio's may be missing")]
    pub(crate) fn try_current() -> Result<Self, Infallible> {
        Ok(Self)
    }

    #[expect(clippy::unused_self, reason = "as it is tokio's")]
    pub(crate) fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        shuttle::future::spawn(future)
    }
}

/// Simulates a thread of the blocking pool: `work` never runs if it is aborted before it starts.
pub(crate) fn spawn_blocking<T: Send + 'static>(
    _: &Handle,
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    shuttle::future::spawn(async { work() })
}

std::thread_local! {
    static NOW: Cell<Duration> = const { Cell::new(Duration::from_secs(1)) };
}

/// A point of the simulated time, which advances only while a task sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Self {
        Self(NOW.get())
    }

    pub(crate) fn elapsed(self) -> Duration {
        Self::now().duration_since(self)
    }

    pub(crate) fn duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    pub(crate) fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }

    pub(crate) fn checked_add(self, time: Duration) -> Option<Self> {
        self.0.checked_add(time).map(Self)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0 + time)
    }
}

/// Ends at its deadline. The simulated clock can jump there at any poll, because real tasks can
/// take any time.
pub(crate) struct Sleep(Option<Instant>);

pub(crate) fn sleep(time: Duration) -> Sleep {
    Sleep(Instant::now().checked_add(time))
}

pub(crate) fn sleep_until(deadline: Instant) -> Sleep {
    Sleep(Some(deadline))
}

impl Sleep {
    pub(crate) fn deadline(&self) -> Instant {
        self.0.unwrap_or(Instant(Duration::MAX))
    }

    pub(crate) fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.0 = Some(deadline);
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(Instant(deadline)) = self.0 else { return Poll::Pending };
        let left = deadline.saturating_sub(NOW.get());
        match thread_rng().gen_range(0..8) {
            0 => NOW.set(NOW.get() + left),
            1 => NOW.set(NOW.get() + left / 2),
            _ => {}
        }
        if NOW.get() >= deadline { Poll::Ready(()) } else { pin!(yield_now()).poll(cx) }
    }
}

pub(crate) async fn timeout<F: Future>(time: Duration, future: F) -> Result<F::Output, ()> {
    let (mut future, mut sleep) = (pin!(future), sleep(time));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => Pin::new(&mut sleep).poll(cx).map(|()| Err(())),
    })
    .await
}

/// There is one runtime alone.
pub(crate) type RuntimeId = ();

#[expect(clippy::unnecessary_wraps, reason = "tokio's may be missing")]
pub(crate) fn runtime_id() -> Option<RuntimeId> {
    Some(())
}
