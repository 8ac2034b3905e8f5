//! What the user says: lines, answers to questions, and Ctrl-C.

use std::io::{self, IsTerminal, Write, stdin, stdout};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustyline::DefaultEditor;
use tokio::signal::ctrl_c;
use tokio::sync::{Mutex as Turns, Notify, mpsc};
use tokio::task::spawn_blocking;

use crate::screen::Screen;

pub(crate) struct Keyboard {
    /// One reads at a time.
    source: Turns<Source>,
    /// Ctrl-C at a question: there it is a key, not a signal.
    pressed: Notify,
}

enum Source {
    Terminal(Arc<Mutex<DefaultEditor>>),
    Lines(mpsc::Receiver<String>),
}

impl Keyboard {
    pub(crate) fn new(live: bool) -> rustyline::Result<Self> {
        let source = match live {
            true => Source::Terminal(Arc::new(Mutex::new(DefaultEditor::new()?))),
            false => Source::Lines(lines()),
        };
        Ok(Self { source: Turns::new(source), pressed: Notify::new() })
    }

    /// What is said next; `None` when the user leaves.
    pub(crate) async fn line(&self) -> Option<String> {
        loop {
            let said = match &mut *self.source.lock().await {
                Source::Terminal(editor) => {
                    let said = read(editor, "\n> ").await?;
                    _ = edit(editor).add_history_entry(&*said);
                    said
                }
                Source::Lines(lines) => next(lines).await?,
            };
            if !said.trim().is_empty() {
                return Some(said);
            }
        }
    }

    /// Asks for a yes, on a terminal; all else is a no.
    pub(crate) async fn asks(&self, question: &str, screen: &Screen) -> bool {
        let source = self.source.lock().await;
        let Source::Terminal(editor) = &*source else { return false };
        let _held = screen.hold();
        let answer = read(editor, question).await;
        if answer.is_none() {
            self.pressed.notify_one();
        }
        answer.is_some_and(|answer| matches!(answer.trim(), "y" | "Y" | "yes"))
    }

    /// Ends when Ctrl-C is pressed.
    pub(crate) async fn interrupted(&self) {
        tokio::select! {
            Ok(()) = ctrl_c() => {}
            () = self.pressed.notified() => {}
        }
    }
}

fn edit(editor: &Mutex<DefaultEditor>) -> MutexGuard<'_, DefaultEditor> {
    editor.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A line from the terminal; `None` for Ctrl-C and Ctrl-D.
async fn read(editor: &Arc<Mutex<DefaultEditor>>, prompt: &str) -> Option<String> {
    let (editor, prompt) = (editor.clone(), prompt.to_owned());
    spawn_blocking(move || edit(&editor).readline(&prompt)).await.ok()?.ok()
}

/// The next line of an input that is no terminal, with the prompt that it would have there.
async fn next(lines: &mut mpsc::Receiver<String>) -> Option<String> {
    let typed = stdin().is_terminal();
    let show = |prompt: &str| stdout().write_all(prompt.as_bytes()).and_then(|()| stdout().flush());
    if typed {
        show("\n> ").ok()?;
    }
    let line = tokio::select! {
        line = lines.recv() => line?,
        Ok(()) = ctrl_c() => return None,
    };
    if !typed && !line.trim().is_empty() {
        show(&format!("\n> {line}\n")).ok()?;
    }
    Some(line)
}

/// The lines of the input. Their thread may wait for one without keeping the program from its end.
fn lines() -> mpsc::Receiver<String> {
    let (tell, lines) = mpsc::channel(1);
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if tell.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}
