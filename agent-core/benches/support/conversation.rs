//! The conversation of three model calls and ten `add` calls, run by the agent and by hand.

use agent_core::{Agent, BoxFuture, Model, ModelError, Request, Response, tool, tools};
use futures::future::join_all;
use serde::Deserialize;
use std::collections::HashMap;
use std::future::{Future, pending};
use std::pin::Pin;

/// Add two numbers.
#[tool(read, inline)]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

const ARGUMENTS: [&str; 5] = [
    r#"{"a":1,"b":2}"#,
    r#"{"a":3,"b":4}"#,
    r#"{"a":5,"b":6}"#,
    r#"{"a":7,"b":8}"#,
    r#"{"a":9,"b":10}"#,
];
const ANSWER: &str = "The sums are 3, 7, 11, 15 and 19, twice.";

/// A script of five calls, five calls and an answer; with `parked`, the answer never arrives.
pub struct InMemory {
    parked: bool,
}

impl Model for InMemory {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            if request.transcript().responses().count() < 2 {
                let calls = ARGUMENTS.iter();
                return Ok(
                    calls.fold(Response::new(), |response, text| response.call("add", *text))
                );
            }
            if self.parked {
                pending::<()>().await;
            }
            Ok(Response::new().with_text(ANSWER))
        })
    }
}

pub fn agent(parked: bool) -> Agent {
    Agent::new(InMemory { parked }).tools(tools![add])
}

pub mod by_hand {
    use super::*;

    type Handler = Box<dyn Fn(&str) -> Pin<Box<dyn Future<Output = String> + Send>> + Send + Sync>;

    pub struct Call {
        id: String,
        name: String,
        arguments: String,
    }

    #[allow(dead_code, reason = "as a typed message would hold it")]
    pub enum Message {
        User(String),
        Assistant { text: String, calls: Vec<Call> },
        Results(Vec<(String, String)>),
    }

    #[derive(Deserialize)]
    struct Args {
        a: i64,
        b: i64,
    }

    pub fn handlers() -> HashMap<&'static str, Handler> {
        let add: Handler = Box::new(|text| {
            let args = serde_json::from_str::<Args>(text).unwrap();
            Box::pin(async move { serde_json::to_string(&(args.a + args.b)).unwrap() })
        });
        HashMap::from([("add", add)])
    }

    pub fn ask(messages: &[Message], parked: bool) -> BoxFuture<'_, Message> {
        Box::pin(async move {
            let answers =
                messages.iter().filter(|m| matches!(m, Message::Assistant { .. })).count();
            if answers < 2 {
                let call = |(index, text): (usize, &&str)| Call {
                    id: format!("call_{}", index + 1),
                    name: "add".to_owned(),
                    arguments: (*text).to_owned(),
                };
                let calls = ARGUMENTS.iter().enumerate().map(call).collect();
                return Message::Assistant { text: String::new(), calls };
            }
            if parked {
                pending::<()>().await;
            }
            Message::Assistant { text: ANSWER.to_owned(), calls: Vec::new() }
        })
    }

    pub async fn run(
        handlers: &HashMap<&'static str, Handler>,
        input: &str,
        parked: bool,
    ) -> Vec<Message> {
        let mut messages = vec![Message::User(input.to_owned())];
        loop {
            let answer = ask(&messages, parked).await;
            let Message::Assistant { calls, .. } = &answer else { return messages };
            let running = calls.iter().map(|call| handlers[call.name.as_str()](&call.arguments));
            let results = join_all(running).await;
            let results: Vec<_> = calls.iter().map(|call| call.id.clone()).zip(results).collect();
            let done = results.is_empty();
            messages.push(answer);
            if done {
                return messages;
            }
            messages.push(Message::Results(results));
        }
    }
}
