//! What the calls of a batch have to tell whoever waits for them.

use std::collections::BTreeMap;
use std::mem;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use super::shared::Ended;
use crate::sync::Mutex;

/// Something that has happened to a call.
pub(super) enum Word {
    Started(usize),
    Progress(usize, String),
    Ended(Ended),
}

/// What has happened since somebody looked.
#[derive(Default)]
pub(super) struct News {
    /// In this order: a call that waited for another one starts after the end of that.
    words: Vec<Word>,
    /// The latest of each call, so that a slow reader holds no more than that.
    progress: BTreeMap<usize, String>,
}

impl News {
    pub(super) fn add(&mut self, word: Word) {
        match word {
            Word::Progress(index, text) => _ = self.progress.insert(index, text),
            word => self.words.push(word),
        }
    }

    /// Hands all over, in order; what is left has room for more.
    pub(super) fn drain(&mut self, mut tell: impl FnMut(Word)) {
        let Self { words, progress } = self;
        for word in words.drain(..) {
            if let Word::Ended(Ended { index, .. }) = word
                && let Some(text) = progress.remove(&index)
            {
                tell(Word::Progress(index, text));
            }
            tell(word);
        }
        while let Some((index, text)) = progress.pop_first() {
            tell(Word::Progress(index, text));
        }
    }

    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.progress.is_empty()
    }
}

/// Where calls leave news, and the one who waits finds them.
pub(super) struct Board(Mutex<(News, Option<Waker>)>);

impl Board {
    /// With room for so many words.
    pub(super) fn new(words: usize) -> Self {
        let words = Vec::with_capacity(words);
        Self(Mutex::new((News { words, ..News::default() }, None)))
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
