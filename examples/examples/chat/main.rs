//! A chat over a folder of notes: text and calls are shown while they come, and Ctrl-C stops them.
//!
//! `cargo run --example chat`
//!
//! Ctrl-C stops the answer, and the chat goes on; pressed again at once it does not wait for calls that
//! run. At the prompt it leaves, as the end of the input does. The notes are real files in a folder that is
//! deleted at the end. `tools.rs` has what the model may do with them, `turn.rs` what becomes of the events
//! of a run; `screen.rs` draws, and `keyboard.rs` reads. Where the input or the output is no terminal, each
//! line of the input is answered in plain text.
//!
//! With a key in `ANTHROPIC_API_KEY` the model that `ANTHROPIC_MODEL` names answers, at
//! `ANTHROPIC_BASE_URL` if that is set. Without one, the script in `model.rs` does.

use std::env;
use std::error::Error;
use std::io::{IsTerminal, stdin, stdout};
use std::sync::Arc;
use std::time::Duration;

use agent_core::providers::Anthropic;
use agent_core::{Agent, Decision, ModelErrorKind, PendingCall, Transcript, tools};
use tokio_util::sync::CancellationToken;

use keyboard::Keyboard;
use model::script;
use screen::Screen;
use tools::{Notes, append, delete, edit, list, read, search};

mod keyboard;
mod model;
mod quiet;
mod screen;
mod tools;
mod turn;

const SYSTEM: &str = "You keep the user's notes, which are small text files in one folder. \
    When you need several independent things, ask for all of them in one response. \
    Answer briefly and in plain text, without Markdown.";

/// The real model if there is a key, else the script; and how long its tools pretend to take.
fn model(screen: &Screen) -> Result<(Agent, Duration), Box<dyn Error>> {
    let name = env::var("ANTHROPIC_MODEL").unwrap_or_else(|_| "claude-sonnet-4-6".to_owned());
    match Anthropic::from_env(&*name) {
        Ok(model) => {
            screen.text(&format!("({name} answers; the notes are made up.)\n"));
            Ok((Agent::new(model), Duration::ZERO))
        }
        Err(error) if error.kind() == ModelErrorKind::Configuration => {
            screen.text(
                "(No key: a script answers, the same whatever you say. Its calls are real, and slowed \
                 down to be seen.)\n",
            );
            Ok((Agent::new(script()), Duration::from_millis(500)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks on the terminal, if there is one.
async fn approve(call: PendingCall, screen: Arc<Screen>, keyboard: Arc<Keyboard>) -> Decision {
    if !screen.is_live() {
        return Decision::deny("nobody is there who could be asked");
    }
    let question = format!("  ? {}: may it? [y/N] ", call.label());
    if keyboard.asks(&question, &screen).await {
        Decision::Allow
    } else {
        Decision::deny("the user said no")
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    let live = stdin().is_terminal() && stdout().is_terminal() && !dumb;
    let (screen, keyboard) = (Arc::new(Screen::new(live)), Arc::new(Keyboard::new(live)?));

    let (agent, pause) = model(&screen)?;
    let notes = Notes::new(pause)?;
    let folder = notes.folder().display();
    screen.text(&format!("(The notes are in {folder}, and deleted at the end. Ctrl-C stops.)\n"));
    screen.draw(Vec::new());
    let asked = (screen.clone(), keyboard.clone());
    let agent = agent
        .system(SYSTEM)
        .tools(tools![append, delete, edit, list, read, search].with_state(notes))
        .approve(move |call| approve(call, asked.0.clone(), asked.1.clone()));

    let mut chat = agent.conversation(Transcript::default());
    while let Some(input) = keyboard.line().await {
        let cancel = CancellationToken::new();
        let run = chat.send(&*input).cancel_on(cancel.clone().cancelled_owned()).stream();
        if turn::show(run, &cancel, &screen, &keyboard).await.is_err() {
            // Else it would be sent again with whatever is said next.
            chat.pop_input();
        }
    }
    Ok(())
}
