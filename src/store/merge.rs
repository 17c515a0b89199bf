//! What was read, and what was in force before, to what is in force from now on.

use std::collections::HashSet;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::policy::Policy;
use crate::policy::source::Collected;
use crate::store::Refused;

/// What is in force from now on, and what is wrong with the rest.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub policies: Vec<Arc<Policy>>,
    pub refused: Vec<Refused>,
    pub diagnostics: Vec<Diagnostic>,
}

/// The policies of `collected`, and the last good version, out of `before`, of each that cannot be used. A policy that
/// is gone goes; where a file or a folder cannot be read, nobody knows what is gone, so everything stays.
pub(super) fn merge(collected: Collected, before: &[Arc<Policy>], has_cluster: bool) -> Merged {
    let Collected { policies, refused, diagnostics, texts: _ } = collected;
    let mut merged = Merged { diagnostics, ..Merged::default() };
    merged.refused = refused.into_iter().map(|refused| Refused::new(refused.id, refused.place)).collect();
    for policy in policies {
        if has_cluster || !policy.needs_namespace_labels() {
            merged.policies.push(Arc::new(policy));
            continue;
        }
        let message = format!("the policy `{}` needs the labels of namespaces, which are not known here", policy.id);
        let help = "let podgate ask the API server for them, or take `namespaceSelector`, `modes` and \
                    `namespaceObject` out of the policy";
        merged.diagnostics.push(Diagnostic::error(Some(policy.place.clone()), message).help(help));
        merged.refused.push(Refused::new(Some(policy.id), policy.place));
    }
    let present: HashSet<String> = merged.policies.iter().map(|policy| policy.id.clone()).collect();
    let is_partial = merged.diagnostics.iter().any(|d| d.severity == Severity::Error && d.place.is_none());
    for policy in before.iter().filter(|policy| !present.contains(&policy.id)) {
        let by_id = merged.refused.iter().position(|refused| refused.id.as_ref() == Some(&policy.id));
        // A document without a readable name may be any of those that its file held.
        let by_file = || {
            let is_file = |refused: &Refused| refused.id.is_none() && refused.place.file == policy.place.file;
            merged.refused.iter().position(is_file)
        };
        match by_id.or_else(by_file).and_then(|number| merged.refused.get_mut(number)) {
            Some(refused) => refused.is_kept = true,
            None if is_partial => {
                let refused = Refused::new(Some(policy.id.clone()), policy.place.clone());
                merged.refused.push(Refused { is_kept: true, ..refused });
            }
            None => continue,
        }
        merged.policies.push(Arc::clone(policy));
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::file;

    fn policy(name: &str, mode: &str) -> String {
        format!(
            "apiVersion: podgate.dev/v1alpha1\nkind: ClusterPodPolicy\nmetadata: {{name: {name}}}\nspec:\n  mode: {mode}\n  \
             rules: [{{name: x, default: {{pod: {{spec: {{enableServiceLinks: false}}}}}}}}]\n"
        )
    }

    fn collected(files: &[(&str, &str)]) -> Collected {
        let mut collected = Collected::default();
        for (name, text) in files {
            let loaded = file::load(&Arc::from(*name), text);
            collected.policies.extend(loaded.policies);
            collected.refused.extend(loaded.refused);
            collected.diagnostics.extend(loaded.diagnostics);
        }
        collected
    }

    /// The policies with their modes, then the refused ones, with a `+` where a last good version is kept.
    fn outcome(merged: &Merged) -> (Vec<String>, Vec<String>) {
        let policies = merged.policies.iter().map(|policy| format!("{} {}", policy.name, policy.mode)).collect();
        let refused = |refused: &Refused| {
            let id = refused.id.as_deref().unwrap_or("?").trim_start_matches("ClusterPodPolicy/");
            format!("{id}{}", if refused.is_kept { "+" } else { "" })
        };
        (policies, merged.refused.iter().map(refused).collect())
    }

    fn after(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let before = format!("{}---\n{}", policy("a", "Warn"), policy("b", "Warn"));
        let before = merge(collected(&[("f.yaml", &before), ("g.yaml", &policy("c", "Warn"))]), &[], false);
        assert_eq!(outcome(&before), (vec!["a Warn".to_owned(), "b Warn".to_owned(), "c Warn".to_owned()], vec![]));
        outcome(&merge(collected(files), &before.policies, false))
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn a_policy_that_does_not_load_keeps_its_last_good_version_and_the_others_change() {
        let file = format!("{}---\n{}", policy("a", "Sometimes"), policy("b", "Audit"));
        let (policies, refused) = after(&[("f.yaml", &file), ("g.yaml", &policy("c", "Enforce"))]);
        assert_eq!(policies, words(&["b Audit", "c Enforce", "a Warn"]));
        assert_eq!(refused, words(&["a+"]));
    }

    #[test]
    fn a_file_that_is_no_yaml_keeps_all_its_policies() {
        let (policies, refused) = after(&[("f.yaml", "a: [")]);
        assert_eq!(policies, words(&["a Warn", "b Warn"]));
        assert_eq!(refused, words(&["?+"]));
    }

    #[test]
    fn a_policy_that_is_taken_away_goes_and_a_bad_one_that_is_new_has_nothing_to_keep() {
        let (policies, refused) = after(&[("f.yaml", &policy("b", "Warn")), ("h.yaml", &policy("z", "Sometimes"))]);
        assert_eq!(policies, words(&["b Warn"]));
        assert_eq!(refused, words(&["z"]));
    }

    #[test]
    fn what_cannot_be_read_takes_nothing_away() {
        let before = merge(collected(&[("f.yaml", &policy("a", "Warn"))]), &[], false);
        let mut unreadable = collected(&[]);
        unreadable.diagnostics.push(Diagnostic::error(None, "cannot read `f.yaml`: permission denied"));
        let merged = merge(unreadable, &before.policies, false);
        assert_eq!(outcome(&merged), (words(&["a Warn"]), words(&["a+"])));
    }

    #[test]
    fn without_a_cluster_a_policy_that_needs_labels_of_namespaces_is_refused_with_its_place() {
        let needy =
            policy("a", "Warn").replace("  rules:", "  match: {namespaceSelector: {matchLabels: {a: b}}}\n  rules:");
        let files = [("f.yaml", needy.as_str()), ("g.yaml", &policy("c", "Warn"))];
        let merged = merge(collected(&files), &[], false);
        assert_eq!(outcome(&merged), (words(&["c Warn"]), words(&["a"])));
        assert_eq!(
            merged.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["f.yaml:1:1: the policy `ClusterPodPolicy/a` needs the labels of namespaces, which are not known here"]
        );
        assert_eq!(outcome(&merge(collected(&files), &[], true)).0, words(&["a Warn", "c Warn"]));
    }
}
