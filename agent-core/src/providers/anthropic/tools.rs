//! Encodes the tools of a request.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use std::sync::{Arc, Mutex, PoisonError};

use super::settings::{Settings, configuration};
use crate::error::ModelError;
use crate::schema::ToolDefinition;

/// The encoded tools of the last toolset: a run sends the same list with each request.
#[derive(Default)]
pub(super) struct ToolsCache(Mutex<Option<RenderedTools>>);

struct RenderedTools {
    definitions: Arc<[ToolDefinition]>,
    json: Arc<RawValue>,
}

impl ToolsCache {
    pub(super) fn json(
        &self,
        settings: &Settings,
        definitions: &Arc<[ToolDefinition]>,
    ) -> Result<Option<Arc<RawValue>>, ModelError> {
        if definitions.is_empty() && settings.server_tools.is_empty() {
            return Ok(None);
        }
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| Arc::ptr_eq(&last.definitions, definitions))
        {
            return Ok(Some(last.json.clone()));
        }
        let json = tools(settings, definitions);
        let json: Arc<RawValue> =
            json.map_err(|error| configuration("no JSON").caused_by(error))?.into();
        *last = Some(RenderedTools { definitions: definitions.clone(), json: json.clone() });
        Ok(Some(json))
    }
}

/// The agent's tools come first, because errors of the API name a tool by its index in this list.
fn tools(settings: &Settings, definitions: &[ToolDefinition]) -> serde_json::Result<Box<RawValue>> {
    let mut server_tools = settings.server_tools.clone();
    let mark = settings.cache.mark();
    // The last tool carries the cache mark, unless the user has set one on it.
    let mut last = definitions.len().checked_sub(1);
    if let Some(tool) = server_tools.last_mut().and_then(Value::as_object_mut) {
        last = None;
        if let Some(mark) = mark.clone() {
            tool.entry("cache_control").or_insert(mark);
        }
    }
    let wire = definitions.iter().enumerate().map(|(at, definition)| WireTool {
        name: definition.name(),
        description: definition.description(),
        input_schema: definition.schema(),
        cache_control: mark.as_ref().filter(|_| Some(at) == last),
    });
    let mut all = wire.map(|tool| to_raw_value(&tool)).collect::<Result<Vec<_>, _>>()?;
    for tool in &server_tools {
        all.push(to_raw_value(tool)?);
    }
    to_raw_value(&all)
}

#[derive(Serialize)]
struct WireTool<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a Value>,
}
