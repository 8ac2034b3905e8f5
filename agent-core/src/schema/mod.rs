//! The JSON schema of a tool's arguments, without keywords that a model does not use.

mod access;

pub use access::Access;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A parameter without its type: what the schema and the search for faults need.
pub struct Described {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) default: Option<Value>,
    pub(crate) optional: bool,
    /// Whether the value is the call's context and not one of its arguments.
    pub(crate) given: bool,
    pub(crate) check: fn(&str) -> serde_json::Result<usize>,
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
}

/// The schema of an object with these members, in the order in which they were declared.
pub(crate) fn object(arguments: &[Described]) -> Box<RawValue> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut generator = settings.into_generator();
    let arguments: Vec<_> = arguments.iter().filter(|argument| !argument.given).collect();
    let properties = arguments.iter().map(|argument| {
        let schema = (argument.schema)(&mut generator).to_value();
        format!("{}:{}", json!(argument.name), member(schema, argument))
    });
    let properties = properties.collect::<Vec<_>>().join(",");
    let required: Vec<_> = arguments.iter().filter(|a| !a.optional).map(|a| a.name).collect();
    let mut text = format!(r#"{{"type":"object","properties":{{{properties}}}"#);
    if !required.is_empty() {
        text += &format!(r#","required":{}"#, json!(required));
    }
    let mut definitions = generator.take_definitions(true);
    definitions.values_mut().for_each(clean);
    if !definitions.is_empty() {
        text += &format!(r#","$defs":{}"#, Value::from(definitions));
    }
    // Unknown arguments are rejected: a misspelt optional one would be ignored without a trace.
    text += r#","additionalProperties":false}"#;
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The schema of one argument: that of its type, with its own description and default.
fn member(mut schema: Value, argument: &Described) -> Value {
    clean(&mut schema);
    // `true`, the schema of any value, cannot hold a description, and not every provider accepts
    // it.
    if !schema.is_object() {
        schema = json!({});
    }
    let doc = argument.doc.trim();
    if let Value::Object(schema) = &mut schema {
        if !doc.is_empty() {
            schema.insert("description".to_owned(), json!(doc));
        }
        if let Some(default) = argument.default.clone().filter(|default| !default.is_null()) {
            schema.insert("default".to_owned(), default);
        }
    }
    schema
}

/// Removes keywords that a model does not use; bounds, defaults and descriptions stay.
fn clean(schema: &mut Value) {
    let Value::Object(schema) = schema else {
        return;
    };
    schema.remove("$schema");
    schema.remove("title");
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if is_numeric(schema) {
        let unsigned = schema.remove("format").is_some_and(|format| is_unsigned(&format));
        if unsigned && schema.get("minimum").is_some_and(|least| *least == json!(0)) {
            schema.remove("minimum");
        }
    }
    for (keyword, value) in schema {
        match (keyword.as_str(), value) {
            ("properties" | "$defs" | "patternProperties", Value::Object(members)) => {
                members.values_mut().for_each(clean);
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(list)) => {
                list.iter_mut().for_each(clean);
            }
            ("items" | "additionalProperties" | "not" | "contains", inner) => clean(inner),
            _ => {}
        }
    }
}

fn is_numeric(schema: &Map<String, Value>) -> bool {
    let numeric = |name: &Value| matches!(name.as_str(), Some("integer" | "number"));
    match schema.get("type") {
        Some(Value::Array(names)) => names.iter().any(numeric),
        Some(name) => numeric(name),
        None => false,
    }
}

fn is_unsigned(format: &Value) -> bool {
    format.as_str().is_some_and(|format| format.starts_with("uint"))
}

/// The definition of a tool that a model receives; rendered once, and copied as bytes into
/// requests.
#[derive(Debug, Clone)]
pub struct ToolDefinition {
    pub(crate) name: Arc<str>,
    pub(crate) title: Option<Arc<str>>,
    pub(crate) description: Arc<str>,
    pub(crate) schema: Arc<RawValue>,
    pub(crate) access: Access,
    pub(crate) destructive: bool,
    pub(crate) solo: bool,
}

impl ToolDefinition {
    /// The name that the model calls.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name shown to people.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The description by which the model chooses the tool.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The JSON schema (draft 2020-12) of the arguments.
    #[must_use]
    pub fn schema(&self) -> &RawValue {
        &self.schema
    }

    /// What its calls do to things that other calls touch, derived from all that the tool declares: a
    /// `&mut T` parameter, a written resource or `destructive` makes it [`Access::Write`].
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Access, Lock, tool, tools};
    ///
    /// /// Read a file, and count how often that happens.
    /// #[tool(read("file"))]
    /// fn read(reads: &mut u64, path: String) -> std::io::Result<String> {
    ///     *reads += 1;
    ///     std::fs::read_to_string(path)
    /// }
    ///
    /// /// Delete all files.
    /// #[tool(destructive, solo)]
    /// fn delete() {}
    ///
    /// let toolset = tools![delete, read].with_state(Lock::new(0_u64));
    /// let [delete, read] = toolset.definitions() else { panic!() };
    /// assert_eq!([delete.access(), read.access()], [Access::Write, Access::Write]);
    /// assert!(delete.is_destructive() && delete.is_solo());
    /// assert!(!read.is_destructive() && !read.is_solo());
    /// ```
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// Whether each of its calls needs [approval](crate::Agent::approve).
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        self.destructive
    }

    /// Whether a call runs only if it is the only one of its response.
    #[must_use]
    pub fn is_solo(&self) -> bool {
        self.solo
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::arguments::{Parameter, arg};
    use schemars::JsonSchema;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Tree {
        /// A member that is called `title` is not the title of a schema.
        title: String,
        #[serde(default)]
        size: u32,
        children: Vec<Tree>,
    }

    fn schema(parameters: &[&dyn Parameter]) -> String {
        let described: Vec<_> = parameters.iter().map(|parameter| parameter.describe()).collect();
        object(&described).get().to_owned()
    }

    #[test]
    fn unused_keywords_are_removed_and_the_declared_order_is_kept() {
        let z = arg::<u32>("z", " The z. ");
        let (a, m) = (arg::<Option<f64>>("a", ""), arg::<u8>("m", "").or(|| 3));
        assert_eq!(
            schema(&[&z, &a, &m]),
            concat!(
                r#"{"type":"object","properties":{"z":{"description":"The z.","type":"integer"},"#,
                r#""a":{"type":["number","null"]},"m":{"default":3,"maximum":255,"type":"integer"}},"#,
                r#""required":["z"],"additionalProperties":false}"#
            )
        );
        assert_eq!(
            schema(&[]),
            r#"{"type":"object","properties":{},"additionalProperties":false}"#
        );
    }

    #[test]
    fn a_recursive_type_keeps_its_definitions_and_its_member_called_title() {
        let text = schema(&[&arg::<BTreeMap<String, Tree>>("trees", "")]);
        assert!(text.contains(r##""$ref":"#/$defs/Tree""##), "{text}");
        assert!(text.contains(r#""title":{"description":"A member"#), "{text}");
        assert!(!text.contains("uint32") && !text.contains("minimum"), "{text}");
    }
}
