//! The packs of policies that are compiled into the binary.

/// A pack: the files in it, each with its text.
pub type Pack = &'static [(&'static str, &'static str)];

const BEST_PRACTICES: (&str, &str) =
    ("best-practices.yaml", include_str!("../policies/best-practices/best-practices.yaml"));
const DEFAULTS: (&str, &str) = ("defaults.yaml", include_str!("../policies/defaults/defaults.yaml"));
const IMAGES: (&str, &str) = ("images.yaml", include_str!("../policies/images/images.yaml"));
const STATEFUL: (&str, &str) = ("stateful.yaml", include_str!("../policies/stateful/stateful.yaml"));

const BASELINE: (&str, &str) = ("baseline.yaml", include_str!("../policies/pod-security/baseline.yaml"));
const RESTRICTED: (&str, &str) = ("restricted.yaml", include_str!("../policies/pod-security/restricted.yaml"));

const PACKS: [(&str, Pack); 7] = [
    ("baseline", &[BASELINE]),
    ("best-practices", &[BEST_PRACTICES]),
    ("defaults", &[DEFAULTS]),
    ("images", &[IMAGES]),
    ("recommended", &[DEFAULTS, BEST_PRACTICES, STATEFUL]),
    ("restricted", &[RESTRICTED]),
    ("stateful", &[STATEFUL]),
];

/// The pack of this name.
pub fn pack(name: &str) -> Option<Pack> {
    PACKS.iter().find(|(known, _)| *known == name).map(|(_, pack)| *pack)
}

/// The names of all packs.
pub fn names() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::policy::file;

    #[test]
    fn every_pack_loads_without_a_word() {
        for (name, pack) in PACKS {
            for (path, text) in pack {
                let loaded = file::load(&Arc::from(format!("builtin:{name}/{path}")), text);
                assert_eq!(loaded.diagnostics, [], "{name}/{path}");
                assert!(!loaded.policies.is_empty(), "{name}/{path}");
            }
        }
    }
}
