//! What does not compile, and what the compiler says then: one mistake for each file of `ui/`.

use std::fs;

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}

/// Snippets of std are printed only where its sources are installed, and those of registry
/// packages change with their versions.
#[test]
fn no_explanation_depends_on_the_machine() {
    for entry in fs::read_dir("ui").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "stderr") {
            let text = fs::read_to_string(&path).unwrap();
            let foreign = ["$RUST", "$CARGO", "/home/", "/root/", "/tmp/", "C:\\"];
            let found = foreign.iter().find(|place| text.contains(**place));
            assert_eq!(found, None, "{}", path.display());
        }
    }
}
