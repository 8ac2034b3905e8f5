use syn::parse_str;

use crate::mentions::mentions;

#[track_caller]
fn told(key: &str, name: &str, expected: bool) {
    let told = mentions(&parse_str(key).unwrap(), &parse_str(name).unwrap());
    assert_eq!(told, expected, "{name} in {key}");
}

#[test]
fn names_in_an_expression() {
    for key in [
        "id",
        "(id)",
        "id.0",
        "&ids[id]",
        "0..id",
        "(region, id)",
        "Key { id, region }",
        "Path::new(\"a\").join(id)",
        "region.map(|region| region + id)",
        "if a { b } else { id }",
    ] {
        told(key, "id", true);
    }
    for key in [
        "region",
        "order.id",
        "order.id()",
        "id::NONE",
        "Key { id: 3 }",
        "\"id\"",
        "\"{id}\"",
        "ID",
    ] {
        told(key, "id", false);
    }
    told("r#type", "r#type", true);
}

#[test]
fn names_in_the_input_of_a_macro() {
    for key in [
        "key!(id)",
        "key!(a: [id.0])",
        "Path::new(key!(id))",
        "format!(\"{id}\")",
        "format!(\"{region}/{id:04}\")",
        "format!(r\"{}{id}\", region)",
    ] {
        told(key, "id", true);
    }
    for key in ["key!(ids)", "format!(\"id {}\", region)", "format!(\"{ids} {0}\")", "id!(region)"]
    {
        told(key, "id", false);
    }
    told("format!(\"{type}\")", "r#type", true);
}
