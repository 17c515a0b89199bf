//! The policies of the tests, beside the recommended ones: each for one namespace.

use std::path::Path;
use std::fs;

use bumpalo::Bump;
use libtest_mimic::Failed;
use podgate::document::{Limits, yaml};
use serde_json::{Value, json};

/// In the namespace `strict`, two rules that deny.
const STRICT: &str = include_str!("strict.yaml");

/// Writes them into a folder: `strict.yaml`, and in the namespace `enforced` the recommended ones, which then deny.
pub fn write(folder: &Path) -> Result<(), Failed> {
    fs::write(folder.join("strict.yaml"), STRICT)?;
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    for pack in ["best-practices", "defaults", "stateful"] {
        for (index, mut policy) in read(&packs.join(pack).join(format!("{pack}.yaml")))?.into_iter().enumerate() {
            policy["metadata"]["name"] = json!(format!("enforced-{pack}-{index}"));
            policy["spec"]["mode"] = json!("Enforce");
            policy["spec"]["match"]["namespaces"] = json!(["enforced"]);
            fs::write(folder.join(format!("enforced-{pack}-{index}.json")), policy.to_string())?;
        }
    }
    Ok(())
}

/// The documents of a file.
pub fn read(path: &Path) -> Result<Vec<Value>, Failed> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let arena = Bump::new();
    let documents = yaml::documents(&arena, &text, &Limits::REVIEW);
    documents.map(|document| Ok(document?.root.to_json())).collect()
}
