//! Signals that no API server would send.

use super::*;

#[test]
fn owners_of_the_wrong_shape_are_no_signal() {
    let wide = (0..60_000).map(|i| format!(r#""f:field-{i}":{{}}"#)).collect::<Vec<_>>().join(",");
    let many = vec!["{}"; 100_000].join(",");
    let deep = format!("{}{}{}", r#"{"f:spec":"#.repeat(60), "{}", "}".repeat(60));
    for fields in [
        "null".to_owned(),
        "{}".to_owned(),
        "\"x\"".to_owned(),
        "[]".to_owned(),
        "[{}]".to_owned(),
        "[null,1,\"x\",[],[{}]]".to_owned(),
        r#"[{"manager":1,"operation":[],"subresource":{},"fieldsV1":7}]"#.to_owned(),
        r#"[{"manager":"kubectl","operation":"Apply","fieldsV1":"f:spec"}]"#.to_owned(),
        format!("[{many}]"),
    ] {
        let metadata = format!(r#","managedFields":{fields}"#);
        let object = deployment(&metadata, r#","terminationGracePeriodSeconds":30"#, r#","imagePullPolicy":"Never""#);
        assert_eq!(ask(&object, None, Base::Pod, "spec.terminationGracePeriodSeconds"), "unknown");
        assert_eq!(ask(&object, None, WEB, "imagePullPolicy"), "authored, chosen");
    }
    for fields in [
        wide.as_str(),
        r#""f:spec":{"f:template":[]}"#,
        r#""f:spec":{"f:template":{"f:spec":{"f:containers":"x"}}}"#,
        r#""f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"web\"":{},"k:":{},"":null}}}}"#,
        r#""f:a":{"f:b":{}}"#,
        &format!(r#""f:x":{deep}"#),
    ] {
        let entries = [format!(r#"{{"manager":"x","operation":"Update","fieldsV1":{{{fields}}}}}"#)];
        let object = deployment(&signals(None, &entries), "", r#","imagePullPolicy":"Never""#);
        assert_eq!(ask(&object, None, WEB, "imagePullPolicy"), "admission");
    }
}

#[test]
fn a_name_that_quotes_is_not_somebody_elses_container() {
    let fields = r#"{"f:spec":{"f:template":{"f:spec":{"f:containers":{
        "k:{\"name\":\"web\",\"x\":\"\"}":{"f:imagePullPolicy":{}}}}}}}"#;
    let object = deployment(&signals(None, &[entry("x", "Apply", fields)]), "", r#","imagePullPolicy":"Always""#);
    assert_eq!(ask(&object, None, WEB, "imagePullPolicy"), "api-default");
}
