//! What podgate answers.

mod written;

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use json_patch::PatchOperation;
use serde::Serialize;

use crate::document::json::push_quoted;

/// All warnings together may hold this many characters before the API server cuts them.
const ALL_WARNINGS: usize = 4096;

/// To this length the API server cuts each warning once all together are too long.
const ONE_WARNING: usize = 256;

/// Bytes of an answer without its texts.
const ENVELOPE: usize = 512;

/// An answer to one request.
#[derive(Clone, Debug, Default)]
pub struct Response<'r> {
    /// The uid of the request.
    pub uid: Cow<'r, str>,
    /// Whether the request may go on.
    pub allowed: bool,
    /// Why it may not.
    pub status: Option<Status>,
    /// The edits, for the mutating endpoint only. Empty means none.
    pub patch: Vec<PatchOperation>,
    warnings: Vec<String>,
    audit_annotations: Vec<(&'static str, String)>,
}

/// A refusal, in the form that the API server hands on to who asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// An HTTP status.
    pub code: u16,
    /// One word of the API's own list, `Forbidden` for example.
    pub reason: &'static str,
    /// All of it in one text.
    pub message: String,
    /// Each fault by itself.
    pub causes: Vec<Cause>,
}

/// One fault with its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// One word of the API's own list, `FieldValueInvalid` for example.
    pub reason: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where, as a field path.
    pub field: String,
}

impl<'r> Response<'r> {
    /// An answer that lets the request go on.
    pub fn allow(uid: impl Into<Cow<'r, str>>) -> Self {
        Response { uid: uid.into(), allowed: true, ..Response::default() }
    }

    /// An answer that stops the request. It ends up on a terminal: control characters become spaces.
    pub fn deny(uid: impl Into<Cow<'r, str>>, mut status: Status) -> Self {
        status.message = printable(status.message);
        for cause in &mut status.causes {
            cause.message = printable(std::mem::take(&mut cause.message));
            cause.field = printable(std::mem::take(&mut cause.field));
        }
        Response { uid: uid.into(), status: Some(status), ..Response::default() }
    }

