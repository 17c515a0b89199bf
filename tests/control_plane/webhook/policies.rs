//! The policies of the tests, beside the recommended ones: each for one namespace.

use std::fs;
use std::path::Path;

use bumpalo::Bump;
use libtest_mimic::Failed;
use podgate::document::{Limits, yaml};
use serde_json::{Value, json};

/// In the namespace `strict`, two rules that deny; in `rich`, defaults of every sort; and for namespaces with a label.
const FILES: [(&str, &str); 5] = [
    ("corpus.yaml", include_str!("../corpus/corpus.yaml")),
    ("labelled.yaml", include_str!("labelled.yaml")),
    ("rich.yaml", include_str!("rich.yaml")),
    ("strict.yaml", include_str!("strict.yaml")),
    ("verbs.yaml", include_str!("verbs.yaml")),
];

/// The namespaces that have policies of their own.
pub const NAMESPACES: [&str; 6] = ["strict", "enforced", "rich", "verbs", "due", "derived"];

/// Their files, and for the namespace `enforced` the recommended ones, which deny there.
pub fn all() -> Result<Vec<(String, String)>, Failed> {
    let mut files: Vec<_> = FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    for pack in ["best-practices", "defaults", "stateful"] {
        for (index, mut policy) in read(&packs.join(pack).join(format!("{pack}.yaml")))?.into_iter().enumerate() {
            policy["metadata"]["name"] = json!(format!("enforced-{pack}-{index}"));
            policy["spec"]["mode"] = json!("Enforce");
            policy["spec"]["match"]["namespaces"] = json!(["enforced"]);
            files.push((format!("enforced-{pack}-{index}.json"), policy.to_string()));
        }
    }
    Ok(files)
}

/// The documents of a file.
pub fn read(path: &Path) -> Result<Vec<Value>, Failed> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let arena = Bump::new();
    let documents = yaml::documents(&arena, &text, &Limits::REVIEW);
    documents.map(|document| Ok(document?.root.to_json())).collect()
}
