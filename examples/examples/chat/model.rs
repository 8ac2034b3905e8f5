//! The model without a key: three scenes in turn, told word by word as a real one would.

use std::time::Duration;

use agent_core::{Message, Request, Response, ScriptedModel, ToolResult, Transcript};

/// What it says to an input, the calls it makes, and what it says of their results.
struct Scene {
    opening: &'static str,
    calls: &'static [(&'static str, &'static str)],
    closing: fn(&[ToolResult]) -> String,
}

const SCENES: [Scene; 3] = [
    Scene {
        opening: "I am a script, so I cannot read what you say. But I can show you your notes: I look at \
            all of them at once, and the first calls run while I still write the last ones.",
        calls: &[
            ("list", "{}"),
            ("search", r#"{"text": "Adler"}"#),
            ("read", r#"{"path": "trip.md"}"#),
            ("read", r#"{"path": "packing.md"}"#),
            ("read", r#"{"path": "guests.md"}"#),
        ],
        closing: |results| match results {
            [list, search, trip, ..] => format!(
                "Your notes are {}. The one on the trip begins with “{}”, and the Adler stands in these \
                 places:\n\n{}\n\nSay something more, and I change some of them.",
                list.text(),
                trip.text().lines().next().unwrap_or_default(),
                search.text(),
            ),
            _ => "I asked for five things and did not get five.".to_owned(),
        },
    },
    Scene {
        opening: "Now I write. Two lines go into one note, so the second call waits for the first, and \
            the reads at the end wait for both; the other note is changed beside them. One call cannot \
            succeed: there is no such note.",
        calls: &[
            ("append", r#"{"path": "packing.md", "line": "an umbrella"}"#),
            ("append", r#"{"path": "packing.md", "line": "sun cream"}"#),
            ("append", r#"{"path": "guests.md", "line": "Mai"}"#),
            ("edit", r#"{"path": "menu.md", "old": "soup", "new": "salad"}"#),
            ("read", r#"{"path": "packing.md"}"#),
            ("read", r#"{"path": "guests.md"}"#),
        ],
        closing: |results| match results {
            [.., packing, guests] => format!(
                "To be packed are {}. The guests are {}. {} of {} calls failed, and the others went on.",
                packing.text().trim().replace('\n', ", "),
                guests.text().trim().replace('\n', ", "),
                results.iter().filter(|result| result.is_error()).count(),
                results.len(),
            ),
            _ => "I asked for six things and did not get six.".to_owned(),
        },
    },
    Scene {
        opening: "I make a draft and delete it again. That is a tool of which each call needs your word; \
            what does not depend on it goes on meanwhile.",
        calls: &[
            ("append", r#"{"path": "draft.md", "line": "To be thrown away."}"#),
            ("delete", r#"{"path": "draft.md"}"#),
            ("read", r#"{"path": "guests.md"}"#),
        ],
        closing: |results| match results {
            [_, delete, _] if delete.is_error() => {
                format!("The draft is still there: {}.", delete.text())
            }
            _ => "The draft is gone.".to_owned(),
        },
    },
];

/// Writes as a real one would, and calls that read begin meanwhile.
pub(crate) fn script() -> ScriptedModel {
    ScriptedModel::new()
        .latency(Duration::from_millis(400))
        .pace(Duration::from_millis(40))
        .turn(answer)
        .repeat()
}

fn answer(request: &Request<'_>) -> Response {
    let Scene { opening, calls, closing } = scene(request.transcript());
    if !request.results().is_empty() {
        return Response::new().with_text(closing(request.results()));
    }
    let call =
        |response: Response, &(name, arguments): &(&str, &str)| response.call(name, arguments);
    calls.iter().fold(Response::new().with_text(*opening), call)
}

/// The scene of what was said last.
fn scene(transcript: &Transcript) -> &'static Scene {
    let inputs = transcript.messages().iter().filter(|message| matches!(message, Message::User(_)));
    let [first, ..] = &SCENES;
    SCENES.get(inputs.count().saturating_sub(1) % SCENES.len()).unwrap_or(first)
}
