//! What the macros refuse, and what they say then: see `ui/`.
