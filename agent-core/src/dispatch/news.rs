//! What the calls of a batch have to tell whoever waits for them.

use std::collections::BTreeMap;
use std::mem;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use super::shared::Ended;
use crate::sync::Mutex;

/// What has happened since somebody looked.
#[derive(Default)]
pub(super) struct News {
    pub(super) started: Vec<usize>,
    /// The latest word of each call, so that a slow reader holds no more than that.
    pub(super) progress: BTreeMap<usize, String>,
    pub(super) ended: Vec<Ended>,
}

impl News {
    fn is_empty(&self) -> bool {
        self.started.is_empty() && self.progress.is_empty() && self.ended.is_empty()
    }
}

/// Where calls leave news, and the one who waits finds them.
pub(super) struct Board(Mutex<(News, Option<Waker>)>);

impl Board {
    /// With room for the ends of so many calls.
    pub(super) fn new(calls: usize) -> Self {
        let ended = Vec::with_capacity(calls);
        Self(Mutex::new((News { ended, ..News::default() }, None)))
    }

    pub(super) fn post(&self, add: impl FnOnce(&mut News)) {
        let waker = {
            let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            add(&mut board.0);
            board.1.take()
        };
        // Whoever waits takes all there is, so the first news wakes it for those after it too.
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Exchanges the news for an empty list, whose room is used again; there may be none.
    pub(super) fn take(&self, empty: &mut News) {
        let news = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).0;
        if !news.is_empty() {
            mem::swap(news, empty);
        }
    }

    /// Ready when there are news.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !board.0.is_empty() {
            return Poll::Ready(());
        }
        match &mut board.1 {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}