    /// Adds a text that is shown to who asked. Control characters, for which the API server would drop it, become
    /// spaces.
    pub fn warn(&mut self, text: impl Into<String>) {
        let text = printable(text.into());
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    /// Adds an entry to the audit log. `key` is one name without a `/`, at most 63 of `[A-Za-z0-9._-]`.
    pub fn audit(&mut self, key: &'static str, value: String) {
        self.audit_annotations.push((key, value));
    }

    /// The warnings as they will be shown.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The entries for the audit log.
    pub fn audit_annotations(&self) -> &[(&'static str, String)] {
        &self.audit_annotations
    }

    /// The body of the answer. It is written piece by piece, as most of it is long texts without anything to escape.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Response { uid, allowed, status, patch, warnings, audit_annotations } = self;
        // With room for all of it: most answers are sent as they are first written.
        let texts = warnings.iter().chain(audit_annotations.iter().map(|(_, text)| text)).map(String::len);
        let mut body = String::with_capacity(ENVELOPE + texts.sum::<usize>() + patch.len() * written::OPERATION);
        body.push_str(r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"#);
        push_quoted(&mut body, uid);
        body.push_str(if *allowed { r#","allowed":true"# } else { r#","allowed":false"# });
        if let Some(Status { code, reason, message, causes }) = status {
            let details = (!causes.is_empty()).then_some(Details { causes });
            let status = StatusOnTheWire { status: "Failure", message, reason, details, code: *code };
            body.push_str(r#","status":"#);
            // Writing into memory has no way to fail.
            body.push_str(&serde_json::to_string(&status).unwrap_or_default());
        }
        if !patch.is_empty() {
            body.push_str(r#","patch":""#);
            BASE64.encode_string(written::patch(patch), &mut body);
            body.push_str(r#"","patchType":"JSONPatch""#);
        }
        if !warnings.is_empty() {
            body.push_str(r#","warnings":"#);
            for (number, warning) in within_limits(warnings).iter().enumerate() {
                body.push(if number == 0 { '[' } else { ',' });
                push_quoted(&mut body, warning);
            }
            body.push(']');
        }
        if !audit_annotations.is_empty() {
            body.push_str(r#","auditAnnotations":"#);
            for (number, (key, value)) in audit_annotations.iter().enumerate() {
                body.push(if number == 0 { '{' } else { ',' });
                push_quoted(&mut body, key);
                body.push(':');
                push_quoted(&mut body, value);
            }
            body.push('}');
        }
        body.push_str("}}");
        body.into_bytes()
    }
}

#[derive(Serialize)]
struct StatusOnTheWire<'r> {
    status: &'static str,
    message: &'r str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'r>>,
    code: u16,
}

#[derive(Serialize)]
struct Details<'r> {
    causes: &'r [Cause],
}

/// The warnings that the API server will show whole; the last one counts those that it would have dropped.
fn within_limits(warnings: &[String]) -> Cow<'_, [String]> {
    let total: usize = warnings.iter().map(|warning| warning.chars().count()).sum();
    if total <= ALL_WARNINGS {
        return Cow::Borrowed(warnings);
    }
    let room = ALL_WARNINGS / ONE_WARNING - 1;
    let mut kept: Vec<_> = warnings.iter().take(room).map(|warning| shortened(warning)).collect();
    if warnings.len() > room {
        kept.push(format!("podgate: {} more warnings stand in the audit log", warnings.len() - room));
    }
    Cow::Owned(kept)
}

fn shortened(warning: &str) -> String {
    if warning.chars().count() <= ONE_WARNING {
        return warning.to_owned();
    }
    warning.chars().take(ONE_WARNING - 1).chain(['…']).collect()
}

/// The text with spaces in the place of control characters.
pub fn printable(text: String) -> String {
    // 0xC2 begins the control characters above ASCII. Every byte is looked at: that takes many at once, where an early
    // end would take one after the other.
    let is_suspect = |byte: u8| byte.is_ascii_control() || byte == 0xC2;
    if !text.bytes().fold(false, |found, byte| found | is_suspect(byte)) {
        return text;
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(response: &Response<'_>) -> serde_json::Value {
        serde_json::from_slice(&response.to_bytes()).unwrap()
    }

    #[test]
    fn a_denial_sends_nothing_to_a_terminal_but_text() {
        let text = || "a\u{1b}[2J\u{9b}31m\r\nb".to_owned();
        let cause = Cause { reason: "FieldValueInvalid", message: text(), field: text() };
        let status = Status { code: 403, reason: "Forbidden", message: text(), causes: vec![cause] };
        let written = written(&Response::deny("u1", status));
        let status = &written["response"]["status"];
        let cause = &status["details"]["causes"][0];
        assert_eq!([&status["message"], &cause["message"], &cause["field"]], ["a [2J 31m  b"; 3]);
    }

    #[test]
    fn an_allowed_request_without_edits_has_neither_patch_nor_status() {
        let expected = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "response": {"uid": "u1", "allowed": true}});
        assert_eq!(written(&Response::allow("u1")), expected);
    }

    #[test]
    fn a_patch_is_base64_of_its_operations() {
        let mut response = Response::allow("u1");
        response.patch = serde_json::from_value(json!([{"op": "add", "path": "/a", "value": 1}])).unwrap();
        let response = &written(&response)["response"];
        assert_eq!(response["patchType"], "JSONPatch");
        let patch = BASE64.decode(response["patch"].as_str().unwrap()).unwrap();
        assert_eq!(String::from_utf8(patch).unwrap(), r#"[{"op":"add","path":"/a","value":1}]"#);
    }

    #[test]
    fn a_denial_carries_code_reason_and_causes() {
        let cause = Cause { reason: "FieldValueInvalid", message: "no".to_owned(), field: "spec.a".to_owned() };
        let status = Status { code: 403, reason: "Forbidden", message: "no".to_owned(), causes: vec![cause] };
        let response = &written(&Response::deny("u1", status))["response"];
        assert_eq!(response["allowed"], false);
        let expected = json!({"status": "Failure", "message": "no", "reason": "Forbidden", "code": 403,
            "details": {"causes": [{"reason": "FieldValueInvalid", "message": "no", "field": "spec.a"}]}});
        assert_eq!(response["status"], expected);
    }

    #[test]
    fn warnings_stay_within_what_the_api_server_shows() {
        let mut response = Response::allow("u1");
        response.warn("two\nlines");
        response.warn("two\nlines");
        response.warn("£ and \u{85}");
        assert_eq!(response.warnings(), ["two lines", "£ and  "]);
        for number in 0..40 {
            response.warn(format!("{number} {}", "é".repeat(300)));
        }
        let written = written(&response);
        let warnings = written["response"]["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 16);
        let lengths: usize = warnings.iter().map(|w| w.as_str().unwrap().chars().count()).sum();
        assert!(lengths <= ALL_WARNINGS, "{lengths}");
        assert_eq!(warnings[15], "podgate: 27 more warnings stand in the audit log");
    }
}
