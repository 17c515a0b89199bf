//! Any bytes as the body of a webhook call: each is answered, and an answer that is an AdmissionReview is JSON.

use std::sync::{Arc, OnceLock};

use podgate::admit::{self, Endpoint};
use podgate::builtin;
use podgate::facts::Facts;
use podgate::policy::file;
use podgate::policy::set::PolicySet;

/// Answers on both paths.
pub fn run(bytes: &[u8]) {
    static SET: OnceLock<PolicySet> = OnceLock::new();
    let set = SET.get_or_init(|| {
        let files = builtin::pack("recommended").unwrap_or_default();
        PolicySet::new(
            files
                .iter()
                .flat_map(|(name, text)| file::load(&Arc::from(*name), text).policies.into_iter().map(Arc::new)),
        )
    });
    for endpoint in [Endpoint::Mutate, Endpoint::Validate] {
        let answer = admit::answer(set, endpoint, bytes, &Facts::default());
        if answer.status == 200 {
            let review: serde_json::Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
            let allowed = review.pointer("/response/allowed").and_then(serde_json::Value::as_bool);
            assert!(allowed.is_some(), "{review}");
            assert!(endpoint == Endpoint::Validate || allowed == Some(true), "mutate denies: {review}");
        } else {
            assert!(std::str::from_utf8(&answer.body).is_ok_and(|text| !text.is_empty()));
        }
    }
}
