//! Why tools do not make a toolset.

use std::sync::Arc;

use crate::schema::ToolDefinition;

/// Tools that cannot stand in one toolset, or in any.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ToolsetError {
    /// Two tools have one name.
    #[error("two tools are called `{name}`: \"{one}\" and \"{other}\"")]
    Clash {
        /// The name.
        name: Arc<str>,
        /// How the one describes itself.
        one: Arc<str>,
        /// How the other describes itself.
        other: Arc<str>,
    },
    /// The keys of a resource are paths in one tool and plain values in the other.
    #[error("{}", mixed_keys(resource, paths, values))]
    Keys {
        /// The resource.
        resource: &'static str,
        /// A tool that names its parts by paths.
        paths: Arc<str>,
        /// A tool that names them by plain values.
        values: Arc<str>,
    },
    /// A tool that no provider would take.
    #[error("tool `{name}`: {problem}")]
    Refused {
        /// The tool's name.
        name: Arc<str>,
        /// What to mend.
        problem: &'static str,
    },
}

pub(super) fn mixed_keys(resource: &str, paths: &str, values: &str) -> String {
    format!("the keys of `{resource}` are paths in `{paths}` and plain values in `{values}`")
}

impl ToolsetError {
    pub(super) fn clash(one: &ToolDefinition, other: &ToolDefinition) -> Self {
        let name = one.name.clone();
        Self::Clash { name, one: one.description.clone(), other: other.description.clone() }
    }
}

impl From<std::convert::Infallible> for ToolsetError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
